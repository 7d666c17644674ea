"""The job of a hold: to take the dates of deletion from the rows it covers, and to give them back.

It goes in pieces, each of which may be done twice; where it has come to stands in the hold. Going through
costs a read of all that is in reach, and a write for each row that changes. What it deletes when the hold is
released it deletes with proof, and only while no other hold is placed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from functools import cache
from typing import TYPE_CHECKING, Final

from chalicelib import store
from chalicelib.kernel import clock
from chalicelib.kernel.errors import ConflictError, RetryLaterError
from chalicelib.privacy import retention
from chalicelib.records.accounts import MemberState
from chalicelib.records.holds import Cause, Hold, HoldAct, HoldScope, HoldState
from chalicelib.services.keeping import holds

if TYPE_CHECKING:
    from chalicelib.records.companies import Access
    from chalicelib.store.reach import Found
    from chalicelib.store.table import Stored

ROWS_PER_STEP: Final = 300
"""Rows looked at in one piece of the job, about; a message and what belongs to it are not torn apart."""
LEASE_SECONDS: Final = 300
STRAGGLERS_SECONDS: Final = 120
"""A request that began before a hold was released may put something away until then."""

_NEAR: Final = int(retention.HOLD_NEAR.total_seconds())


def go_on(company_id: str, hold_id: str) -> None:
    """Do the next piece of a hold's job, and let the one after follow. Repeatable.

    Raises:
        NotFoundError: there is no such hold; for a person to look at.
        RetryLaterError: something changed under it.
        UnavailableError: the piece will be done again.
    """
    known = holds.find(company_id, hold_id)
    hold, now = known.value, clock.now()
    if hold.due_at is None or (hold.began_at == 0 and now < hold.due_at):
        return
    hold = replace(hold, began_at=hold.began_at or now)
    try:
        after = _piece(hold, now)
        transaction = store.transaction.Transaction(store.table.new_op())
        transaction.replace(store.holds.HOLDS, known, after)
        if act := _finished(hold, after):
            transaction.put_new(store.holds.STEPS, holds.step(after, act, None, rows=after.rows))
        transaction.commit()
    except ConflictError:
        raise RetryLaterError from None
    if after.began_at:
        holds.hint(after)


def _piece(hold: Hold, now: int) -> Hold:
    """The hold after the next rows it reaches."""
    looked, changed = 0, hold.rows
    access = store.accounts.ACCESS.get(company_id=hold.company_id)
    covered = _covered_by_others(hold) if hold.state is HoldState.RELEASING else frozenset()
    if covered is None:
        return _round_over(hold, now)
    rows: list[Found] = []
    place = (hold.stretch, hold.after)
    done = True
    for group in store.reach.walk(hold.company_id, hold.scope, hold.target, hold.stretch, hold.after):
        rows += [row for row in group.rows if store.suspended.holdable(row.kind)]
        looked += len(group.rows)
        place = (group.stretch, group.after)
        if looked >= ROWS_PER_STEP:
            done = False
            break
    unique = list({(type(row), row.pk, row.sk): row for row in rows}.values())
    if hold.state is HoldState.RELEASING:
        changed += _resume(hold.company_id, unique, covered, access, now, secret=hold.secret)
    else:
        changed += _keep(unique, None if hold.state is HoldState.PLACING else now + _NEAR)
    hold = replace(hold, rows=changed)
    if done:
        return _round_over(hold, now)
    return replace(hold, stretch=place[0], after=place[1], due_at=now + LEASE_SECONDS)


def _keep(rows: Iterable[Found], until: int | None) -> int:
    """Take the dates of deletion from rows, from those before ``until`` if that is given."""
    wanted = [row for row in rows if row.ttl is not None and (until is None or row.ttl <= until)]
    for row in wanted:
        row.ttl = None
    return store.holds.rewritten(wanted)


def _resume(
    company_id: str,
    rows: Iterable[Found],
    covered: frozenset[tuple[str, str]],
    access: Stored[Access] | None,
    now: int,
    *,
    secret: bool,
) -> int:
    """Delete what is over, and give the rest its date of deletion back; what another hold keeps stays."""
    over: list[Found] = []
    back: list[Found] = []
    leaving = _leaving(company_id)
    for row in rows:
        if row.expires_at is None or (row.pk, row.sk) in covered:
            continue
        if row.ttl is not None:
            if row.due_pk is None and store.expiry.swept(row.kind):
                row.due_pk, row.due_at = store.table.expiry_lane(company_id), now
                back.append(row)  # it lost its place at the sweeper while it was held
            continue
        if retention.deletable_epoch(row.expires_at, now):
            if not leaving(row):
                over.append(row)
            continue
        row.ttl = row.expires_at
        if row.due_pk is None and store.expiry.swept(row.kind):
            row.due_pk, row.due_at = store.table.expiry_lane(company_id), now
        back.append(row)
    # Told in the company's chain, which must not say that there was a secret hold.
    cause = Cause.SWEEPER if secret else Cause.HOLD_RELEASED
    gone = store.expiry.delete(company_id, over, cause, access)
    return gone + store.holds.rewritten(back)


def _leaving(company_id: str) -> Callable[[Found], bool]:
    """Tells the rows of users who were removed: those go with the erasure that waits for this release, which
    reads in them what to take out elsewhere. One read for each such user.
    """

    @cache
    def removed(user_id: str) -> bool:
        known = store.accounts.MEMBERS.get(company_id=company_id, user_id=user_id)
        return known is not None and known.value.state is MemberState.REMOVED

    def tells(row: Found) -> bool:
        if not row.sk.startswith(store.leaving.OF_USER):
            return False
        user_id, _ = store.reach.about(row)
        return user_id is not None and removed(user_id)

    return tells


def _covered_by_others(hold: Hold) -> frozenset[tuple[str, str]] | None:
    """Keys of the rows that other open holds reach; None: one of them keeps the whole company.

    A hold on a user or a person reaches thousands of rows at most, so they are listed rather than guessed at.
    """
    others = store.holds.open_ones(hold.company_id)
    if any(one.scope is HoldScope.COMPANY for one in others):
        return None
    return frozenset(
        (row.pk, row.sk)
        for one in others
        for group in store.reach.walk(one.company_id, one.scope, one.target)
        for row in group.rows
    )


def _round_over(hold: Hold, now: int) -> Hold:
    ended = replace(hold, stretch=0, after="", began_at=0)
    if hold.state is not HoldState.RELEASING:
        return replace(ended, state=HoldState.HELD, due_at=hold.next_round(now))
    second_look = (hold.released_at or 0) + STRAGGLERS_SECONDS
    if hold.began_at < second_look:
        return replace(ended, due_at=second_look)
    return replace(ended, state=HoldState.RELEASED, due_at=None)


def _finished(before: Hold, after: Hold) -> HoldAct | None:
    if after.state is before.state:
        return None
    return HoldAct.RESUMED if after.state is HoldState.RELEASED else HoldAct.KEPT
