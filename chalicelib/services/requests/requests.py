"""Taking requests and complaints from anyone, and proving whose mailbox it is (8; GDPR 12(2), 12(6)).

A stranger learns nothing: asking does the same work and gives the same answer whatever is known of an
address, nothing is looked for before its owner has typed the code that was mailed there, and without the
token that this gives an id says no more than that a request was made. The proof is never skipped, for a
repeated request neither. Attempts are counted first; what cannot be counted is refused, for the owner's sake.
"""

from __future__ import annotations

from dataclasses import replace
from hmac import compare_digest
from typing import TYPE_CHECKING, Final, NamedTuple

from chalicelib import store
from chalicelib.gateways import queues
from chalicelib.kernel import addresses, clock, ids, networks, settings
from chalicelib.kernel.errors import ConflictError, NotFoundError, UnauthorizedError
from chalicelib.privacy import retention
from chalicelib.privacy.register import Duty
from chalicelib.privacy.requests import TOKEN_LIFE, RequestKind, RequestState, Term
from chalicelib.records.accounts import Notice
from chalicelib.records.requests import (
    MailboxRequest,
    Objection,
    PendingRequest,
    Request,
    RequestAct,
    RequestCode,
)
from chalicelib.services import wording
from chalicelib.services.accounts.freemail import is_free
from chalicelib.services.notifications import notify
from chalicelib.services.requests import repeated, steps

if TYPE_CHECKING:
    from chalicelib.store.table import Stored
    from chalicelib.store.transaction import Transaction

ASKED_PER_MAILBOX_AND_NETWORK: Final = 5
ASKED_PER_MAILBOX: Final = 20
ASKED_PER_NETWORK: Final = 30
ASKED_PER_DOMAIN: Final = 200
CODES_PER_REQUEST: Final = 3
"""An hour. A domain is a company's here; at those where anybody gets a mailbox it is not counted."""
TRIES_PER_REQUEST_AND_NETWORK: Final = 5
TRIES_PER_REQUEST: Final = 50
TRIES_PER_NETWORK: Final = 30
TRIES_PER_MAILBOX: Final = 500
"""In a quarter of an hour, the last one in an hour. What a stranger can use up is what they asked for
themselves: the mailbox's own number is there against guessing at very many requests, and far above the rest.
"""
VERIFIED_PER_MAILBOX: Final = 10
"""Requests a mailbox proves in a day: each may walk all companies, and write to many admins."""
LEASE_SECONDS: Final = 300
"""The sweep takes a request up again when nobody has moved it on for so long."""

_USE: Final = Duty.ANSWER_REQUEST


class Wanted(NamedTuple):
    """What somebody asks for, as the form holds it."""

    kind: RequestKind
    email: str
    details: str | None
    locale: str


class Seen(NamedTuple):
    """What an id alone shows: the same whatever became of the request."""

    request_id: str
    verified: bool
    due_at: int


class Verified(NamedTuple):
    """A request whose mailbox is proven, and the token that opens its answer: shown this once."""

    request: Request
    token: str


def ask(wanted: Wanted, *, ip: str) -> PendingRequest:
    """Take a request; a code goes to its mailbox. Its clocks run from now.

    Raises:
        TooManyRequestsError: per mailbox, domain and network.
    """
    address = addresses.parse(wanted.email)
    network = networks.prefix(ip)
    store.limits.take("request-network", network, ASKED_PER_NETWORK, clock.HOUR)
    _count_mail(address, network)
    pending = PendingRequest(
        request_id=ids.new("req"),
        mailbox=store.accounts.mailbox_hash(address.login),
        wish=wanted.kind,
        received_at=clock.now(),
        locale=wanted.locale,
        email=address.written,
        details=wanted.details,
    )
    transaction = store.transaction.Transaction(store.table.new_op())
    transaction.put_new(store.requests.PENDING, pending)
    _send_code(transaction, pending)
    return pending


def ask_code(request_id: str, *, ip: str) -> None:
    """Send another code to the mailbox of a request: the first one has died, or the token was lost.

    Raises:
        NotFoundError: no such request.
        TooManyRequestsError: per request and network, and as in `ask`: it is a mail like the first.
    """
    network = networks.prefix(ip)
    store.limits.take("request-network", network, ASKED_PER_NETWORK, clock.HOUR)
    pending, request = store.requests.find(request_id)
    known = request or pending
    if known is None:
        raise NotFoundError
    store.limits.take("request-again", request_id, CODES_PER_REQUEST, clock.HOUR)
    _count_mail(addresses.parse(known.value.email), network)
    _send_code(store.transaction.Transaction(store.table.new_op()), known.value)


def verify(request_id: str, code: str, *, ip: str) -> Verified:
    """Prove the mailbox; from here on the request is worked on. With a later code: another token.

    Raises:
        NotFoundError: no such request.
        UnauthorizedError: ``code_refused`` for a wrong, used or late code.
        TooManyRequestsError: per network, request and mailbox; a new request, when the mailbox has proven too
            many today.
    """
    network = networks.prefix(ip)
    store.limits.take("request-code-network", network, TRIES_PER_NETWORK, clock.QUARTER_HOUR)
    pending, request = store.requests.find(request_id)
    known = request or pending
    if known is None:
        raise NotFoundError
    near = f"{request_id}|{network}"
    store.limits.take("request-code-near", near, TRIES_PER_REQUEST_AND_NETWORK, clock.QUARTER_HOUR)
    store.limits.take("request-code", request_id, TRIES_PER_REQUEST, clock.QUARTER_HOUR)
    store.limits.take("request-code-mailbox", known.value.mailbox, TRIES_PER_MAILBOX, clock.HOUR)
    asked = store.requests.CODES.get(request_id=request_id, code_hash=code_hash(request_id, code))
    if asked is None or clock.now() >= asked.value.until:
        raise _refused()
    if request is None:
        store.limits.take("request-verified", known.value.mailbox, VERIFIED_PER_MAILBOX, 24 * clock.HOUR)
    transaction = store.transaction.Transaction(store.table.new_op())
    transaction.delete(store.requests.CODES, asked)
    made = _again(transaction, request) if request is not None else _first(transaction, pending)
    try:
        transaction.commit()
    except ConflictError:
        raise _refused() from None  # the code was used this moment; of two who bring it one gets in
    if request is not None or made.request.attached_to is None:
        hint(request_id)  # for a later proof as well: what belongs to a request is kept as long as it is
    return made


def look(request_id: str) -> Seen:
    """What an id alone shows.

    Raises:
        NotFoundError: no such request, or its time is over.
    """
    pending, request = store.requests.find(request_id)
    if request is not None:
        term = request.value.term()
        # Not the due date after an extension, nor the state: both follow from what was found.
        return Seen(request_id, verified=True, due_at=term.first_due_at)
    if pending is None:
        raise NotFoundError
    term = Term(pending.value.received_at, None)
    return Seen(request_id, verified=False, due_at=term.first_due_at)


def opened(request_id: str, token: str) -> Stored[Request]:
    """The request that a token opens.

    Raises:
        NotFoundError: no such request.
        UnauthorizedError: not its token, or one whose time is over; a new code gives another.
    """
    pending, request = store.requests.find(request_id)
    if request is None:
        raise NotFoundError if pending is None else UnauthorizedError
    right = compare_digest(request.value.token_hash, store.accounts.token_hash(token))
    if not right or clock.now() >= request.value.token_until:
        raise UnauthorizedError
    return request


def letter(notice: Notice, locale: wording.Locale) -> wording.Notice | None:
    """The mail with the code, as of now; nothing once the code has died or was used."""
    request_id = notice.values["request"]
    hashed = code_hash(request_id, notice.values["code"])
    known = store.requests.CODES.get(request_id=request_id, code_hash=hashed)
    left = 0 if known is None else known.value.until - clock.now()
    if left <= 0:
        return None
    values = {**notice.values, "minutes": str(-(-left // 60))}
    return wording.notice("request_code", locale, values)


def code_hash(request_id: str, code: str) -> str:
    """What a mailed code is looked up by, within its request."""
    return store.accounts.operator_hash("request-code", f"{request_id}|{code}")


def hint(request_id: str) -> None:
    """Let the job know that a request waits; the sweep finds it should this be lost."""
    queues.hint(settings.QUEUE_TASKS, [{"task": "request", "request": request_id}])


def _count_mail(address: addresses.Address, network: str) -> None:
    """Whatever makes us write to a mailbox nobody has proven counts against it, and against its domain."""
    store.limits.take("request-near", f"{address.login}|{network}", ASKED_PER_MAILBOX_AND_NETWORK, clock.HOUR)
    store.limits.take("request", address.person, ASKED_PER_MAILBOX, clock.HOUR)
    if not is_free(address.domain):
        store.limits.take("request-domain", address.domain, ASKED_PER_DOMAIN, clock.HOUR)


def _send_code(transaction: Transaction, known: PendingRequest | Request) -> None:
    """Make a code and its mail, with whatever else the transaction holds: none is there without the other."""
    code = ids.code()
    row = RequestCode(
        request_id=known.request_id,
        code_hash=code_hash(known.request_id, code),
        until=clock.now() + int(retention.MAIL_CODE.total_seconds()),
    )
    values = {"code": code, "request": known.request_id}
    notice = notify.letter("request_code", email=known.email, locale=known.locale, values=values)
    transaction.put_new(store.requests.CODES, row)
    transaction.put_new(store.accounts.NOTICES, notice)
    transaction.commit()
    notify.hint([notice.notice_id])


def _first(transaction: Transaction, known: Stored[PendingRequest] | None) -> Verified:
    if known is None:
        raise NotFoundError
    pending, now, token = known.value, clock.now(), ids.secret()
    request = Request(
        request_id=pending.request_id,
        mailbox=pending.mailbox,
        wish=pending.wish,
        state=RequestState.OPEN,
        received_at=pending.received_at,
        verified_at=now,
        look_at=now + LEASE_SECONDS,
        token_hash=store.accounts.token_hash(token),
        token_until=now + int(TOKEN_LIFE.total_seconds()),
        locale=pending.locale,
        email=pending.email,
        details=pending.details,
    )
    request = repeated.put_with(request)
    transaction.delete(store.requests.PENDING, known)
    transaction.put_new(store.requests.REQUESTS, request)
    row = MailboxRequest(mailbox=request.mailbox, request_id=request.request_id)
    transaction.put_new(store.requests.OF_MAILBOX, row)
    person = None
    if request.wish in steps.KEPT_OUT:
        # At once, with the proof itself: whatever base of ours there will be asks for it (GDPR 21(3)).
        person = store.requests.person_hash(addresses.parse(request.email).person)
        transaction.put(store.requests.OBJECTIONS, Objection(person=person, at=now, wish=request.wish))
    due_at = request.term().due_at
    steps.note(transaction, request, RequestAct.RECEIVED, at=request.received_at, due_at=due_at)
    steps.note(transaction, request, RequestAct.VERIFIED, due_at=due_at, person=person)
    if request.attached_to is not None:
        steps.note(transaction, request, RequestAct.ATTACHED, concerns_id=request.attached_to)
    return Verified(request, token)


def _again(transaction: Transaction, known: Stored[Request]) -> Verified:
    now, token = clock.now(), ids.secret()
    request = replace(
        known.value,
        token_hash=store.accounts.token_hash(token),
        token_until=now + int(TOKEN_LIFE.total_seconds()),
    )
    transaction.replace(store.requests.REQUESTS, known, request)
    steps.note(transaction, request, RequestAct.VERIFIED_AGAIN)
    return Verified(request, token)


def _refused() -> UnauthorizedError:
    return UnauthorizedError("code_refused", "This code is not valid (any more).")
