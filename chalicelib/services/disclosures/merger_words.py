"""What everybody is told, or asked, when somebody takes over from us (3.2(b))."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Final

from chalicelib.kernel import settings
from chalicelib.privacy.clocks import SINGAPORE
from chalicelib.privacy.disclosure_kinds import Concerns
from chalicelib.privacy.mergers import Occasion
from chalicelib.privacy.notifications import Kind
from chalicelib.records.mass import Audience
from chalicelib.services.disclosures import disclosure_words, payload
from chalicelib.services.notifications import mass

if TYPE_CHECKING:
    from collections.abc import Mapping

    from chalicelib.records.mergers import Succession
    from chalicelib.services.wording import Locale
    from chalicelib.store.transaction import Transaction

_OCCASIONS: Final[Mapping[Occasion, Mapping[Locale, str]]] = {
    Occasion.MERGER: {"en": "a merger", "zh": "合并"},
    Occasion.ACQUISITION: {"en": "an acquisition", "zh": "收购"},
    Occasion.REORGANISATION: {"en": "a reorganisation", "zh": "重组"},
    Occasion.LIQUIDATION: {"en": "a liquidation", "zh": "破产清算"},
    Occasion.SIMILAR: {"en": "a change of our enterprise", "zh": "企业变更"},
}
_LOCALES: Final[tuple[Locale, ...]] = ("en", "zh")


def begin(transaction: Transaction, one: Succession) -> str:
    """Let a transaction begin the notices; their id. Where the successor is bound they are for everybody and
    for who joins until it takes over; otherwise for those who have been asked, and these are added.
    """
    bound = one.plan().bound
    return mass.begin(
        transaction,
        kind=Kind.DISCLOSURE,
        about=one.succession_id,
        audience=Audience.EVERYBODY if bound else Audience.LISTED,
        template="successor_bound" if bound else "successor_asks",
        texts={locale: _values(one, locale) for locale in _LOCALES},
        rounds_until=one.takes_over_at if bound else None,
    )


def begin_withdrawn(transaction: Transaction, one: Succession) -> str:
    """Let a transaction begin the notices that nobody takes over after all; their id. For everybody, also
    where some had not heard of it yet: who was told what is not read here.
    """
    return mass.begin(
        transaction,
        kind=Kind.DISCLOSURE,
        about=one.succession_id,
        audience=Audience.EVERYBODY,
        template="successor_withdrawn",
        texts={
            locale: {"successor": one.successor, "occasion": _OCCASIONS[one.occasion][locale]}
            for locale in _LOCALES
        },
    )


def _values(one: Succession, locale: Locale) -> dict[str, str]:
    values = {
        "successor": one.successor,
        "country": one.recipient_country,
        "url": one.successor_url,
        "occasion": _OCCASIONS[one.occasion][locale],
        "takes_over_on": _day(one.takes_over_at),
    }
    if one.plan().bound:
        version = one.policy_version or ""
        return {**values, "version": version, "policy_url": f"{settings.api_url()}/v1/policy/{version}"}
    names = payload.categories(Concerns.USER, one.wanted)
    data = disclosure_words.of_categories(names, locale)
    return {**values, "data": data, "answer_until": _moment(one.answer_until or 0)}


def _day(at: int) -> str:
    return datetime.fromtimestamp(at, SINGAPORE).strftime("%Y-%m-%d")


def _moment(at: int) -> str:
    return datetime.fromtimestamp(at, SINGAPORE).strftime("%Y-%m-%d %H:%M UTC+8")
