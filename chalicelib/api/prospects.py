"""Searching the base of prospects."""

from __future__ import annotations

from typing import Any, Final

from chalice import Blueprint

from chalicelib.api.endpoint import Call, route
from chalicelib.kernel.errors import FieldError, InvalidError
from chalicelib.privacy.permissions import Permission
from chalicelib.services.prospects import search, sectors
from chalicelib.services.prospects.search import Wanted

bp = Blueprint(__name__)

_FILTERS: Final = frozenset(Wanted._fields)
_LONGEST: Final = 200


@route(
    bp,
    "GET",
    "/v1/prospects",
    summary="Find prospects, masked until they are revealed",
    paged=True,
    permission=Permission.PROSPECTS_READ,
    clauses=("stocked-prospects", "added-prospects"),
    answer="ProspectPage",
)
def search_prospects(call: Call) -> dict[str, Any]:
    """Filters are combined; none at all walks the base from the highest position down. At most 50 on a page,
    and a page may have fewer, or none, and still go on: `next_cursor` says. Nobody is found by their own
    name. 422 for an `industry` that `GET /v1/prospects/industries` does not list.
    """
    asked = dict(call.request.query_params or {})
    if unknown := sorted(asked.keys() - _FILTERS - {"limit", "cursor"}):
        raise InvalidError(errors=[FieldError(name[:40], "unknown_field") for name in unknown])
    if long := [name for name in sorted(_FILTERS) if len(asked.get(name, "")) > _LONGEST]:
        raise InvalidError(errors=[FieldError(name, "too_long") for name in long])
    wanted = Wanted(**{name: asked.get(name) for name in _FILTERS})
    items, after = search.page(call.who, wanted, call.limit, call.cursor)
    return {"items": items, "next_cursor": after}


@route(
    bp,
    "GET",
    "/v1/prospects/industries",
    summary="The industries to search by",
    permission=Permission.PROSPECTS_READ,
    clauses=("stocked-prospects",),
    answer="IndustryList",
)
def list_industries(call: Call) -> dict[str, Any]:
    """Codes with their names, for a picker."""
    return {
        "items": [{"code": code, "en": one.en, "zh": one.zh} for code, one in sectors.SECTORS.items()],
        "next_cursor": None,
    }


@route(
    bp,
    "GET",
    "/v1/prospects/{prospect_id}",
    summary="One prospect",
    permission=Permission.PROSPECTS_READ,
    clauses=("stocked-prospects", "added-prospects", "cross-border"),
    answer="Prospect",
)
def read_prospect(call: Call) -> dict[str, Any]:
    """Masked; in full, with where each part is from, once the company has revealed it. `withheld` says why it
    is masked although it was revealed.
    """
    return search.read(call.who, call.path["prospect_id"])
