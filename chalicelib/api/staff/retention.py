"""Why something is still here."""

from __future__ import annotations

import re
from typing import Any, Final

from chalice import Blueprint

from chalicelib.api.endpoint import Call, route
from chalicelib.kernel import ids
from chalicelib.kernel.errors import FieldError, InvalidError, NotFoundError
from chalicelib.privacy.personnel import Right
from chalicelib.records.grants import Opened
from chalicelib.services.keeping import explain
from chalicelib.services.staff import acts

bp = Blueprint(__name__)

_PERSON: Final = re.compile(r"[0-9a-f]{32}")
_ASKED: Final = frozenset({"company_id", "user_id", "person", "record"})


@route(
    bp,
    "GET",
    "/v1/staff/retention/explain",
    summary="Why what is held of a company, a user, a person or one record is still there",
    staff=Right.RETENTION,
    clauses=("retention",),
    answer="Explanation",
    errors=(404, 422),
)
def explain_retention(call: Call) -> dict[str, Any]:
    """`person` is the keyed hash that a hold or a request shows; `record` the id of a contact or a message.
    Counts, ids and dates: nothing is opened. The look is proven first; the company sees that there was one,
    not about whom, unless a secret hold is in force there.
    """
    asked = dict(call.request.query_params or {})
    if unknown := sorted(asked.keys() - _ASKED):
        raise InvalidError(errors=[FieldError(name[:40], "unknown_field") for name in unknown])
    company_id, user_id, person = asked.get("company_id"), asked.get("user_id"), asked.get("person")
    record_id = asked.get("record")
    if company_id is None or not ids.is_id(company_id, "co"):
        raise InvalidError(errors=[FieldError("company_id", "malformed")])
    if user_id is not None and not ids.is_id(user_id, "usr"):
        raise InvalidError(errors=[FieldError("user_id", "malformed")])
    if person is not None and not _PERSON.fullmatch(person):
        raise InvalidError(errors=[FieldError("person", "malformed")])
    try:
        found = explain.explain(company_id, user_id=user_id, person=person, record_id=record_id)
    except NotFoundError:  # an answer as well
        acts.look(call.staff, company_id, Opened.RETENTION, secret=True)
        raise
    acts.look(call.staff, company_id, Opened.RETENTION)
    return found
