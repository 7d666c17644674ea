"""The company's pool: of two who take a prospect one has it, nobody keeps one for ever, and leaving lets go."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from typing import Any

import pytest

from infra.local import LocalStack
from tests.integration import ages
from tests.integration.client import Answer, User, sign_up
from tests.integration.people import at, join
from tests.integration.stocking import located, one, reveal, several

MONTH = 30 * 86_400

pytestmark = pytest.mark.clause("self-service")


@pytest.fixture
def boss(stack: LocalStack) -> User:
    return located(sign_up(stack))


def ours(user: User) -> str:
    """A prospect that the company has revealed."""
    prospect = one(user.stack)
    assert reveal(user, prospect).status == 200
    return prospect


def claim(user: User, prospect: str) -> Answer:
    return user.call("POST", f"/v1/prospects/{prospect}/claim")


def release(user: User, prospect: str) -> Answer:
    return user.call("POST", f"/v1/prospects/{prospect}/release")


def pool(user: User, whose: str = "any", **more: Any) -> list[str]:
    query = "&".join(f"{name}={value}" for name, value in {"claimed_by": whose, **more}.items())
    answer = user.call("GET", f"/v1/prospects/revealed?{query}")
    assert answer.status == 200, answer.body
    return [item["id"] for item in answer.json["items"]]


def login_kept(user: User, *others: User) -> None:
    """Sessions end within days; what is looked at here takes a month. As if they had just logged in."""
    for one_of in (user, *others):
        for row in ages.under(one_of.stack, "accounts", one_of.company["id"], f"session#{one_of.me['id']}#"):
            stamp = {"N": str(int(one_of.stack.now()))}
            one_of.stack.client("dynamodb").update_item(
                TableName="okki-leads-accounts",
                Key={"pk": row["pk"], "sk": row["sk"]},
                UpdateExpression="SET facts.created_at = :n, facts.used_at = :n, expires_at = :e, #t = :e",
                ExpressionAttributeNames={"#t": "ttl"},
                ExpressionAttributeValues={
                    ":n": stamp,
                    ":e": {"N": str(int(one_of.stack.now()) + 86_400)},
                },
            )


def test_who_claims_has_it_and_a_colleague_is_told_who(boss: User) -> None:
    ben, prospect = join(boss), ours(boss)
    answer = claim(ben, prospect)
    assert answer.status == 200
    left = datetime.fromisoformat(answer.json["claimed_until"]).timestamp() - boss.stack.now()
    assert MONTH - 60 < left <= MONTH
    second = claim(boss, prospect)
    assert (second.status, second.json["code"]) == (409, "claimed")
    assert second.json["claimed_by"] == ben.me["id"]
    assert second.json["claimed_until"] == answer.json["claimed_until"]
    assert pool(ben, "me") == [prospect]
    assert pool(boss, "me") == pool(boss, "nobody") == []
    assert pool(boss) == [prospect]


def test_of_many_who_claim_at_once_one_has_it(boss: User) -> None:
    people, prospect = [boss, join(boss), join(boss), join(boss)], ours(boss)
    with ThreadPoolExecutor(8) as threads:
        answers = list(threads.map(lambda user: (user.me["id"], claim(user, prospect)), people * 2))
    won = {user for user, answer in answers if answer.status == 200}
    assert len(won) == 1
    assert {answer.json["claimed_by"] for _, answer in answers if answer.status == 409} <= won


def test_only_what_the_company_has_revealed_can_be_claimed(boss: User) -> None:
    prospect = one(boss.stack)
    for answer in (claim(boss, prospect), release(boss, prospect)):
        assert (answer.status, answer.json["code"]) == (404, "not_found")


def test_one_lets_go_of_ones_own_and_managers_of_everybodys(boss: User) -> None:
    ben, eve, manager, prospect = join(boss), join(boss), join(boss, "manager"), ours(boss)
    assert claim(ben, prospect).status == 200
    answer = release(eve, prospect)
    assert (answer.status, answer.json["code"]) == (403, "not_your_claim")
    assert release(ben, prospect).status == 204
    assert pool(eve, "nobody") == [prospect]
    assert pool(ben, "me") == []
    assert release(eve, prospect).status == 204, "it is free already"
    assert claim(ben, prospect).status == 200
    assert release(manager, prospect).status == 204
    assert claim(eve, prospect).status == 200


def test_a_claim_ends_by_itself_and_taking_it_up_again_keeps_it(boss: User) -> None:
    ben, prospect, kept = join(boss), ours(boss), ours(boss)
    assert claim(ben, prospect).status == claim(ben, kept).status == 200
    boss.stack.advance(MONTH - 3600)
    login_kept(boss, ben)
    assert claim(boss, prospect).status == 409
    assert claim(ben, kept).status == 200
    boss.stack.advance(3601)
    assert pool(boss, "nobody") == [prospect]
    assert pool(ben, "me") == [kept]
    assert claim(boss, prospect).status == 200
    assert claim(boss, kept).status == 409


def test_what_somebody_worked_on_is_free_when_they_leave(boss: User) -> None:
    ben, prospect = join(boss), ours(boss)
    assert claim(ben, prospect).status == 200
    assert boss.call("DELETE", at(ben)).status in {200, 202, 204}
    assert pool(boss, "nobody") == [prospect]
    (shown,) = boss.call("GET", "/v1/prospects/revealed").json["items"]
    assert (shown["claimed_by"], shown["claimed_until"]) == (None, None)
    assert claim(boss, prospect).status == 200
    assert pool(boss, "me") == [prospect]


def test_the_pool_is_turned_page_by_page_and_nobody_is_shown_twice(boss: User) -> None:
    prospects = sorted(several(boss.stack, 5), reverse=True)
    for prospect in prospects:
        assert reveal(boss, prospect).status == 200
    for prospect in prospects[:4]:
        assert claim(boss, prospect).status == 200
    for whose, wanted in (("any", prospects), ("me", prospects[:4]), ("nobody", prospects[4:])):
        seen: list[str] = []
        cursor = ""
        while True:
            path = f"/v1/prospects/revealed?claimed_by={whose}&limit=2{cursor}"
            page = boss.call("GET", path).json
            seen += [item["id"] for item in page["items"]]
            if page["next_cursor"] is None:
                break
            cursor = f"&cursor={page['next_cursor']}"
        assert seen == wanted


def test_a_filter_or_a_cursor_that_does_not_exist_is_refused(boss: User) -> None:
    for query, field, code in (
        ("claimed_by=everybody", "claimed_by", "unknown"),
        ("cursor=ct_x", "cursor", "malformed"),
    ):
        answer = boss.call("GET", f"/v1/prospects/revealed?{query}")
        assert answer.status == 422
        assert answer.json["errors"] == [{"field": field, "code": code}]
