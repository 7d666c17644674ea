"""How revealed prospects, credits and transfers look: every field with where it comes from, and on which
ground.
"""

from __future__ import annotations

from typing import Any, Final

from chalicelib.kernel import clock
from chalicelib.privacy.transfer_texts import TransferText
from chalicelib.records.credit import Entry
from chalicelib.records.prospects import AddedProspect, Share, StockedProspect
from chalicelib.records.transfers import ClausesAccepted, Transfer
from chalicelib.services.prospects.credit import Credits
from chalicelib.services.prospects.known import Known
from chalicelib.services.prospects.pool import Pooled
from chalicelib.services.prospects.reveals import Revealed

STOCKED_FIELDS: Final = (
    "business_name",
    "address",
    "website",
    "profile",
    "contact_numbers",
    "company_social",
    "name",
    "position",
    "affiliation",
    "email",
    "phone",
)
ADDED_FIELDS: Final = (
    "email",
    "first_name",
    "last_name",
    "industry",
    "current_position",
    "previous_positions",
    "location",
    "social",
)


def answer(found: Revealed) -> dict[str, Any]:
    """A prospect as the company has it from now on."""
    return {
        **_prospect(found.prospect, found.share),
        "charged": found.charged,
        "revealed_at": clock.rfc3339(found.reveal.revealed_at),
        "contact_id": found.contact_id,
        "transfer_ground": found.holder.transfer,
        "advice": text(found.advice),
        "notice_due_at": clock.rfc3339(found.notice_due_at),
    }


def pooled(one: Pooled) -> dict[str, Any]:
    """A prospect of the pool; its data is left out where nothing carries its transfer any more."""
    return {
        "id": one.reveal.prospect_id,
        "prospect": None if one.withheld is not None else _prospect(one.prospect, None),
        "withheld": one.withheld,
        "revealed_at": clock.rfc3339(one.reveal.revealed_at),
        "contact_id": one.reveal.contact_id,
        "claimed_by": one.claimed_by,
        "claimed_until": None if one.claimed_by is None else clock.rfc3339(one.reveal.claimed_until),
    }


def balance(found: Credits) -> dict[str, Any]:
    """What a company has left, and what stands in its way."""
    return {
        "left": found.left,
        "allowance": found.allowance,
        "left_of_allowance": found.left_of_plan,
        "extra": found.extra,
        "spent_today": found.spent_today,
        "spent_this_month": found.spent_this_month,
        "daily_limit": found.daily_limit,
        "monthly_limit": found.monthly_limit,
        "day_ends_at": clock.rfc3339(found.day_ends),
        "month_ends_at": clock.rfc3339(found.month_ends),
    }


def entry(one: Entry) -> dict[str, Any]:
    """A movement of credits."""
    return {
        "id": one.entry_id,
        "amount": one.amount,
        "why": one.why.value,
        "by": one.by,
        "at": clock.rfc3339(one.at),
        "refunded_by": one.refunded_by,
    }


def transfer(one: Transfer) -> dict[str, Any]:
    """A line of the register."""
    return {
        "id": one.transfer_id,
        "prospect_id": one.prospect_id,
        "origin": one.origin,
        "destination": one.destination,
        "law": one.law.value,
        "ground": one.ground.value,
        "clauses_version": one.clauses_version,
        "advice_version": one.advice_version,
        "at": clock.rfc3339(one.at),
    }


def clauses(current: TransferText, accepted: ClausesAccepted | None) -> dict[str, Any]:
    """The clauses in force, and the company's word on them."""
    return {
        **text(current),
        "accepted_by": None if accepted is None else accepted.accepted_by,
        "accepted_at": None if accepted is None else clock.rfc3339(accepted.at),
    }


def text(of: TransferText) -> dict[str, Any]:
    """A published text in both languages, with the digest that proves it."""
    return {"version": of.version, "en": of.en, "zh": of.zh, "sha256": of.sha256}


def _prospect(of: Known, share: Share | None) -> dict[str, Any]:
    either = of.stocked or of.added
    return {
        "id": of.prospect_id,
        "country": of.origin,
        "sector": None if either is None else either.value.sector,
        "level": None if either is None else either.value.level,
        "stocked": None if of.stocked is None else _stocked(of.stocked.value),
        "shared": None if of.added is None else _added(of.added.value, share),
    }


def _stocked(of: StockedProspect) -> dict[str, Any]:
    fields = [_field(name, getattr(of, name), *of.sources.get(name, (None, None))) for name in STOCKED_FIELDS]
    return {
        "ground": "legitimate_interest",
        "since": clock.rfc3339(of.first_at),
        "fields": [one for one in fields if one["value"]],
    }


def _added(of: AddedProspect, share: Share | None) -> dict[str, Any]:
    """Which company shared is not told: where it comes from are the product's users."""
    day = (clock.rfc3339(of.changed_at) or "")[:10]
    fields = [_field(name, getattr(of, name), "users", day) for name in ADDED_FIELDS]
    return {
        "ground": None if share is None else share.ground,
        "since": clock.rfc3339(of.first_at),
        "fields": [one for one in fields if one["value"]],
    }


def _field(name: str, value: Any, source: str | None = None, day: str | None = None) -> dict[str, Any]:
    shown = list(value) if isinstance(value, tuple) else value
    return {"field": name, "value": shown, "source": source, "day": day}
