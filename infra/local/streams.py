# ruff: noqa: SLF001 - reaching into the emulator's modules, as emulator.py does and for the same reason
"""Time to live and streams of tables as AWS has them.

The emulator deletes expired rows without telling the stream. It takes any answer of a stream's function for
success, never divides a batch, and tries a failing one for ever.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from typing import Any, Final

BY_EXPIRY: Final = {"type": "Service", "principalId": "dynamodb.amazonaws.com"}
"""`userIdentity` of a stream record whose row DynamoDB itself deleted (developer guide, "DynamoDB Streams and
Time to Live")."""

RETRY_SECONDS: Final = 0.2
_REAPER: Final = "dynamodb-ttl-reaper"


def tell_streams_of_expiry() -> None:
    """What the emulator's own reaper deletes (every minute, by real time) reaches the stream, as on AWS."""
    tables: Any = import_module("ministack.services.dynamodb")
    remove = tables._remove_item

    def remove_and_tell(table: Any, pk: Any, sk: Any) -> Any:
        row = remove(table, pk, sk)
        if row is not None and threading.current_thread().name == _REAPER:
            _tell(tables, table, row, time.time())
        return row

    tables._remove_item = remove_and_tell


def reap(now: float) -> int:
    """Delete every row whose time to live is over at ``now``; returns how many."""
    tables: Any = import_module("ministack.services.dynamodb")
    count = 0
    with tables._lock:
        for (account, region, name), setting in list(tables._ttl_settings.all_items()):
            table = tables._tables.get_scoped(account, region, name)
            if not table or setting.get("TimeToLiveStatus") != "ENABLED":
                continue
            attribute = setting["AttributeName"]
            over = [
                (pk, sk)
                for pk, rows in table["items"].items()
                for sk, row in rows.items()
                if "N" in row.get(attribute, {}) and float(row[attribute]["N"]) <= now
            ]
            for pk, sk in over:
                _tell(tables, table, tables._remove_item(table, pk, sk), now)
            count += len(over)
    return count


def _tell(tables: Any, table: dict[str, Any], row: dict[str, Any], now: float) -> None:
    _, _, _, region, account, _ = table["TableArn"].split(":")
    with _scope(account, region):
        before = tables.stream_end_position(table["TableName"])
        tables._emit_stream_event(table["TableName"], "REMOVE", row, None)
        for record in tables.stream_records_since(table["TableName"], before, 1):
            record["userIdentity"] = dict(BY_EXPIRY)
            record["dynamodb"]["ApproximateCreationDateTime"] = int(now)


@contextmanager
def _scope(account: str, region: str) -> Iterator[None]:
    responses: Any = import_module("ministack.core.responses")
    tokens = responses._request_account_id.set(account), responses._request_region.set(region)
    try:
        yield
    finally:
        responses._request_account_id.reset(tokens[0])
        responses._request_region.reset(tokens[1])


def retry_streams_as_lambda_does() -> None:
    """A failing batch is divided, tried again, and given up to the event source's target for failures.

    With `ReportBatchItemFailures` from the first record that failed on, as AWS does; splitting is no try.
    """
    events: Any = import_module("ministack.services.lambda_svc")
    execute = events._execute_function

    def execute_until_done(function: Any, event: Any) -> Any:
        source = _source(events, function, event)
        if source is None:
            return execute(function, event)
        pending = [(event["Records"], 0)]
        last = None
        while pending:
            records, tries = pending.pop(0)
            answer = execute(function, {"Records": records})
            last = answer if last is None else last
            at = _first_failed(answer, records, source)
            if at is None:
                continue
            left = records[at:]
            if at:
                pending.insert(0, (left, tries))
            elif source.get("BisectBatchOnFunctionError") and len(left) > 1:
                middle = len(left) // 2
                pending[:0] = [(left[:middle], tries), (left[middle:], tries)]
            elif tries < source.get("MaximumRetryAttempts", -1):
                time.sleep(RETRY_SECONDS)
                pending.insert(0, (left, tries + 1))
            else:
                arn = source["EventSourceArn"]
                events._send_ddb_stream_failure_record(
                    source, function, left, arn, answer, "RetryAttemptsExhausted"
                )
        return {"body": None, "log": (last or {}).get("log", "")}

    events._execute_function = execute_until_done


def _source(events: Any, function: Any, event: Any) -> dict[str, Any] | None:
    """The event source mapping that an event of a table's stream came through; None for all other events."""
    records = event.get("Records") if isinstance(event, dict) else None
    if not records or not isinstance(records[0], dict) or records[0].get("eventSource") != "aws:dynamodb":
        return None
    arn = (function.get("config") or function)["FunctionArn"]
    for _, _, source in events._iter_all_esms():
        if source["EventSourceArn"] == records[0].get("eventSourceARN") and source["FunctionArn"] == arn:
            return dict(source)
    return None


def _first_failed(answer: Any, records: list[Any], source: dict[str, Any]) -> int | None:
    """Index of the first record to deliver again; None if all went well."""
    if answer.get("error"):
        return 0
    body = answer.get("body")
    if "ReportBatchItemFailures" not in source.get("FunctionResponseTypes", ()) or not isinstance(body, dict):
        return None
    failed = {failure["itemIdentifier"] for failure in body.get("batchItemFailures") or ()}
    found = [n for n, record in enumerate(records) if record["dynamodb"]["SequenceNumber"] in failed]
    return min(found) if found else (0 if failed else None)
