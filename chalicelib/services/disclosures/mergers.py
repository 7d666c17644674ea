"""A successor (3.2(b)): who it is and what binds it is stated by one of the staff and accepted by another;
then everybody is told, or, where nothing binds it, asked.

Nothing leaves here. What goes over goes as a case of the register of disclosures, or with the systems; this
says who may be in it, and proves that they were told or asked.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final, NamedTuple

from chalicelib import store
from chalicelib.gateways import queues
from chalicelib.kernel import clock, ids, settings
from chalicelib.kernel.errors import ConflictError, FieldError, InvalidError, NotFoundError, RefusedError
from chalicelib.privacy import mergers as rules
from chalicelib.privacy import policies
from chalicelib.privacy.decisions import Allowed, Refused
from chalicelib.privacy.disclosure_kinds import Concerns, DisclosureKind
from chalicelib.privacy.mergers import Occasion, Plan
from chalicelib.records.mergers import Succession, SuccessionAct, SuccessionEvidence, SuccessionState
from chalicelib.services.disclosures import merger_words, payload, questions
from chalicelib.services.notifications import mass

if TYPE_CHECKING:
    from chalicelib.services.staff.entry import StaffPrincipal
    from chalicelib.store.table import Stored
    from chalicelib.store.transaction import Transaction

TRIES: Final = 5
_S: Final = SuccessionState
UNDER_WAY: Final = frozenset({_S.TELLING, _S.ASKING, _S.COUNTING})


class Wish(NamedTuple):
    """What is stated. ``wanted`` and ``wanted_of_company`` are names of fields; none where the successor is
    bound: it gets what there is, under the policy.
    """

    occasion: Occasion
    successor: str
    successor_url: str
    country: str
    plan: Plan
    wanted: tuple[str, ...]
    wanted_of_company: tuple[str, ...]


class Agreed(NamedTuple):
    """One line of the list of who goes over. ``user_id`` None: the company's own data, by its admins."""

    company_id: str
    user_id: str | None
    answered_at: int


class People(NamedTuple):
    """Some of the list, and the company to go on after; None at the end."""

    lines: list[Agreed]
    after: tuple[str, int] | None


def state(who: StaffPrincipal, wish: Wish) -> Succession:
    """Put on record who takes over, and how. Nobody is told yet.

    Raises:
        RefusedError: the rules of 3.2(b) do not allow it so.
        InvalidError: fields that nobody declared, or that are not for this.
    """
    _judge(wish.plan)
    _check_fields(wish)
    recipient = f"{wish.successor}\0{wish.successor_url.lower()}"
    made = Succession(
        succession_id=ids.new("suc"),
        state=_S.STATED,
        occasion=wish.occasion,
        successor=wish.successor,
        successor_url=wish.successor_url,
        recipient=store.accounts.operator_hash("recipient", recipient),
        recipient_country=wish.country,
        takes_over_at=wish.plan.takes_over_at,
        reference=wish.plan.reference,
        policy_version=wish.plan.policy_version,
        answer_until=wish.plan.answer_until,
        wanted=tuple(dict.fromkeys(wish.wanted)),
        wanted_of_company=tuple(dict.fromkeys(wish.wanted_of_company)),
        stated_by=who.staff_id,
        stated_at=clock.now(),
    )
    transaction = store.transaction.Transaction(store.table.new_op())
    transaction.put_new(store.mergers.SUCCESSIONS, made)
    prove(transaction, made, SuccessionAct.STATED, who.staff_id)
    transaction.commit()
    return made


def accept(who: StaffPrincipal, succession_id: str) -> Succession:
    """Let everybody be told, or asked. Two people, because it cannot be unsaid. Repeatable by whoever did it.

    Raises:
        NotFoundError: no such succession.
        RefusedError: by whoever stated it; or the rules do not allow it any more, time having passed.
        ConflictError: it is not waiting for anybody.
    """
    known = find(succession_id)
    one, now = known.value, clock.now()
    if one.state in UNDER_WAY and one.accepted_by == who.staff_id:
        hint(one)
        return one
    if one.state is not _S.STATED:
        raise ConflictError("not_waiting")
    if one.stated_by == who.staff_id:
        raise RefusedError("same_person", clause=rules.CLAUSE)
    _judge(one.plan())
    bound = one.plan().bound
    transaction = store.transaction.Transaction(store.table.new_op())
    made = replace(
        one,
        state=_S.TELLING if bound else _S.ASKING,
        accepted_by=who.staff_id,
        accepted_at=now,
        due_at=one.takes_over_at if bound else now,
        mass_id=merger_words.begin(transaction, one),
    )
    transaction.replace(store.mergers.SUCCESSIONS, known, made)
    prove(transaction, made, SuccessionAct.ACCEPTED, who.staff_id)
    transaction.commit()
    hint(made)
    return made


def withdraw(who: StaffPrincipal, succession_id: str) -> Succession:
    """End it where it is: the successor does not take over. Notices that have not left stay here, a yes leads
    nowhere, and where people began to be told, everybody is told that nobody takes over. Once done it is
    ``succession_over`` for whoever repeats it.

    Raises:
        NotFoundError: no such succession.
        ConflictError: it is over already.
    """
    for _ in range(TRIES):
        known = find(succession_id)
        if known.value.state not in {_S.STATED, *UNDER_WAY}:
            raise ConflictError("succession_over")
        made = replace(known.value, state=_S.WITHDRAWN, ended_at=clock.now(), due_at=None)
        transaction = store.transaction.Transaction(store.table.new_op())
        transaction.replace(store.mergers.SUCCESSIONS, known, made)
        prove(transaction, made, SuccessionAct.WITHDRAWN, who.staff_id)
        goes_on = None
        if made.mass_id is not None:
            # With it, so that no crash leaves notices under way of somebody who does not take over.
            mass.stop(transaction, made.mass_id)
            goes_on = merger_words.begin_withdrawn(transaction, made)
        try:
            transaction.commit()
        except ConflictError:
            continue  # it has come a little further, or a notice has left this moment
        if goes_on is not None:
            mass.start(goes_on)
        return made
    raise ConflictError


def hint(one: Succession) -> None:
    """Let the work begin before the sweep does so."""
    if one.state is _S.TELLING and one.mass_id is not None:
        mass.start(one.mass_id)
    else:
        queues.hint(settings.QUEUE_TASKS, [{"task": "succession", "succession": one.succession_id}])


def find(succession_id: str) -> Stored[Succession]:
    """One succession. Raises NotFoundError."""
    known = store.mergers.find(succession_id)
    if known is None:
        raise NotFoundError
    return known


def page(limit: int, before: str | None) -> list[Succession]:
    """Successions, the newest first."""
    return store.mergers.page(limit, before)


def people(succession_id: str, companies: int, after: tuple[str, int] | None) -> People:
    """Who goes over because they agreed, read as their answers stand now: a yes taken back a moment ago is in
    it no more. The people of the next ``companies`` companies; a query each.

    Raises:
        NotFoundError: no such succession.
        ConflictError: ``nobody_was_asked``, because the successor is bound; ``withdrawn``.
    """
    one = find(succession_id).value
    if one.plan().bound:
        raise ConflictError("nobody_was_asked")
    if one.state is _S.WITHDRAWN:
        raise ConflictError("withdrawn")
    found = store.due.companies(after, companies)
    lines = [line for company_id, _ in found for line in agreed(one, company_id)]
    return People(lines, found[-1] if len(found) == companies else None)


def agreed(one: Succession, company_id: str) -> list[Agreed]:
    """Who of a company goes over, in the order of their ids; one query."""
    now = clock.now()
    found = []
    for known in store.disclosures.asked(company_id, *questions.numbers_of(one.succession_id)):
        asked = known.value
        if isinstance(rules.goes_along(questions.said(known), now), Allowed):
            user_id = None if asked.user_id == company_id else asked.user_id
            found.append(Agreed(company_id, user_id, asked.answered_at or 0))
    return found


def prove(
    transaction: Transaction, one: Succession, act: SuccessionAct, staff_id: str | None, *, people: int = 0
) -> None:
    """Let a transaction prove in the operator's chain what was done. ``people``: told, or asked."""
    made = SuccessionEvidence(
        company_id=ids.OPERATOR,
        act_id=ids.new("act"),
        act=act,
        succession_id=one.succession_id,
        staff_id=staff_id,
        at=clock.now(),
        occasion=one.occasion,
        successor=one.successor,
        recipient=one.recipient,
        recipient_country=one.recipient_country,
        takes_over_at=one.takes_over_at,
        reference=one.reference,
        policy_version=one.policy_version,
        answer_until=one.answer_until,
        wanted=one.wanted,
        wanted_of_company=one.wanted_of_company,
        mass_id=one.mass_id,
        people=people,
        agreed=one.agreed,
        refused=one.refused,
        silent=one.silent,
        companies_asked=one.companies_asked,
        companies_agreed=one.companies_agreed,
        list_hash=one.list_hash,
    )
    transaction.put_new(store.mergers.EVIDENCE, made)


def _judge(plan: Plan) -> None:
    now = clock.now()
    decision = rules.may_begin(plan, policies.current(now).version, now)
    if isinstance(decision, Refused):
        raise RefusedError(decision.reason, clause=decision.clause)


def _check_fields(wish: Wish) -> None:
    """A bound successor is given nothing by name; the others what the policy lets them have, of users from
    users and of companies from companies: an admin does not speak for colleagues.
    """
    if wish.plan.bound:
        if wish.wanted or wish.wanted_of_company:
            raise InvalidError(errors=[FieldError("fields", "not_with_a_binding")])
        return
    if not wish.wanted:
        raise InvalidError(errors=[FieldError("fields", "required")])
    payload.check_fields(DisclosureKind.SUCCESSOR, Concerns.USER, wish.wanted)
    payload.check_fields(DisclosureKind.SUCCESSOR, Concerns.COMPANY, wish.wanted_of_company)
    for number, name in enumerate(wish.wanted_of_company):
        if not name.startswith("company."):
            raise InvalidError(errors=[FieldError(f"company_fields.{number}", "not_the_companys")])
