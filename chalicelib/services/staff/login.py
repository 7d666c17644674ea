"""How somebody of the staff gets in: password and one-time code, always both (clause `access`, 4.3.1).

Whatever is wrong, the answer is one and costs the same: the limits, the reads, the Argon2id and the code are
gone through for a mailbox nobody has as well. A code is used up by the write that opens the session. Closed:
what cannot be counted or read lets nobody in. One thing is open, for the sake of whoever has to work during
an attack: strangers who use up a mailbox's tries do not use up those of its person's own networks.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Final, NamedTuple

from chalicelib import store
from chalicelib.kernel import addresses, clock, networks
from chalicelib.kernel.errors import ConflictError, TooManyRequestsError, UnauthorizedError
from chalicelib.privacy.register import Duty
from chalicelib.privacy.retention import STAFF_NETWORKS
from chalicelib.records.staff import Act, Staff, StaffLogin, StaffState
from chalicelib.services.accounts import factors, passwords
from chalicelib.services.staff import acts, entry

PER_NETWORK: Final = 100
PER_MAILBOX_AND_NETWORK: Final = 10
PER_MAILBOX: Final = 60
CODES: Final = 10
"""Tries: a quarter of an hour for the first two, an hour for the others. ``CODES`` counts those that came
with the right password; beyond it the right code is refused as well, and nothing tells so: whoever guesses
codes has the password already and must not learn that it is the right one.
"""

NETWORKS: Final = 5
"""Networks of the last logins that are remembered."""

_NOBODY: Final = "stf_" + "0" * 26
_NO_SECRET: Final = "A" * 32
"""What stands in for the person and the secret of a mailbox nobody has."""
_USE: Final = Duty.CONTROL_STAFF


class Entry(NamedTuple):
    """Somebody is in: the bearer token (shown once, kept nowhere) and whose it is."""

    token: str
    expires_at: int
    person: Staff


def log_in(email: str, password: str, code: str, ip: str) -> Entry:
    """Open a session.

    Raises:
        UnauthorizedError: ``login_refused``, whatever was wrong.
        TooManyRequestsError: per network and mailbox, known or not.
    """
    address, network = addresses.parse(email).login, networks.prefix(ip)
    take = store.limits.take_of_staff
    take("login-network", network, PER_NETWORK, clock.QUARTER_HOUR)
    take("login", f"{address}|{network}", PER_MAILBOX_AND_NETWORK, clock.QUARTER_HOUR)
    login = store.staff.LOGINS.get(mailbox=store.staff.mailbox_hash(address), use=_USE)
    here, now = store.staff.network_hash(address, network), clock.now()
    if login is None or here not in _remembered(login.value, now):
        take("login-mailbox", address, PER_MAILBOX, clock.HOUR)
    person = store.staff.person(login.value.staff_id if login is not None else _NOBODY)
    right = passwords.matches(password, login.value.password_verifier if login is not None else None)
    secret = login.value.secret if login is not None else None
    step = factors.step_of(secret or _NO_SECRET, login.value.last_step if login is not None else 0, code)
    counted = _counted(address, right=right)
    if login is None or person is None or secret is None or step is None or not (right and counted):
        raise _refused()
    if person.value.state is not StaffState.ACTIVE:
        raise _refused()
    token, session = entry.new_session(person.value, now)
    places = {**_remembered(login.value, now), here: now}
    last = dict(sorted(places.items(), key=lambda one: one[1])[-NETWORKS:])
    transaction = store.transaction.Transaction(store.table.new_op())
    transaction.put_new(store.staff.SESSIONS, session)
    transaction.replace(store.staff.LOGINS, login, replace(login.value, last_step=step, networks=last))
    # As they were judged: a suspension, or a reset, that is written meanwhile comes first.
    transaction.check(store.staff.PEOPLE, person)
    acts.note(transaction, Act.LOGGED_IN, person.value, by=person.value.staff_id)
    try:
        transaction.commit()
    except ConflictError:
        raise _refused() from None  # somebody used this very code just now
    return Entry(token, entry.session_end(session), person.value)


def _remembered(login: StaffLogin, now: int) -> dict[str, int]:
    """The networks of this person's last logins that still count, and when they were."""
    oldest = now - int(STAFF_NETWORKS.total_seconds())
    return {network: at for network, at in login.networks.items() if at > oldest}


def _counted(address: str, *, right: bool) -> bool:
    """Whether this code may still be tried. A wrong password is counted as well, where nobody looks, so that
    the two take the same time.
    """
    try:
        store.limits.take_of_staff(
            "login-code" if right else "login-other", address, CODES if right else PER_MAILBOX, clock.HOUR
        )
    except TooManyRequestsError:
        return False
    return True


def _refused() -> UnauthorizedError:
    return UnauthorizedError("login_refused", "Mailbox, password or code is wrong.")
