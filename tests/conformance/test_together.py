"""What a request is judged by: rows read together, rows a write depends on, a session that is touched."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from chalicelib.kernel import aws, clock, ids
from chalicelib.kernel.errors import ConflictError, UnavailableError
from chalicelib.privacy.consent import CompanyState
from chalicelib.privacy.permissions import Position
from chalicelib.records.accounts import Member, MemberState, Session
from chalicelib.records.companies import Access
from chalicelib.store import accounts
from chalicelib.store.accounts import ACCESS, MEMBERS, SESSIONS
from chalicelib.store.items import AccountsRow
from chalicelib.store.table import Stored, get_together, new_op
from chalicelib.store.transaction import Transaction
from infra.local.wire import Wire
from tests.conformance.engine import Engine


@pytest.fixture
def wire(engine: Engine) -> Wire:
    if engine.wire is None:
        pytest.fail("this engine has no wire to cut: choose emulator or dynamodb-local")
    return engine.wire


class Place:
    """A member of a company with a session, stored."""

    def __init__(self, company: str) -> None:
        user, now = ids.new("usr"), clock.now()
        self.session = Session(
            company_id=company,
            user_id=user,
            token_hash="0" * 64,
            session_id=ids.new("ses"),
            device_id=ids.new("dev"),
            created_at=now,
            used_at=now,
            people=1,
            generation=1,
            position=Position.MEMBER,
            second_factor=False,
            policy_version="2025-01-16",
        )
        self.access = Access(company_id=company, state=CompanyState.ACTIVE, main_user_id=user)
        self.member = Member(
            company_id=company,
            user_id=user,
            state=MemberState.ACTIVE,
            position=Position.MEMBER,
            policy_version="2025-01-16",
            since=now,
        )
        self.of_session: dict[str, Any] = {"company_id": company, "user_id": user, "token_hash": "0" * 64}
        self.of_member: dict[str, Any] = {"company_id": company, "user_id": user}
        self.of_access: dict[str, Any] = {"company_id": company}
        SESSIONS.put_new(self.session, op=new_op())
        ACCESS.put_new(self.access, op=new_op())
        MEMBERS.put_new(self.member, op=new_op())

    def read(self) -> list[Any]:
        found = get_together((SESSIONS, self.of_session), (ACCESS, self.of_access), (MEMBERS, self.of_member))
        return [None if one is None else one.value for one in found]

    @property
    def all(self) -> list[Any]:
        return [self.session, self.access, self.member]

    def known_session(self) -> Stored[Session]:
        known = SESSIONS.get(**self.of_session)
        assert known is not None
        return known

    def known_access(self) -> Stored[Access]:
        known = ACCESS.get(**self.of_access)
        assert known is not None
        return known


@pytest.fixture
def place(company: str) -> Place:
    return Place(company)


def asked(wire: Wire) -> list[dict[str, Any]]:
    """The bodies of the calls that read rows together."""
    return [json.loads(call.request) for call in wire.calls if call.operation == "BatchGetItem"]


# ---------------------------------------------------------------- rows read together


def test_rows_come_in_the_order_asked_and_what_is_not_there_as_nothing(place: Place) -> None:
    assert place.read() == place.all
    nobody = {**place.of_session, "token_hash": "1" * 64}
    found = get_together((ACCESS, place.of_access), (SESSIONS, nobody), (ACCESS, place.of_access))
    assert [one and one.value for one in found] == [place.access, None, place.access]


def test_a_row_past_its_time_is_not_there_though_it_still_lies_in_the_table(
    engine: Engine, place: Place
) -> None:
    expires = place.known_session().expires_at
    assert expires is not None
    engine.advance(expires - clock.now())
    assert place.read() == [None, place.access, place.member]
    row = engine.item(AccountsRow, place.session.company_id, f"session#{place.session.user_id}#{'0' * 64}")
    assert row is not None


def test_rows_read_together_cost_one_call_and_are_as_they_are_now(wire: Wire, place: Place) -> None:
    wire.clear()
    assert place.read() == place.all
    (body,) = asked(wire)
    (request,) = body["RequestItems"].values()
    assert request["ConsistentRead"] is True
    assert len(request["Keys"]) == 3


def test_a_row_that_dynamodb_left_over_is_asked_for_again_just_as_consistently(
    wire: Wire, place: Place
) -> None:
    """A session whose company's rules were left over must not be judged without them."""
    wire.clear()
    fault = wire.inject(kind="leave_over", operation="BatchGetItem", times=2)
    assert place.read() == place.all
    assert fault.hits == 2
    keys = []
    for body in asked(wire):
        (request,) = body["RequestItems"].values()
        assert request["ConsistentRead"] is True
        keys.append(len(request["Keys"]))
    assert keys == [3, 1, 1]


@pytest.mark.parametrize("kind", ["lose_request", "lose_reply", "throttle", "fail"])
def test_a_passing_fault_of_a_common_reading_is_not_noticed(wire: Wire, place: Place, kind: Any) -> None:
    fault = wire.inject(kind=kind, operation="BatchGetItem")
    assert place.read() == place.all
    assert fault.hits == 1


def test_while_rows_cannot_be_read_together_nobody_is_judged_by_half_of_them(
    wire: Wire, place: Place
) -> None:
    fault = wire.inject(kind="fail", operation="BatchGetItem", times=99)
    with pytest.raises(UnavailableError):
        accounts.authority(**place.of_session)
    assert fault.hits == aws.TRIES
    wire.reset()
    wire.inject(kind="leave_over", operation="BatchGetItem")
    wire.inject(kind="fail", operation="BatchGetItem", times=99)
    with pytest.raises(UnavailableError):
        accounts.authority(**place.of_session)


# ---------------------------------------------------------------- a write that depends on another row


def remove(place: Place, known: Stored[Access]) -> Transaction:
    """Take the member away, as long as the company's rules are the ones that were looked at."""
    transaction = Transaction(new_op())
    member = MEMBERS.get(**place.of_member)
    assert member is not None
    transaction.check(ACCESS, known)
    transaction.replace(MEMBERS, member, replace(member.value, state=MemberState.REMOVED))
    return transaction


def state(place: Place) -> MemberState:
    known = MEMBERS.get(**place.of_member)
    assert known is not None
    return known.value.state


def test_a_write_goes_through_while_what_it_depends_on_stands_and_leaves_that_as_it_was(
    place: Place,
) -> None:
    before = place.known_access()
    remove(place, before).commit()
    assert state(place) is MemberState.REMOVED
    assert place.known_access() == before, "version and all"


def test_a_write_does_not_go_through_once_what_it_depends_on_has_changed_or_gone(place: Place) -> None:
    known = place.known_access()
    late = remove(place, known)
    ACCESS.replace(known, replace(known.value, people=2), op=new_op())
    with pytest.raises(ConflictError):
        late.commit()
    assert state(place) is MemberState.ACTIVE
    ACCESS.delete(place.known_access())
    with pytest.raises(ConflictError):
        remove(place, known).commit()
    assert state(place) is MemberState.ACTIVE


def test_a_write_that_depends_on_another_row_is_done_once_when_its_answer_was_lost(
    wire: Wire, place: Place
) -> None:
    wire.inject(kind="lose_reply", operation="TransactWriteItems")
    remove(place, place.known_access()).commit()
    known = MEMBERS.get(**place.of_member)
    assert known is not None
    assert (known.value.state, known.version) == (MemberState.REMOVED, 2)


# ---------------------------------------------------------------- a session that is touched


def test_of_two_requests_that_touch_a_session_one_does_and_it_lives_no_longer_for_it(place: Place) -> None:
    one, two = place.known_session(), place.known_session()
    SESSIONS.replace(one, replace(one.value, used_at=one.value.used_at + 300), op=new_op())
    with pytest.raises(ConflictError):
        SESSIONS.replace(two, replace(two.value, used_at=two.value.used_at + 301), op=new_op())
    now = place.known_session()
    assert now.value.used_at == place.session.used_at + 300
    assert now.expires_at == one.expires_at


def test_touching_a_session_that_was_just_ended_does_not_bring_it_back(place: Place) -> None:
    known = place.known_session()
    SESSIONS.delete(known)
    with pytest.raises(ConflictError):
        SESSIONS.replace(known, replace(known.value, used_at=known.value.used_at + 300), op=new_op())
    assert place.read()[0] is None


def test_a_touch_whose_answer_was_lost_is_no_conflict(wire: Wire, place: Place) -> None:
    known = place.known_session()
    wire.inject(kind="lose_reply", operation="PutItem")
    SESSIONS.replace(known, replace(known.value, used_at=known.value.used_at + 300), op=new_op())
    assert place.known_session().value.used_at == known.value.used_at + 300
