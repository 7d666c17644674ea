"""Notifications: nobody is bothered unasked, and nobody misses what the law or their safety needs."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.privacy.clauses import CLAUSES
from chalicelib.privacy.consent import ConsentPurpose, ConsentState
from chalicelib.privacy.notifications import (
    FIXED,
    KINDS,
    Channel,
    ChoiceError,
    Group,
    Kind,
    channels,
    merge,
    shown,
    validate,
)

pytestmark = pytest.mark.clause("notification")

ALWAYS = [kind for kind, row in KINDS.items() if row.group in {Group.LEGAL, Group.SECURITY}]
PRODUCT = [kind for kind, row in KINDS.items() if row.group is Group.PRODUCT]
SWITCHED = st.dictionaries(
    st.sampled_from([kind.value for kind in Kind]),
    st.dictionaries(st.sampled_from([channel.value for channel in Channel]), st.booleans()),
)
ANYTHING: Any = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
)
DAMAGED = st.dictionaries(st.sampled_from([kind.value for kind in Kind]), ANYTHING)
GRANTED = ConsentState.GRANTED


@pytest.mark.clause("policy-updates", "incidents", "discontinuation")
@pytest.mark.parametrize("kind", ALWAYS)
@given(choices=SWITCHED | DAMAGED, has_push=st.booleans())
def test_what_the_law_or_safety_needs_arrives_whatever_was_chosen(
    kind: Kind, choices: dict[str, Any], has_push: bool
) -> None:
    assert channels(kind, choices, has_push=has_push) >= {Channel.MAIL, Channel.IN_APP}


@pytest.mark.clause("policy-updates", "incidents", "discontinuation")
def test_each_legal_notice_names_the_promise_it_keeps() -> None:
    assert all(row.clause in CLAUSES and row.about for row in KINDS.values())
    assert KINDS[Kind.POLICY].clause == "policy-updates"
    assert KINDS[Kind.INCIDENT].clause == "incidents"
    assert KINDS[Kind.DISCONTINUATION].clause == "discontinuation"
    assert set(KINDS) == set(Kind)


@pytest.mark.clause("incidents")
def test_an_incident_is_pushed_too_unless_the_person_muted_pushes() -> None:
    assert Channel.PUSH in channels(Kind.INCIDENT, {}, has_push=True)
    muted = {"incident": {"push": False}}
    assert channels(Kind.INCIDENT, muted, has_push=True) == {Channel.MAIL, Channel.IN_APP}


@pytest.mark.parametrize("kind", PRODUCT)
@pytest.mark.parametrize("has_push", [True, False])
def test_who_switched_nothing_on_gets_no_product_notification(kind: Kind, has_push: bool) -> None:
    assert channels(kind, {}, has_push=has_push, marketing=GRANTED) == frozenset()


@pytest.mark.parametrize("kind", PRODUCT)
@given(choices=SWITCHED)
def test_a_product_notification_takes_the_channels_that_were_switched_on_and_no_others(
    kind: Kind, choices: dict[str, dict[str, bool]]
) -> None:
    on = {Channel(name) for name, yes in choices.get(kind, {}).items() if yes}
    assert channels(kind, choices, has_push=True, marketing=GRANTED) == on


@given(choices=DAMAGED)
@pytest.mark.parametrize("kind", PRODUCT)
def test_unreadable_choices_switch_nothing_on(kind: Kind, choices: dict[str, Any]) -> None:
    said = choices.get(kind)
    on = {c for c in Channel if isinstance(said, dict) and said.get(c.value) is True}
    assert channels(kind, choices, has_push=True, marketing=GRANTED) == on


@pytest.mark.clause("consent")
@pytest.mark.parametrize("state", [ConsentState.DENIED, ConsentState.UNKNOWN])
def test_news_need_a_yes_on_record_besides_the_switch(state: ConsentState) -> None:
    on = {"news": {"mail": True}, "tips": {"mail": True}}
    assert channels(Kind.NEWS, on, has_push=True, marketing=state) == frozenset()
    assert channels(Kind.NEWS, on, has_push=True) == frozenset()
    assert channels(Kind.NEWS, on, has_push=True, marketing=GRANTED) == {Channel.MAIL}
    assert channels(Kind.TIPS, on, has_push=True, marketing=state) == {Channel.MAIL}
    assert [kind for kind, row in KINDS.items() if row.consent is ConsentPurpose.MARKETING] == [Kind.NEWS]


def test_company_matters_can_be_muted_but_the_mail_comes() -> None:
    quiet = {"membership": {"mail": False, "push": False, "in_app": False}}
    assert channels(Kind.MEMBERSHIP, quiet, has_push=True) == {Channel.MAIL}
    assert channels(Kind.MEMBERSHIP, {}, has_push=True) == set(Channel)


@given(choices=SWITCHED | DAMAGED)
def test_nothing_is_pushed_to_who_has_no_device(choices: dict[str, Any]) -> None:
    for kind in Kind:
        assert Channel.PUSH not in channels(kind, choices, has_push=False, marketing=GRANTED)


@pytest.mark.parametrize(
    ("choices", "errors"),
    [
        ({"canary": {"mail": True}}, {("", "unknown_field")}),
        ({"tips": {"canary": True}}, {("tips", "unknown_field")}),
        ({"tips": True}, {("tips", "not_an_object")}),
        ({"tips": {"mail": 1}}, {("tips", "not_a_boolean")}),
        ({"tips": {"mail": None}}, {("tips", "not_a_boolean")}),
        ({"incident": {"mail": False}}, {("incident", "always_sent")}),
        ({"new_device": {"in_app": False}}, {("new_device", "always_sent")}),
        ({"membership": {"mail": False}}, {("membership", "always_sent")}),
        ({"x": 1, "tips": []}, {("", "unknown_field"), ("tips", "not_an_object")}),
    ],
)
def test_a_choice_that_cannot_be_kept_is_refused_and_not_swallowed(
    choices: dict[str, Any], errors: set[tuple[str, str]]
) -> None:
    with pytest.raises(ChoiceError) as refused:
        merge({"tips": {"mail": False}}, choices)
    assert set(refused.value.errors) == errors
    assert "canary" not in f"{refused.value} {refused.value.errors}"


@given(said=st.dictionaries(st.text(max_size=12) | st.sampled_from(list(Kind)), ANYTHING))
def test_whatever_is_sent_is_either_stored_as_understood_or_refused(said: dict[str, Any]) -> None:
    try:
        taken = validate(said)
    except ChoiceError as refused:
        assert refused.errors
        return
    assert taken == {str(kind): switched for kind, switched in said.items()}
    for kind, switched in taken.items():
        off = {Channel(name) for name, on in switched.items() if not on}
        assert not off & FIXED[KINDS[Kind(kind)].group]


def test_changing_one_switch_leaves_the_others() -> None:
    stored = {"tips": {"mail": True, "push": False}, "gone": {"mail": True}, "news": {"fax": True}}
    assert merge(stored, {"tips": {"push": True}}) == {"tips": {"mail": True, "push": True}, "news": {}}
    assert stored["tips"] == {"mail": True, "push": False}


@given(choices=SWITCHED)
def test_what_a_page_shows_is_what_happens(choices: dict[str, dict[str, bool]]) -> None:
    for row in json.loads(json.dumps(shown(choices))):
        on = {Channel(name) for name, said in row["channels"].items() if said["on"]}
        assert channels(Kind(row["kind"]), choices, has_push=True, marketing=GRANTED) == on
        fixed = {Channel(name) for name, said in row["channels"].items() if said["fixed"]}
        assert fixed == FIXED[KINDS[Kind(row["kind"])].group]


@given(choices=SWITCHED)
def test_a_page_can_send_back_what_it_was_shown(choices: dict[str, dict[str, bool]]) -> None:
    page = {
        row["kind"]: {name: said["on"] for name, said in row["channels"].items()} for row in shown(choices)
    }
    assert validate(page) == page
