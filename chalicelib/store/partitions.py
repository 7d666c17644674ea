"""Where everything of one company lies (5.3), derived from the declarations of all rows: whatever kind is
added later is found without anybody thinking of it, or a structure test asks where it lies.

Three sorts of places. Partitions that begin with the company's id go whole, whatever is in them. The ledger
stays: ids, hashes and times, and what is sealed there opens no more once the company's key is gone. What lies
under a key of its own is found through something, or has a reason to stay (``store.outside`` says which).
Nothing is opened here. Reading a place costs half a read unit for each 4 KB, consistent a whole one.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from functools import cache, partial
from itertools import islice
from typing import Any, Final, NamedTuple

from pynamodb.exceptions import DoesNotExist, PynamoDBException

from chalicelib.kernel import ids
from chalicelib.kernel.errors import UnavailableError
from chalicelib.records.holds import HoldState
from chalicelib.store import accounts, batches, due, expiry, holds, leaving, prospects
from chalicelib.store.failures import backoff, call, translate
from chalicelib.store.items import TABLES, AccountsRow, LedgerRow, Row
from chalicelib.store.table import Rows

ORDER: Final = ("prospects", "samples", "workspace", "accounts")
"""Tables in the order in which they are emptied: the company's own row and its rules, by which everything
else judges it, are in the last one. One that is not named comes first.
"""
RULES: Final = "access"
"""Sort key of the company's rules."""
ROOTS: Final = (RULES, "company", "hold#")
"""Sort keys in `accounts` that go last of all, and stay while anything is held: the release of a hold asks
for the company's rules, and whoever asks about themselves is led to what is kept by the company's own row.
"""
READ_TOGETHER: Final = 100


class Place(NamedTuple):
    """One partition."""

    table: str
    pk: str

    @property
    def model(self) -> type[Row]:
        """What its rows look like."""
        return TABLES[self.table]

    @property
    def name(self) -> str:
        """Of the place, as evidence and cursors have it."""
        return f"{self.table} {self.pk}"


class Found(NamedTuple):
    """A row, unopened: where it lies and what its keys and facts say of whom it is about."""

    place: Place
    sk: str
    kind: str
    facts: Mapping[str, Any]
    expires_at: int | None = None
    """When its time is over; asked only where facts are not."""

    @property
    def key(self) -> tuple[str, str, str]:
        """Table by its real name, partition and sort key."""
        return self.place.model.Meta.table_name, self.place.pk, self.sk


def is_evidence(rows: Rows[Any]) -> bool:
    """Whether rows stay as proof."""
    return issubclass(rows.model, LedgerRow)


def is_own(rows: Rows[Any]) -> bool:
    """Whether rows lie in partitions that begin with the company's id and are nobody else's."""
    return not is_evidence(rows) and rows.partition.startswith("{company_id}")


def of(company_id: str, users: Sequence[str]) -> list[Place]:
    """The company's partitions, in the order in which they are emptied; its users' own ones among them."""
    found: dict[Place, None] = {}
    for table, template in _templates():
        for user_id in users if "{user_id}" in template else ("",):
            found[Place(table, template.format(company_id=company_id, user_id=user_id))] = None
    return list(found)


@cache
def _templates() -> tuple[tuple[str, str], ...]:
    names = {model: name for name, model in TABLES.items()}
    found = {(names[rows.model], rows.partition) for rows in expiry.keepers() if is_own(rows)}
    unknown = {name for _, template in found for name in re.findall(r"{(\w+)", template)}
    if unknown - {"company_id", "user_id"}:
        raise LookupError("a partition of a company that nobody can name")
    rank = {name: at for at, name in enumerate(ORDER)}

    def order(one: tuple[str, str]) -> tuple[int, int, str]:
        table, template = one
        return rank.get(table, -1), -len(template), template  # the bare company id last in its table

    return tuple(sorted(found, key=order))


def page(place: Place, after: str, limit: int, *, facts: bool, consistent: bool = True) -> list[Found]:
    """Up to ``limit`` rows of a place behind a sort key, expired ones included: what is sealed does not
    travel. Fewer than ``limit``, but at least one, means nothing; none means that there are no more. One
    query for each MB that is in the way.

    Raises:
        UnavailableError.
    """
    wanted: dict[str, Any] = {
        "TableName": place.model.Meta.table_name,
        "KeyConditionExpression": "pk = :p" + (" AND sk > :a" if after else ""),
        "ExpressionAttributeValues": {":p": {"S": place.pk}} | ({":a": {"S": after}} if after else {}),
        "ProjectionExpression": "sk, kind, facts.user_id, facts.person" if facts else "sk, kind, expires_at",
        "ConsistentRead": consistent,
        "Limit": limit,
    }
    while True:
        answer = batches.call("query", **wanted)
        found = [_found(place, item) for item in answer["Items"]]
        if found or "LastEvaluatedKey" not in answer:
            return found
        wanted["ExclusiveStartKey"] = answer["LastEvaluatedKey"]


def _found(place: Place, item: Mapping[str, Any]) -> Found:
    kind = item.get("kind", {}).get("S", "unknown")
    facts = {name: value.get("S") for name, value in item.get("facts", {}).get("M", {}).items()}
    over = item.get("expires_at", {}).get("N")
    return Found(place, item["sk"]["S"], kind, facts, None if over is None else int(over))


def users(company_id: str) -> list[str]:
    """Ids of everybody who is or was a user of the company, also when their rows are gone: proof of what they
    agreed to names them. Three queries for each MB of keys.
    """
    found: dict[str, None] = {}
    for prefix in (leaving.LAST, "user#"):
        found |= dict.fromkeys(_second_parts(AccountsRow, company_id, prefix))
    found |= dict.fromkeys(_second_parts(LedgerRow, company_id, "user#"))
    return sorted(found)


def _second_parts(model: type[Row], pk: str, prefix: str) -> Iterator[str]:
    for item in _queried(model, pk, prefix, "sk"):
        yield item["sk"]["S"].split("#")[1]


def _queried(model: type[Row], pk: str, prefix: str, what: str) -> Iterator[dict[str, Any]]:
    wanted: dict[str, Any] = {
        "TableName": model.Meta.table_name,
        "KeyConditionExpression": "pk = :p AND begins_with(sk, :b)",
        "ExpressionAttributeValues": {":p": {"S": pk}, ":b": {"S": prefix}},
        "ProjectionExpression": what,
        "ConsistentRead": True,
    }
    while True:
        answer = batches.call("query", **wanted)
        yield from answer["Items"]
        if "LastEvaluatedKey" not in answer:
            return
        wanted["ExclusiveStartKey"] = answer["LastEvaluatedKey"]


def leads(company_id: str, user_ids: Sequence[str]) -> list[Found]:
    """What lies under keys of its own and opens a door into the company, in the order of its keys: found by
    the indexes, which are a moment late, and asked whether it is still this company's. A query and a batch
    read, one query for each user and two for each login.
    """
    found: dict[tuple[str, str], None] = {}
    indexed = [(row.pk, row.sk) for row in _indexed(accounts.leads_to(company_id))]
    for pk, sk in _still_of(company_id, indexed):
        found[pk, sk] = None
        if pk.startswith("mailbox#"):
            for prefix in ("reset#", "signup#"):
                found |= {(pk, item["sk"]["S"]): None for item in _queried(AccountsRow, pk, prefix, "sk")}
    for user_id in user_ids:
        found |= dict.fromkeys(due.waiting_for(company_id, user_id))
    return [lead(pk, sk) for pk, sk in sorted(found)]


def _still_of(company_id: str, keys: Sequence[tuple[str, str]]) -> Iterator[tuple[str, str]]:
    """A mailbox that was freed a moment ago may be another company's login by now."""
    for item in _together(AccountsRow, keys, "pk, sk, facts.company_id"):
        if item.get("facts", {}).get("M", {}).get("company_id", {}).get("S") == company_id:
            yield item["pk"]["S"], item["sk"]["S"]


def lead(pk: str, sk: str) -> Found:
    """A row of `accounts` under a key of its own."""
    kind = expiry.kind_of(AccountsRow.Meta.table_name, pk, sk) or "unknown"
    return Found(Place("accounts", pk), sk, kind, {})


def _indexed(partition: str) -> list[Any]:
    try:
        return list(AccountsRow.due.query(partition))
    except PynamoDBException as error:
        raise translate(error) from None


def named_in(found: Found) -> dict[str, str]:
    """The fields that a row's keys are made of; nothing for a key of no shape of ours."""
    table = found.place.model.Meta.table_name
    for rows in expiry.keepers():
        if rows.model.Meta.table_name == table and rows.fits(found.place.pk, found.sk):
            return rows.key_of(found.place.model(found.place.pk, found.sk))
    return {}


def still_named(company_id: str) -> Iterator[Found]:
    """Rows of the base that still name the company as who received somebody, by the proof of every transfer:
    the company's own notes, by which the eraser finds them, are gone by then. A batch read for each fifty.
    """
    proofs = _queried(LedgerRow, company_id, "transfer#", "facts.prospect_id")
    named = (item.get("facts", {}).get("M", {}).get("prospect_id", {}).get("S") for item in proofs)
    everybody = iter(one for one in named if one)
    while some := list(islice(everybody, READ_TOGETHER // 2)):
        keys = [
            rows.place(prospect_id=one, company_id=company_id)
            for one in dict.fromkeys(some)
            for rows in (prospects.HOLDERS, prospects.SHARES)
        ]
        for item in _together(prospects.HOLDERS.model, keys, "pk, sk, kind"):
            yield Found(Place("prospects", item["pk"]["S"]), item["sk"]["S"], item["kind"]["S"], {})


def _together(model: type[Row], keys: Sequence[tuple[str, str]], what: str) -> Iterator[dict[str, Any]]:
    """Parts of the rows that are there under these keys, consistently. A call for each hundred."""
    table, waiting, refused = model.Meta.table_name, list(dict.fromkeys(keys)), 0
    while waiting:
        some, waiting = waiting[:READ_TOGETHER], waiting[READ_TOGETHER:]
        asked = {
            "Keys": [{"pk": {"S": pk}, "sk": {"S": sk}} for pk, sk in some],
            "ProjectionExpression": what,
            "ConsistentRead": True,
        }
        answer = batches.call("batch_get_item", RequestItems={table: asked})
        yield from answer["Responses"].get(table, ())
        left = answer.get("UnprocessedKeys", {}).get(table, {}).get("Keys", [])
        refused = refused + 1 if left else 0
        if refused == batches.TRIES:
            raise UnavailableError
        if left:
            backoff(refused)
        waiting += [(one["pk"]["S"], one["sk"]["S"]) for one in left]


def roots(company_id: str) -> list[Found]:
    """The rows that go last, expired ones included; three queries."""
    place, found = Place("accounts", company_id), []
    for begin in ROOTS:
        items = _queried(AccountsRow, company_id, begin, "sk, kind")
        found += [one for one in (_found(place, item) for item in items) if is_root(one)]
    return found


def rules(company_id: str) -> Row | None:
    """The row of the company's rules as it lies there, whatever its time says; None when it is gone. No hold
    can be placed or released without it, and either makes another version of it.

    Raises:
        UnavailableError.
    """
    try:
        found: Row = call(partial(AccountsRow.get, company_id, RULES, consistent_read=True))
    except DoesNotExist:
        return None
    except PynamoDBException as error:
        raise translate(error) from None
    return found


def is_root(found: Found) -> bool:
    """Whether a row goes last, and stays while anything is held."""
    if found.place.table != "accounts" or not ids.is_id(found.place.pk, "co"):
        return False
    return any(found.sk.startswith(one) if one.endswith("#") else found.sk == one for one in ROOTS)


def keeps_roots(company_id: str) -> bool:
    """Whether a hold of the company is open, or its job has still to give rows back. One query."""
    return any(known.value.state is not HoldState.RELEASED for known in holds.of_company(company_id))
