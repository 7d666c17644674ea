"""Second proofs (clauses `automatic`, `access`): asking for a code, and judging the one that comes back.

A code opens the one thing it was asked for, once, within ten minutes and five tries. Mailed codes are known
by a keyed hash only. Everything here fails closed: what cannot be counted or read is not proven.
"""

from __future__ import annotations

from hmac import compare_digest
from typing import TYPE_CHECKING, Final

from chalicelib import store
from chalicelib.kernel import clock, ids
from chalicelib.kernel.errors import ConflictError, RefusedError, UnauthorizedError
from chalicelib.privacy import retention
from chalicelib.privacy.register import Purpose
from chalicelib.records.accounts import Session, User
from chalicelib.records.proofs import Challenge, Channel, Intent
from chalicelib.services.accounts import clients, factors, sessions
from chalicelib.services.accounts.devices import Visit
from chalicelib.services.notifications import notify

if TYPE_CHECKING:
    from chalicelib.store.table import Stored
    from chalicelib.store.transaction import Transaction

TRIES: Final = 5
TOTP_TRIES: Final = 10
"""At one user's one-time codes in an hour, over all challenges: six digits are few."""

ASKED_PER_USER: Final = 20
"""Codes asked for by one user in an hour. Only who has the password, or a session, can use them up."""

_SECONDS: Final = int(retention.PROOF.total_seconds())
_USE: Final = Purpose.SECURITY_AND_FAULTS


def ask(
    user: User,
    intent: Intent,
    channel: Channel,
    visit: Visit,
    *,
    session_id: str | None = None,
    generation: int | None = None,
    mailbox: str | None = None,
    email: str | None = None,
) -> Challenge:
    """Start a second proof; a mailed code goes to the user, or to ``email`` when that is to be proved.

    Raises:
        TooManyRequestsError: too many codes in this hour.
    """
    store.limits.take("proofs", user.user_id, ASKED_PER_USER, clock.HOUR)
    now, code = clock.now(), ids.code()
    challenge_id = ids.new("chl")
    client = visit.client
    challenge = Challenge(
        challenge_id=challenge_id,
        company_id=user.company_id,
        user_id=user.user_id,
        intent=intent,
        channel=channel,
        code_hash=code_hash(challenge_id, code) if channel is Channel.MAIL else None,
        session_id=session_id,
        generation=generation,
        mailbox=mailbox,
        until=now + _SECONDS,
        email=email,
        ip=visit.ip,
        device_model=client.device_model,
        os_version=client.os_version,
        browser_type=client.browser_type,
        language=client.language,
    )
    store.accounts.CHALLENGES.put_new(challenge, op=store.table.new_op())
    if channel is Channel.MAIL:
        values = {"code": code, "challenge": challenge_id, **clients.as_values(client, visit.ip)}
        template = f"{intent.value}_code"
        notify.post(notify.letter(template, email=email or user.email, locale=user.locale, values=values))
    return challenge


def answer(challenge_id: str, code: str, intent: Intent) -> Stored[Challenge]:
    """The challenge, when the code is right. It must then be used up in a transaction: see ``spend``.

    Raises:
        UnauthorizedError: ``code_refused`` for a wrong, used or late code and an unknown challenge alike.
        TooManyRequestsError: five tries, ten an hour at one-time codes.
    """
    store.limits.take("challenge", challenge_id, TRIES, _SECONDS)
    known = store.accounts.CHALLENGES.get(challenge_id=challenge_id, use=_USE)
    if known is None or clock.now() >= known.value.until or known.value.intent is not intent:
        raise refused()
    challenge = known.value
    if challenge.channel is Channel.TOTP:
        store.limits.take("totp", challenge.user_id, TOTP_TRIES, clock.HOUR)
        right = factors.use(challenge.company_id, challenge.user_id, code)
    else:
        right = compare_digest(challenge.code_hash or "", code_hash(challenge_id, code))
    if not right:
        raise refused()
    return known


def give(session: Session, challenge_id: str, code: str) -> None:
    """Make the session fresh that asked for this proof.

    Raises:
        UnauthorizedError: ``code_refused``, also for the code of another session.
    """
    known = answer(challenge_id, code, Intent.FRESH)
    if known.value.session_id != session.session_id:
        raise refused()
    spend(known, store.transaction.Transaction(store.table.new_op()))
    sessions.make_fresh(session.company_id, session.user_id, session.session_id)


def count(user_id: str) -> None:
    """Count a try at a code that has no challenge.

    Raises:
        TooManyRequestsError: too many in this hour.
    """
    store.limits.take("proofs", user_id, ASKED_PER_USER, clock.HOUR)


def spend(known: Stored[Challenge], transaction: Transaction) -> None:
    """Use the challenge up together with what it opens: of two who bring the right code, one gets in.

    Raises:
        UnauthorizedError: somebody was faster.
    """
    transaction.delete(store.accounts.CHALLENGES, known)
    try:
        transaction.commit()
    except ConflictError:
        raise refused() from None


def require_fresh(proven_at: int | None) -> None:
    """Let nobody do this who found an open session.

    Raises:
        RefusedError: ``proof_needed``; POST /v1/me/proof starts one.
    """
    if proven_at is None or clock.now() >= proven_at + _SECONDS:
        raise RefusedError("proof_needed", "Please prove first that it is you.", clause="passwords")


def code_hash(challenge_id: str, code: str) -> str:
    """What a mailed code is compared by."""
    return store.accounts.operator_hash("proof", f"{challenge_id}|{code}")


def refused() -> UnauthorizedError:
    """One answer for wrong, used and late codes."""
    return UnauthorizedError("code_refused", "This code is not valid (any more).")
