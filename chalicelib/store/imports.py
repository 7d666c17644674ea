"""Imports of contacts: `workspace`, the job in the company's partition, its rows in pieces beside it.

A piece is one sealed message for up to 200 rows: about a sixth of a write unit for each of them.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from typing import Any, Final

from chalicelib.kernel import settings
from chalicelib.privacy.register import Duty, Purpose
from chalicelib.records.imports import Import, ImportChunk, ImportState
from chalicelib.store import batches
from chalicelib.store.table import Due, Rows, Stored, new_op

IMPORTS_DUE: Final = "importing"
"""The index partition of imports that have something to do."""
WORKING: Final = frozenset({ImportState.READING, ImportState.COMMITTING, ImportState.REVERTING})
ENDED: Final = frozenset({ImportState.CANCELLED, ImportState.FAILED})
"""What leaves something to be forgotten, and is due until it is."""

_USE: Final = Purpose.PROVIDE_FUNCTIONS


def _due(job: Import) -> Due | None:
    busy = job.state in WORKING or (job.state in ENDED and not job.cleared)
    return Due(IMPORTS_DUE, job.due_at) if busy else None


IMPORTS = Rows(Import, pk="{company_id}", sk="import#{import_id}", due=_due)
CHUNKS = Rows(ImportChunk, pk="{company_id}", sk="imported#{import_id}#{number:05d}")


def get(company_id: str, import_id: str) -> Stored[Import] | None:
    """One import; one read."""
    return IMPORTS.get(company_id=company_id, import_id=import_id, use=_USE)


def newest(company_id: str, limit: int, before: str | None) -> list[Stored[Import]]:
    """Up to ``limit`` imports, newest first, begun before the one with id ``before``. One query."""
    place = None if before is None else f"import#{before}"
    rows = IMPORTS.query(company_id, "import#", use=_USE, before=place, newest_first=True, page_size=limit)
    return list(islice(rows, limit))


def add(job: Import) -> None:
    """Store a new import: 1 write unit."""
    IMPORTS.put_new(job, op=new_op())


def save(known: Stored[Import], job: Import) -> Stored[Import]:
    """Move an import on from the version that was read; ConflictError when somebody was faster."""
    return IMPORTS.replace(known, job, op=new_op())


def add_chunk(chunk: ImportChunk, expires_at: int | None) -> None:
    """Store a piece that must not be there yet; it ends with its import. ConflictError: it is there."""
    CHUNKS.put_new(chunk, op=new_op(), expires_at=expires_at)


def chunk(company_id: str, import_id: str, number: int) -> Stored[ImportChunk] | None:
    """One piece, to work on it."""
    return CHUNKS.get(company_id=company_id, import_id=import_id, number=number, use=_USE)


def chunk_to_erase(company_id: str, sk: str) -> Stored[ImportChunk] | None:
    """One piece, to take somebody out of it."""
    import_id, number = sk.split("#")[1:]
    return CHUNKS.get(company_id=company_id, import_id=import_id, number=int(number), use=Duty.ERASE)


def rewrite_chunk(known: Stored[ImportChunk], chunk: ImportChunk) -> None:
    """Put a piece in the place of the version that was read. ConflictError when it has changed."""
    CHUNKS.replace(known, chunk, op=new_op())


def persons_read(company_id: str, import_id: str) -> Iterator[str]:
    """The keyed hashes of everybody in the pieces stored so far; nothing is opened. A query for each MB."""
    prefix = f"imported#{import_id}#"
    for row in _projected(company_id, prefix, "facts.persons"):
        listed = row.get("facts", {}).get("M", {}).get("persons", {}).get("L", ())
        yield from (one["S"] for one in listed if one["S"])


def chunks_with(company_id: str, person: str, after: str, until: str | None, limit: int) -> list[str]:
    """Sort keys of pieces of any import that hold a row of this person, behind ``after``, up to ``until``.

    Reads the pieces there are, for a week after an import; a company that imported nothing pays half a unit.
    """
    found = _projected(company_id, "imported#", "sk", holding=person, after=after, until=until)
    return list(islice((row["sk"]["S"] for row in found if row["sk"]["S"] != after), limit))


def forget(company_id: str, import_id: str) -> int:
    """Delete the pieces of an import, and say how many there were. Repeatable."""
    prefix = f"imported#{import_id}#"
    keys = [(company_id, row["sk"]["S"]) for row in _projected(company_id, prefix, "sk")]
    return batches.delete(settings.TABLE_WORKSPACE, keys)


def _projected(
    company_id: str,
    prefix: str,
    what: str,
    *,
    holding: str | None = None,
    after: str = "",
    until: str | None = None,
) -> Iterator[dict[str, Any]]:
    """Parts of rows under a prefix, without what is sealed."""
    wanted: dict[str, Any] = {
        "TableName": settings.TABLE_WORKSPACE,
        "KeyConditionExpression": "pk = :p AND sk BETWEEN :a AND :b",
        "ProjectionExpression": what,
        "ExpressionAttributeValues": {
            ":p": {"S": company_id},
            ":a": {"S": max(prefix, after)},
            ":b": {"S": until or prefix + "\uffff"},
        },
        "ConsistentRead": True,
    }
    if holding is not None:
        wanted["FilterExpression"] = "contains(facts.persons, :who)"
        wanted["ExpressionAttributeValues"][":who"] = {"S": holding}
    while True:
        answer = batches.call("query", **wanted)
        yield from answer["Items"]
        if "LastEvaluatedKey" not in answer:
            return
        wanted["ExclusiveStartKey"] = answer["LastEvaluatedKey"]
