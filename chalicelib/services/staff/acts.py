"""Proof of what was done about the staff and by it (4.3.2: monitor their operations).

Written in the transaction of the act, so nothing is done without it. Ids, codes and numbers only.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from chalicelib import store
from chalicelib.kernel import clock, ids
from chalicelib.records.grants import Grant, GrantAct, Opened, StaffAccess
from chalicelib.records.staff import Act, Staff, StaffAct, StaffPaper

if TYPE_CHECKING:
    from chalicelib.privacy.personnel import Standing
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
    """Let a transaction prove a step of a grant: in the operator's chain, and where a company is concerned in
    that company's too.
    """
    at = clock.now()
    for chain in dict.fromkeys((ids.OPERATOR, grant.company_id or ids.OPERATOR)):
        made = StaffAccess(
            company_id=chain,
            act_id=ids.new("act"),
            act=act,
            grant_id=grant.grant_id,
            staff_id=by.staff_id,
            position=by.position,
            at=at,
            concerns_id=grant.company_id or grant.matter_id,
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
