"""How somebody of the staff gets their password and one-time codes (clause `access`).

A token opens two steps for a day: password and secret first, then a first right code. Only then does the way
in exist. It has two halves, joined by a dot: one goes out by mail, the other is shown once to the admin, who
hands it over in person. The mail waits in a table that the companies' function reads, so whatever that
function can be made to do, it never has both. Kept is the hash of the whole; a newer token, a suspension and
being used up end it. One answer for every token that is no good.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final, NamedTuple

from chalicelib import store
from chalicelib.kernel import clock, ids, networks
from chalicelib.kernel.errors import ConflictError, UnauthorizedError
from chalicelib.privacy import personnel
from chalicelib.privacy.register import Duty
from chalicelib.records.staff import Act, Staff, StaffSetup, StaffState
from chalicelib.services.accounts import factors, passwords
from chalicelib.services.accounts.factors import Setup
from chalicelib.services.staff import acts, roster

if TYPE_CHECKING:
    from chalicelib.store.table import Stored
    from chalicelib.store.transaction import Transaction

PER_NETWORK: Final = 60
"""Tries an hour."""
PER_TOKEN: Final = 10
"""First codes tried with one token."""
ISSUER: Final = "OKKI Leads AI staff"

_USE: Final = Duty.CONTROL_STAFF


class Halves(NamedTuple):
    """A token in two parts, neither of which opens anything."""

    mailed: str
    handed: str

    @property
    def token(self) -> str:
        """The whole, as whoever has both puts it together."""
        return f"{self.mailed}.{self.handed}"


def begin(transaction: Transaction, person: Staff, mailbox: str, *, vouched: bool) -> Halves:
    """Let a transaction open a way to set up; the halves are kept nowhere together. ``vouched``: handed over
    at the operator's desk.
    """
    halves = Halves(ids.secret(), ids.secret())
    made = StaffSetup(
        token_hash=store.accounts.token_hash(halves.token),
        staff_id=person.staff_id,
        mailbox=mailbox,
        generation=person.generation,
        vouched=vouched,
    )
    transaction.put_new(store.staff.SETUPS, made)
    return halves


def prepare(token: str, password: str, ip: str) -> Setup:
    """Choose the password and get the secret for the app; may be repeated, the last one counts.

    Raises:
        UnauthorizedError: ``setup_refused``.
        InvalidError: a weak password.
        TooManyRequestsError: per network.
    """
    known, person = _open(token, ip)
    import pyotp

    passwords.check(password, personal=(person.value.name, person.value.email))
    secret = pyotp.random_base32()
    chosen = replace(known.value, password_verifier=passwords.verifier(password), secret=secret)
    store.staff.SETUPS.replace(known, chosen, op=store.table.new_op())
    made = pyotp.TOTP(secret, interval=factors.STEP_SECONDS)
    return Setup(secret, made.provisioning_uri(name=person.value.email, issuer_name=ISSUER))


def confirm(token: str, code: str, ip: str) -> Staff:
    """Finish with a first right code: from now on they can log in.

    Raises:
        UnauthorizedError: ``setup_refused`` for a bad token, no password yet and a wrong code alike.
        TooManyRequestsError: per network and token.
    """
    known, person = _open(token, ip)
    store.limits.take_of_staff("setup-code", known.value.token_hash, PER_TOKEN, clock.HOUR)
    chosen = known.value
    login = store.staff.LOGINS.get(mailbox=chosen.mailbox, use=_USE)
    step = factors.step_of(chosen.secret, 0, code) if chosen.secret is not None else None
    if step is None or login is None or login.value.staff_id != chosen.staff_id:
        raise _refused()
    now = clock.now()
    approves_from = now if chosen.vouched else personnel.newcomer_until(now)
    active = replace(person.value, state=StaffState.ACTIVE, approves_from=approves_from)
    way = replace(
        login.value, last_step=step, password_verifier=chosen.password_verifier, secret=chosen.secret
    )
    for attempt in range(5):
        transaction = store.transaction.Transaction(store.table.new_op())
        transaction.replace(store.staff.PEOPLE, person, active)
        transaction.replace(store.staff.LOGINS, login, way)
        transaction.delete(store.staff.SETUPS, known)
        roster.move(transaction, None, before=person.value, after=active)
        acts.note(transaction, Act.SET_UP, active, by=active.staff_id)
        try:
            transaction.commit()
        except ConflictError:
            store.failures.backoff(attempt)
            again = _read(token)
            if again is None or again[0].version != known.version or again[1].version != person.version:
                raise _refused() from None  # used, renewed or ended meanwhile
        else:
            return active
    raise ConflictError


def _open(token: str, ip: str) -> tuple[Stored[StaffSetup], Stored[Staff]]:
    store.limits.take_of_staff("setup-network", networks.prefix(ip), PER_NETWORK, clock.HOUR)
    found = _read(token)
    if found is None:
        raise _refused()
    return found


def _read(token: str) -> tuple[Stored[StaffSetup], Stored[Staff]] | None:
    known = store.staff.SETUPS.get(token_hash=store.accounts.token_hash(token), use=_USE)
    person = store.staff.person(known.value.staff_id) if known is not None else None
    if known is None or person is None or person.value.state is not StaffState.INVITED:
        return None
    return (known, person) if person.value.generation == known.value.generation else None


def _refused() -> UnauthorizedError:
    return UnauthorizedError("setup_refused", "This token or code is not valid (any more).")
