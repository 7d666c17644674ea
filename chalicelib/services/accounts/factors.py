"""One-time codes from an app (TOTP, RFC 6238) and recovery codes (clauses `access`, `passwords`).

The secret is sealed under the company's key. A code works once: its time step is noted in the write that
accepts it, so of two requests with one code a single one succeeds, and a code read over a shoulder is spent.
"""

from __future__ import annotations

import secrets
from dataclasses import replace
from typing import TYPE_CHECKING, Final, NamedTuple

from chalicelib import store
from chalicelib.kernel import clock
from chalicelib.kernel.errors import ConflictError, NotFoundError, UnauthorizedError
from chalicelib.privacy.notifications import Kind
from chalicelib.privacy.register import Purpose
from chalicelib.records.accounts import User
from chalicelib.records.proofs import SecondFactor
from chalicelib.services.companies import membership
from chalicelib.services.companies.membership import Place
from chalicelib.services.notifications import notify

if TYPE_CHECKING:
    from chalicelib.store.table import Stored
    from chalicelib.store.transaction import Transaction

STEP_SECONDS: Final = 30
DRIFT_STEPS: Final = 1
"""Codes of the step before and after count too: telephones' clocks are off (RFC 6238, 5.2)."""

RECOVERY_CODES: Final = 10
ISSUER: Final = "OKKI Leads AI"

_USE: Final = Purpose.SECURITY_AND_FAULTS
_ALPHABET: Final = "23456789abcdefghjkmnpqrstuvwxyz"  # nothing that looks like something else on paper


class Setup(NamedTuple):
    """What the app needs: the secret, and the same as an address to be shown as a QR code."""

    secret: str
    uri: str


def begin(company_id: str, user_id: str, account: str) -> Setup:
    """Prepare one-time codes. They are not asked for until ``confirm`` has seen a right one.

    Raises:
        ConflictError: ``already_on``.
    """
    import pyotp

    known = _of(company_id, user_id)
    if known is not None and known.value.confirmed_at is not None:
        raise ConflictError("already_on", "One-time codes are on already.")
    secret = pyotp.random_base32()
    factor = SecondFactor(company_id=company_id, user_id=user_id, secret=secret)
    op = store.table.new_op()
    if known is None:
        store.accounts.SECOND_FACTORS.put_new(factor, op=op)
    else:
        store.accounts.SECOND_FACTORS.replace(known, factor, op=op)
    uri = pyotp.TOTP(secret, interval=STEP_SECONDS).provisioning_uri(name=account, issuer_name=ISSUER)
    return Setup(secret, uri)


def confirm(user: User, code: str) -> tuple[list[str], Place]:
    """Switch one-time codes on; returns the recovery codes, the only time they are seen, and the user's new
    place. Every session and device of before is over: a thief who is in already must meet the codes too.

    Raises:
        NotFoundError: nothing was prepared.
        UnauthorizedError: ``code_refused``.
    """
    company_id, user_id = user.company_id, user.user_id
    known = _of(company_id, user_id)
    if known is None or known.value.confirmed_at is not None:
        raise NotFoundError
    step = step_of(known.value.secret, known.value.last_step, code)
    if step is None:
        raise UnauthorizedError("code_refused", "This code is not valid (any more).")
    codes = [_recovery_code() for _ in range(RECOVERY_CODES)]
    hashes = [_hash(company_id, user_id, one) for one in codes]
    on = replace(known.value, confirmed_at=clock.now(), last_step=step, recovery_hashes=hashes)

    told: list[str] = []

    def also(transaction: Transaction) -> None:
        transaction.replace(store.accounts.SECOND_FACTORS, known, on)
        told[:] = notify.add(transaction, user, Kind.CREDENTIALS, "totp_on") or []

    place = membership.change(company_id, user_id, _switched_on, also=also)
    notify.hint(told)
    return codes, place


def remove(user: User) -> None:
    """Switch one-time codes off; the secret and the recovery codes are deleted with it.

    Raises:
        NotFoundError: they are off.
    """
    company_id, user_id = user.company_id, user.user_id
    known = _of(company_id, user_id)
    if known is None:
        raise NotFoundError

    told: list[str] = []

    def also(transaction: Transaction) -> None:
        transaction.delete(store.accounts.SECOND_FACTORS, known)
        told[:] = notify.add(transaction, user, Kind.CREDENTIALS, "totp_off") or []

    membership.change(company_id, user_id, _switched_off, also=also)
    notify.hint(told)


def renew_recovery(company_id: str, user_id: str) -> list[str]:
    """New recovery codes; the old ones end.

    Raises:
        NotFoundError: one-time codes are off.
    """
    known = _of(company_id, user_id)
    if known is None or known.value.confirmed_at is None:
        raise NotFoundError
    codes = [_recovery_code() for _ in range(RECOVERY_CODES)]
    hashes = [_hash(company_id, user_id, one) for one in codes]
    renewed = replace(known.value, recovery_hashes=hashes)
    store.accounts.SECOND_FACTORS.replace(known, renewed, op=store.table.new_op())
    return codes


def left(company_id: str, user_id: str) -> int | None:
    """How many recovery codes are left; None while one-time codes are off."""
    known = _of(company_id, user_id)
    if known is None or known.value.confirmed_at is None:
        return None
    return len(known.value.recovery_hashes)


def use(company_id: str, user_id: str, code: str) -> bool:
    """Whether a code, from the app or a recovery code, is right; it is used up by asking."""
    known = _of(company_id, user_id)
    if known is None or known.value.confirmed_at is None:
        return False
    factor = known.value
    step = step_of(factor.secret, factor.last_step, code)
    if step is not None:
        used = replace(factor, last_step=step)
    else:
        spent = _hash(company_id, user_id, code.lower().replace("-", ""))
        if spent not in factor.recovery_hashes:
            return False
        used = replace(factor, recovery_hashes=[one for one in factor.recovery_hashes if one != spent])
    try:
        store.accounts.SECOND_FACTORS.replace(known, used, op=store.table.new_op())
    except ConflictError:
        return False  # another request used a code just now, perhaps this one
    return True


def _of(company_id: str, user_id: str) -> Stored[SecondFactor] | None:
    return store.accounts.SECOND_FACTORS.get(company_id=company_id, user_id=user_id, use=_USE)


def _switched_on(place: Place) -> Place:
    member = place.member
    return place._replace(member=replace(member, second_factor=True, generation=member.generation + 1))


def _switched_off(place: Place) -> Place:
    return place._replace(member=replace(place.member, second_factor=False))


def step_of(secret: str, last_step: int, code: str) -> int | None:
    """The time step a code belongs to, if it is near and later than the last one that was used."""
    import pyotp

    if not (code.isascii() and code.isdecimal()):
        return None
    otp, now = pyotp.TOTP(secret, interval=STEP_SECONDS), clock.now() // STEP_SECONDS
    for step in range(now - DRIFT_STEPS, now + DRIFT_STEPS + 1):
        if step > last_step and pyotp.utils.strings_equal(otp.generate_otp(step), code):
            return step
    return None


def _recovery_code() -> str:
    """Ten characters of 31: 49 bits, tried five times at most per challenge."""
    return "".join(secrets.choice(_ALPHABET) for _ in range(10))


def _hash(company_id: str, user_id: str, code: str) -> str:
    return store.vault.index(company_id, "recovery", f"{user_id}|{code}")
