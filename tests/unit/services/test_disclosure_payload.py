"""What a payload is read from, and what the answers it rests on are worth."""

from __future__ import annotations

from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import pytest

from chalicelib.kernel import clock, ids
from chalicelib.kernel.errors import TooLargeError
from chalicelib.privacy.disclosure_kinds import Concerns, DisclosureKind, DisclosurePurpose
from chalicelib.records.contacts import Contact
from chalicelib.records.disclosures import Asked, Disclosure, DisclosureQuestion
from chalicelib.services.disclosures import payload, questions
from chalicelib.store.table import Stored

COMPANY = ids.new("co")


def case() -> Disclosure:
    return Disclosure(
        disclosure_id=ids.new("dis"),
        kind=DisclosureKind.AUTHORITY,
        purpose=DisclosurePurpose.LEGAL_DUTY,
        concerns=Concerns.COMPANY,
        company_id=COMPANY,
        recipient="r",
        wanted=("contact.name",),
        opened_by="stf",
        started_at=0,
        recipient_name="Court",
        recipient_contact="registry@court.example",
    )


@pytest.mark.clause("authorities")
def test_a_company_too_large_to_give_is_not_read_to_its_end(monkeypatch: pytest.MonkeyPatch) -> None:
    read = 0

    def endless(_case: Disclosure) -> Iterator[Stored[Any]]:
        nonlocal read
        while True:
            read += 1
            yield Stored(SimpleNamespace(contact_id=str(read), name="x" * 1000), 1, None)

    monkeypatch.setattr(payload, "SOURCES", {Concerns.COMPANY: {Contact: endless}})
    with pytest.raises(TooLargeError):
        payload.compile_for(case())
    assert read <= payload.MAX_BYTES // 1000 + 1


@pytest.mark.clause("partners", "consent")
@pytest.mark.parametrize("version", [None, "sharing-2020-01"])
def test_a_yes_to_words_that_have_changed_since_is_not_one_to_those_of_now(version: str | None) -> None:
    text = questions.text_of(Asked.AUTHORISATION)
    assert text is not None
    made: dict[str, Any] = {
        "company_id": COMPANY,
        "user_id": ids.new("usr"),
        "question_id": ids.new("qst"),
        "asked": Asked.AUTHORISATION,
        "kind": DisclosureKind.PARTNER,
        "purpose": DisclosurePurpose.SERVICE,
        "wanted": ("user.name",),
        "recipient": "r",
        "asked_at": clock.now(),
        "agreed": True,
        "answered_at": clock.now(),
        "recipient_name": "Harbour Ltd",
    }
    for shown, current in ((version, False), (text.id, True)):
        said = questions.said(Stored(DisclosureQuestion(**made, text_version=shown), 1, None))
        assert said is not None
        assert said.current is current
