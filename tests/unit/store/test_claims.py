"""The pool is everybody's: nobody can hold more of it than was agreed, and what they hold they can keep."""

from __future__ import annotations

from typing import Any

import pytest

from chalicelib.kernel import clock, ids
from chalicelib.kernel.errors import ConflictError, NotFoundError
from chalicelib.records.prospects import Claim, Reveal
from chalicelib.services.accounts.sessions import Principal
from chalicelib.services.prospects import pool
from chalicelib.store import prospects
from chalicelib.store.table import new_op

pytestmark = [pytest.mark.usefixtures("engine"), pytest.mark.clause("self-service")]


def somebody(company: str, user: str = "usr_1") -> Principal:
    """Their session is not looked at on this floor."""
    nobody: Any = None
    return Principal(company, user, nobody, nobody)


def revealed(company: str, **more: Any) -> str:
    found = ids.new("pr")
    made = Reveal(
        company_id=company,
        prospect_id=found,
        revealed_by="usr_1",
        revealed_at=clock.now(),
        entry_id=ids.new("crd"),
        **more,
    )
    prospects.REVEALS.put_new(made, op=new_op())
    return found


def test_one_user_cannot_hold_the_whole_pool_and_may_keep_what_they_hold(company: str) -> None:
    who, mine = somebody(company), revealed(company)
    pool.claim(who, mine)
    for _ in range(pool.MAX_CLAIMS - 1):
        line = Claim(company_id=company, user_id=who.user_id, prospect_id=ids.new("pr"))
        prospects.CLAIMS.put(line, op=new_op())
    with pytest.raises(ConflictError) as refused:
        pool.claim(who, revealed(company))
    assert refused.value.code == "too_many_claims"
    pool.claim(who, mine)
    pool.release(who, mine)
    pool.claim(who, revealed(company))


@pytest.mark.parametrize(("left", "wanted"), [(1, "usr_2"), (0, None), (-1, None)])
def test_a_claim_ends_with_its_second(company: str, left: int, wanted: str | None) -> None:
    now = clock.now()
    found = revealed(company, claimed_by="usr_2", claimed_until=now + left)
    known = prospects.REVEALS.get(company_id=company, prospect_id=found)
    assert known is not None
    assert pool._claimer(known.value, now, frozenset({"usr_1", "usr_2"})) == wanted
    assert pool._claimer(known.value, now, frozenset({"usr_1"})) is None


def test_a_claim_of_somebody_nobody_knows_any_more_holds_nobody_up(company: str) -> None:
    found = revealed(company, claimed_by=ids.new("usr"), claimed_until=clock.now() + 1000)
    until = pool.claim(somebody(company), found)
    known = prospects.REVEALS.get(company_id=company, prospect_id=found)
    assert known is not None
    assert (known.value.claimed_by, known.value.claimed_until) == ("usr_1", until)


def test_what_another_company_revealed_is_nothing_here(company: str) -> None:
    found = revealed(company)
    stranger = somebody(ids.new("co"))
    for act in (pool.claim, pool.release):
        with pytest.raises(NotFoundError):
            act(stranger, found)
