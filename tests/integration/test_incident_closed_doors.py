"""A breach concerns people of a company whose doors are closed as well: they are told, or counted and told in public."""

from __future__ import annotations

from typing import Any

import pytest

from chalicelib.privacy.personnel import StaffPosition
from infra.local import LocalStack
from tests.integration.apart import own_stack
from tests.integration.cancelling import asked
from tests.integration.client import User, eventually, sign_up
from tests.integration.incident_people import (
    CONTENTS,
    Desk,
    announced,
    counted_again,
    harmless,
    scoped,
    subjects,
    told,
)
from tests.integration.letters import rows
from tests.integration.people import join

pytestmark = pytest.mark.clause("incidents", "cancellation")

stack = own_stack()
TABLE = "okki-leads-accounts"


@pytest.fixture
def company(stack: LocalStack) -> tuple[User, User]:
    anna = sign_up(stack)
    ben = join(anna)
    anna.contact(f"rita@{anna.company['id'][3:]}.example")
    return anna, ben


def of_company(stack: LocalStack, table: str, company_id: str) -> list[dict[str, Any]]:
    return rows(stack, table, company_id)


def close_doors(stack: LocalStack, company_id: str) -> None:
    """As the cancellation leaves a company for the seven days before it is erased."""
    stack.client("dynamodb").update_item(
        TableName=TABLE,
        Key={"pk": {"S": company_id}, "sk": {"S": "access"}},
        UpdateExpression="SET facts.#s = :s",
        ConditionExpression="facts.#s = :a",
        ExpressionAttributeNames={"#s": "state"},
        ExpressionAttributeValues={":s": {"S": "cancelled"}, ":a": {"S": "active"}},
    )


def put_away(stack: LocalStack, company_id: str) -> None:
    """As a hold leaves a company's rows: over for every reader, and for nobody to delete."""
    now = {"N": str(int(stack.now()) - 60)}
    for row in of_company(stack, "accounts", company_id):
        stack.client("dynamodb").update_item(
            TableName=TABLE,
            Key={"pk": row["pk"], "sk": row["sk"]},
            UpdateExpression="SET expires_at = :e REMOVE #t, due_pk, due_at",
            ExpressionAttributeNames={"#t": "ttl"},
            ExpressionAttributeValues={":e": now},
        )


def tell(desk: Desk, company_id: str, *whom: str) -> dict[str, Any]:
    made = scoped(desk, company_ids=[company_id], categories=["logon", "stored"])
    desk.act(made["id"], "facts", harmless())
    Desk(desk.stack, StaffPosition.LEGAL).act(made["id"], "contents", CONTENTS, "PUT")
    desk.act(made["id"], "tell", {"whom": list(whom)})
    return made


def test_people_of_a_company_that_is_about_to_be_erased_are_told(
    stack: LocalStack, desk: Desk, company: tuple[User, User]
) -> None:
    anna, ben = company
    close_doors(stack, anna.company["id"])
    made = tell(desk, anna.company["id"], "people", "clients")
    telling = told(desk, made)
    assert (telling["accepted"], telling["unreachable"]) == (2, 0)
    assert [len(subjects(stack, user)) for user in (anna, ben)] == [2, 1]


def test_people_of_a_company_that_cannot_be_opened_count_as_not_reached(
    stack: LocalStack, desk: Desk, company: tuple[User, User]
) -> None:
    anna, _ = company
    company_id = anna.company["id"]
    made = scoped(desk, company_ids=[company_id], categories=["logon"])
    for row in of_company(stack, "company-keys", company_id):
        key = {"pk": row["pk"], "sk": row["sk"]}
        stack.client("dynamodb").delete_item(TableName="okki-leads-company-keys", Key=key)
    desk.act(made["id"], "facts", harmless())
    Desk(desk.stack, StaffPosition.LEGAL).act(made["id"], "contents", CONTENTS, "PUT")
    desk.act(made["id"], "tell", {"whom": ["people"]})
    telling = told(desk, made)
    assert (telling["accepted"], telling["unreachable"]) == (0, 2)
    shown = eventually(lambda: announced(stack, desk, made))
    assert CONTENTS["en"]["measures"] in shown["text"]
    found = counted_again(desk, made)
    assert (found["accepted"], found["unreachable"]) == (0, 2)


def test_people_of_whom_only_a_hold_keeps_anything_are_counted_and_told_in_public(
    stack: LocalStack, desk: Desk, company: tuple[User, User]
) -> None:
    anna, ben = company
    asked(anna)
    put_away(stack, anna.company["id"])
    made = tell(desk, anna.company["id"], "people")
    telling = told(desk, made)
    assert (telling["accepted"], telling["unreachable"]) == (0, 2)
    assert eventually(lambda: announced(stack, desk, made))
    assert [len(subjects(stack, user)) for user in (anna, ben)] == [0, 0]


def test_who_was_told_and_erased_afterwards_does_not_count_as_missed(
    stack: LocalStack, desk: Desk, company: tuple[User, User]
) -> None:
    anna, ben = company
    made = tell(desk, anna.company["id"], "people")
    told(desk, made)
    for row in of_company(stack, "accounts", anna.company["id"]):
        if ben.me["id"] in row["sk"]["S"]:
            key = {"pk": row["pk"], "sk": row["sk"]}
            stack.client("dynamodb").delete_item(TableName=TABLE, Key=key)
    found = counted_again(desk, made)
    assert (found["accepted"], found["unreachable"], found["announcement_id"]) == (1, 0, None)
