"""Who may do what: both tables written out, and what no setting of a company can bring about."""

from __future__ import annotations

from typing import cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.privacy import permissions
from chalicelib.privacy.clauses import CLAUSES
from chalicelib.privacy.consent import CompanyState
from chalicelib.privacy.decisions import Allowed, Refused
from chalicelib.privacy.permissions import ALWAYS, BY_DEFAULT, GRANTABLE, Permission, Position
from tools import permission_table

pytestmark = pytest.mark.clause("access")

BY_POSITION = """
                       admin  manager  member  grantable
own.settings           yes    yes      yes     -
contacts.read          yes    yes      yes     yes
contacts.write         yes    yes      yes     yes
contacts.delete        yes    yes      yes     yes
contacts.export        yes    yes      -       yes
contacts.import        yes    yes      yes     yes
prospects.read         yes    yes      yes     yes
prospects.reveal       yes    yes      yes     yes
prospects.share        yes    yes      yes     yes
prospects.complain     yes    yes      yes     -
prospects.duties       yes    yes      yes     yes
ai.use                 yes    yes      yes     yes
messages.read          yes    yes      yes     yes
messages.send          yes    yes      yes     yes
company.read           yes    yes      yes     yes
company.manage         yes    -        -       -
members.manage         yes    -        -       -
rules.manage           yes    -        -       -
subscription.read      yes    yes      -       yes
subscription.manage    yes    -        -       -
cancellation           yes    -        -       -
"""

BY_STATE = """
                       pending  active  expired  restricted  cancelling  cancelled
own.settings           -        yes     yes      yes         yes         -
contacts.read          -        yes     yes      -           yes         -
contacts.write         -        yes     -        -           -           -
contacts.delete        -        yes     yes      -           -           -
contacts.export        -        yes     yes      -           yes         -
contacts.import        -        yes     -        -           -           -
prospects.read         -        yes     -        -           -           -
prospects.reveal       -        yes     -        -           -           -
prospects.share        -        yes     -        -           -           -
prospects.complain     -        yes     yes      yes         yes         -
prospects.duties       -        yes     yes      yes         yes         -
ai.use                 -        yes     -        -           -           -
messages.read          -        yes     yes      -           yes         -
messages.send          -        yes     -        -           -           -
company.read           -        yes     yes      yes         yes         -
company.manage         -        yes     yes      -           -           -
members.manage         -        yes     yes      -           -           -
rules.manage           -        yes     yes      -           -           -
subscription.read      -        yes     yes      yes         yes         -
subscription.manage    -        yes     yes      yes         -           -
cancellation           -        yes     yes      yes         yes         -
"""


def read(table: str) -> dict[tuple[str, str], bool]:
    """A table above by (row, column)."""
    head, *lines = (line.split() for line in table.strip().splitlines())
    return {
        (name, column): cell == "yes"
        for name, *cells in lines
        for column, cell in zip(head, cells, strict=True)
    }


positions = st.sampled_from(list(Position))
wanted = st.sampled_from(list(Permission))
states = st.sampled_from(list(CompanyState))
own_lists = st.frozensets(wanted)
grants = st.dictionaries(st.sampled_from([*Position, "owner", ""]), own_lists)


def test_each_position_may_do_what_is_written_here_and_nothing_else() -> None:
    table = read(BY_POSITION)
    assert {name for name, _ in table} == set(Permission)
    for permission in Permission:
        for position in Position:
            decision = permissions.decide(permission, position, {}, CompanyState.ACTIVE)
            assert isinstance(decision, Allowed) is table[permission, position], (permission, position)
        assert (permission in GRANTABLE) is table[permission, "grantable"], permission


@pytest.mark.clause("retention")
def test_each_state_of_a_company_leaves_open_what_is_written_here_and_nothing_else() -> None:
    table = read(BY_STATE)
    assert {state for _, state in table} == set(CompanyState)
    for permission in Permission:
        for state in CompanyState:
            decision = permissions.decide(permission, Position.ADMIN, {}, state)
            assert isinstance(decision, Allowed) is table[permission, state], (permission, state)


def test_who_is_refused_learns_whether_it_is_their_place_or_their_company() -> None:
    def refusal(wanted: Permission, position: Position, state: CompanyState) -> object:
        return permissions.decide(wanted, position, {}, state)

    assert refusal(Permission.RULES_MANAGE, Position.MEMBER, CompanyState.ACTIVE) == Refused(
        "access", "not_permitted"
    )
    assert refusal(Permission.CONTACTS_WRITE, Position.ADMIN, CompanyState.EXPIRED) == Refused(
        "cancellation", "company_not_active"
    )
    assert refusal(Permission.CONTACTS_READ, Position.ADMIN, CompanyState.RESTRICTED) == Refused(
        "retention", "company_not_active"
    )


@given(position=positions, permission=wanted, own=grants)
def test_a_state_or_an_act_that_nobody_has_thought_of_is_closed(
    position: Position, permission: Permission, own: dict[str, frozenset[Permission]]
) -> None:
    sold = cast("CompanyState", "sold")
    burn = cast("Permission", "contacts.burn")
    assert isinstance(permissions.decide(permission, position, own, sold), Refused)
    listed = {**own, position.value: frozenset({burn, permission})}
    for state in CompanyState:
        assert isinstance(permissions.decide(burn, position, listed, state), Refused)


@given(position=positions, own=grants)
def test_no_setting_hands_out_the_running_of_the_company(
    position: Position, own: dict[str, frozenset[Permission]]
) -> None:
    may = permissions.granted(position, own)
    if position is Position.ADMIN:
        assert may == frozenset(Permission), "nor does one lock an admin out"
    else:
        assert may <= GRANTABLE | ALWAYS


@given(position=positions, own=grants, state=states)
def test_no_setting_keeps_people_from_what_is_held_about_themselves(
    position: Position, own: dict[str, frozenset[Permission]], state: CompanyState
) -> None:
    decision = permissions.decide(Permission.OWN_SETTINGS, position, own, state)
    gone = state in {CompanyState.PENDING, CompanyState.CANCELLED}
    assert isinstance(decision, Refused) is gone


@pytest.mark.clause("joint-duties")
@given(position=positions, own=grants, state=states)
def test_no_setting_keeps_a_complaint_from_being_passed_on(
    position: Position, own: dict[str, frozenset[Permission]], state: CompanyState
) -> None:
    decision = permissions.decide(Permission.PROSPECTS_COMPLAIN, position, own, state)
    gone = state in {CompanyState.PENDING, CompanyState.CANCELLED}
    assert isinstance(decision, Refused) is gone


@given(position=positions, own=own_lists, permission=wanted)
def test_a_company_decides_about_each_position_apart(
    position: Position, own: frozenset[Permission], permission: Permission
) -> None:
    others = {other.value: own for other in Position if other is not position}
    assert permissions.granted(position, others) == BY_DEFAULT[position]
    if position is not Position.ADMIN and permission in GRANTABLE:
        taken = {position.value: own - {permission}}
        given_ = {position.value: own | {permission}}
        assert permission not in permissions.granted(position, taken)
        assert permission in permissions.granted(position, given_)


@given(position=positions, own=grants, permission=wanted, state=states)
def test_nobody_may_more_in_a_company_that_is_not_active(
    position: Position, own: dict[str, frozenset[Permission]], permission: Permission, state: CompanyState
) -> None:
    if isinstance(permissions.decide(permission, position, own, state), Allowed):
        assert isinstance(permissions.decide(permission, position, own, CompanyState.ACTIVE), Allowed)


def test_members_may_no_more_than_managers_and_managers_no_more_than_admins() -> None:
    assert BY_DEFAULT[Position.MEMBER] < BY_DEFAULT[Position.MANAGER] < BY_DEFAULT[Position.ADMIN]


@given(position=positions, own=grants, permission=wanted, state=states)
def test_every_refusal_names_a_clause_that_exists(
    position: Position, own: dict[str, frozenset[Permission]], permission: Permission, state: CompanyState
) -> None:
    decision = permissions.decide(permission, position, own, state)
    if isinstance(decision, Refused):
        assert decision.clause in CLAUSES
        assert decision.reason in {"not_permitted", "company_not_active"}


def test_the_committed_table_of_permissions_is_current() -> None:
    assert permission_table.PAGE.read_text("utf-8") == permission_table.page(), (
        "run python -m tools.permission_table"
    )
