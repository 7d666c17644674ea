"""Letting a prospect's data reach a company, with its ground on record (4.2, clause `cross-border`).

The rules are in ``privacy.transfers``. Here: where the company is, what it accepted, and the evidence. Closed
for the prospect's sake: without a country, a ground or an answer from the database nothing crosses.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from chalicelib import store
from chalicelib.kernel import clock, ids
from chalicelib.kernel.errors import ConflictError, RefusedError
from chalicelib.privacy import clocks, transfer_texts
from chalicelib.privacy import transfers as rules
from chalicelib.privacy.decisions import Refused
from chalicelib.privacy.register import Purpose
from chalicelib.privacy.transfer_texts import TransferText
from chalicelib.privacy.transfers import Ground
from chalicelib.records.transfers import ClausesAccepted, Transfer
from chalicelib.services.accounts.sessions import Principal

if TYPE_CHECKING:
    from chalicelib.store.transaction import Transaction

_TITLES = {
    "company_country_missing": "Please say first where your company is: an admin sets its country.",
    "transfer_ground_missing": "An admin must first accept the standard contractual clauses.",
}


class Passage(NamedTuple):
    """What decides about a company's transfers: where it is, and the current clauses if it accepted them."""

    company_id: str
    country: str | None
    clauses: str | None

    def ground(self, origin: str) -> Ground | Refused:
        """On what a prospect from there may reach it."""
        # Nothing records a prospect's own consent to a transfer yet, so it is never relied on.
        return rules.decide(origin, self.country, clauses_accepted=self.clauses is not None, consented=False)


def passage(company_id: str) -> Passage:
    """Two reads.

    Raises:
        UnavailableError: nobody could say.
    """
    company = store.accounts.COMPANIES.get(company_id=company_id, use=Purpose.MAINTAIN_ACCOUNT)
    current = clauses().version
    accepted = store.transfers.CLAUSES.get(company_id=company_id, clauses_version=current)
    return Passage(
        company_id,
        None if company is None else company.value.country,
        None if accepted is None else current,
    )


def require(of: Passage, origin: str) -> Ground:
    """The ground on which a prospect may reach a company.

    Raises:
        RefusedError: ``company_country_missing``, ``transfer_ground_missing``; with what to do about it.
    """
    found = of.ground(origin)
    if isinstance(found, Refused):
        raise RefusedError(found.reason, _TITLES[found.reason], clause=found.clause)
    return found


def prove(transaction: Transaction, of: Passage, prospect_id: str, origin: str, ground: Ground) -> Transfer:
    """Let a transaction put a transfer on record, with the advice that goes with it."""
    made = Transfer(
        company_id=of.company_id,
        transfer_id=ids.new("tfr"),
        prospect_id=prospect_id,
        origin=origin,
        destination=str(of.country),
        law=rules.law_of(origin),
        ground=ground,
        clauses_version=of.clauses if ground is Ground.CLAUSES else None,
        advice_version=advice().version,
        at=clock.now(),
    )
    transaction.put_new(store.transfers.TRANSFERS, made)
    return made


def page(who: Principal, limit: int, before: str | None) -> list[Transfer]:
    """The register of what the company received from the base, newest first; one query."""
    return [known.value for known in store.transfers.newest(who.company_id, limit, before)]


def clauses() -> TransferText:
    """The clauses in force today."""
    return transfer_texts.current_clauses(clocks.day(clock.now()))


def advice() -> TransferText:
    """What recipients are advised today."""
    return transfer_texts.current_advice(clocks.day(clock.now()))


def accepted(company_id: str) -> ClausesAccepted | None:
    """The company's word on the clauses in force; None: it has not given it."""
    found = store.transfers.CLAUSES.get(company_id=company_id, clauses_version=clauses().version)
    return None if found is None else found.value


def accept(who: Principal, version: str) -> ClausesAccepted:
    """Conclude the clauses for the company. Repeating it changes nothing: the first word stands.

    Raises:
        ConflictError: ``not_the_current_clauses``.
    """
    known = store.transfers.CLAUSES.get(company_id=who.company_id, clauses_version=version)
    if known is not None:
        return known.value
    decision = transfer_texts.may_accept(version, clocks.day(clock.now()))
    if isinstance(decision, Refused):
        raise ConflictError(decision.reason, "These are not the clauses in force.", clause=decision.clause)
    made = ClausesAccepted(
        company_id=who.company_id,
        clauses_version=version,
        text_sha256=clauses().sha256,
        accepted_by=who.user_id,
        at=clock.now(),
    )
    transaction = store.transaction.Transaction(store.table.new_op())
    transaction.put_new(store.transfers.CLAUSES, made)
    try:
        transaction.commit()
    except ConflictError:
        found = accepted(who.company_id)
        if found is None:
            raise
        return found
    return made
