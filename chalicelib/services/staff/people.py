"""The operator's own people, as their admins manage them (clause `personnel`, 4.3.2).

Nobody changes themselves, so nobody raises themselves and the last admin cannot go. Every change is written
together with its proof and with the roster, at which two admins who suspend each other meet: one is too
late. ``by`` is who does it; None is the operator's desk, for the first person and for when nobody else is
left.
"""

from __future__ import annotations

from dataclasses import replace
from itertools import islice
from typing import TYPE_CHECKING, Final, NamedTuple

from chalicelib import store
from chalicelib.kernel import addresses, clock, ids
from chalicelib.kernel.errors import ConflictError, NotFoundError
from chalicelib.privacy import personnel
from chalicelib.privacy.personnel import StaffPosition
from chalicelib.privacy.register import Duty
from chalicelib.records.staff import (
    Act,
    FormerStaff,
    Staff,
    StaffLogin,
    StaffState,
)
from chalicelib.services.notifications import notify
from chalicelib.services.staff import acts, roster, setup
from chalicelib.services.staff.roster import Way

if TYPE_CHECKING:
    from chalicelib.store.table import Stored
    from chalicelib.store.transaction import Transaction

TRIES: Final = 6
_USE: Final = Duty.CONTROL_STAFF
_ACTS: Final = {StaffState.SUSPENDED: Act.SUSPENDED, StaffState.ACTIVE: Act.REINSTATED}


class Newcomer(NamedTuple):
    """Who is to come, and what they shall be."""

    name: str
    email: str
    position: StaffPosition


def add(newcomer: Newcomer, *, by: str | None) -> tuple[Staff, str]:
    """Take somebody on. One half of the token to set up their way in goes to their mailbox, the other is
    returned, to be handed over; from the desk the whole.

    Raises:
        ConflictError: ``mailbox_taken``, by somebody of the staff.
        RefusedError: ``not_permitted``, whoever asks is no admin any more.
    """
    address = addresses.parse(newcomer.email)
    mailbox = store.staff.mailbox_hash(address.login)
    now = clock.now()
    person = Staff(
        staff_id=ids.new("stf"),
        position=newcomer.position,
        state=StaffState.INVITED,
        since=now,
        name=newcomer.name,
        email=address.written,
    )
    for attempt in range(TRIES):
        if store.staff.LOGINS.get(mailbox=mailbox, use=_USE) is not None:
            raise ConflictError("mailbox_taken", "Somebody of the staff has this mailbox.")
        transaction = store.transaction.Transaction(store.table.new_op())
        transaction.put_new(store.staff.PEOPLE, person)
        transaction.put_new(store.staff.LOGINS, StaffLogin(mailbox=mailbox, staff_id=person.staff_id))
        halves = setup.begin(transaction, person, mailbox, vouched=by is None)
        roster.move(transaction, by, before=None, after=person)
        acts.note(transaction, Act.ADDED, person, by=by)
        told = _post(transaction, person, halves) if by is not None else []
        try:
            transaction.commit()
        except ConflictError:
            store.failures.backoff(attempt)
        else:
            notify.hint(told)
            return person, halves.token if by is None else halves.handed
    raise ConflictError


def page(limit: int, before: str | None) -> list[Staff]:
    """People, who came last first; one query."""
    found = store.staff.PEOPLE.query(
        "staff",
        "person#",
        use=_USE,
        before=None if before is None else f"person#{before}",
        newest_first=True,
        page_size=limit,
    )
    return [one.value for one in islice(found, limit)]


def read(staff_id: str) -> Staff:
    """One person. NotFoundError for nobody, or nobody any more."""
    known = store.staff.person(staff_id)
    if known is None:
        raise NotFoundError
    return known.value


def change(
    staff_id: str, *, by: str | None, position: StaffPosition | None = None, state: StaffState | None = None
) -> Staff:
    """Another position, a suspension or its end; in force with their next request. A suspension ends every
    session for good, and what they approved with it.

    Raises:
        NotFoundError: nobody. ConflictError: ``yourself``; ``last_admin``; ``not_set_up``, somebody who
        never had a way in is neither
            suspended nor reinstated.
        RefusedError: ``not_permitted``, whoever asks is no admin any more.
    """

    def edit(way: Way) -> Staff:
        person = way.known.value
        changed = replace(person, position=position or person.position, state=state or person.state)
        if changed.state is not person.state:
            if StaffState.INVITED in {person.state, changed.state}:
                raise ConflictError("not_set_up", "They have no way in yet; let them leave instead.")
            if changed.state is StaffState.SUSPENDED:
                changed = replace(changed, generation=person.generation + 1)
            acts.note(way.transaction, _ACTS[changed.state], changed, by=by)
        if changed.position is not person.position:
            if by is not None:  # who has been support for years is a newcomer among those who approve
                changed = replace(changed, approves_from=personnel.newcomer_until(clock.now()))
            acts.note(way.transaction, Act.POSITION_CHANGED, changed, by=by)
        way.transaction.replace(store.staff.PEOPLE, way.known, changed)
        return changed

    return roster.change(staff_id, by, edit)


def reset(staff_id: str, *, by: str | None) -> str:
    """Take away password and one-time codes, and open the way to new ones as for a newcomer: for a lost
    telephone. Every session ends. Returns what is to be handed over, as ``add``.

    Raises:
        NotFoundError: nobody.
        ConflictError: ``yourself``; ``last_admin``; ``suspended``.
        RefusedError: ``not_permitted``, whoever asks is no admin any more.
    """
    halves, told = setup.Halves("", ""), list[str]()

    def edit(way: Way) -> Staff:
        nonlocal halves, told
        person = way.known.value
        if person.state is StaffState.SUSPENDED:
            raise ConflictError("suspended", "They have to be reinstated first.")
        changed = replace(person, state=StaffState.INVITED, generation=person.generation + 1)
        login = _login(person)
        # The last step stays: a code that was used before stays used.
        closed = replace(login.value, password_verifier=None, secret=None)
        way.transaction.replace(store.staff.PEOPLE, way.known, changed)
        way.transaction.replace(store.staff.LOGINS, login, closed)
        halves = setup.begin(way.transaction, changed, login.value.mailbox, vouched=by is None)
        acts.note(way.transaction, Act.RESET, changed, by=by)
        told = _post(way.transaction, changed, halves) if by is not None else []
        return changed

    roster.change(staff_id, by, edit)
    notify.hint(told)
    return halves.token if by is None else halves.handed


def leave(staff_id: str, *, by: str | None) -> None:
    """End somebody's employment: every way in ends, the mailbox is free. Their name stays beside their id as
    long as evidence names it.

    Raises:
        NotFoundError: nobody.
        ConflictError: ``yourself``; ``last_admin``.
        RefusedError: ``not_permitted``, whoever asks is no admin any more.
    """

    def edit(way: Way) -> Staff:
        person, transaction = way.known.value, way.transaction
        former = FormerStaff(
            staff_id=person.staff_id,
            position=person.position,
            since=person.since,
            left_at=clock.now(),
            name=person.name,
        )
        transaction.put_new(store.staff.FORMER, former)
        transaction.delete(store.staff.PEOPLE, way.known)
        transaction.delete(store.staff.LOGINS, _login(person))
        acts.note(transaction, Act.LEFT, person, by=by)
        return replace(person, state=StaffState.SUSPENDED)

    roster.change(staff_id, by, edit)


def _login(person: Staff) -> Stored[StaffLogin]:
    mailbox = store.staff.mailbox_hash(addresses.parse(person.email).login)
    known = store.staff.LOGINS.get(mailbox=mailbox, use=_USE)
    if known is None or known.value.staff_id != person.staff_id:
        raise NotFoundError
    return known


def _post(transaction: Transaction, person: Staff, halves: setup.Halves) -> list[str]:
    """Let a transaction mail the first half of the token to its person. The notice is sealed with a key that
    the companies' function may use, so it must hold nothing that opens anything by itself.
    """
    notice = notify.letter("staff_setup", email=person.email, locale="en", values={"token": halves.mailed})
    transaction.put_new(store.accounts.NOTICES, notice)
    return [notice.notice_id]
