"""Who may be tracked and written to: each answer for every state, and what each mistake would
cost somebody.
"""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.privacy.consent import (
    CompanyState,
    ConsentPurpose,
    ConsentState,
    MessageKind,
    Stop,
    TrackingMode,
    may_record_grant,
    may_send,
    tracking_mode,
)
from chalicelib.privacy.decisions import Allowed, Refused

pytestmark = pytest.mark.clause("consent")

NONE: frozenset[Stop] = frozenset()
states = st.sampled_from(list(ConsentState))
stops = st.frozensets(st.sampled_from(list(Stop)))
kinds = st.sampled_from(list(MessageKind))
OWN_REFUSALS = {Stop.TRACKING_REFUSED, Stop.UNSUBSCRIBED, Stop.COMPLAINED, Stop.ERASED}


@pytest.mark.clause("tracking")
@pytest.mark.parametrize(
    ("consent", "mode"),
    [
        (ConsentState.GRANTED, TrackingMode.FULL),
        (ConsentState.UNKNOWN, TrackingMode.HYGIENE),
        (ConsentState.DENIED, TrackingMode.NONE),
    ],
)
def test_a_recipient_is_followed_only_as_far_as_they_agreed(
    consent: ConsentState, mode: TrackingMode
) -> None:
    assert tracking_mode(True, consent, NONE) is mode


@pytest.mark.clause("tracking")
@pytest.mark.parametrize("stop", sorted(OWN_REFUSALS))
@pytest.mark.parametrize("consent", list(ConsentState))
def test_a_recipient_who_withdrew_leaves_no_trace_in_mail_already_sent(
    stop: Stop, consent: ConsentState
) -> None:
    assert tracking_mode(True, consent, frozenset({stop})) is TrackingMode.NONE


@pytest.mark.clause("tracking")
@given(message=st.booleans(), consent=states, against=stops)
def test_full_tracking_needs_a_wish_a_yes_and_nothing_against_it(
    message: bool, consent: ConsentState, against: frozenset[Stop]
) -> None:
    full = tracking_mode(message, consent, against) is TrackingMode.FULL
    assert full == (message and consent is ConsentState.GRANTED and not against)


@pytest.mark.clause("tracking")
@given(consent=states, against=stops, more=stops)
def test_another_stop_never_widens_what_is_recorded(
    consent: ConsentState, against: frozenset[Stop], more: frozenset[Stop]
) -> None:
    width = list(TrackingMode)
    before = tracking_mode(True, consent, against)
    assert width.index(tracking_mode(True, consent, against | more)) <= width.index(before)


@pytest.mark.clause("tracking")
@given(consent=states, against=stops)
def test_a_sender_who_asked_for_no_tracking_gets_none(
    consent: ConsentState, against: frozenset[Stop]
) -> None:
    assert tracking_mode(False, consent, against) is TrackingMode.NONE


@pytest.mark.parametrize(
    ("stop", "reason"),
    [
        (Stop.UNSUBSCRIBED, "recipient_unsubscribed"),
        (Stop.COMPLAINED, "recipient_complained"),
    ],
)
def test_leaving_marketing_stops_marketing_and_not_an_answer_to_a_buyer(stop: Stop, reason: str) -> None:
    against = frozenset({stop})
    for consent in ConsentState:
        assert may_send(MessageKind.MARKETING, CompanyState.ACTIVE, consent, against) == Refused(
            "consent", reason
        )
        assert may_send(MessageKind.BUSINESS, CompanyState.ACTIVE, consent, against) == Allowed()


@pytest.mark.parametrize(("stop", "clause"), [(Stop.ERASED, "requests"), (Stop.BOUNCED, "communications")])
@pytest.mark.parametrize("kind", list(MessageKind))
def test_an_erased_person_or_a_dead_address_gets_nothing_at_all(
    kind: MessageKind, stop: Stop, clause: str
) -> None:
    decision = may_send(kind, CompanyState.ACTIVE, ConsentState.GRANTED, frozenset({stop}))
    assert isinstance(decision, Refused)
    assert decision.clause == clause


@pytest.mark.clause("cancellation")
@pytest.mark.parametrize("company", [s for s in CompanyState if s is not CompanyState.ACTIVE])
@given(kind=kinds, consent=states, against=stops)
def test_a_company_that_has_left_writes_to_nobody(
    company: CompanyState, kind: MessageKind, consent: ConsentState, against: frozenset[Stop]
) -> None:
    refused = Refused("cancellation", "company_not_active")
    assert may_send(kind, company, consent, against) == refused


def test_a_recorded_no_stops_marketing_and_no_answer_does_not() -> None:
    def ask(consent: ConsentState) -> object:
        return may_send(MessageKind.MARKETING, CompanyState.ACTIVE, consent, NONE)

    assert ask(ConsentState.DENIED) == Refused("consent", "marketing_denied")
    assert ask(ConsentState.UNKNOWN) == Allowed()
    assert ask(ConsentState.GRANTED) == Allowed()


@given(kind=kinds, consent=states, against=stops, more=stops)
def test_another_stop_never_lets_a_message_out(
    kind: MessageKind, consent: ConsentState, against: frozenset[Stop], more: frozenset[Stop]
) -> None:
    if may_send(kind, CompanyState.ACTIVE, consent, against | more) == Allowed():
        assert may_send(kind, CompanyState.ACTIVE, consent, against) == Allowed()


def test_refusing_tracking_does_not_cost_the_recipient_their_mail() -> None:
    against = frozenset({Stop.TRACKING_REFUSED})
    for kind in MessageKind:
        assert may_send(kind, CompanyState.ACTIVE, ConsentState.UNKNOWN, against) == Allowed()


@pytest.mark.parametrize("stop", sorted(OWN_REFUSALS))
def test_a_company_cannot_overrule_what_the_recipient_refused(stop: Stop) -> None:
    against = frozenset({stop})
    assert may_record_grant(against) == Refused("consent", "recipient_refused")
    assert may_record_grant(against, by_recipient=True) == Allowed()


def test_a_bounced_address_is_no_refusal() -> None:
    assert may_record_grant(frozenset({Stop.BOUNCED})) == Allowed()


def test_refusing_tracking_leaves_the_question_of_marketing_open() -> None:
    against = frozenset({Stop.TRACKING_REFUSED})
    assert may_record_grant(against, ConsentPurpose.MARKETING) == Allowed()
    unsubscribed = frozenset({Stop.UNSUBSCRIBED})
    assert isinstance(may_record_grant(unsubscribed, ConsentPurpose.MARKETING), Refused)


@pytest.mark.parametrize("purpose", list(ConsentPurpose))
def test_nobody_can_record_a_yes_for_an_erased_person(purpose: ConsentPurpose) -> None:
    assert isinstance(may_record_grant(frozenset({Stop.ERASED}), purpose), Refused)
