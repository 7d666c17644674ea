"""The end of a company's account (5.3): asking for it, taking it back, what goes and what stays; and its
contacts, to be fetched once more when every account is closed.
"""

from __future__ import annotations

from typing import Annotated, Any, Final, Literal

from chalice import Blueprint, Response
from pydantic import StringConstraints

from chalicelib.api.endpoint import HEADERS, Call, html, route
from chalicelib.api.forms import Form, Identifier
from chalicelib.kernel import clock
from chalicelib.privacy.permissions import Permission
from chalicelib.records.cancellation import Cancellation, CancellationState
from chalicelib.services.cancellation import asking, final_export, page
from chalicelib.services.cancellation.final_files import What
from chalicelib.services.cancellation.preview import Preview

bp = Blueprint(__name__)

_CLAUSES: Final = ("cancellation",)
_ANYBODY: Final = Permission.OWN_SETTINGS
"""Of the users: who may do what is judged behind it, because who may not is to be told whom to ask, and must
be able to leave without agreeing to a new policy first.
"""
_NONE: Final[dict[str, Any]] = {
    "id": None,
    "state": "none",
    "why": None,
    "asked_by": None,
    "asked_at": None,
    "cools_until": None,
    "can_be_taken_back": False,
}


class NewCancellation(Form):
    """That the preview was understood: everything goes."""

    understood: Literal[True]


class FinalExportCode(Form):
    """The code from the mail; ``after`` is what the file before said, for the next one."""

    code: Annotated[str, StringConstraints(strip_whitespace=True, pattern=r"^[A-Za-z0-9_-]{43}$")]
    what: Literal["contacts", "messages"] = "contacts"
    after: Identifier | None = None


@route(
    bp,
    "GET",
    "/v1/company/cancellation/preview",
    summary="What a cancellation would delete, what would stay and why",
    permission=_ANYBODY,
    clauses=_CLAUSES,
    answer="CancellationPreview",
)
def preview_cancellation(call: Call) -> dict[str, Any]:
    """Admins only. Counted now; changes nothing."""
    return _preview(asking.look(call.who))


@route(
    bp,
    "POST",
    "/v1/company/cancellation",
    summary="Cancel all accounts of the company and delete its data",
    status=202,
    body=NewCancellation,
    repeatable=True,
    permission=_ANYBODY,
    clauses=_CLAUSES,
    answer="Cancellation",
    errors=(409,),
)
def cancel_company(call: Call) -> dict[str, Any]:
    """The main account only, with a fresh second proof; anybody else is told whom to ask (403
    `ask_main_account`). From now on the company reads and exports and works no more; for fourteen days any
    admin may take it back. Everybody with an account is told by mail.
    """
    return _cancellation(call, asking.ask(call.who, call.repeat))


@route(
    bp,
    "GET",
    "/v1/company/cancellation",
    summary="Where the company's cancellation stands",
    permission=_ANYBODY,
    clauses=_CLAUSES,
    answer="Cancellation",
)
def read_cancellation(call: Call) -> dict[str, Any]:
    """For everybody in the company; `none` where nobody ever asked."""
    one = asking.read(call.who)
    return _NONE if one is None else _cancellation(call, one)


@route(
    bp,
    "DELETE",
    "/v1/company/cancellation",
    summary="Take the company's cancellation back",
    permission=_ANYBODY,
    clauses=_CLAUSES,
    answer="Cancellation",
    errors=(409,),
)
def take_cancellation_back(call: Call) -> dict[str, Any]:
    """Any admin, until `cools_until`; all is as before then. 409 `too_late` after that."""
    return _cancellation(call, asking.take_back(call.who))


@route(
    bp,
    "GET",
    "/v1/companies/{company_id}/final-export",
    summary="A page on which a closed company fetches contacts and mail; ours leads to it",
    public=True,
    clauses=("cancellation", "stored"),
)
def show_final_export(call: Call) -> Response:
    """`locale`: `en` or `zh`; else as the browser prefers. The same page for every company, known or not."""
    return html(page.made(call.page_locale), page.CSP)


@route(
    bp,
    "POST",
    "/v1/companies/{company_id}/final-export",
    summary="Contacts or mail of a closed company as CSV, with the code from the mail",
    body=FinalExportCode,
    public=True,
    clauses=("cancellation", "stored"),
    errors=(401, 429),
)
def fetch_final_export(call: Call) -> Response:
    """Up to 5,000 of them, newest first; `Okki-Next` is the `after` of the next file, absent on the last.
    One answer for a wrong code, a late one and an unknown company (401 `code_refused`).
    """
    form: FinalExportCode = call.body
    part = final_export.fetch(call.path["company_id"], form.code, What(form.what), form.after)
    own = {
        "Content-Type": "text/csv; charset=utf-8; header=present",
        "Content-Disposition": f'attachment; filename="okki-leads-{form.what}.csv"',
        "Okki-Rows": str(part.rows),
        **({} if part.after is None else {"Okki-Next": part.after}),
    }
    return Response(body=part.text, status_code=200, headers={**HEADERS, **own})


def _cancellation(call: Call, one: Cancellation) -> dict[str, Any]:
    cooling = one.state is CancellationState.COOLING_OFF and clock.now() < (one.cools_until or 0)
    return {
        "id": one.cancellation_id,
        "state": one.state.value,
        "why": one.why.value,
        "asked_by": one.asked_by,
        "asked_at": clock.rfc3339(one.asked_at),
        "cools_until": clock.rfc3339(one.cools_until),
        "can_be_taken_back": cooling and asking.may_take_back(call.who),
    }


def _preview(found: Preview) -> dict[str, Any]:
    return {
        "goes": [{"category": category, "rows": rows} for category, rows in found.goes.items()],
        "rows": found.rows,
        "stays": [
            {"what": one.what, "why": one.why, "clause": one.clause, "until": clock.rfc3339(one.until)}
            for one in found.stays
        ],
        "cools_until": clock.rfc3339(found.cools_until),
        "export_until": clock.rfc3339(found.export_until),
        "unreadable_at": clock.rfc3339(found.unreadable_at),
        "unrecoverable_at": clock.rfc3339(found.unrecoverable_at),
    }
