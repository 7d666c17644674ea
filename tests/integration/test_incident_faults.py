"""An incident ends alike whatever dies on the way: nobody is forgotten, nobody told twice (4.3.4)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Any, NamedTuple

import pytest

from infra.local import LocalStack
from tests.integration.apart import running
from tests.integration.client import User, eventually, sign_up
from tests.integration.incident_people import (
    Desk,
    carry,
    counted,
    harmless,
    open_incident,
    stage,
    steps,
    subjects,
    told,
)
from tests.integration.letters import rows
from tests.integration.machines import cut_off
from tests.integration.people import join

pytestmark = pytest.mark.clause("incidents")


class World(NamedTuple):
    """A stack with one company of two people and two contacts, and somebody who deals with incidents."""

    stack: LocalStack
    desk: Desk
    anna: User
    ben: User


@pytest.fixture(scope="module")
def world() -> Iterator[World]:
    with running() as stack:
        anna = sign_up(stack)
        ben = join(anna)
        for name in ("rita", "omar"):
            anna.contact(f"{name}@buyer.example")
        yield World(stack, Desk(stack), anna, ben)


@pytest.fixture(autouse=True)
def calm(world: World) -> Iterator[None]:
    yield
    world.stack.forget_kills()
    world.stack.wire.reset()


def begun(world: World) -> dict[str, Any]:
    company = world.anna.company["id"]
    return open_incident(world.desk, company_ids=[company], categories=["logon", "stored"])


def ready(world: World, made: dict[str, Any]) -> None:
    """Everybody counted, and words found for them."""
    counted(world.desk, made)
    world.desk.act(made["id"], "facts", harmless())
    world.desk.word(made["id"])
    eventually(lambda: stage(world.stack, made["workflow_id"]) == "assess")


def ends_alike(world: World, made: dict[str, Any], before: list[int]) -> None:
    telling = told(world.desk, made)
    assert (telling["accepted"], telling["unreachable"], telling["clients_unreached"]) == (2, 0, 0)
    found = world.desk.get(made["id"])
    assert found["people"] == {"controller/user/ZZ": 2, "processor/prospect/ZZ": 2}
    assert [now - then for now, then in zip(mailed(world), before, strict=True)] == [2, 1]
    acts = Counter(one["act"] for one in steps(world.desk, made["id"]))
    wanted = {
        "opened",
        "scoped",
        "facts_changed",
        "contents_set",
        "telling_began",
        "people_told",
        "clients_told",
    }
    assert {act: acts[act] for act in wanted} == dict.fromkeys(wanted, 1)
    assert acts["announced"] == 0
    own = [one for one in rows(world.stack, "ledger") if proves(one, world.anna.company["id"], made["id"])]
    assert len(own) == 1, "the company learns once that it was told"


def proves(row: dict[str, Any], company: str, incident: str) -> bool:
    place: tuple[str, str] = (row["pk"]["S"], row["sk"]["S"])
    return place[0] == company and place[1].startswith(f"incident#{incident}#")


def mailed(world: World) -> list[int]:
    return [len(subjects(world.stack, user)) for user in (world.anna, world.ben)]


@pytest.mark.parametrize("state", range(1, 10))
def test_killed_after_any_state_of_the_search_it_ends_alike(world: World, state: int) -> None:
    before = mailed(world)
    world.stack.kill_at("incident", state)
    made = begun(world)
    ready(world, made)
    world.desk.act(made["id"], "tell", {"whom": ["clients", "people"]})
    ends_alike(world, made, before)


@pytest.mark.parametrize("state", range(1, 13))
def test_killed_after_any_state_of_the_telling_it_ends_alike(world: World, state: int) -> None:
    before = mailed(world)
    made = begun(world)
    ready(world, made)
    world.stack.kill_at(made["workflow_id"], state)
    world.desk.act(made["id"], "tell", {"whom": ["clients", "people"]})
    ends_alike(world, made, before)


@pytest.mark.parametrize("done", [True, False], ids=["done", "not done"])
@pytest.mark.parametrize("calls", [0, 2, 4, 7, 10, 14, 18])
def test_cut_off_inside_any_search_it_ends_alike(world: World, calls: int, done: bool) -> None:
    before = mailed(world)
    with cut_off(world.stack, "incident", calls, done=done):
        made = begun(world)
        eventually(lambda: any(call.fault for call in list(world.stack.wire.calls)))
    ready(world, made)
    world.desk.act(made["id"], "tell", {"whom": ["clients", "people"]})
    ends_alike(world, made, before)


@pytest.mark.parametrize("done", [True, False], ids=["done", "not done"])
@pytest.mark.parametrize("calls", [0, 3, 6, 9, 12, 15, 19, 23, 27, 31])
def test_cut_off_inside_any_telling_it_ends_alike(world: World, calls: int, done: bool) -> None:
    before = mailed(world)
    made = begun(world)
    ready(world, made)
    with cut_off(world.stack, "incident", calls, done=done):
        world.desk.act(made["id"], "tell", {"whom": ["clients", "people"]})

        def cut() -> bool:
            carry(world.stack, made["workflow_id"])
            return any(call.fault for call in list(world.stack.wire.calls))

        eventually(cut, 60)
    ends_alike(world, made, before)
