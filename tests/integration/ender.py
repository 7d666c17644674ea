"""Ending the service as the operator's staff does it: one proposes, another confirms."""

from __future__ import annotations

import time
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from chalicelib.privacy import clocks
from chalicelib.privacy.personnel import StaffPosition
from infra.local import LocalStack
from tests.integration import machines
from tests.integration.client import Answer, eventually, request
from tests.integration.staff import StaffUser, member

ENDINGS = "/v1/staff/endings"
WORDS = {
    "en": "We stop running this service. Please export what you need; nothing else replaces it.",
    "zh": "我们将停止运营本服务，请及时导出您需要的内容。",
}
DAY = 86_400


class Board(NamedTuple):
    """Two who may end the service, and where."""

    stack: LocalStack
    one: StaffUser
    two: StaffUser

    def propose(self, days: int = 45, who: StaffUser | None = None) -> dict[str, Any]:
        form = {"ends_on": day(self.stack, days), "words": WORDS}
        answer = call(who or self.one, "POST", ENDINGS, form)
        assert answer.status == 201, answer.body
        made: dict[str, Any] = answer.json
        return made

    def announced(self, days: int = 45) -> dict[str, Any]:
        """A proposal that somebody else confirmed."""
        made = self.propose(days)
        answer = call(self.two, "POST", f"{ENDINGS}/{made['id']}/confirm")
        assert answer.status == 200, answer.body
        found: dict[str, Any] = answer.json
        return found

    def take_back(self, ending_id: str) -> Answer:
        return call(self.two, "POST", f"{ENDINGS}/{ending_id}/take-back")

    def read(self, ending_id: str) -> dict[str, Any]:
        """The end as it stands."""
        answer = call(self.one, "GET", f"{ENDINGS}/{ending_id}")
        assert answer.status == 200, answer.body
        found: dict[str, Any] = answer.json
        return found

    def counted(self, ending_id: str) -> dict[str, Any]:
        """The end once everybody has been told and the days are counted."""
        workflow = self.read(ending_id)["workflow_id"]

        def there() -> dict[str, Any]:
            if machines.row(self.stack, workflow)["why"] == "thirty_days":
                return self.read(ending_id)
            machines.sweep(self.stack)  # the notices
            machines.hop(self.stack, workflow)
            time.sleep(1)
            return {}

        return eventually(there, 90)


def call(who: StaffUser, method: str, path: str, body: Any = None) -> Answer:
    """What somebody of the staff asks; they log in again when their session has ended."""
    answer = who.call(method, path, body)
    if answer.status == 401:
        assert who.log_in().status == 201
        answer = who.call(method, path, body)
    return answer


def board(stack: LocalStack) -> Board:
    """Two of the staff who may end the service."""
    return Board(stack, member(stack, StaffPosition.PRIVACY), member(stack, StaffPosition.LEGAL))


def day(stack: LocalStack, ahead: int) -> str:
    """The day so many days after the functions' today, in Singapore."""
    today = clocks.day(stack.now())
    return (today + timedelta(days=ahead)).isoformat()


def seconds(text: str) -> int:
    """Epoch seconds of a time in an answer."""
    return int(datetime.fromisoformat(text).timestamp())


def announcements(stack: LocalStack, language: str = "en") -> list[dict[str, Any]]:
    """What everybody reads."""
    answer = request(f"{stack.api}/v1/announcements", headers={"Accept-Language": language})
    assert answer.status == 200, answer.body
    found: list[dict[str, Any]] = answer.json["items"]
    return found


def evidence(stack: LocalStack, prefix: str, chain: str = "co_operator") -> list[dict[str, Any]]:
    """What a chain holds under a beginning of its keys, in the order in which it came."""
    answer = stack.client("dynamodb").query(
        TableName="okki-leads-ledger",
        KeyConditionExpression="pk = :pk AND begins_with(sk, :sk)",
        ExpressionAttributeValues={":pk": {"S": chain}, ":sk": {"S": prefix}},
        ConsistentRead=True,
    )
    rows = sorted(answer["Items"], key=lambda row: int(row["seq"]["N"]))
    return [
        {name: next(iter(one.values())) for name, one in row["facts"]["M"].items()} | {"sk": row["sk"]["S"]}
        for row in rows
    ]
