"""What a request does about its person in the base of prospects, of which we are a controller (2.2.2).

Who objects, complains or wants to be erased is taken out of the base and of every company that received them
from it, here and now; who asks for access is shown all of it, with the source and day of each value, and by
name which companies shared and which received them (GDPR 15(1)(c), (g)). Found by the proven mailbox alone,
in whatever spelling. Everything can be done again to the same end. Closed, for the person's sake: while the
base cannot be read the request waits, and is not answered with less.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final

from chalicelib import store
from chalicelib.kernel import addresses, clock
from chalicelib.privacy.register import Duty
from chalicelib.privacy.requests import OPENS_DATA, Outcome, RequestKind
from chalicelib.records.agreements import WithdrawalWhy
from chalicelib.records.prospects import AddedProspect, StockedProspect
from chalicelib.records.requests import Request
from chalicelib.services.accounts import own_data
from chalicelib.services.prospects import sharing, withdrawal

if TYPE_CHECKING:
    from chalicelib.store.table import Stored

_USE: Final = Duty.ANSWER_REQUEST
WITHDRAWS: Final[Mapping[RequestKind, WithdrawalWhy]] = MappingProxyType(
    {
        RequestKind.OBJECT: WithdrawalWhy.OBJECTION,
        RequestKind.ERASE: WithdrawalWhy.ERASURE,
        RequestKind.COMPLAINT: WithdrawalWhy.COMPLAINT,
    }
)
"""What takes a person out of the base. A complaint does as well: whoever has to complain is not to be sold on
while somebody reads it (appendix 2.1.3).
"""


def find(request: Request) -> str | None:
    """The person's id in the base, if it or a company that received them from it has anything of them. Two
    calls.

    Raises:
        UnavailableError: nobody could say.
    """
    prospect_id = store.prospects.prospect_id(addresses.parse(request.email).person)
    stocked, added = store.prospects.both(prospect_id, _USE)
    if stocked is not None or added is not None:
        return prospect_id
    found = sharing.provenance(prospect_id)
    return prospect_id if found.shares or found.received else None


def act(request: Request) -> list[Outcome]:
    """Do what the request asks about the person who was found, and say what was done.

    Raises:
        UnavailableError: to be done again.
    """
    if request.prospect_id is None:
        return []
    if request.wish in OPENS_DATA:
        return [Outcome.BASE_SHOWN]
    if request.wish in WITHDRAWS:
        withdraw(request.prospect_id, WITHDRAWS[request.wish], request.email, request.request_id)
        return [Outcome.BASE_WITHDRAWN]
    return [Outcome.BASE_KEPT, Outcome.WITH_STAFF]


def withdraw(prospect_id: str, why: WithdrawalWhy, email: str, matter: str) -> None:
    """Take a person out of the base, from this moment on."""
    withdrawal.begin(prospect_id, why, email=email, matter=matter)


def shown(request: Request) -> tuple[list[dict[str, Any]], dict[str, Any] | None]:
    """What the base holds of the mailbox, ready for JSON: its records, field by field, and where it came from
    and went. None for the second where it holds nothing.
    """
    prospect_id = store.prospects.prospect_id(addresses.parse(request.email).person)
    stocked, added = store.prospects.both(prospect_id, _USE)
    found = sharing.provenance(prospect_id)
    kinds = [
        _with_sources(own_data.shown(StockedProspect, [stocked]), stocked),
        own_data.shown(AddedProspect, [added]),
    ]
    if stocked is None and added is None and not found.shares and not found.received:
        return kinds, None
    names = _Names()
    return kinds, {
        "shared_by": [
            {
                **names.of(one.company_id),
                "at": clock.rfc3339(one.shared_at),
                "ground": str(one.ground),
                "agreement_version": one.agreement_version,
            }
            for one in found.shares
        ],
        "received_by": [
            {**names.of(company_id), "at": clock.rfc3339(since), "transfer": transfer}
            for company_id, since, transfer in found.received
        ],
    }


class _Names:
    """Companies as the person is told of them; each read once."""

    def __init__(self) -> None:
        self._known: dict[str, dict[str, Any]] = {}

    def of(self, company_id: str) -> dict[str, Any]:
        """Name and website; null for one that is gone, whose copy is gone with it."""
        if company_id not in self._known:
            known = store.accounts.COMPANIES.get(company_id=company_id, use=_USE)
            self._known[company_id] = {
                "company": None if known is None else known.value.name,
                "website": None if known is None else known.value.website,
            }
        return self._known[company_id]


def _with_sources(kind: dict[str, Any], known: Stored[StockedProspect] | None) -> dict[str, Any]:
    """The stocked record with where each value came from and on which day, instead of what the policy says
    about all of them.
    """
    sources = {} if known is None else known.value.sources
    for record in kind["records"]:
        for field in record["fields"]:
            if field["field"] in sources:
                field["source"] = list(sources[field["field"]])
    return kind
