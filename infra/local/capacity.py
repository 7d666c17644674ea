"""What each DynamoDB call consumes, as AWS bills it; asked for in every call and reported in a header.

Runs inside the emulator. Units of reading are counted here from what was read, with the emulator's own
measure of an item, as it says 1 for any size and nothing of BatchGetItem.
"""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Mapping, Sequence
from importlib import import_module
from typing import Any, Final

CONSUMED_HEADER: Final = "x-local-consumed-capacity"
"""What a DynamoDB call cost, for wire.py: JSON list of [table, units]."""
UNIT_BYTES: Final = 4096
Handler = Callable[
    [str, str, dict[str, str], bytes, dict[str, Any]], Awaitable[tuple[int, dict[str, str], Any]]
]


def count_capacity() -> None:
    """Asks for the consumed capacity of every DynamoDB call and reports it in a header.

    A proxy cannot add the question itself: the request's signature covers its body.
    """
    app: Any = import_module("ministack.app")
    plain: Handler = app.SERVICE_HANDLERS["dynamodb"]

    async def counting(
        method: str, path: str, headers: dict[str, str], body: bytes, query: dict[str, Any]
    ) -> tuple[int, dict[str, str], Any]:
        target = {name.lower(): value for name, value in headers.items()}.get("x-amz-target", "")
        operation = target.rpartition(".")[2]
        if operation == "Scan":  # only tests do, and what they read is megabytes
            return await plain(method, path, headers, body, query)
        try:
            request = json.loads(body)
        except ValueError:
            request = None
        if not isinstance(request, dict):
            return await plain(method, path, headers, body, query)
        asked = request.get("ReturnConsumedCapacity", "NONE") != "NONE"
        if not asked:
            body = json.dumps({**request, "ReturnConsumedCapacity": "TOTAL"}).encode()
        status, fields, reply = await plain(method, path, headers, body, query)
        if status != 200 or not isinstance(reply, bytes | str):
            return status, fields, reply
        answer = json.loads(reply)
        consumed = answer.get("ConsumedCapacity")
        units = units_read(operation, request, answer)
        if not units and consumed:
            entries = consumed if isinstance(consumed, list) else [consumed]
            units = [(entry["TableName"], entry["CapacityUnits"]) for entry in entries]
        if units:
            fields[CONSUMED_HEADER] = json.dumps(units)
        if consumed and not asked:
            del answer["ConsumedCapacity"]
            reply = json.dumps(answer).encode()
            for name in [name for name in fields if name.lower() in ("x-amz-crc32", "content-length")]:
                del fields[name]
        return status, fields, reply

    app.SERVICE_HANDLERS["dynamodb"] = counting


def units_read(
    operation: str, request: Mapping[str, Any], answer: Mapping[str, Any]
) -> list[tuple[str, float]]:
    """Units by table: 4 KB each, half if not consistent, one for a row that is not there. A query is billed
    for its rows together, BatchGetItem for each row. Empty for what reads nothing.
    """
    if operation == "BatchGetItem":
        return [_each(table, asked, answer) for table, asked in request["RequestItems"].items()]
    if operation == "Query":
        rows = answer.get("Items", [])
    elif operation == "GetItem":
        rows = [answer["Item"]] if "Item" in answer else []
    else:
        return []
    return [(str(request["TableName"]), _units(rows, bool(request.get("ConsistentRead"))))]


def _each(table: str, asked: Mapping[str, Any], answer: Mapping[str, Any]) -> tuple[str, float]:
    rows, consistent = answer["Responses"].get(table, []), bool(asked.get("ConsistentRead"))
    missing = len(asked["Keys"]) - len(rows)
    return table, sum(_units([row], consistent) for row in rows) + missing * _units([], consistent)


def _units(rows: Sequence[Any], consistent: bool) -> float:
    size: Any = import_module("ministack.services.dynamodb")._item_size_bytes  # noqa: SLF001 - its own measure
    whole = max(1, -(-sum(size(row) for row in rows) // UNIT_BYTES))
    return float(whole) if consistent else whole / 2
