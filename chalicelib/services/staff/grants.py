"""Leave to look at a company's data: asking, answering, ending, and the look itself (clause `personnel`).

The rules are in ``privacy.grants``; here they meet the people as they are now and the rows as they are in the
very write. Every step is proven in the operator's ledger and in that of the company concerned, so that the
company sees who looked; about a legal duty in the operator's alone. Closed: what cannot be proven is not
shown.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import islice, takewhile
from typing import TYPE_CHECKING, Final, NamedTuple

from chalicelib import store
from chalicelib.kernel import clock, ids, telemetry
from chalicelib.kernel.errors import ConflictError, FieldError, InvalidError, NotFoundError
from chalicelib.privacy import grants as rules
from chalicelib.privacy.decisions import Refused
from chalicelib.privacy.grants import GrantPurpose, GrantState, Reach, Terms
from chalicelib.privacy.personnel import MAY, Right, Standing
from chalicelib.records.grants import Grant, GrantAct, Opened
from chalicelib.records.staff import Staff
from chalicelib.services.staff import acts, entry
from chalicelib.services.staff.entry import StaffPrincipal

if TYPE_CHECKING:
    from chalicelib.store.table import Stored

TRIES: Final = 6
LONGEST: Final = int(rules.ANSWER_WITHIN.total_seconds()) + rules.MAX_MINUTES * 60
"""From the wish to the last second of a grant, at most: older ones need not be looked at."""
OWN_SECONDS: Final = 90 * 86_400
"""How far back people see their own grants; those who may approve see all there are."""
_PAGE: Final = 25


class Wish(NamedTuple):
    """What somebody wants to look at, and why."""

    company_id: str
    purpose: GrantPurpose
    ticket: str
    minutes: int
    masked: bool
    reach: Reach


class Leave(NamedTuple):
    """A grant that may be used in this moment, with the rows that say so."""

    grant: Grant
    known: Stored[Grant]
    people: tuple[Stored[Staff], ...]
    by: Standing


def ask(who: StaffPrincipal, wish: Wish) -> Grant:
    """Ask for a look; it opens nothing before somebody else has approved it.

    Raises:
        InvalidError: a company that does not exist.
        RefusedError: whoever asks could not use it, or it is wider than a grant can be.
    """
    now = clock.now()
    grant = Grant(
        grant_id=ids.new("grt"),
        purpose=wish.purpose,
        ticket=wish.ticket,
        masked=wish.masked,
        asked_by=who.staff_id,
        asked_at=now,
        reach=wish.reach,
        minutes=wish.minutes,
        company_id=wish.company_id,
        state=GrantState.ASKED,
    )
    decision = rules.may_ask(who.standing, grant.terms(), now)
    if isinstance(decision, Refused):
        raise entry.refusal(decision)
    if store.accounts.ACCESS.get(company_id=wish.company_id) is None:
        raise InvalidError(errors=[FieldError("company_id", "unknown")])
    transaction = store.transaction.Transaction(store.table.new_op())
    transaction.put_new(store.staff.GRANTS, grant)
    acts.note_grant(transaction, GrantAct.ASKED, grant, who.standing)
    transaction.commit()
    return grant


def approve(who: StaffPrincipal, grant_id: str) -> Grant:
    """Say yes. Raises as ``_move`` does."""
    return _move(who, grant_id, rules.approve, GrantAct.APPROVED)


def refuse(who: StaffPrincipal, grant_id: str) -> Grant:
    """Say no; it ends the wish. Raises as ``_move`` does."""
    return _move(who, grant_id, rules.refuse, GrantAct.REFUSED)


def give_back(who: StaffPrincipal, grant_id: str) -> Grant:
    """End one's own grant or wish before its time. Raises as ``_move`` does."""
    return _move(who, grant_id, rules.give_back, GrantAct.RETURNED)


def revoke(who: StaffPrincipal, grant_id: str) -> Grant:
    """End anybody's grant. Raises as ``_move`` does."""
    return _move(who, grant_id, rules.revoke, GrantAct.REVOKED)


def read(who: StaffPrincipal, grant_id: str) -> Grant:
    """One grant: one's own, or any for those who may approve.

    Raises:
        NotFoundError: none, or none of theirs.
    """
    known = store.staff.GRANTS.get(grant_id=grant_id)
    if known is None or not _sees(who, known.value):
        raise NotFoundError
    return known.value


def page(who: StaffPrincipal, limit: int, before: str | None) -> list[Grant]:
    """Grants, asked for last first: all for those who may approve, else one's own of the last 90 days."""
    every = Right.GRANTS_APPROVE in MAY[who.position]
    since = 0 if every else clock.now() - OWN_SECONDS
    recent = takewhile(lambda one: one.value.asked_at >= since, _newest(before))
    return list(islice((one.value for one in recent if _sees(who, one.value)), limit))


def require(who: StaffPrincipal, reach: Reach, *, company_id: str) -> Leave:
    """The grant under which somebody may look at this company in this moment.

    Raises:
        RefusedError: ``no_grant``; or why the one there is does not count any more (``approver_gone``).
    """
    now = clock.now()
    mine = [
        known
        for known in takewhile(lambda one: one.value.asked_at > now - LONGEST, _newest(None))
        if known.value.asked_by == who.staff_id
    ]
    refused = Refused("personnel", "no_grant")
    for known in mine:
        grant = known.value
        found = store.staff.people((who.staff_id, *grant.approved_by))
        standing = {one: row.value.standing() for one, row in found.items()}
        if who.staff_id not in standing:
            break
        decision = rules.usable(
            grant.terms(),
            standing[who.staff_id],
            standing,
            now,
            reach=reach,
            company_id=company_id,
        )
        if not isinstance(decision, Refused):
            return Leave(grant, known, tuple(found.values()), standing[who.staff_id])
        if decision.reason != "no_grant":
            refused = decision
    raise entry.refusal(refused)


def show(leave: Leave, opened: Opened, number: int, *, act: GrantAct = GrantAct.OPENED) -> None:
    """Prove a look before anything is shown. The grant and everybody it rests on must be as they were judged:
    a revocation or a suspension that was written meanwhile comes first.

    Raises:
        ConflictError: something has moved; nothing may be shown.
        UnavailableError: it could not be proven; nothing may be shown.
    """
    transaction = store.transaction.Transaction(store.table.new_op())
    transaction.check(store.staff.GRANTS, leave.known)
    for person in leave.people:
        transaction.check(store.staff.PEOPLE, person)
    acts.note_grant(transaction, act, leave.grant, leave.by, opened=opened, number=number)
    transaction.commit()
    if act is GrantAct.EXPORTED:
        # The metric filter and the alarm `bulk-export` look for this name.
        telemetry.event(
            "bulk_export",
            grant_id=leave.grant.grant_id,
            staff_id=leave.by.staff_id,
            company_id=leave.grant.company_id,
            number=number,
        )


def _move(
    who: StaffPrincipal,
    grant_id: str,
    rule: Callable[[Terms, Standing, int], Terms | Refused],
    act: GrantAct,
) -> Grant:
    """One step of a grant, judged by the person as they are in this very write.

    Raises:
        NotFoundError: no such grant, or none of theirs.
        RefusedError: the rules say no: ``own_wish``, ``approved_already``, ``not_asked``, ``over`` ...
        ConflictError: not in a few tries.
    """
    for attempt in range(TRIES):
        known, person = store.staff.GRANTS.get(grant_id=grant_id), store.staff.person(who.staff_id)
        if known is None or person is None or not _sees(who, known.value):
            raise NotFoundError
        standing = person.value.standing()
        moved = rule(known.value.terms(), standing, clock.now())
        if isinstance(moved, Refused):
            raise entry.refusal(moved)
        grant = known.value.under(moved)
        transaction = store.transaction.Transaction(store.table.new_op())
        transaction.replace(store.staff.GRANTS, known, grant)
        transaction.check(store.staff.PEOPLE, person)
        acts.note_grant(transaction, act, grant, standing)
        try:
            transaction.commit()
        except ConflictError:
            store.failures.backoff(attempt)
        else:
            return grant
    raise ConflictError


def _sees(who: StaffPrincipal, grant: Grant) -> bool:
    return grant.asked_by == who.staff_id or Right.GRANTS_APPROVE in MAY[who.position]


def _newest(before: str | None) -> Iterator[Stored[Grant]]:
    """All grants, newest first, fetched as they are looked at."""
    while found := store.staff.grants(_PAGE, before):
        yield from found
        before = found[-1].value.grant_id
