"""What the store takes for granted of DynamoDB, asked of the engine directly. Differences: docs/decisions."""

from __future__ import annotations

from typing import Any

import pytest
from botocore.exceptions import ClientError

from chalicelib.kernel import ids
from chalicelib.kernel import settings as names
from chalicelib.store.items import AccountsRow, WorkspaceRow
from chalicelib.store.table import new_op
from tests.conformance.engine import Engine

TABLE = names.TABLE_WORKSPACE


def put(pk: str, sk: str, **more: Any) -> dict[str, Any]:
    return {"Put": {"TableName": TABLE, "Item": {"pk": {"S": pk}, "sk": {"S": sk}, **more}}}


def refusal(act: Any, **request: Any) -> str:
    with pytest.raises(ClientError) as failed:
        act(**request)
    return str(failed.value.response["Error"]["Code"])


def test_a_repeated_token_writes_once_and_one_with_other_content_is_refused(engine: Engine) -> None:
    pk, token = ids.new("co"), new_op()
    request = {"TransactItems": [put(pk, "a"), put(pk, "b")], "ClientRequestToken": token}
    write = engine.dynamodb.transact_write_items
    write(**request)
    engine.dynamodb.delete_item(TableName=TABLE, Key={"pk": {"S": pk}, "sk": {"S": "a"}})
    write(**request)
    assert [item["sk"]["S"] for item in engine.items(WorkspaceRow, pk)] == ["b"]
    other = {**request, "TransactItems": [put(pk, "c")]}
    assert refusal(write, **other) == "IdempotentParameterMismatchException"


def test_a_transaction_costs_twice_and_an_index_once_more(engine: Engine) -> None:
    pk = ids.new("co")
    due = {"due_pk": {"S": pk}, "due_at": {"N": "1"}}
    request = {"TransactItems": [put(pk, "a"), put(pk, "b")], "ReturnConsumedCapacity": "TOTAL"}
    done = engine.dynamodb.transact_write_items(**request)
    assert [one["CapacityUnits"] for one in done["ConsumedCapacity"]] == [4.0]
    item = {"pk": {"S": pk}, "sk": {"S": "d"}, **due}
    done = engine.dynamodb.put_item(TableName=TABLE, Item=item, ReturnConsumedCapacity="TOTAL")
    assert done["ConsumedCapacity"]["CapacityUnits"] == 2.0


def test_a_cancelled_transaction_says_for_each_row_why(engine: Engine) -> None:
    pk = ids.new("co")
    engine.dynamodb.put_item(TableName=TABLE, Item={"pk": {"S": pk}, "sk": {"S": "taken"}})
    taken = put(pk, "taken")
    taken["Put"]["ConditionExpression"] = "attribute_not_exists(pk)"
    with pytest.raises(ClientError) as failed:
        engine.dynamodb.transact_write_items(TransactItems=[put(pk, "free"), taken])
    assert failed.value.response["Error"]["Code"] == "TransactionCanceledException"
    reasons: Any = failed.value.response["CancellationReasons"]
    assert [reason["Code"] for reason in reasons] == ["None", "ConditionalCheckFailed"]


@pytest.mark.parametrize("model", [AccountsRow, WorkspaceRow])
def test_the_index_is_sparse_and_holds_keys_only(engine: Engine, model: Any) -> None:
    pk, table = ids.new("co"), model.Meta.table_name
    row = {"pk": {"S": pk}, "sk": {"S": "a"}, "sealed": {"B": b"x"}}
    engine.dynamodb.put_item(TableName=table, Item={**row, "due_pk": {"S": pk}, "due_at": {"N": "7"}})
    engine.dynamodb.put_item(TableName=table, Item={**row, "sk": {"S": "b"}})
    found = engine.dynamodb.query(
        TableName=table,
        IndexName="due",
        KeyConditionExpression="due_pk = :pk",
        ExpressionAttributeValues={":pk": {"S": pk}},
    )
    assert [set(item) for item in found["Items"]] == [{"pk", "sk", "due_pk", "due_at"}]


def test_limits_the_store_stays_under_are_refused_beyond(engine: Engine) -> None:
    pk = ids.new("co")
    write, single = engine.dynamodb.transact_write_items, engine.dynamodb.put_item
    invalid = "ValidationException"
    assert refusal(write, TransactItems=[put(pk, f"{n:03}") for n in range(101)]) == invalid
    assert refusal(write, TransactItems=[put(pk, "twice"), put(pk, "twice")]) == invalid
    large = [put(pk, f"{n:03}", v={"B": b"x" * 390_000}) for n in range(11)]
    assert refusal(write, TransactItems=large) == invalid
    item = {"pk": {"S": pk}, "sk": {"S": "a"}}
    assert refusal(single, TableName=TABLE, Item={**item, "v": {"B": b"x" * 409_600}}) == invalid
    assert refusal(single, TableName=TABLE, Item={**item, "sk": {"S": "k" * 1025}}) == invalid
    assert refusal(single, TableName=TABLE, Item={**item, "sk": {"S": ""}}) == invalid
    assert engine.items(WorkspaceRow, pk) == []


def test_a_range_that_ends_before_it_begins_is_an_error_and_not_an_empty_answer(engine: Engine) -> None:
    values = {":pk": {"S": ids.new("co")}, ":low": {"S": "b"}, ":high": {"S": "a"}}
    where = "pk = :pk AND sk BETWEEN :low AND :high"
    request = {"TableName": TABLE, "KeyConditionExpression": where, "ExpressionAttributeValues": values}
    assert refusal(engine.dynamodb.query, **request) == "ValidationException"
