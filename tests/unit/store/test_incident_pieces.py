"""A company with any number of shared people is looked at in pieces, and nobody is left out between them."""

from __future__ import annotations

import pytest

from chalicelib import store
from chalicelib.kernel import clock, ids
from chalicelib.privacy.register import Role
from chalicelib.records.agreements import Sharing
from chalicelib.records.incident_work import IncidentWork
from chalicelib.records.prospects import AddedProspect, Holder, Reveal, Share
from chalicelib.services.incidents import joint
from chalicelib.store import vault
from tests.conformance.engine import Engine

pytestmark = pytest.mark.clause("incidents", "roles")


@pytest.fixture
def operator(engine: Engine) -> None:
    vault.create_key(ids.OPERATOR)


def added() -> str:
    """Somebody who was shared."""
    prospect_id = ids.new("pr")
    made = AddedProspect(
        prospect_id=prospect_id,
        person="a" * 32,
        first_at=clock.now(),
        changed_at=clock.now(),
        sector="machinery",
        country="FI",
        level="head",
        postings=(),
        email="mika@pohjola.example",
        first_name="Mika",
        last_name="Laine",
    )
    store.prospects.ADDED.put_new(made, op=store.table.new_op())
    return prospect_id


def share(company: str, people: list[str], *, still: bool = True) -> None:
    named = tuple(f"{number}:{one}" for number, one in enumerate(people))
    made = Sharing(
        company_id=company,
        share_id=ids.new("shr"),
        shared_by=ids.new("usr"),
        shared_at=clock.now(),
        agreement_version="joint-2026-11",
        ground="consent",
        prospects=named,
        rejected=(),
    )
    store.agreements.SHARINGS.put_new(made, op=store.table.new_op())
    for one in people if still else []:
        row = Share(
            prospect_id=one,
            company_id=company,
            share_id=made.share_id,
            shared_by=made.shared_by,
            shared_at=made.shared_at,
            agreement_version=made.agreement_version,
            ground=made.ground,
        )
        store.prospects.SHARES.put_new(row, op=store.table.new_op())


def reveal(company: str, prospect_id: str, *, of_shared: bool = True) -> None:
    made = Reveal(
        company_id=company,
        prospect_id=prospect_id,
        revealed_by=ids.new("usr"),
        revealed_at=clock.now(),
        entry_id=ids.new("crd"),
    )
    store.prospects.REVEALS.put_new(made, op=store.table.new_op())
    held = Holder(
        prospect_id=prospect_id,
        company_id=company,
        since=clock.now(),
        transfer="none",
        stocked=not of_shared,
        added=of_shared,
    )
    store.prospects.HOLDERS.put_new(held, op=store.table.new_op())


def listed(incident: str) -> set[tuple[str, str]]:
    return {(one.company_id, one.person_id) for _, one in store.incident_work.people(incident)}


@pytest.mark.usefixtures("operator")
def test_a_piece_ends_behind_any_person_and_the_next_goes_on_there() -> None:
    giver, taker, gone = (ids.new("co") for _ in range(3))
    people = [added() for _ in range(7)]
    share(giver, people[:3])
    share(giver, people[3:5])
    share(giver, [people[6]], still=False)
    for one in people[2:6]:
        reveal(taker, one)
    reveal(giver, people[5])
    reveal(gone, people[0], of_shared=False)
    theirs = {(giver, one) for one in people[:6]} | {(taker, one) for one in people[2:6]}

    work = IncidentWork(incident_id=ids.new("inc"), look=1)
    pieces, after = 0, ""
    while (left := joint.look_at(work, giver, after, until=clock.elapsed() - 1)) is not None:
        pieces, after = pieces + 1, left
        assert pieces < 40, "it does not come to an end"
    assert pieces >= len(people)
    assert listed(work.incident_id) == theirs

    at_once = IncidentWork(incident_id=ids.new("inc"), look=1)
    assert joint.look_at(at_once, giver, "", until=clock.elapsed() + 60) is None
    assert listed(at_once.incident_id) == theirs
    for incident in (work.incident_id, at_once.incident_id):
        rows = list(store.incident_work.companies(incident))
        assert {one.value.company_id: one.value.roles for one in rows} == {
            giver: (Role.JOINT_CONTROLLER.value,),
            taker: (Role.JOINT_CONTROLLER.value,),
        }


@pytest.mark.usefixtures("operator")
def test_who_was_found_before_keeps_the_look_that_found_them() -> None:
    giver, people = ids.new("co"), [added(), added()]
    share(giver, people[:1])
    first = IncidentWork(incident_id=ids.new("inc"), look=1)
    joint.look_at(first, giver, "", until=clock.elapsed() + 60)
    share(giver, people[1:])
    joint.look_at(IncidentWork(incident_id=first.incident_id, look=2), giver, "", until=clock.elapsed() + 60)
    found = {one.person_id: one.look for _, one in store.incident_work.people(first.incident_id)}
    assert found == {people[0]: 1, people[1]: 2}
