"""What the one who asked is shown: where their request stands, what it says, and the data itself (8).

The words are templates, chosen by codes on the request's row, in the requester's language. The data is read
when it is fetched and copied nowhere: what was erased in between is not in it. Only the token opens it.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any, Final

from chalicelib import store
from chalicelib.kernel import addresses, clock
from chalicelib.kernel.errors import NotFoundError
from chalicelib.privacy import clocks
from chalicelib.privacy.register import Duty
from chalicelib.privacy.requests import CLOSED, GROUNDS, RequestState
from chalicelib.privacy.retention import add_months
from chalicelib.records.requests import Objection, Request
from chalicelib.services import wording
from chalicelib.services.accounts import own_data
from chalicelib.services.requests import accounts, prospects

DOWNLOADS_PER_REQUEST: Final = 10
"""In an hour."""
COLUMNS: Final = (
    "kind",
    "record",
    "field",
    "value",
    "category",
    "section",
    "source",
    "purposes",
    "bases",
    "kept_until",
    "why",
)
_USE: Final = Duty.ANSWER_REQUEST
_FORMULA: Final = tuple("=+-@\t\r\n＝＋－＠")  # noqa: RUF001 - the full-width ones open formulas as well
_DISCLOSED_MONTHS: Final = 12
"""PDPA s21(1)(b): to whom it was given within a year before the request."""


def view(request: Request) -> dict[str, Any]:
    """The request as its owner sees it: state, every clock, and the answer as far as there is one."""
    term = request.term()
    found = clocks.deadlines(request.received_at, request.verified_at)
    return {
        "id": request.request_id,
        "kind": request.wish.value,
        "state": request.state.value,
        "received_at": clock.rfc3339(request.received_at),
        "verified_at": clock.rfc3339(request.verified_at),
        "due_at": clock.rfc3339(term.due_at),
        "clocks": [
            {
                "id": one.clock.id,
                "source": one.clock.source,
                "starts_at": clock.rfc3339(one.starts_at),
                "ends_at": clock.rfc3339(one.ends_at),
                "followed": one.ends_at == term.first_due_at,
            }
            for one in found
        ],
        "extension": None
        if request.extension is None
        else {"until": clock.rfc3339(request.extended_to), "reason": request.extension.value},
        "attached_to": request.attached_to,
        "answer": _answer(request),
    }


def data(request: Request) -> dict[str, Any]:
    """Everything held about the mailbox, ready for JSON: the account's records field by field, or, without an
    account, what its requests left; what the base of prospects holds, and who shared and received it; the
    clients that hold something; to whom it was given within a year.

    Raises:
        NotFoundError: this request opens no data, or not yet.
    """
    if not request.data_open:
        raise NotFoundError
    account = _account(request)
    if account is not None:
        kinds = account["kinds"]
        not_shown = account["not_shown"]
    else:
        # This one alone: whose mailbox it was when it asked before, nobody can tell.
        kinds = [
            own_data.shown(Request, [store.requests.REQUESTS.get(request_id=request.request_id, use=_USE)])
        ]
        not_shown = []
    objection = store.requests.objection(addresses.parse(request.email).person)
    of_base, provenance = prospects.shown(request)
    kinds = [*kinds, own_data.shown(Objection, [objection]), *of_base]
    return {
        "request_id": request.request_id,
        "at": clock.rfc3339(clock.now()),
        "account": account is not None,
        "kinds": kinds,
        "not_shown": not_shown,
        "recipients": recipients(request),
        "companies": _companies(request),
        "base": provenance,
    }


def download(request: Request) -> dict[str, Any]:
    """The same, counted.

    Raises:
        NotFoundError: as `data`.
        TooManyRequestsError: ten an hour.
    """
    store.limits.take("request-data", request.request_id, DOWNLOADS_PER_REQUEST, clock.HOUR)
    return data(request)


def as_csv(found: Mapping[str, Any]) -> str:
    """The data as a table, UTF-8 with a mark that spreadsheets look for; every cell quoted, and none that a
    spreadsheet would run (RFC 4180; OWASP CSV injection).
    """
    text = io.StringIO()
    writer = csv.writer(text, quoting=csv.QUOTE_ALL, lineterminator="\r\n")
    writer.writerow(COLUMNS)
    for row in _rows(found):
        writer.writerow([_cell(row.get(name)) for name in COLUMNS])
    return "\ufeff" + text.getvalue()


def recipients(request: Request) -> list[dict[str, Any]]:
    """To whom data about the account was given in the year before the request, as far as no order forbids
    telling it (3.1, PDPA s21(1)(b)).
    """
    if request.company_id is None or request.user_id is None:
        return []
    now = clock.now()
    found = store.disclosures.of_subject(request.company_id, request.user_id, year_before(request))
    return [
        {
            "id": one.value.disclosure_id,
            "at": clock.rfc3339(one.value.at),
            "kind": one.value.kind.value,
            "purpose": one.value.purpose.value,
            "recipient": one.value.recipient_name,
            "fields": list(one.value.wanted),
        }
        for one in found
        if one.value.may_be_told(now)
    ]


def year_before(request: Request) -> int:
    """Since when a disclosure counts, epoch seconds."""
    received = datetime.fromtimestamp(request.received_at, UTC)
    return int(add_months(received, -_DISCLOSED_MONTHS).timestamp())


def _answer(request: Request) -> dict[str, Any] | None:
    if request.state is RequestState.OPEN:
        return None
    locale = wording.locale_of(request.locale)
    said = [*request.outcomes]
    words = [wording.fill_text(f"answer_{one}.txt", locale, {}).strip() for one in said]
    if request.state is RequestState.REFUSED:
        words = [wording.fill_text("answer_refused.txt", locale, {}).strip()]
    closed = request.state in CLOSED
    return {
        "at": clock.rfc3339(request.closed_at),
        "final": closed,
        "outcomes": said,
        "words": words,
        "from_staff": request.answer,
        "ground": None
        if request.ground is None
        else {"code": request.ground.value, "source": GROUNDS[request.ground].source},
        "companies": _companies(request),
        "data": f"/v1/requests/{request.request_id}/data" if request.data_open else None,
        "complain": wording.fill_text("answer_complain.txt", locale, {}).strip(),
    }


def _account(request: Request) -> dict[str, Any] | None:
    """The account's data, if the mailbox still leads to the account it had: closed, should it be somebody
    else's by now.
    """
    if request.company_id is None or request.user_id is None:
        return None
    login = accounts.of(request.mailbox)
    if login is None or (login.company_id, login.user_id) != (request.company_id, request.user_id):
        return None
    return own_data.of_user(request.company_id, request.user_id)


def _companies(request: Request) -> list[dict[str, Any]]:
    """The clients to ask: they decide about what they hold (2.3.2)."""
    shown = []
    for known in store.requests.passed_on(request.request_id):
        passed = known.value
        company = store.accounts.COMPANIES.get(company_id=passed.company_id, use=_USE)
        if company is None:
            continue  # gone, and its data with it
        shown.append(
            {
                "name": company.value.name,
                "website": company.value.website,
                "told_at": None if passed.company_request_id is None else clock.rfc3339(passed.at),
                "decision": passed.decision.value,
                "decided_at": clock.rfc3339(passed.decided_at),
                "note": passed.note,
            }
        )
    return shown


def _rows(found: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    for kind in found["kinds"]:
        for number, record in enumerate(kind["records"], 1):
            for one in record["fields"]:
                yield {"kind": kind["kind"], "record": number, **one}
    provenance = found["base"] or {}
    tables = [("recipient", found["recipients"]), ("company", found["companies"])]
    tables += [(kind, provenance.get(kind, [])) for kind in ("shared_by", "received_by")]
    for kind, records in tables:
        for number, record in enumerate(records, 1):
            for field, value in record.items():
                yield {"kind": kind, "record": number, "field": field, "value": value}


def _cell(value: Any) -> str:
    """A value as a spreadsheet may have it."""
    if value is None:
        return ""
    if isinstance(value, Mapping):
        text = "; ".join(f"{name}: {_plain(inner)}" for name, inner in value.items())
    elif isinstance(value, list | tuple):
        text = "; ".join(_plain(inner) for inner in value)
    else:
        text = _plain(value)
    return f"'{text}" if text.startswith(_FORMULA) else text


def _plain(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return "" if value is None else str(value)
