"""What a company is shown before it ends, and told when it has: nothing is left out, in either language."""

from __future__ import annotations

from typing import Any

import pytest

from chalicelib.privacy import fields
from chalicelib.privacy.consent import CompanyState
from chalicelib.records import catalogue
from chalicelib.records.cancellation import Cancellation, CancellationState, Why
from chalicelib.services import wording
from chalicelib.services.cancellation import certificate, preview
from chalicelib.services.erasure import shredding

pytestmark = pytest.mark.clause("cancellation")


def test_every_kind_of_record_falls_into_a_category_and_none_is_lost() -> None:
    counts = {fields.declaration(record).kind: 1 for record in catalogue.every()}
    counts["file"] = 2
    found = preview.by_category(counts)
    assert sum(found.values()) == sum(counts.values())
    assert list(found) == [group for group in preview.GROUPS if group in found]
    assert found["stored"] >= 1
    assert preview.by_category({"a kind of next year": 3}) == {preview.OTHER: 3}
    assert preview.by_category({}) == {}


@pytest.mark.parametrize("locale", ["en", "zh"])
def test_every_category_has_a_word_of_its_own_in_each_language(locale: wording.Locale) -> None:
    said = certificate.counted(dict.fromkeys(preview.GROUPS, 1), locale)
    assert len(set(said.split("; "))) == len(preview.GROUPS)
    assert certificate.counted({}, locale).endswith(": 0")


def test_nothing_is_said_to_be_unreadable_before_the_slowest_process_has_forgotten_the_key() -> None:
    unreadable, unrecoverable = preview.lost_at(1_000)
    assert unreadable >= 1_000 + 300 + 150
    assert unrecoverable == 1_000 + shredding.BACKUPS.total_seconds()


def one(state: CancellationState, **more: Any) -> Cancellation:
    return Cancellation(
        company_id="co_x",
        cancellation_id="cnc_x",
        workflow_id="wf_x",
        why=Why.ASKED,
        state=state,
        before=CompanyState.ACTIVE,
        asked_at=1,
        **more,
    )


def test_a_second_certificate_is_about_what_the_hold_had_kept_and_keeps_no_more() -> None:
    first = one(CancellationState.ERASING, counts={"contact": 5, "user": 1})
    assert certificate.gone(first) == {"contact": 5, "user": 1}
    second = one(
        CancellationState.ERASING,
        counts={"contact": 5, "user": 1},
        released={"contact": 4, "message": 2},
        held={"message": 2},
    )
    assert certificate.gone(second) == {"contact": 4}


@pytest.mark.parametrize("state", list(CancellationState))
def test_nothing_is_taken_back_once_anything_may_be_deleted(state: CancellationState) -> None:
    undone = {CancellationState.COOLING_OFF, CancellationState.FREEZING, CancellationState.FROZEN}
    assert one(state).can_be_undone is (state in undone)
    assert one(state).under_way is (state not in {CancellationState.DONE, CancellationState.TAKEN_BACK})
