"""What of a prospect may be seen, before and after it was revealed.

Before: the business, where it is and what it does, how high somebody's position is, and whether there is
something to write or call to; of the person no more than tells two of them apart (``privacy.masking``). The
title of a position is hidden as well: with the business it names its holder. (Nor is anybody found by its
words: ``classes.found_by``.) After: everything the company
received, and where each part of it is from (GDPR 14(2)(f)).

Both give the same members, so that a client shows one thing.
"""

from __future__ import annotations

from typing import Any, Final

from chalicelib.kernel import clock
from chalicelib.privacy import clocks, masking
from chalicelib.records.prospects import AddedProspect, StockedProspect

_CONTACTS: Final = ("email", "phone", "contact_numbers", "website", "address", "company_social", "profile")


def masked(stocked: StockedProspect | None, added: AddedProspect | None) -> dict[str, Any]:
    """What anybody may see who can search."""
    name, email, phone, position = None, None, None, None
    if stocked is not None:
        name = None if stocked.name is None else masking.name(stocked.name)
        email = None if stocked.email is None else masking.address(stocked.email)
        phone = None if stocked.phone is None else masking.phone(stocked.phone)
        position = masking.hidden(stocked.position)
    if added is not None:
        name = name or f"{masking.name(added.first_name)} {masking.name(added.last_name)}"
        email = email or masking.address(added.email)
        position = position or masking.hidden(added.current_position)
    return {
        **_coarse(stocked, added),
        "name": name,
        "position": position,
        "email": email,
        "phone": phone,
        "has": _has(stocked, added),
        **dict.fromkeys(("affiliation", "website", "address", "profile", "location")),
        **{one: [] for one in ("contact_numbers", "social", "previous_positions", "provenance")},
    }


def revealed(stocked: StockedProspect | None, added: AddedProspect | None) -> dict[str, Any]:
    """Everything, for a company that received these records: what the operator stocks comes first, what users
    shared fills in.
    """
    name = stocked.name if stocked is not None else None
    if name is None and added is not None:
        name = f"{added.first_name} {added.last_name}".strip()
    social = (*(stocked.company_social if stocked else ()), *(added.social if added else ()))
    return {
        **_coarse(stocked, added),
        "name": name,
        "position": _first(stocked and stocked.position, added and added.current_position),
        "email": _first(stocked and stocked.email, added and added.email),
        "phone": stocked.phone if stocked else None,
        "has": _has(stocked, added),
        "affiliation": stocked.affiliation if stocked else None,
        "website": stocked.website if stocked else None,
        "address": stocked.address if stocked else None,
        "profile": stocked.profile if stocked else None,
        "location": added.location if added else None,
        "contact_numbers": list(stocked.contact_numbers) if stocked else [],
        "social": list(dict.fromkeys(social)),
        "previous_positions": list(added.previous_positions) if added else [],
        "provenance": _provenance(stocked, added),
    }


def _coarse(stocked: StockedProspect | None, added: AddedProspect | None) -> dict[str, Any]:
    """What is said of thousands, the business, and where we have the prospect from."""
    first = stocked or added
    if first is None:
        raise TypeError("nothing to show")
    sources = []
    if stocked is not None:
        sources.append(_source("stocked", stocked.first_at, stocked.refreshed_at))
    if added is not None:
        sources.append(_source("shared", added.first_at, added.changed_at))
    return {
        "id": first.prospect_id,
        "company": stocked.business_name if stocked is not None else None,
        "industry": _clear(stocked, added, "sector", "other"),
        "country": _clear(stocked, added, "country", "ZZ"),
        "level": _clear(stocked, added, "level", "unknown"),
        "sources": sources,
    }


def _source(kind: str, since: int, changed: int) -> dict[str, str | None]:
    return {"kind": kind, "since": clock.rfc3339(since), "changed_at": clock.rfc3339(changed)}


def _clear(stocked: StockedProspect | None, added: AddedProspect | None, name: str, unclear: str) -> str:
    """The class that says something, of the two."""
    found = [getattr(one, name) for one in (stocked, added) if one is not None]
    return next((one for one in found if one != unclear), unclear)


def _has(stocked: StockedProspect | None, added: AddedProspect | None) -> list[str]:
    """What there is to be had, without saying what it is."""
    return [one for one in _CONTACTS if getattr(stocked, one, None) or getattr(added, one, None)]


def _provenance(stocked: StockedProspect | None, added: AddedProspect | None) -> list[dict[str, str]]:
    found = []
    if stocked is not None:
        found += [
            {"field": field, "kind": "stocked", "source": source, "on": day}
            for field, (source, day) in sorted(stocked.sources.items())
        ]
    if added is not None:
        on = clocks.day(added.first_at).isoformat()
        found.append({"field": "*", "kind": "shared", "source": "another user", "on": on})
    return found


def _first(*texts: Any) -> str | None:
    return next((one for one in texts if one), None)
