"""Notices to many: the notice with the operator, what became of each mail with the company; `accounts`.

A person's row lies under the user's id in the company's partition, so it leaves with the user and with the
company. It holds nothing sealed: whatever happens to a company's key, SES's report about a mail can be noted.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby, islice
from typing import Any, Final

from pynamodb.exceptions import PynamoDBException

from chalicelib.kernel import clock, ids
from chalicelib.privacy import retention
from chalicelib.records.accounts import Member
from chalicelib.records.mass import Mass, MassAct, MassCompany, MassList, MassText, MassTold
from chalicelib.store import batches
from chalicelib.store.accounts import MEMBERS
from chalicelib.store.failures import translate
from chalicelib.store.items import AccountsRow
from chalicelib.store.table import (
    Due,
    Rows,
    Stored,
    expiry_of,
    get_together,
    new_op,
    policy_now,
    query_rows,
)

MASS_DUE: Final = "mass"
"""The index partition of all notices, those that are done with a due time that never comes."""

MASSES = Rows(
    Mass,
    pk="mass#{mass_id}",
    sk="mass",
    owner=ids.OPERATOR,
    due=lambda one: Due(MASS_DUE, one.due_at),
)
TEXTS = Rows(MassText, pk="mass#{mass_id}", sk="text", owner=ids.OPERATOR)
COMPANIES = Rows(MassCompany, pk="mass#{mass_id}", sk="company#{company_id}", owner=ids.OPERATOR)
LISTS = Rows(MassList, pk="mass#{mass_id}", sk="list#{company_id}#{part}", owner=ids.OPERATOR)
TOLD = Rows(MassTold, pk="{company_id}", sk="mass#{user_id}#{mass_id}")
ACTS = Rows(MassAct, pk="{company_id}", sk="mass#{mass_id}#{act_id}")

Place = tuple[str, Stored[Member] | None]
"""A user's id and their place in the company; None for one who is gone."""

PARTS: Final = 25
"""Parts of a list read at once: so that a long list weighs no more than a short one."""
TOGETHER: Final = 20
"""Users in one part of a list: they fit into the kilobyte of a write unit."""

_JUST_AFTER: Final = "!"
"""Sorts before whatever an id or a further part of a key may begin with."""
_LAST: Final = "~"


def add(mass_id: str, people: Iterable[tuple[str, str]], values: dict[str, str]) -> None:
    """Put users on the list of a notice; twice is fine. 1 write unit for each 20 of a company, and 1 for a
    company that hears something besides.

    Raises:
        UnavailableError: not all are on it; adding them again is safe.
    """
    rows: list[Any] = []
    by_company: dict[str, set[str]] = {}
    for company_id, user_id in people:
        by_company.setdefault(company_id, set()).update([user_id] if user_id else [])
    for company_id, found in by_company.items():
        if values:
            rows.append(_row(COMPANIES, MassCompany(mass_id=mass_id, company_id=company_id, values=values)))
        users = sorted(found)
        for start in range(0, max(len(users), 1), TOGETHER):
            some = tuple(users[start : start + TOGETHER])
            part = hashlib.sha256("".join(some).encode()).hexdigest()[:16]
            made = MassList(mass_id=mass_id, company_id=company_id, part=part, users=some)
            rows.append(_row(LISTS, made))
    batches.put(AccountsRow.Meta.table_name, rows)


def lists(mass_id: str, after: str | None) -> Iterator[tuple[str, list[str]]]:
    """Companies on the list of a notice in the order of their ids, after one of them, each with the users of
    it that are listed. A query for each so many parts; of people no more than one company's are held at once.
    """
    start = "list#" if after is None else f"list#{after}{_LAST}"
    rows = _between(f"mass#{mass_id}", start, f"list#{_LAST}", PARTS)
    live = (known.value for row in rows if (known := LISTS.live(row, None)) is not None)
    for company_id, parts in groupby(live, key=lambda one: one.company_id):
        yield company_id, sorted({user_id for part in parts for user_id in part.users})


def values(mass_id: str, company_id: str) -> dict[str, str]:
    """What a notice says to a company besides; one read unit."""
    known = COMPANIES.get(mass_id=mass_id, company_id=company_id)
    return {} if known is None else known.value.values


def members(company_id: str, after: str, limit: int) -> list[Place]:
    """Users of a company in the order of their ids, after one of them, with their places; one query."""
    rows = _after(company_id, "member#", after, limit)
    return [(MEMBERS.key_of(row)["user_id"], MEMBERS.live(row, None)) for row in rows]


def places(company_id: str, users: Sequence[str]) -> list[Place]:
    """These users with their places; one call."""
    if not users:
        return []
    wanted = ((MEMBERS, {"company_id": company_id, "user_id": user_id}) for user_id in users)
    return list(zip(users, get_together(*wanted), strict=True))


def told(mass_id: str, company_id: str, users: Sequence[str]) -> dict[str, Stored[MassTold]]:
    """What is on record about these users and a notice, by user; one call for each hundred."""
    if not users:
        return {}
    keys = [{"company_id": company_id, "user_id": user_id, "mass_id": mass_id} for user_id in users]
    found = get_together(*((TOLD, key) for key in keys))
    return {known.value.user_id: known for known in found if known is not None}


def inbox(company_id: str, user_id: str, limit: int, before: str | None) -> list[Stored[MassTold]]:
    """Up to ``limit`` notices to a user, newest first, older than the one with id ``before``. One query."""
    place = f"mass#{user_id}#"
    rows = TOLD.query(
        company_id,
        place,
        before=None if before is None else place + before,
        newest_first=True,
        page_size=limit,
    )
    return list(islice(rows, limit))


def unread(company_id: str, user_id: str, limit: int) -> list[str]:
    """Ids of those among the newest ``limit`` notices to a user that nobody has read. One query."""
    prefix = f"mass#{user_id}#"
    rows = query_rows(TOLD.model, company_id, prefix, newest_first=True, page_size=limit)
    now = clock.now()
    return [
        TOLD.key_of(row)["mass_id"]
        for row in islice(rows, limit)
        if row.plain.get("read_at") is None and not retention.expired_epoch(row.expires_at, now)
    ]


def texts(wanted: Sequence[tuple[str, str]]) -> list[tuple[MassText | None, dict[str, str]]]:
    """What notices say to companies: the text, None when it is gone, and what this company hears besides. One
    call for each fifty.
    """
    if not wanted:
        return []
    keys = [{"mass_id": mass_id, "company_id": company_id} for mass_id, company_id in wanted]
    found = get_together(*((TEXTS, key) for key in keys), *((COMPANIES, key) for key in keys))
    own = found[len(keys) :]
    return [
        (None if text is None else text.value, {} if more is None else more.value.values)
        for text, more in zip(found, own, strict=False)
    ]


def _row(rows: Rows[Any], record: Any) -> Any:
    until = expiry_of(rows.cls)
    return rows.encode(record, op=new_op(), version=1, expires_at=until, due=None, policy=policy_now())


def _after(pk: str, prefix: str, after: str, limit: int) -> list[Any]:
    start = f"{prefix}{after}{_JUST_AFTER}" if after else prefix
    return list(islice(_between(pk, start, f"{prefix}{_LAST}", limit), limit))


def _between(pk: str, start: str, end: str, page_size: int | None = None) -> Iterator[Any]:
    try:
        yield from AccountsRow.query(
            pk, AccountsRow.sk.between(start, end), consistent_read=True, page_size=page_size
        )
    except PynamoDBException as error:
        raise translate(error) from None
