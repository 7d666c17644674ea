"""A company's pool: the prospects it has revealed, and who of its people works on which.

Whose a prospect is, is one field of one row, changed under its version: of two who claim at once, one does.
A claim ends by the clock, or with the membership of whoever made it; nobody has to clear anything away.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from itertools import islice
from typing import TYPE_CHECKING, Final, Literal, NamedTuple

from chalicelib import store
from chalicelib.kernel import clock
from chalicelib.kernel.errors import ConflictError, NotFoundError, RefusedError
from chalicelib.privacy import retention
from chalicelib.privacy.decisions import Refused
from chalicelib.privacy.permissions import Position
from chalicelib.records.accounts import MemberState
from chalicelib.records.prospects import Claim, Reveal
from chalicelib.services.accounts.sessions import Principal
from chalicelib.services.prospects import known, transfers
from chalicelib.services.prospects.known import Known

if TYPE_CHECKING:
    from chalicelib.store.table import Stored

Whose = Literal["me", "nobody", "any"]

MAX_CLAIMS: Final = 200
"""Prospects that one user can hold at a time: the pool is everybody's. Our choice."""
LOOKED: Final = 200
"""Rows that are looked through for one page of what nobody works on, however large the pool is."""
TRIES: Final = 5
_SECONDS: Final = int(retention.CLAIM.total_seconds())


class Pooled(NamedTuple):
    """A revealed prospect in the pool. ``withheld`` says why its data is not shown: `Refused.reason`."""

    prospect: Known
    reveal: Reveal
    claimed_by: str | None
    withheld: str | None


class Page(NamedTuple):
    """Some of the pool, and the prospect to go on after; None at the end."""

    items: list[Pooled]
    after: str | None


def page(who: Principal, whose: Whose, limit: int, before: str | None) -> Page:
    """Revealed prospects in the order of their ids, downwards. A page of ``nobody`` may have fewer than asked
    for, or none, and still go on.

    One query, five calls for what is shown: seven read units a prospect.
    """
    if whose == "nobody":
        return _free(who, limit, before)
    found, after = _mine(who, limit, before) if whose == "me" else _all(who, limit, before)
    held = _with_claimers(who, found)
    wanted = [(one, by) for one, by in held if whose == "any" or by == who.user_id]
    return Page(_shown(who, wanted), after)


def claim(who: Principal, prospect_id: str) -> int:
    """Take a prospect to work on, or keep it longer; until when, epoch seconds.

    Raises:
        NotFoundError: the company has not revealed it.
        ConflictError: ``claimed``, by the colleague named; ``too_many_claims``.
    """
    for attempt in range(TRIES):
        found = _revealed(who, prospect_id)
        now, reveal = clock.now(), found.value
        by = _claimer(reveal, now, _members(who, [reveal.claimed_by]))
        if by is not None and by != who.user_id:
            more = {"claimed_by": by, "claimed_until": clock.rfc3339(reveal.claimed_until)}
            raise ConflictError("claimed", "A colleague works on this prospect.", more=more)
        if by is None and _count(who) >= MAX_CLAIMS:
            raise ConflictError("too_many_claims", "Please release some prospects first.")
        until = now + _SECONDS
        transaction = store.transaction.Transaction(store.table.new_op())
        changed = replace(reveal, claimed_by=who.user_id, claimed_until=until)
        transaction.replace(store.prospects.REVEALS, found, changed)
        line = Claim(company_id=who.company_id, user_id=who.user_id, prospect_id=prospect_id)
        transaction.put(store.prospects.CLAIMS, line)
        try:
            transaction.commit()
        except ConflictError:
            store.failures.backoff(attempt)
            continue
        return until
    raise ConflictError


def release(who: Principal, prospect_id: str) -> None:
    """Put a prospect back into the pool; what is there already stays there.

    Raises:
        NotFoundError: the company has not revealed it.
        RefusedError: ``not_your_claim``, a colleague's, and only managers and admins release those.
    """
    for attempt in range(TRIES):
        found = _revealed(who, prospect_id)
        by = found.value.claimed_by
        if by is None:
            return
        gone = _claimer(found.value, clock.now(), _members(who, [by])) is None
        if by != who.user_id and not gone and who.position is Position.MEMBER:
            raise RefusedError("not_your_claim", "A colleague works on this prospect.", clause="access")
        transaction = store.transaction.Transaction(store.table.new_op())
        free = replace(found.value, claimed_by=None, claimed_until=None)
        transaction.replace(store.prospects.REVEALS, found, free)
        line = store.prospects.CLAIMS.get(company_id=who.company_id, user_id=by, prospect_id=prospect_id)
        if line is not None:
            transaction.delete(store.prospects.CLAIMS, line)
        try:
            transaction.commit()
        except ConflictError:
            store.failures.backoff(attempt)
            continue
        return
    raise ConflictError


def _revealed(who: Principal, prospect_id: str) -> Stored[Reveal]:
    found = store.prospects.REVEALS.get(company_id=who.company_id, prospect_id=prospect_id)
    if found is None:
        raise NotFoundError
    return found


def _claimer(reveal: Reveal, now: int, members: frozenset[str]) -> str | None:
    """Who works on a prospect now."""
    if reveal.claimed_until is None or now >= reveal.claimed_until:
        return None
    return reveal.claimed_by if reveal.claimed_by in members else None


def _members(who: Principal, users: Iterable[str | None]) -> frozenset[str]:
    """Those of some users who still belong to the company; whoever asks does. No call for nobody else."""
    others = sorted({one for one in users if one is not None and one != who.user_id})
    keys = [{"company_id": who.company_id, "user_id": one} for one in others]
    found = store.table.get_together(*((store.accounts.MEMBERS, key) for key in keys)) if keys else []
    live = [
        one.value.user_id for one in found if one is not None and one.value.state is not MemberState.REMOVED
    ]
    return frozenset([*live, who.user_id])


def _count(who: Principal) -> int:
    """How many prospects the user holds, up to the most; one query, 4 read units at most."""
    lines = store.prospects.CLAIMS.query(f"{who.company_id}#claims", f"{who.user_id}#", page_size=MAX_CLAIMS)
    return sum(1 for _ in islice(lines, MAX_CLAIMS))


def _with_claimers(who: Principal, found: list[Reveal]) -> list[tuple[Reveal, str | None]]:
    members, now = _members(who, (one.claimed_by for one in found)), clock.now()
    return [(one, _claimer(one, now, members)) for one in found]


def _all(who: Principal, limit: int, before: str | None) -> tuple[list[Reveal], str | None]:
    """The pool from a place on, and the place after which it goes on."""
    rows = store.prospects.REVEALS.query(
        f"{who.company_id}#revealed", "pr_", before=before, newest_first=True, page_size=limit + 1
    )
    found = [one.value for one in islice(rows, limit + 1)]
    return found[:limit], found[limit - 1].prospect_id if len(found) > limit else None


def _free(who: Principal, limit: int, before: str | None) -> Page:
    """What nobody works on, among so many rows as are looked through at a time."""
    found, after = _all(who, LOOKED, before)
    free = [(one, by) for one, by in _with_claimers(who, found) if by is None]
    if len(free) > limit:
        free, after = free[:limit], free[limit - 1][0].prospect_id
    return Page(_shown(who, free), after)


def _mine(who: Principal, limit: int, before: str | None) -> tuple[list[Reveal], str | None]:
    """What the user has claimed, by the list of it: claims that are over have left it."""
    prefix = f"{who.user_id}#"
    rows = store.prospects.CLAIMS.query(
        f"{who.company_id}#claims",
        prefix,
        before=None if before is None else f"{prefix}{before}",
        newest_first=True,
        page_size=limit + 1,
    )
    lines = [one.value.prospect_id for one in islice(rows, limit + 1)]
    keys = [{"company_id": who.company_id, "prospect_id": one} for one in lines[:limit]]
    found = store.table.get_together(*((store.prospects.REVEALS, key) for key in keys)) if keys else []
    after = lines[limit - 1] if len(lines) > limit else None
    return [one.value for one in found if one is not None], after


def _shown(who: Principal, wanted: Sequence[tuple[Reveal, str | None]]) -> list[Pooled]:
    """With what the company has received of each; those that are gone from the base are left out."""
    if not wanted:
        return []
    passage = transfers.passage(who.company_id)
    prospects = known.several([one.prospect_id for one, _ in wanted])
    keys = [{"company_id": who.company_id, "prospect_id": one.prospect_id} for one, _ in wanted]
    holders = store.table.get_together(*((store.prospects.HOLDERS, key) for key in keys))
    made = []
    for (reveal, by), prospect, holder in zip(wanted, prospects, holders, strict=True):
        theirs = prospect.as_held(None if holder is None else holder.value)
        if not theirs.found:
            continue
        ground = passage.ground(prospect.origin)
        reason = ground.reason if isinstance(ground, Refused) else None
        made.append(Pooled(theirs, reveal, by, reason))
    return made
