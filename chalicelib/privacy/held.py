"""What is held about a person, field by field: whence, what for, on which basis, until when and why (5.1).

Promise: computed from the declarations of the record and from the policy's tables (and the one purpose that
only its text names), so what a user is shown in Personal Settings is what the code is held to. Where neither
names a purpose or basis, the answer is an empty list and not a kind guess (see `findings`). Cost: words are
codes and English; the page translates them. Sources: policy 2.3, 4.1.2, 5.1; GDPR 15(1)(a), (d), (g).
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from types import MappingProxyType
from typing import Any, Final

from chalicelib.privacy.fields import (
    Declaration,
    Opaque,
    Personal,
    UndeclaredFieldError,
    declaration,
    exported,
)
from chalicelib.privacy.processing import period_text
from chalicelib.privacy.register import HOLDINGS, PURPOSES, Category, LegalBasis, Purpose, Role, Row, Source
from chalicelib.privacy.retention import KeptUntil, Retention, keep_until, section

_BY_CATEGORY: Final = MappingProxyType(
    {
        Category.LOGON: Source.PROVIDED_BY_USERS,
        Category.AUTHENTICATION: Source.COLLECTED_FROM_THIRD_PARTIES,
        Category.AUTOMATIC: Source.COLLECTED_FROM_USERS,
        Category.COOKIES: Source.COLLECTED_FROM_USERS,
        Category.NOTIFICATION: Source.PROVIDED_BY_USERS,
    }
)
"""The tables name sources per purpose, for several categories at once. 2.2.1 says which of them a category
of a user's own data has; "from third parties" about somebody's own name would be wrong.
"""
_BY_ITEM: Final = MappingProxyType({(Category.NOTIFICATION, "sent"): Source.COLLECTED_FROM_USERS})

_TIMES: Final = frozenset({"registration_date", "opened_at", "sent_at", "received_at"})
"""Items that records keep as epoch seconds and people read as a time."""


@dataclass(frozen=True, slots=True)
class Held:
    """What the policy says about one field of one record type. `category` None: not personal, shown for the
    sake of a complete answer.
    """

    field: str
    category: Category | None
    item: str | None
    section: str | None
    sources: tuple[Source, ...]
    purposes: tuple[Purpose, ...]
    bases: tuple[LegalBasis, ...]
    retention: Retention


def describe(kind: type[Any], field: str) -> Held:
    """What is said of one field of a record type. Raises UndeclaredFieldError for one nobody declared."""
    made = declaration(kind)
    said = _said(made, field)
    if isinstance(said, Opaque):
        return Held(field, None, None, None, (), (), (), made.retention)
    holding = HOLDINGS[said.category]
    rows = _rows(made.role, said.category)
    return Held(
        field=field,
        category=said.category,
        item=said.item,
        section=f"{holding.section}({holding.letter})",
        sources=_sources(said, rows),
        purposes=tuple(row.purpose for row in rows),
        bases=_once(basis for row in rows for basis in row.bases),
        retention=made.retention,
    )


def view(record: object, *, since: int | None, expires_at: int | None) -> list[dict[str, Any]]:
    """Every field of a record that an access request shows, ready for JSON; nothing internal, no password.

    `since`: when the record started, epoch seconds; `expires_at`: the expiry stored with it, which wins over
    what the rule would give, because that is when it goes. `kept_until` is a UTC time, or None where there is
    no day yet; `why` then says what it hangs on. Empty fields are shown as null: "nothing" is an answer too.
    """
    kind = type(record)
    until, why = kept(declaration(kind).retention, since=since, expires_at=expires_at)
    shown = []
    for field, value in exported(record).items():
        held = describe(kind, field)
        shown.append(
            {
                "field": field,
                "value": _plain(value, held.item),
                "category": None if held.category is None else held.category.value,
                "section": held.section,
                "source": [source.value for source in held.sources],
                "purposes": [purpose.value for purpose in held.purposes],
                "bases": [basis.value for basis in held.bases],
                "kept_until": until,
                "why": why,
            }
        )
    return shown


def kept(name: Retention, *, since: int | None, expires_at: int | None) -> tuple[str | None, str]:
    """Until when, as a UTC time, and why: the criterion of 4.1.2 and the reason of the rule."""
    rule = name.rule
    if since is not None:
        found = keep_until(datetime.fromtimestamp(since, UTC), rule)
    else:
        criterion, _ = next(iter(rule.criteria.items()))
        found = KeptUntil(None, criterion, rule.reason)
    where = section(found.criterion)
    if expires_at is not None:
        return _time(expires_at), f"{where}: {found.reason}"
    if found.at is not None:
        return _time(found.at.timestamp()), f"{where}: {found.reason}"
    words = period_text(rule.criteria[found.criterion])
    return None, f"{where}: {words}: {found.reason}"


def _said(made: Declaration, field: str) -> Personal | Opaque:
    fields: Mapping[str, Personal | Opaque] = {**made.personal, **made.opaque}
    try:
        return fields[field]
    except KeyError:
        raise UndeclaredFieldError("no such field") from None


def _rows(role: Role, category: Category) -> tuple[Row, ...]:
    return tuple(row for row in PURPOSES.values() if row.role is role and category in row.categories)


def _sources(said: Personal, rows: tuple[Row, ...]) -> tuple[Source, ...]:
    """The one that 2.2.1 names, where the tables name it too; else all that they name."""
    named = _once(source for row in rows for source in row.sources)
    one = _BY_ITEM.get((said.category, said.item)) or _BY_CATEGORY.get(said.category)
    return (one,) if one in named and one is not None else named


def _once(found: Any) -> tuple[Any, ...]:
    return tuple(dict.fromkeys(found))


def _plain(value: Any, item: str | None) -> Any:
    """A value as JSON has it; sets in order, so that two downloads can be compared."""
    if item in _TIMES and isinstance(value, int) and not isinstance(value, bool):
        return _time(value)
    if isinstance(value, Mapping):
        return {str(key): _plain(inner, None) for key, inner in value.items()}
    if isinstance(value, set | frozenset):
        return sorted(_plain(inner, None) for inner in value)
    if isinstance(value, Collection) and not isinstance(value, str | bytes):
        return [_plain(inner, None) for inner in value]
    return str(value) if isinstance(value, str) else value


def _time(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
