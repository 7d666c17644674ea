"""What is kept of one person, found by keyed hash; the work of erasing it, and the evidence that it was done.

Nothing is opened here. Costs: a write unit or more for each row that goes and each index it is in; finding
them is a query for each MB.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import partial
from typing import Any, Final, NamedTuple

from pynamodb.exceptions import DoesNotExist, PynamoDBException

from chalicelib.kernel import clock, settings
from chalicelib.kernel.errors import UnavailableError
from chalicelib.privacy import retention
from chalicelib.records.erasures import CompanyErasure, Erasing, Erasure, KeyDestruction
from chalicelib.store import batches, holds, suspended
from chalicelib.store.batches import Key
from chalicelib.store.failures import backoff, call, translate
from chalicelib.store.items import AccountsRow, PersonIndex, Row, WorkspaceRow
from chalicelib.store.table import Due, Rows, person_key

ACCOUNTS: Final = AccountsRow
WORKSPACE: Final = WorkspaceRow
"""The tables that people are erased from."""

ERASING_DUE: Final = "erasing"
"""The index partition of erasures that are not finished."""
READ_TOGETHER: Final = 100
"""Rows in one BatchGetItem."""

ERASING = Rows(
    Erasing, pk="{company_id}", sk="erasing#{person}", due=lambda one: Due(ERASING_DUE, one.due_at)
)
ERASURES = Rows(Erasure, pk="{company_id}", sk="erasure#{erasure_id}#{part:04d}")
COMPANY_ERASURES = Rows(CompanyErasure, pk="{company_id}", sk="company-erasure#{part:06d}")
CERTIFICATES = Rows(KeyDestruction, pk="{company_id}", sk="key-destruction#{certificate_id}")


def delete(model: type[Row], keys: Iterable[Key]) -> int:
    """Delete rows, 25 a call; see ``batches.delete``. Raises UnavailableError; what is gone stays gone."""
    return batches.delete(model.Meta.table_name, keys)


def put_aside(model: type[Any], keys: Iterable[Key]) -> int:
    """Put rows away that a hold keeps, and delete those it does not (what lives for a day or opens a door).
    Returns how many are kept. A read and a write for each. Repeatable.

    Raises:
        ConflictError: one is being changed this moment; those before it are put away.
    """
    kept, gone = 0, []
    for pk, sk in dict.fromkeys(keys):
        try:
            row = call(partial(model.get, pk, sk, consistent_read=True))
        except DoesNotExist:
            continue
        except PynamoDBException as error:
            raise translate(error) from None
        if not suspended.holdable(row.kind):
            gone.append((pk, sk))
            continue
        kept += 1
        if row.ttl is not None or not retention.expired_epoch(row.expires_at, clock.now()):
            holds.restrict(row)
    delete(model, gone)
    return kept


class Written(NamedTuple):
    """What the open facts of a message say: how many it went to, and whether anybody followed a link."""

    recipients: int
    clicked: bool


def written(company_id: str, message_ids: Sequence[str]) -> dict[str, Written]:
    """The open facts of messages; those that are gone are missing. A call for each hundred."""
    found: dict[str, Written] = {}
    waiting = [{"pk": {"S": company_id}, "sk": {"S": f"message#{one}"}} for one in dict.fromkeys(message_ids)]
    refused = 0
    while waiting:
        keys, waiting = waiting[:READ_TOGETHER], waiting[READ_TOGETHER:]
        asked = {
            "Keys": keys,
            "ConsistentRead": True,
            "ProjectionExpression": "sk, #f.#r, #f.#c",
            "ExpressionAttributeNames": {"#f": "facts", "#r": "recipients", "#c": "clicks"},
        }
        answer = batches.call("batch_get_item", RequestItems={settings.TABLE_WORKSPACE: asked})
        for row in answer["Responses"].get(settings.TABLE_WORKSPACE, ()):
            facts = row.get("facts", {}).get("M", {})
            clicked = bool(facts.get("clicks", {}).get("M"))
            message_id = row["sk"]["S"].removeprefix("message#")
            found[message_id] = Written(int(facts.get("recipients", {}).get("N", "1")), clicked)
        left = answer.get("UnprocessedKeys", {}).get(settings.TABLE_WORKSPACE, {}).get("Keys", [])
        refused = refused + 1 if left else 0
        if refused == batches.TRIES:
            raise UnavailableError
        if left:
            backoff(refused)
        waiting = left + waiting
    return found


def of_person(
    company_id: str, person: str, prefix: str, *, after: str = "", until: str | None = None, limit: int
) -> list[str]:
    """Sort keys under ``prefix`` of what the index ``person`` knows of somebody, behind ``after``, up to
    ``until``; in their order, at most ``limit``. Read a moment late, as every index. One query.
    """
    lowest, highest = max(prefix, after), until or _end(prefix)
    where = PersonIndex.sk.between(lowest, highest)
    try:
        rows: list[Any] = list(
            WorkspaceRow.person.query(person_key(company_id, person), where, limit=limit + 1)
        )
    except PynamoDBException as error:
        raise translate(error) from None
    return [row.sk for row in rows if row.sk != after][:limit]


def under(
    model: type[Row],
    pk: str,
    prefix: str,
    *,
    after: str = "",
    until: str | None = None,
    limit: int | None = None,
) -> list[Any]:
    """Rows of any kind under a prefix, expired ones included, behind ``after`` and up to ``until``, in the
    order of their keys; at most ``limit``. Consistent; one query for each MB.
    """
    where = model.sk.between(max(prefix, after), until or _end(prefix))
    most = None if limit is None else limit + 1
    try:
        rows: list[Any] = list(model.query(pk, where, consistent_read=True, limit=most))
    except PynamoDBException as error:
        raise translate(error) from None
    return [row for row in rows if row.sk != after][:limit]


def _end(prefix: str) -> str:
    """Behind every key that begins so and goes on with letters, digits or ``#``."""
    return prefix + "\uffff"
