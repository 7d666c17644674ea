"""The joint controller agreement between a company and us: shown, accepted, asked for (appendix).

An acceptance counts for the version it names. When another version comes into force sharing stops until an
admin has accepted that one; what was shared before stays, under the version it was shared under.
"""

from __future__ import annotations

from typing import NamedTuple

from chalicelib import store
from chalicelib.kernel import clock, ids
from chalicelib.kernel.errors import ConflictError, FieldError, InvalidError, RefusedError
from chalicelib.privacy import agreement, clocks
from chalicelib.privacy.agreement import Agreement
from chalicelib.privacy.decisions import Refused
from chalicelib.records.agreements import Acceptance, ProspectEvidence, ProspectStep
from chalicelib.services.accounts.sessions import Principal

_TITLES = {
    "agreement_not_current": "Another version of the joint controller agreement is in force.",
    "agreement_not_accepted": "An admin of the company has to accept the joint controller agreement first.",
}


class Standing(NamedTuple):
    """The version in force, and what the company accepted last; None: nothing yet."""

    current: Agreement
    acceptance: Acceptance | None

    @property
    def accepted(self) -> bool:
        """Whether the company has accepted the version in force."""
        return self.acceptance is not None and self.acceptance.version == self.current.version


def standing(company_id: str) -> Standing:
    """How a company stands towards the agreement. One read unit."""
    known = store.agreements.ACCEPTANCES.get(company_id=company_id)
    return Standing(agreement.current(clocks.day(clock.now())), None if known is None else known.value)


def accept(who: Principal, version: str, locale: str) -> Standing:
    """Accept the version in force for the company; evidence goes into its chain in the same transaction.
    Accepting it again changes nothing: the first time counts, whoever repeats it.

    Raises:
        InvalidError: ``not_current``, it is not the version in force.
        UnavailableError: nobody knows whether it is accepted; sending it again is safe.
    """
    for _ in range(3):
        known = store.agreements.ACCEPTANCES.get(company_id=who.company_id)
        now = agreement.current(clocks.day(clock.now()))
        if version != now.version:
            raise InvalidError(errors=[FieldError("version", "not_current")])
        if known is not None and known.value.version == version:
            return Standing(now, known.value)
        language, _, sha256 = now.shown(locale)
        made = Acceptance(
            company_id=who.company_id,
            version=version,
            locale=language,
            sha256=sha256,
            accepted_by=who.user_id,
            accepted_at=clock.now(),
        )
        transaction = store.transaction.Transaction(store.table.new_op())
        transaction.put_new(
            store.agreements.EVIDENCE,
            ProspectEvidence(
                company_id=who.company_id,
                entry_id=ids.new("evd"),
                act=ProspectStep.ACCEPTED,
                at=made.accepted_at,
                matter_id=version,
                by_id=who.user_id,
                version=version,
                sha256=sha256,
                locale=language,
            ),
        )
        if known is None:
            transaction.put_new(store.agreements.ACCEPTANCES, made)
        else:
            transaction.replace(store.agreements.ACCEPTANCES, known, made)
        try:
            transaction.commit()
        except ConflictError:
            continue  # another admin this moment
        return Standing(now, made)
    raise ConflictError


def check(company_id: str, named: str) -> None:
    """Refuse to share under words that are not in force, or that the company has not accepted.

    Raises:
        RefusedError: ``agreement_not_current``, ``agreement_not_accepted`` (clause `joint-duties`); with the
            version that would stand.
    """
    found = standing(company_id)
    accepted = None if found.acceptance is None else found.acceptance.version
    decision = agreement.may_share(named, accepted, clocks.day(clock.now()))
    if isinstance(decision, Refused):
        more = {"agreement_version": found.current.version}
        raise RefusedError(decision.reason, _TITLES[decision.reason], clause=decision.clause, more=more)
