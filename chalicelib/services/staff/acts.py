"""Proof of what was done about the staff and by it (4.3.2: monitor their operations).

Written in the transaction of the act, so nothing is done without it. Ids, codes and numbers only.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from chalicelib import store
from chalicelib.kernel import clock, ids, openings
from chalicelib.privacy.grants import SILENT
from chalicelib.records.grants import Grant, GrantAct, Opened, StaffAccess
from chalicelib.records.staff import Act, Staff, StaffAct, StaffPaper
from chalicelib.services.keeping import holds

if TYPE_CHECKING:
    from chalicelib.privacy.personnel import Standing
    from chalicelib.services.staff.entry import StaffPrincipal
    from chalicelib.store.transaction import Transaction


def note(
    transaction: Transaction, act: Act, person: Staff, *, by: str | None, paper: StaffPaper | None = None
) -> None:
    """Let a transaction prove an act about somebody of the staff, in the operator's chain. ``by`` None: at
    the operator's desk.
    """
    made = StaffAct(
        company_id=ids.OPERATOR,
        act_id=ids.new("act"),
        act=act,
        staff_id=person.staff_id,
        by_id=by,
        at=clock.now(),
        position=person.position,
        paper=None if paper is None else paper.paper,
        version=None if paper is None else paper.version,
        dated=None if paper is None else paper.at,
    )
    transaction.put_new(store.staff.ACTS, made)


def note_grant(
    transaction: Transaction,
    act: GrantAct,
    grant: Grant,
    by: Standing,
    *,
    opened: Opened | None = None,
    number: int | None = None,
) -> None:
    """Let a transaction prove a step of a grant: in the operator's chain and in the company's, but for
    purposes about which a law may forbid to tell it. Those are proven in the operator's alone, and take
    two approvals.
    """
    at = clock.now()
    silent = grant.purpose in SILENT
    for chain in (ids.OPERATOR,) if silent else (ids.OPERATOR, grant.company_id):
        made = StaffAccess(
            company_id=chain,
            act_id=ids.new("act"),
            act=act,
            grant_id=grant.grant_id,
            staff_id=by.staff_id,
            position=by.position,
            at=at,
            concerns_id=grant.company_id,
            purpose=grant.purpose,
            reach=grant.reach,
            masked=grant.masked,
            minutes=grant.minutes,
            starts_at=grant.starts_at,
            ends_at=grant.ends_at,
            opened=opened,
            number=number,
        )
        transaction.put_new(store.staff.ACCESSES, made)


def look(who: StaffPrincipal, company_id: str, opened: Opened, *, secret: bool = False) -> None:
    """Prove a look at something of a company that takes no grant, before it is answered; and count it, so
    that the access watch sees who looks into many companies. The company sees it as well, unless ``secret``
    or while a secret hold is in force: a law may forbid to tell it that somebody asks.

    Raises:
        UnavailableError: it could not be proven; nothing may be shown.
    """
    openings.note(opened.value, company_id)
    at = clock.now()
    transaction = store.transaction.Transaction(store.table.new_op())
    made = StaffAct(
        company_id=ids.OPERATOR,
        act_id=ids.new("act"),
        act=Act.LOOKED,
        staff_id=who.staff_id,
        by_id=who.staff_id,
        at=at,
        position=who.position,
        concerns_id=company_id,
        opened=opened,
    )
    transaction.put_new(store.staff.ACTS, made)
    # A company that is gone, or never was, gets no chain by being asked about.
    known = store.accounts.ACCESS.get(company_id=company_id)
    if not secret and known is not None and not (known.value.holds and holds.is_secret(company_id)):
        seen = StaffAccess(
            company_id=company_id,
            act_id=ids.new("act"),
            act=GrantAct.OPENED,
            staff_id=who.staff_id,
            position=who.position,
            at=at,
            concerns_id=company_id,
            opened=opened,
        )
        transaction.put_new(store.staff.ACCESSES, seen)
    transaction.commit()
