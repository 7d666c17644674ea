"""Telling everybody of a new version of the policy (7), whatever they switched off: it is a legal notice.

Companies are passed in the order in which they came, a few in each step; the announcement's row says how far
we are, and ``notify`` knows who was told. A step that dies, comes twice or loses its hint is done again and
tells nobody twice. There are two rounds: one when the version is published, one on the day it applies, for
those who joined in between and agreed to the version before.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, time
from typing import TYPE_CHECKING, Final, NamedTuple

from chalicelib import store
from chalicelib.gateways import queues
from chalicelib.kernel import clock, settings, telemetry
from chalicelib.kernel.errors import ConflictError, NotFoundError, UnavailableError
from chalicelib.privacy import policies
from chalicelib.privacy.consent import CompanyState
from chalicelib.privacy.notifications import Kind
from chalicelib.privacy.policies import Policy
from chalicelib.privacy.register import Duty
from chalicelib.records.accounts import Member, MemberState
from chalicelib.records.announcements import NEVER, Announcement, AnnouncementState
from chalicelib.services import wording
from chalicelib.services.notifications import notify

if TYPE_CHECKING:
    from chalicelib.store.table import Stored

COMPANIES_PER_STEP: Final = 25
STEP_SECONDS: Final = 30
"""A step ends with the person during whom this has passed: half of what the function has."""
PEOPLE_PER_SECOND: Final = 7
"""SES takes 14 mails a second from a new account, and login codes wait in the same queue: half is theirs."""
LEASE_SECONDS: Final = 600
"""The sweep takes an announcement up again when nobody has moved it on for so long."""

_STATES: Final = frozenset(CompanyState) - {CompanyState.PENDING, CompanyState.CANCELLED}
"""Companies whose people we still hold data of, so they hear of it, also when the term is over."""


class _Reached(NamedTuple):
    """How many people of one company were told, and whom last, if time ran out before all of them were."""

    people: int
    stopped_at: str | None = None


def wanted(now: int) -> list[str]:
    """Versions whose announcement has to begin or go on. One query; nothing for what is done or paused.

    The first version of all is no news to anybody: whoever is here agreed to it.
    """
    today = policies.day(now)
    coming = [*policies.announced(today), policies.in_force(today)]
    first = policies.versions().all[0]
    known = store.due.announcements()
    return [one.version for one in coming if one is not first and known.get(one.version, 0) <= now]


def go_on(version: str) -> None:
    """Tell the people of the next companies, and let the next step follow.

    Raises:
        NotFoundError: no such version has been published; for a person to look at.
        UnavailableError: the step will be done again.
    """
    now = clock.now()
    policy = policies.get(version, policies.day(now))
    if policy is None:
        raise NotFoundError
    known = _begun(version, now)
    before = known.value
    if before.state is not AnnouncementState.RUNNING:
        if before.state is not AnnouncementState.WAITING or now < before.due_at:
            return
        before = replace(_again(before, now), at_last=True)
    after, told = _step(before, policy)
    delay = told // PEOPLE_PER_SECOND
    if after.state is AnnouncementState.RUNNING:
        after = replace(after, due_at=now + LEASE_SECONDS + delay)
    try:
        store.announcements.ANNOUNCEMENTS.replace(known, after, op=store.table.new_op())
    except ConflictError:
        return  # paused meanwhile, or somebody else did the same step: theirs goes on
    telemetry.event("announced", told=told, companies=after.companies, state=after.state)
    if after.state is AnnouncementState.RUNNING:
        queues.hint(settings.QUEUE_TASKS, [{"task": "announce", "version": version}], delay=delay)


def pause(version: str) -> Announcement:
    """Stop telling people, from the next step on; also before anybody was told.

    Raises:
        NotFoundError: no such version has been published.
        ConflictError: ``done`` already, or it moved on several times meanwhile.
    """
    return _set(version, AnnouncementState.PAUSED)


def resume(version: str) -> Announcement:
    """Go on where it stopped; the next sweep sees to it. Raises as `pause`."""
    return _set(version, AnnouncementState.RUNNING)


def find(version: str) -> Announcement | None:
    """How far an announcement is; None when it has not begun."""
    known = store.announcements.ANNOUNCEMENTS.get(version=version)
    return None if known is None else known.value


def _set(version: str, state: AnnouncementState) -> Announcement:
    for _ in range(5):
        now = clock.now()
        if policies.get(version, policies.day(now)) is None:
            raise NotFoundError
        known = _begun(version, now)
        if known.value.state is AnnouncementState.DONE:
            raise ConflictError("done")
        due_at = NEVER if state is AnnouncementState.PAUSED else now
        made = replace(known.value, state=state, due_at=due_at)
        try:
            return store.announcements.ANNOUNCEMENTS.replace(known, made, op=store.table.new_op()).value
        except ConflictError:
            continue
    raise ConflictError


def _begun(version: str, now: int) -> Stored[Announcement]:
    rows = store.announcements.ANNOUNCEMENTS
    known = rows.get(version=version)
    if known is None:
        made = Announcement(
            version=version, state=AnnouncementState.RUNNING, due_at=now + LEASE_SECONDS, started_at=now
        )
        try:
            rows.put_new(made, op=store.table.new_op())
        except ConflictError:
            pass  # begun by somebody else this moment
        known = rows.get(version=version)
    if known is None:
        raise ConflictError
    return known


def _again(one: Announcement, now: int) -> Announcement:
    return replace(
        one,
        state=AnnouncementState.RUNNING,
        due_at=now,
        cursor_at=None,
        cursor_id=None,
        within_id=None,
        within_user=None,
        companies=0,
        people=0,
        unreadable=0,
    )


def _step(one: Announcement, policy: Policy) -> tuple[Announcement, int]:
    """The announcement after its next companies, and how many people were told."""
    until, told = clock.elapsed() + STEP_SECONDS, 0
    cursor = None if one.cursor_id is None or one.cursor_at is None else (one.cursor_id, one.cursor_at)
    found = store.due.companies(cursor, COMPANIES_PER_STEP)
    for company_id, came_at in found:
        after = one.within_user if one.within_id == company_id else None
        try:
            reached = _tell_company(company_id, policy, after or "", until)
        except (ConflictError, UnavailableError):
            raise  # nobody's fault: the step is repeated
        except Exception as error:
            # One company that cannot be opened must not keep the news from all that come after it.
            telemetry.event("announcement_error", error=error, company_id=company_id)
            reached, one = _Reached(0), replace(one, unreadable=one.unreadable + 1)
        told += reached.people
        one = replace(one, people=one.people + reached.people)
        if reached.stopped_at is not None:
            return replace(one, within_id=company_id, within_user=reached.stopped_at), told
        one = replace(one, cursor_at=came_at, cursor_id=company_id, companies=one.companies + 1)
    if len(found) == COMPANIES_PER_STEP:
        return one, told
    return _round_over(one, policy), told


def _round_over(one: Announcement, policy: Policy) -> Announcement:
    now = clock.now()
    applies = int(datetime.combine(policy.effective_on, time(), policies.SINGAPORE).timestamp())
    # A round that began before that day may have missed who came last, also when it ended after it.
    if not one.at_last and one.started_at < applies:
        return replace(one, state=AnnouncementState.WAITING, due_at=max(applies, now))
    return replace(one, state=AnnouncementState.DONE, due_at=NEVER, finished_at=now)


def _tell_company(company_id: str, policy: Policy, after: str, until: float) -> _Reached:
    """Tell the people of a company, in the order of their ids, those after one of them."""
    access = store.accounts.ACCESS.get(company_id=company_id)
    if access is None or access.value.state not in _STATES:
        return _Reached(0)
    places = {
        known.value.user_id: known.value for known in store.accounts.MEMBERS.query(company_id, "member#")
    }
    template = "policy_consent" if policy.consent_again else "policy_updated"
    people = 0
    for known in store.accounts.USERS.query(company_id, "user#", use=Duty.NOTIFY_POLICY):
        user = known.value
        if user.user_id <= after or not _concerned(places.get(user.user_id), policy):
            continue
        values = _values(policy, user.locale)
        notify.tell(user, Kind.POLICY, template, values, key=f"policy-{policy.version}")
        people += 1
        if clock.elapsed() > until:
            return _Reached(people, user.user_id)
    return _Reached(people)


def _concerned(member: Member | None, policy: Policy) -> bool:
    """Active, and not somebody who has read and agreed to this very version."""
    if member is None or member.state is not MemberState.ACTIVE:
        return False
    return member.policy_version != policy.version


def _values(policy: Policy, locale: str) -> Mapping[str, str]:
    changes = policy.changes[wording.locale_of(locale)]
    return {
        "version": policy.version,
        "effective_on": policy.effective_on.isoformat(),
        "changes": " ".join(changes),
        "url": f"{settings.api_url()}/v1/policy/{policy.version}",
    }
