"""Just-in-time access as a machine that is driven every which way, and its boundaries one by one (S83, S84)."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, invariant, multiple, rule

from chalicelib.privacy import grants
from chalicelib.privacy.clauses import CLAUSES
from chalicelib.privacy.decisions import Allowed, Refused
from chalicelib.privacy.gate import decide
from chalicelib.privacy.grants import (
    ANSWER_WITHIN,
    MAX_MINUTES,
    USES,
    GrantPurpose,
    GrantState,
    Reach,
    Terms,
    usable,
)
from chalicelib.privacy.personnel import AGREEMENT, COURSE, StaffPosition, Standing, training_ends
from chalicelib.privacy.register import Category, Role

pytestmark = pytest.mark.clause("personnel", "access")

NOW = 1_800_000_000
WAIT = int(ANSWER_WITHIN.total_seconds())
ACME, OTHER = "co_acme", "co_other"


def person(name: str, position: StaffPosition = StaffPosition.PRIVACY) -> Standing:
    return Standing(name, position, True, AGREEMENT, COURSE, NOW - 86_400, NOW - 86_400)


ANNA, BEN, CLARA = person("anna"), person("ben"), person("clara", StaffPosition.SECURITY)
SAM, ADA = person("sam", StaffPosition.SUPPORT), person("ada", StaffPosition.ADMIN)


def wish(reach: Reach = Reach.READ, **more: Any) -> Terms:
    return replace(Terms("anna", NOW, reach, 30, ACME, GrantPurpose.SUPPORT), **more)


def approved(by: Standing = BEN, at: int = NOW, **more: Any) -> Terms:
    made = grants.approve(wish(**more), by, at)
    assert isinstance(made, Terms)
    return made


def use(grant: Terms, now: int, *others: Standing, **more: Any) -> object:
    wanted: dict[str, Any] = {"reach": Reach.READ, "company_id": ACME, **more}
    people = {one.staff_id: one for one in (others or (BEN,))}
    return usable(grant, wanted.pop("user", ANNA), people, now, **wanted)


def refused(reason: str) -> Refused:
    return Refused("personnel", reason)


# ---------------------------------------------------------------- one rule at a time


def test_a_wish_opens_nothing_and_an_approval_opens_it_for_the_minutes_asked_to_the_second() -> None:
    assert use(wish(), NOW) == refused("no_grant")
    grant = approved()
    assert use(grant, NOW) == Allowed()
    assert use(grant, NOW + 30 * 60 - 1) == Allowed()
    assert use(grant, NOW + 30 * 60) == refused("no_grant"), "it ends by itself, in the middle of a session"
    assert use(grant, NOW - 1) == refused("no_grant")


def test_nobody_approves_their_own_wish() -> None:
    assert grants.approve(wish(), ANNA, NOW) == refused("own_wish")
    assert grants.refuse(wish(), ANNA, NOW) == refused("own_wish")
    forged = replace(approved(), approved_by=("anna",))
    assert use(forged, NOW, ANNA) == refused("approver_gone"), "not even if it stood in the table"


@pytest.mark.parametrize("minutes", [0, -1, MAX_MINUTES + 1])
def test_nothing_longer_than_an_hour_can_be_asked_for(minutes: int) -> None:
    assert grants.may_ask(ANNA, wish(minutes=minutes), NOW) == refused("too_long")
    assert grants.may_ask(ANNA, wish(minutes=MAX_MINUTES), NOW) == Allowed()


def test_a_grant_is_good_for_its_company_its_reach_and_its_asker_only() -> None:
    grant = approved()
    for other in (
        {"company_id": OTHER},
        {"reach": Reach.EXPORT},
        {"user": BEN},
    ):
        assert use(grant, NOW, **other) == refused("no_grant"), other


@pytest.mark.parametrize(
    "lost",
    [
        {"active": False},
        {"agreement": None},
        {"trained_at": NOW - 400 * 86_400},
        {"position": StaffPosition.SUPPORT},
        {"approves_from": NOW + 1},
    ],
)
def test_what_an_approver_loses_ends_what_they_approved(lost: dict[str, Any]) -> None:
    grant = approved()
    assert use(grant, NOW, replace(BEN, **lost)) == refused("approver_gone")
    assert use(grant, NOW, CLARA) == refused("approver_gone"), "somebody else's standing is not theirs"


def test_what_the_asker_loses_ends_the_grant_in_the_middle_of_it() -> None:
    grant = approved()
    expired = replace(ANNA, trained_at=NOW - 86_400)
    assert expired.trained_at is not None
    end = training_ends(expired.trained_at)
    late = replace(grant, starts_at=end - 60, ends_at=end + 60)
    assert use(late, end - 1, replace(BEN, trained_at=end - 100), user=expired) == Allowed()
    now = use(late, end, replace(BEN, trained_at=end - 100), user=expired)
    assert now == refused("training_expired")
    assert use(grant, NOW, user=replace(ANNA, active=False)) == refused("not_active")
    demoted = replace(ANNA, position=StaffPosition.LEGAL)
    assert use(grant, NOW, user=demoted) == Refused("access", "not_permitted")


def test_a_wish_nobody_answered_cannot_be_approved_in_stock() -> None:
    assert isinstance(grants.approve(wish(), BEN, NOW + WAIT - 1), Terms)
    assert grants.approve(wish(), BEN, NOW + WAIT) == refused("asked_too_long_ago")


def test_only_some_positions_approve_and_only_some_ask() -> None:
    for nobody in (SAM, ADA):
        assert grants.approve(wish(), nobody, NOW) == Refused("access", "not_permitted")
        assert grants.revoke(approved(), nobody, NOW) == Refused("access", "not_permitted")
    assert grants.may_ask(ADA, wish(), NOW) == Refused("access", "not_permitted")
    assert grants.may_ask(SAM, wish(), NOW) == Allowed()
    assert grants.may_ask(SAM, wish(Reach.EXPORT), NOW) == Refused("access", "not_permitted")


@pytest.mark.parametrize("end", [grants.refuse, grants.give_back, grants.revoke])
def test_an_ended_grant_stays_ended(end: Any) -> None:
    by = ANNA if end is grants.give_back else CLARA
    over = end(wish(), by, NOW)
    assert isinstance(over, Terms)
    assert grants.approve(over, BEN, NOW) == refused("not_asked")
    assert use(over, NOW) == refused("no_grant")
    assert isinstance(grants.revoke(over, CLARA, NOW), Refused)
    assert isinstance(grants.give_back(over, ANNA, NOW), Refused)
    if end is not grants.refuse:
        running = end(approved(), by, NOW + 5)
        assert isinstance(running, Terms)
        assert running.ends_at == NOW + 5
        assert use(running, NOW + 5) == refused("no_grant")


def test_an_export_takes_two_different_people() -> None:
    asked = wish(Reach.EXPORT)
    once = grants.approve(asked, BEN, NOW)
    assert isinstance(once, Terms)
    assert once.state is GrantState.ASKED
    assert use(once, NOW, BEN, reach=Reach.EXPORT) == refused("no_grant")
    assert grants.approve(once, BEN, NOW) == refused("approved_already")
    twice = grants.approve(once, CLARA, NOW + 9)
    assert isinstance(twice, Terms)
    assert (twice.state, twice.starts_at) == (GrantState.APPROVED, NOW + 9)
    assert use(twice, NOW + 9, BEN, CLARA, reach=Reach.EXPORT) == Allowed()
    assert use(twice, NOW + 9, BEN, reach=Reach.EXPORT) == refused("approver_gone")
    doubled = replace(twice, approved_by=("ben", "ben"))
    assert use(doubled, NOW + 9, BEN, CLARA, reach=Reach.EXPORT) == refused("approver_gone")
    assert use(twice, NOW + 9, BEN, CLARA) == refused("no_grant"), "an export is no leave to browse"


def test_a_look_that_the_company_is_not_shown_takes_two_different_people() -> None:
    """Or one friend would be enough to look unseen."""
    once = grants.approve(wish(purpose=GrantPurpose.LEGAL_DUTY), BEN, NOW)
    assert isinstance(once, Terms)
    assert once.state is GrantState.ASKED
    assert use(once, NOW) == refused("no_grant")
    twice = grants.approve(once, CLARA, NOW)
    assert isinstance(twice, Terms)
    assert use(twice, NOW, BEN, CLARA) == Allowed()
    assert use(twice, NOW, BEN) == refused("approver_gone")


@pytest.mark.clause("purposes")
def test_every_purpose_of_a_grant_is_one_the_policy_has_for_what_is_opened() -> None:
    opened = {
        Role.CONTROLLER: (Category.LOGON, Category.AUTOMATIC),
        Role.PROCESSOR: (Category.STORED,),
    }
    assert {purpose for purpose, _ in USES} == set(GrantPurpose)
    for (_, role), wanted in USES.items():
        assert decide(role, opened[role], wanted) == Allowed()


# ---------------------------------------------------------------- everything at once


def takes(grant: Terms) -> int:
    return 2 if grant.reach is Reach.EXPORT or grant.purpose is GrantPurpose.LEGAL_DUTY else 1


class Office(RuleBasedStateMachine):
    """Four people, some grants, a clock; whoever can do something does it at any time. What was approved by whom
    and what has ended is written down beside, simply, and compared.
    """

    wishes = Bundle("wishes")

    def __init__(self) -> None:
        super().__init__()
        self.now = NOW
        self.people = {one.staff_id: one for one in (ANNA, BEN, person("clara"), SAM)}
        self.grants: dict[int, Terms] = {}
        self.yes: dict[int, set[str]] = {}
        self.opened_at: dict[int, int] = {}
        self.dead: set[int] = set()

    names = st.sampled_from(["anna", "ben", "clara", "sam"])

    @rule(
        target=wishes,
        who=names,
        reach=st.sampled_from(Reach),
        minutes=st.sampled_from([1, 30, 60, 61, 0]),
        company=st.sampled_from([ACME, OTHER]),
        purpose=st.sampled_from([GrantPurpose.SUPPORT, GrantPurpose.LEGAL_DUTY]),
    )
    def ask(self, who: str, reach: Reach, minutes: int, company: str, purpose: GrantPurpose) -> Any:
        asked = Terms(who, self.now, reach, minutes, company, purpose)
        if isinstance(grants.may_ask(self.people[who], asked, self.now), Refused):
            return multiple()
        assert self._fit(who)
        assert 1 <= minutes <= 60
        number = len(self.grants)
        self.grants[number], self.yes[number] = asked, set()
        return number

    @rule(number=wishes, who=st.sampled_from(["anna", "ben", "clara"]))
    def approve(self, number: int, who: str) -> None:
        made = grants.approve(self.grants[number], self.people[who], self.now)
        if isinstance(made, Refused):
            assert made.clause in CLAUSES
            return
        asked = self.grants[number]
        assert who != asked.asked_by
        assert who not in self.yes[number]
        assert number not in self.dead
        assert number not in self.opened_at
        assert self.now < asked.asked_at + WAIT
        assert self._fit(who)
        self.yes[number].add(who)
        self.grants[number] = made
        if len(self.yes[number]) == takes(asked):
            assert made.state is GrantState.APPROVED
            self.opened_at[number] = self.now

    @rule(number=wishes, who=names, end=st.sampled_from([grants.refuse, grants.revoke, grants.give_back]))
    def end(self, number: int, who: str, end: Any) -> None:
        made = end(self.grants[number], self.people[who], self.now)
        if isinstance(made, Terms):
            assert number not in self.dead
            self.dead.add(number)
            self.grants[number] = made

    @rule(who=names)
    def suspend_or_reinstate(self, who: str) -> None:
        self.people[who] = replace(self.people[who], active=not self.people[who].active)

    @rule(who=names, ago=st.integers(0, 380))
    def train(self, who: str, ago: int) -> None:
        self.people[who] = replace(self.people[who], trained_at=self.now - ago * 86_400)

    @rule(who=names, position=st.sampled_from(StaffPosition))
    def move(self, who: str, position: StaffPosition) -> None:
        self.people[who] = replace(self.people[who], position=position)

    @rule(seconds=st.sampled_from([1, 59, 60, 1740, 1800, 3540, WAIT]))
    def wait(self, seconds: int) -> None:
        self.now += seconds

    @invariant()
    def whoever_looks_was_let_in_by_enough_others_who_still_could(self) -> None:
        for number, grant in self.grants.items():
            for who, standing in self.people.items():
                for reach in Reach:
                    for company in (ACME, OTHER):
                        decision = usable(
                            grant, standing, self.people, self.now, reach=reach, company_id=company
                        )
                        if isinstance(decision, Refused):
                            continue
                        able = {one for one in self.yes[number] if self._fit(one)}
                        assert who == grant.asked_by
                        assert len(able - {who}) >= takes(grant)
                        assert (grant.company_id, grant.reach) == (company, reach)
                        assert number not in self.dead
                        began = self.opened_at[number]
                        assert began <= self.now < began + grant.minutes * 60
                        assert self._fit(who)

    @invariant()
    def what_has_ended_never_opens_again(self) -> None:
        for number in self.dead:
            assert not grants.running(self.grants[number], self.now)

    def _fit(self, who: str) -> bool:
        one = self.people[who]
        trained = one.trained_at is not None and one.trained_at <= self.now < training_ends(one.trained_at)
        return one.active and trained and one.agreement == AGREEMENT


Office.TestCase.settings = settings(max_examples=2000, stateful_step_count=15, deadline=None)
TestOffice = Office.TestCase
