"""Asking everybody whether their data may go to a successor that nothing binds (3.2(b)), and counting what
they said; ending what was told.

Companies are passed in the order in which they came, a few in each piece; the succession's row says how far
we are. A question is known by the succession's number, so a piece that dies or comes twice asks nobody twice.
Everybody is passed once a day until the time to answer is over, for those who join meanwhile.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from chalicelib import store
from chalicelib.kernel import clock, telemetry
from chalicelib.kernel.errors import ConflictError, NotFoundError, UnavailableError
from chalicelib.privacy import mergers as rules
from chalicelib.privacy import policies
from chalicelib.privacy.consent import CompanyState
from chalicelib.privacy.decisions import Refused
from chalicelib.privacy.disclosure_kinds import DisclosureKind, DisclosurePurpose
from chalicelib.records.accounts import MemberState
from chalicelib.records.disclosures import Asked, DisclosureQuestion
from chalicelib.records.mergers import Succession, SuccessionAct, SuccessionState
from chalicelib.services.disclosures import mergers, questions
from chalicelib.services.notifications import mass, mass_progress

if TYPE_CHECKING:
    from chalicelib.store.table import Stored

COMPANIES_PER_PIECE: Final = 25
PIECE_SECONDS: Final = 25
LEASE_SECONDS: Final = 600
ROUND_SECONDS: Final = 86_400
LOOK_SECONDS: Final = 3600
"""How often it is looked whether everybody has been told, once the day has come."""
_S: Final = SuccessionState
_ASKED: Final = frozenset(CompanyState) - {CompanyState.PENDING, CompanyState.CANCELLED}
"""Companies of whose people we still hold data; also when the term is over."""


def go_on(succession_id: str) -> None:
    """Do the next piece of what is due, and let the one after it follow.

    Raises:
        UnavailableError: the piece will be done again.
    """
    try:
        known = mergers.find(succession_id)
    except NotFoundError:
        return
    one, now = known.value, clock.now()
    if one.due_at is None or (one.state is _S.TELLING and now < one.due_at):
        return
    if one.state is _S.TELLING:
        _tell_end(known)
        return
    if one.state is _S.ASKING and now >= (one.answer_until or 0):
        _move(known, _from_the_start(replace(one, state=_S.COUNTING, due_at=now)))
        return
    if one.state is _S.ASKING and one.cursor_id is None:
        if now < one.due_at:
            return  # between two rounds
        one = replace(_from_the_start(one), rounds=one.rounds + 1)
    work = _ask if one.state is _S.ASKING else _count
    made, at_end = _piece(one, work)
    if not at_end:
        _move(known, replace(made, due_at=now + LEASE_SECONDS))
    elif made.state is _S.ASKING:
        _round_over(known, made)
    else:
        _end(known, replace(made, state=_S.OVER), SuccessionAct.ENDED)


def _piece(one: Succession, work: Callable[[Succession, str], Succession]) -> tuple[Succession, bool]:
    """The succession after some companies, and whether they were the last."""
    until = clock.elapsed() + PIECE_SECONDS
    after = None if one.cursor_id is None or one.cursor_at is None else (one.cursor_id, one.cursor_at)
    found = store.due.companies(after, COMPANIES_PER_PIECE)
    for company_id, came_at in found:
        try:
            one = work(one, company_id)
        except (ConflictError, UnavailableError):
            raise  # nobody's fault: the piece is repeated
        except Exception as error:
            # One company that cannot be opened must not keep the question from all that come after it; its
            # people are not asked, and so do not go over.
            telemetry.event("succession_error", error=error, company_id=company_id)
            one = replace(one, unreadable=one.unreadable + 1)
        one = replace(one, cursor_at=came_at, cursor_id=company_id)
        if clock.elapsed() > until:
            return one, False
    return one, len(found) < COMPANIES_PER_PIECE


def _ask(one: Succession, company_id: str) -> Succession:
    """Put the question to the people of a company and to the company itself. They are on the list of who
    hears of it first: of a piece that dies in between nobody is left with a question they never heard of.
    """
    access = store.accounts.ACCESS.get(company_id=company_id)
    if access is None or access.value.state not in _ASKED:
        return one
    members = [known.value for known in store.accounts.MEMBERS.query(company_id, "member#")]
    people = [member.user_id for member in members if member.state is MemberState.ACTIVE]
    there = {known.value.user_id for known in _asked_of(one, company_id)}
    new = [(company_id, user_id) for user_id in people if user_id not in there]
    if mergers.find(one.succession_id).value.state is not _S.ASKING:
        raise ConflictError  # withdrawn meanwhile: nobody else is asked
    if one.mass_id is not None and new:
        mass.add(one.mass_id, new)
    for user_id in [*people, company_id] if one.wanted_of_company else people:
        if user_id not in there:
            _put(one, company_id, user_id)
    companies = one.companies_asked + bool(one.wanted_of_company)
    return replace(one, asked=one.asked + len(people), companies_asked=companies)


def _put(one: Succession, company_id: str, user_id: str) -> None:
    company = user_id == company_id
    to_people, to_companies = questions.numbers_of(one.succession_id)
    made = DisclosureQuestion(
        company_id=company_id,
        user_id=user_id,
        question_id=to_companies if company else to_people,
        asked=Asked.AUTHORISATION,
        kind=DisclosureKind.SUCCESSOR,
        purpose=DisclosurePurpose.SUCCESSION,
        wanted=one.wanted_of_company if company else one.wanted,
        recipient=one.recipient,
        asked_at=clock.now(),
        answer_until=one.answer_until,
        recipient_country=one.recipient_country,
        recipient_name=one.successor,
    )
    try:
        store.disclosures.QUESTIONS.put_new(made, op=store.table.new_op())
    except ConflictError:
        pass  # asked by somebody else's piece this moment; an answer may be in it already


def _asked_of(one: Succession, company_id: str) -> list[Stored[DisclosureQuestion]]:
    return store.disclosures.asked(company_id, *questions.numbers_of(one.succession_id))


def _count(one: Succession, company_id: str) -> Succession:
    """Count what a company's people said, and chain the ids of those who agreed."""
    for known in _asked_of(one, company_id):
        agreed, company = known.value.agreed, known.value.user_id == company_id
        if company:
            one = replace(one, companies_asked=one.companies_asked + 1)
            continue
        one = replace(
            one,
            asked=one.asked + 1,
            silent=one.silent + (agreed is None),
            refused=one.refused + (agreed is False),
        )
    for line in mergers.agreed(one, company_id):
        chained = f"{one.list_hash or ''}\0{line.company_id}\0{line.user_id or ''}\0{line.answered_at}"
        one = replace(
            one,
            agreed=one.agreed + (line.user_id is not None),
            companies_agreed=one.companies_agreed + (line.user_id is None),
            list_hash=hashlib.sha256(chained.encode()).hexdigest(),
        )
    return one


def _round_over(known: Stored[Succession], made: Succession) -> None:
    """Everybody has the question. The next round begins tomorrow, or it is counted."""
    due_at = min(clock.now() + ROUND_SECONDS, made.answer_until or 0)
    made = replace(made, due_at=due_at, cursor_at=None, cursor_id=None)
    # Begun together with what is stored: of a succession that was withdrawn meanwhile nothing leaves.
    kept = _keep(known, made, SuccessionAct.ASKED if made.rounds == 1 else None, starts=True)
    if kept and made.mass_id is not None:
        mass.start(made.mass_id)


def _tell_end(known: Stored[Succession]) -> None:
    """The day has come: the binding is judged once more, by the policy of today, and whether everybody was
    told in time. If not it waits; nobody takes over before.
    """
    one = known.value
    decision = rules.bound(one.plan(), policies.current(clock.now()).version)
    if isinstance(decision, Refused):
        _end(known, replace(one, state=_S.LAPSED), SuccessionAct.LAPSED)
        return
    progress = None if one.mass_id is None else mass_progress.find(one.mass_id)
    told_at = None if progress is None else progress.all_told_at
    at, now = rules.takes_over_from(one.plan(), told_at), clock.now()
    if progress is None or at is None or now < at:
        telemetry.event("succession_waits", succession_id=one.succession_id, until=at)
        _keep(known, replace(one, due_at=now + LOOK_SECONDS if at is None else at), None)
        return
    _end(known, replace(one, state=_S.OVER, asked=progress.accepted), SuccessionAct.ENDED)


def _end(known: Stored[Succession], made: Succession, act: SuccessionAct) -> None:
    if _keep(known, replace(made, due_at=None, ended_at=clock.now()), act):
        telemetry.event("succession_over", succession_id=made.succession_id, state=made.state)


def _move(known: Stored[Succession], made: Succession) -> None:
    if _keep(known, made, None):
        mergers.hint(made)


def _keep(
    known: Stored[Succession], made: Succession, act: SuccessionAct | None, *, starts: bool = False
) -> bool:
    """Store how far it is, with the evidence of an act; ``starts``: and let the notices leave. False:
    withdrawn meanwhile, or somebody else did the same piece; theirs goes on.
    """
    transaction = store.transaction.Transaction(store.table.new_op())
    transaction.replace(store.mergers.SUCCESSIONS, known, made)
    if starts and made.mass_id is not None:
        mass.start_with(transaction, made.mass_id)
    if act is not None:
        mergers.prove(transaction, made, act, None, people=made.asked)
    try:
        transaction.commit()
    except ConflictError:
        return False
    return True


def _from_the_start(one: Succession) -> Succession:
    """All companies once more, and the counts of what is asked or counted on the way."""
    return replace(
        one,
        cursor_at=None,
        cursor_id=None,
        asked=0,
        companies_asked=0,
        agreed=0,
        refused=0,
        silent=0,
        companies_agreed=0,
        unreadable=0,
        list_hash=None,
    )
