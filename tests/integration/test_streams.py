"""What DynamoDB deletes when its time is over reaches the function that puts it on record, and nothing else does."""

from __future__ import annotations

import json
from typing import Any

import pytest

from chalicelib.kernel import ids
from infra.local import LocalStack
from tests.integration.apart import own_stack
from tests.integration.client import eventually

stack = own_stack()

DAY = 86_400
SORT_KEY = {"workspace": f"contact#{ids.new('ct')}", "accounts": f"user#{ids.new('usr')}"}
"""Of rows that are about a person; others leave nothing to put on record."""


def put(stack: LocalStack, table: str, pk: str, ttl: float | None) -> None:
    """A row without anything in it, with a time to live or without."""
    row = {"pk": {"S": pk}, "sk": {"S": SORT_KEY[table]}, "kind": {"S": "nothing"}}
    if ttl is not None:
        row["ttl"] = {"N": str(int(ttl))}
    stack.client("dynamodb").put_item(TableName=f"okki-leads-{table}", Item=row)


def delete(stack: LocalStack, table: str, pk: str) -> None:
    key = {"pk": {"S": pk}, "sk": {"S": SORT_KEY[table]}}
    stack.client("dynamodb").delete_item(TableName=f"okki-leads-{table}", Key=key)


def there(stack: LocalStack, table: str, pk: str) -> bool:
    key = {"pk": {"S": pk}, "sk": {"S": SORT_KEY[table]}}
    return "Item" in stack.client("dynamodb").get_item(TableName=f"okki-leads-{table}", Key=key)


def stream(stack: LocalStack, table: str) -> dict[str, dict[str, Any]]:
    """Everything the stream of a table holds, by sequence number."""
    arn = stack.client("dynamodb").describe_table(TableName=f"okki-leads-{table}")["Table"]["LatestStreamArn"]
    streams = stack.client("dynamodbstreams")
    found: dict[str, dict[str, Any]] = {}
    for shard in streams.describe_stream(StreamArn=arn)["StreamDescription"]["Shards"]:
        iterator = streams.get_shard_iterator(
            StreamArn=arn, ShardId=shard["ShardId"], ShardIteratorType="TRIM_HORIZON"
        ).get("ShardIterator")
        while iterator:
            page = streams.get_records(ShardIterator=iterator)
            found |= {record["dynamodb"]["SequenceNumber"]: record for record in page["Records"]}
            iterator = page.get("NextShardIterator") if page["Records"] else None
    return found


def given_up(stack: LocalStack, table: str) -> dict[str, int]:
    """Partition key -> size of the batch: what no try could put on record."""
    batches = [json.loads(body)["DDBStreamBatchInfo"] for body in stack.messages("expiry-dead")]
    records = stream(stack, table)
    return {
        records[batch["startSequenceNumber"]]["dynamodb"]["Keys"]["pk"]["S"]: batch["batchSize"]
        for batch in batches
        if f":table/okki-leads-{table}/stream/" in batch["streamArn"]
    }


@pytest.mark.clause("retention")
def test_dynamodb_deletes_by_ttl_alone_so_that_a_hold_keeps_a_row(stack: LocalStack) -> None:
    due, held, later = (ids.new("co") for _ in range(3))
    put(stack, "workspace", due, stack.now() - 1)
    put(stack, "workspace", held, None)
    put(stack, "workspace", later, stack.now() + DAY)
    assert stack.reap() >= 1
    assert [there(stack, "workspace", pk) for pk in (due, held, later)] == [False, True, True]


@pytest.mark.clause("access")
def test_a_stream_says_nothing_of_what_was_in_a_row(stack: LocalStack) -> None:
    expired = ids.new("co")
    put(stack, "workspace", expired, stack.now() - 1)
    assert stack.reap() >= 1
    told = [
        record for record in stream(stack, "workspace").values() if expired in json.dumps(record, default=str)
    ]
    assert [record["eventName"] for record in told] == ["INSERT", "REMOVE"]
    for record in told:
        assert record["dynamodb"]["Keys"] == {"pk": {"S": expired}, "sk": {"S": SORT_KEY["workspace"]}}
        assert record["dynamodb"].keys() & {"OldImage", "NewImage"} == set()


@pytest.mark.clause("retention")
@pytest.mark.parametrize("table", ["accounts", "workspace"])
def test_a_deletion_that_cannot_be_put_on_record_waits_for_a_person_alone(
    stack: LocalStack, table: str
) -> None:
    """Of several deletions none drags the others along: each is given up by itself, after its tries. What
    somebody deleted is no expiry and does not even reach the function.
    """
    stack.wire.inject(kind="fail", function="okki-leads-record-expiry", times=10_000)
    expired, ours = [ids.new("co") for _ in range(3)], ids.new("co")
    for pk in (*expired, ours):
        put(stack, table, pk, stack.now() - 1)
    delete(stack, table, ours)
    assert stack.reap() >= 3
    dead = eventually(lambda: found if (found := given_up(stack, table)).keys() >= {*expired} else None, 60)
    assert {dead[pk] for pk in expired} == {1}
    assert ours not in dead
