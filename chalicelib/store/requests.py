"""Requests and complaints: with the operator, in `accounts`, where the front door takes them and jobs answer.

A request lies under its own id, beside its codes, the clients that hold something, and copies kept for a
review; a pointer under the mailbox finds what came from one person. Clients' own rows lie with them.
"""

from __future__ import annotations

from chalicelib.kernel import ids
from chalicelib.privacy.register import Duty
from chalicelib.records.requests import (
    CompanyRequest,
    MailboxRequest,
    Objection,
    OpenRequest,
    PassedOn,
    PendingRequest,
    RefusedCopy,
    Request,
    RequestCode,
    RequestEvidence,
)
from chalicelib.store.accounts import operator_hash
from chalicelib.store.prospects import prospect_id
from chalicelib.store.table import Due, Rows, Stored, get_together

REQUESTS_DUE = "requests"
"""The index partition of requests that have to go on, or that somebody has to be reminded of."""

_USE = Duty.ANSWER_REQUEST
_OWNER = ids.OPERATOR


def _look(request: Request) -> Due | None:
    return None if request.look_at is None else Due(REQUESTS_DUE, request.look_at)


PENDING = Rows(PendingRequest, pk="request#{request_id}", sk="pending", owner=_OWNER)
CODES = Rows(RequestCode, pk="request#{request_id}", sk="code#{code_hash}", owner=_OWNER)
REQUESTS = Rows(Request, pk="request#{request_id}", sk="request", owner=_OWNER, due=_look)
OF_MAILBOX = Rows(MailboxRequest, pk="mailbox#{mailbox}", sk="request#{request_id}", owner=_OWNER)
OPEN = Rows(OpenRequest, pk="requests", sk="open#{due_at}#{request_id}", owner=_OWNER)
PASSED_ON = Rows(PassedOn, pk="request#{request_id}", sk="company#{company_id}", owner=_OWNER)
COMPANY = Rows(CompanyRequest, pk="{company_id}", sk="request#{request_id}")
OBJECTIONS = Rows(Objection, pk="objection#{person}", sk="objection", owner=_OWNER)
COPIES = Rows(RefusedCopy, pk="request#{request_id}", sk="copy#{number:04d}", owner=_OWNER)
EVIDENCE = Rows(RequestEvidence, pk="{company_id}", sk="request#{request_id}#{act_id}")


def find(request_id: str) -> tuple[Stored[PendingRequest] | None, Stored[Request] | None]:
    """A request, proven or not. One call, two read units."""
    key = {"request_id": request_id}
    pending, request = get_together((PENDING, key), (REQUESTS, key), use=_USE)
    return pending, request


def passed_on(request_id: str) -> list[Stored[PassedOn]]:
    """The clients that hold something, in the order of their ids; one query."""
    return list(PASSED_ON.query(f"request#{request_id}", "company#", use=_USE))


def of_mailbox(mailbox: str) -> list[Stored[Request]]:
    """The requests proven to come from a mailbox, the newest first; a query and a batch read."""
    found = OF_MAILBOX.query(f"mailbox#{mailbox}", "request#", newest_first=True)
    wanted = [(REQUESTS, {"request_id": one.value.request_id}) for one in found]
    if not wanted:
        return []
    return [one for one in get_together(*wanted[:100], use=_USE) if one is not None]


def attached(first: Request) -> list[Request]:
    """Requests that get the answer of this one, the newest first."""
    found = of_mailbox(first.mailbox)
    return [one.value for one in found if one.value.attached_to == first.request_id]


def person_hash(canonical_address: str) -> str:
    """What an objection is found by: the person, in whatever spelling of the address."""
    return operator_hash("objection", canonical_address)


def noted_under(canonical: str) -> tuple[str, str]:
    """Both that an objection may be noted under: the person, and their id in the base of prospects, for one
    that a company passed on when nobody knew the address any more.
    """
    return person_hash(canonical), prospect_id(canonical)


def objection(canonical_address: str) -> Stored[Objection] | None:
    """Whether a person has objected to our own use of their address, or had it erased; two read units."""
    by_address, by_id = noted_under(canonical_address)
    return OBJECTIONS.get(person=by_address) or OBJECTIONS.get(person=by_id)


def open_requests(limit: int, after: tuple[int, str] | None) -> list[OpenRequest]:
    """Up to ``limit`` requests that wait for staff, the first due first, after the one named by its due time
    and id. One query: what waits is little, and has to be.
    """
    found: list[OpenRequest] = []
    for one in OPEN.query("requests", "open#"):
        if after is not None and (one.value.due_at, one.value.request_id) <= after:
            continue
        found.append(one.value)
        if len(found) == limit:
            break
    return found
