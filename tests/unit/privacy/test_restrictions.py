"""Restrictions: a company decides about its work, to the second, and never about what a person may see."""

from __future__ import annotations

import dataclasses
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.privacy.decisions import Allowed, Refused
from chalicelib.privacy.permissions import Position
from chalicelib.privacy.register import Category
from chalicelib.privacy.restrictions import (
    DAY,
    MAX_DAYS,
    MAX_RESTRICTIONS,
    RESTRICTABLE,
    Action,
    Restriction,
    RestrictionError,
    Scope,
    as_dict,
    decide,
    parse,
    parse_all,
)

pytestmark = pytest.mark.clause("restrictions")

NO = Refused("restrictions", "restricted_by_company")
NOW = 1_800_000_000
PLAIN = {"action": "delete", "category": "stored", "roles": ["member"]}
PERSONS_OWN = {Category.LOGON, Category.AUTHENTICATION, Category.AUTOMATIC}
PERSONS_OWN |= {Category.NOTIFICATION, Category.COOKIES}

days = st.none() | st.integers(1, MAX_DAYS)
pairs = st.sampled_from(
    [(action, category) for action, of in RESTRICTABLE.items() for category in sorted(of)]
)
roles = st.frozensets(st.sampled_from([Position.MANAGER, Position.MEMBER]), min_size=1)


@st.composite
def restrictions(draw: st.DrawFn) -> Restriction:
    action, category = draw(pairs)
    older, newer = draw(days), draw(days)
    if older is not None and newer is not None and older >= newer:
        newer = None
    return Restriction(action, category, draw(roles), older, newer, draw(st.sampled_from(list(Scope))))


def one(age: float = 0, *, own: bool = True, role: Position = Position.MEMBER, **changed: Any) -> object:
    return decide(
        [parse({**PLAIN, **changed})],
        action=Action.DELETE,
        category=Category.STORED,
        role=role,
        made_at=NOW - age,
        now=NOW,
        own=own,
    )


# -- time, scope, content -----------------------------------------------------------------------------


def test_old_records_are_kept_from_the_second_they_are_old() -> None:
    assert one(30 * DAY - 1, older_than_days=30) == Allowed()
    assert one(30 * DAY, older_than_days=30) == NO
    assert one(30 * DAY + 1, older_than_days=30) == NO


def test_new_records_are_kept_until_the_second_they_are_not_new_any_more() -> None:
    assert one(30 * DAY - 1, newer_than_days=30) == NO
    assert one(30 * DAY, newer_than_days=30) == Allowed()


def test_a_window_has_both_its_ends() -> None:
    window: dict[str, Any] = {"older_than_days": 10, "newer_than_days": 20}
    wanted = [(10 * DAY - 1, Allowed()), (10 * DAY, NO), (20 * DAY - 1, NO), (20 * DAY, Allowed())]
    assert [one(age, **window) for age, _ in wanted] == [answer for _, answer in wanted]


def test_a_record_from_a_fast_clock_is_a_new_one() -> None:
    assert one(-5, newer_than_days=1) == NO
    assert one(-5, older_than_days=1) == Allowed()


@given(limit=st.integers(1, MAX_DAYS), age=st.integers(0, MAX_DAYS * DAY))
def test_no_age_falls_between_old_and_new_and_none_is_both(limit: int, age: int) -> None:
    old = one(age, older_than_days=limit) == NO
    new = one(age, newer_than_days=limit) == NO
    assert old != new


@pytest.mark.parametrize(
    ("scope", "mine", "theirs"),
    [("any", NO, NO), ("own", NO, Allowed()), ("others", Allowed(), NO)],
)
def test_a_restriction_reaches_the_records_it_is_about(scope: str, mine: object, theirs: object) -> None:
    assert one(own=True, scope=scope) == mine
    assert one(own=False, scope=scope) == theirs


def test_a_restriction_reaches_the_people_it_is_about() -> None:
    assert one(role=Position.MEMBER) == NO
    assert one(role=Position.MANAGER) == Allowed()
    assert one(role=Position.MANAGER, roles=["manager", "member"]) == NO


@given(
    rules=st.lists(restrictions(), max_size=4),
    asked=pairs,
    role=st.sampled_from(list(Position)),
    age=st.integers(-10, MAX_DAYS * DAY),
    own=st.booleans(),
)
def test_refused_means_that_one_restriction_fits_in_everything(
    rules: list[Restriction], asked: tuple[Action, Category], role: Position, age: int, own: bool
) -> None:
    fits = [
        rule
        for rule in rules
        if (rule.action, rule.category) == asked
        and role in rule.roles
        and (rule.older_than_days is None or age >= rule.older_than_days * DAY)
        and (rule.newer_than_days is None or age < rule.newer_than_days * DAY)
        and rule.scope in {Scope.ANY, Scope.OWN if own else Scope.OTHERS}
    ]
    answer = decide(rules, action=asked[0], category=asked[1], role=role, made_at=NOW - age, now=NOW, own=own)
    assert answer == (NO if fits else Allowed())


@given(rule=restrictions(), age=st.integers(0, MAX_DAYS * DAY), own=st.booleans())
def test_an_admin_is_never_locked_out_of_what_they_answer_for(rule: Restriction, age: int, own: bool) -> None:
    forged = dataclasses.replace(rule, roles=frozenset(Position))
    asked: dict[str, Any] = {"action": rule.action, "category": rule.category}
    assert decide([forged], **asked, role=Position.ADMIN, made_at=NOW - age, now=NOW, own=own) == Allowed()


def test_without_restrictions_nothing_is_restricted() -> None:
    asked: dict[str, Any] = {"action": Action.DELETE, "category": Category.STORED}
    assert decide([], **asked, role=Position.MEMBER, made_at=0, now=NOW, own=False) == Allowed()


# -- what no company may take from a person -----------------------------------------------------------


@pytest.mark.clause("self-service", "requests")
def test_seeing_what_is_held_about_oneself_cannot_be_restricted() -> None:
    assert set(Action) == {"change", "delete", "export"}, "there is no action for reading"
    for name in ("read", "access", "view", "download", "list"):
        with pytest.raises(RestrictionError) as refused:
            parse({**PLAIN, "action": name})
        assert refused.value.errors == (("action", "not_a_choice"),)


@pytest.mark.clause("self-service", "requests")
@pytest.mark.parametrize("category", sorted(PERSONS_OWN))
def test_taking_along_what_is_held_about_oneself_cannot_be_restricted(category: Category) -> None:
    with pytest.raises(RestrictionError) as refused:
        parse({**PLAIN, "action": "export", "category": category.value})
    assert refused.value.errors == (("category", "not_restrictable"),)


@pytest.mark.clause("consent")
@pytest.mark.parametrize("action", [Action.CHANGE, Action.DELETE])
@pytest.mark.parametrize("category", sorted(PERSONS_OWN - {Category.LOGON}))
def test_a_persons_choices_devices_and_keys_stay_theirs(action: Action, category: Category) -> None:
    with pytest.raises(RestrictionError) as refused:
        parse({**PLAIN, "action": action.value, "category": category.value})
    assert refused.value.errors == (("category", "not_restrictable"),)


def test_the_operators_prospects_are_not_the_companys() -> None:
    assert not any(Category.STOCKED_PROSPECT in of for of in RESTRICTABLE.values())
    assert set(RESTRICTABLE) == set(Action)


# -- what an admin sends ------------------------------------------------------------------------------


@given(rule=restrictions())
def test_what_is_stored_is_what_was_written(rule: Restriction) -> None:
    assert parse(json.loads(json.dumps(as_dict(rule)))) == rule


@pytest.mark.parametrize(
    ("changed", "errors"),
    [
        ({"canary": 1}, {("", "unknown_field")}),
        ({"action": "canary"}, {("action", "not_a_choice")}),
        ({"action": ["delete"]}, {("action", "not_a_choice")}),
        ({"category": "h"}, {("category", "not_a_choice")}),
        ({"scope": None}, {("scope", "not_a_choice")}),
        ({"roles": "member"}, {("roles", "not_a_list")}),
        ({"roles": []}, {("roles", "too_few")}),
        ({"roles": ["canary"]}, {("roles", "not_a_choice")}),
        ({"roles": [["member"]]}, {("roles", "not_a_choice")}),
        ({"roles": ["member", "admin"]}, {("roles", "never_restricted")}),
        ({"older_than_days": "30"}, {("older_than_days", "not_a_number")}),
        ({"older_than_days": 30.5}, {("older_than_days", "not_a_number")}),
        ({"older_than_days": True}, {("older_than_days", "not_a_number")}),
        ({"older_than_days": 0}, {("older_than_days", "out_of_range")}),
        ({"newer_than_days": -1}, {("newer_than_days", "out_of_range")}),
        ({"newer_than_days": MAX_DAYS + 1}, {("newer_than_days", "out_of_range")}),
        ({"older_than_days": 30, "newer_than_days": 30}, {("newer_than_days", "empty_window")}),
        ({"action": "x", "roles": []}, {("action", "not_a_choice"), ("roles", "too_few")}),
    ],
)
def test_a_bad_restriction_says_which_field_and_repeats_nothing(
    changed: dict[str, Any], errors: set[tuple[str, str]]
) -> None:
    with pytest.raises(RestrictionError) as refused:
        parse({**PLAIN, **changed})
    assert set(refused.value.errors) == errors
    assert "canary" not in f"{refused.value} {refused.value.errors}"


@pytest.mark.parametrize("member", ["action", "category", "roles"])
def test_a_restriction_says_what_for_whom_and_about_what(member: str) -> None:
    said = {name: value for name, value in PLAIN.items() if name != member}
    with pytest.raises(RestrictionError) as refused:
        parse(said)
    assert refused.value.errors == ((member, "required"),)


def test_a_list_is_taken_whole_or_not_at_all() -> None:
    assert parse_all([PLAIN, PLAIN, {**PLAIN, "scope": "own"}]) == (
        parse(PLAIN),
        parse({**PLAIN, "scope": "own"}),
    )
    assert parse_all([]) == ()
    with pytest.raises(RestrictionError) as refused:
        parse_all([PLAIN, {**PLAIN, "roles": []}, {**PLAIN, "x": 1}])
    assert refused.value.errors == (("1.roles", "too_few"), ("2", "unknown_field"))


def test_a_company_cannot_make_every_request_slow() -> None:
    many = [{**PLAIN, "older_than_days": n + 1} for n in range(MAX_RESTRICTIONS)]
    assert len(parse_all(many)) == MAX_RESTRICTIONS
    with pytest.raises(RestrictionError) as refused:
        parse_all([*many, PLAIN])
    assert refused.value.errors == (("", "too_many"),)
