"""What the staff send with each step of a disclosure, and what the rules make of it."""

from __future__ import annotations

import base64
from dataclasses import replace
from typing import TYPE_CHECKING, Final, NamedTuple

from chalicelib import store
from chalicelib.kernel import clock
from chalicelib.kernel.errors import FieldError, InvalidError
from chalicelib.privacy import policies
from chalicelib.privacy.disclosure_facts import Binding, Contract, Evidence, Ground
from chalicelib.privacy.disclosure_kinds import DisclosurePurpose, Step, TransferBasis, Verdict
from chalicelib.records.disclosures import Disclosure, DisclosureQuestion
from chalicelib.services.disclosures import envelope, questions

if TYPE_CHECKING:
    from chalicelib.store.table import Stored

_TAKES: Final[dict[Step, frozenset[str]]] = {
    Step.AUTHORISE: frozenset({"question_id"}),
    Step.CONTRACT: frozenset({"reference", "contract_purpose", "signed_at", "ends_at"}),
    Step.GROUND: frozenset({"law", "reference", "prescribed_agency", "secret_until", "secret_ground"}),
    Step.BIND: frozenset({"reference", "policy_version"}),
    Step.ASSESS: frozenset({"fields", "recipient_key", "transfer_basis"}),
    Step.APPROVE: frozenset({"recipient_key_sha256"}),
    Step.CONFIRM: frozenset({"recipient_key_sha256"}),
    Step.DECIDE: frozenset({"verdict", "recipient_key_sha256"}),
    Step.RELEASE: frozenset({"reason"}),
}
"""What each step is taken on; anything else beside it is a mistake of the client's."""


class Given(NamedTuple):
    """What the staff send with a step; `None`: not sent. Times are epoch seconds."""

    question_id: str | None = None
    reference: str | None = None
    contract_purpose: DisclosurePurpose | None = None
    signed_at: int | None = None
    ends_at: int | None = None
    law: str | None = None
    secret_until: int | None = None
    secret_ground: str | None = None
    policy_version: str | None = None
    fields: tuple[str, ...] | None = None
    recipient_key: str | None = None
    verdict: Verdict | None = None
    prescribed_agency: bool | None = None
    transfer_basis: TransferBasis | None = None
    recipient_key_sha256: str | None = None
    reason: str | None = None

    def mark(self) -> str:
        """What a repeated step is recognised by: a keyed hash, for it may name people."""
        return store.accounts.operator_hash("disclosure-step", repr(self))


def check(step: Step, given: Given) -> None:
    """Raises InvalidError for evidence that the step does not take."""
    takes = _TAKES.get(step, frozenset())
    sent = given._asdict()
    wrong = [name for name, value in sent.items() if value is not None and name not in takes]
    if wrong:
        raise InvalidError(errors=[FieldError(name, "not_for_this_step") for name in wrong])


def evidence(
    case: Disclosure,
    given: Given,
    question: Stored[DisclosureQuestion] | None,
    able: frozenset[str] = frozenset(),
) -> Evidence:
    """What the rules look at: what was sent, and for what is judged anew what the case rests on."""
    contract, binding = None, None
    if given.contract_purpose and given.signed_at is not None and given.ends_at is not None:
        contract = Contract(given.reference or "", given.contract_purpose, given.signed_at, given.ends_at)
    version = given.policy_version or case.policy_version
    if version is not None:
        now = policies.current(clock.now()).version
        binding = Binding(given.reference or case.reference or "", version, now)
    ground = Ground(
        given.law or "",
        given.reference or "",
        given.prescribed_agency,
        given.secret_until,
        given.secret_ground,
    )
    return Evidence(
        authorised=questions.said(question),
        contract=contract,
        ground=ground,
        binding=binding,
        necessary=given.fields,
        key=given.recipient_key,
        verdict=given.verdict,
        answered=question is not None and question.value.agreed is not None,
        able=able,
        compared=given.recipient_key_sha256,
        transfer=given.transfer_basis,
        reason=given.reason,
    )


def noted(case: Disclosure, step: Step, given: Given) -> Disclosure:
    """The case with what a step leaves in it. Raises InvalidError for a key that cannot be used."""
    match step:
        case Step.AUTHORISE:
            return replace(case, question_id=given.question_id)
        case Step.CONTRACT:
            return replace(case, reference=given.reference)
        case Step.GROUND:
            return replace(
                case,
                law=given.law,
                reference=given.reference,
                secret_until=given.secret_until,
                secret_ground=given.secret_ground,
                prescribed=given.prescribed_agency is True,
            )
        case Step.BIND:
            return replace(case, reference=given.reference, policy_version=given.policy_version)
        case Step.ASSESS:
            return replace(case, recipient_key=_key(given), transfer_basis=given.transfer_basis)
        case Step.RELEASE:
            return replace(case, release_reason=given.reason)
    return case


def _key(given: Given) -> str:
    try:
        return base64.b64encode(envelope.read_key(given.recipient_key or "")).decode()
    except envelope.UnusableKeyError:
        raise InvalidError(errors=[FieldError("recipient_key", "not_a_usable_x25519_key")]) from None
