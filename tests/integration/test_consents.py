"""What users agree to (clauses `consent`, `policy-updates`): asked, proved, taken back, and asked again."""

from __future__ import annotations

import json
import shutil
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from chalicelib.kernel import ids
from chalicelib.privacy import clocks, texts
from chalicelib.privacy.clocks import SINGAPORE
from chalicelib.privacy.consent import ConsentPurpose
from chalicelib.services.consent import consents
from infra.local import LocalStack
from tests.integration import people
from tests.integration.apart import running
from tests.integration.client import Answer, User, fresh_address, log_in, sign_up
from tests.integration.letters import rows

ROOT = Path(__file__).resolve().parents[2]
API = "okki-leads-api"
OLD = "2025-01-16"
MARKETING = "marketing-2026-01"
AHEAD = 20
"""Days from today until the new version of the policy applies; a session ends before, a device stays known."""


def words(user: User, language: str = "en") -> dict[str, dict[str, Any]]:
    answer = user.call("GET", "/v1/consents", headers={"Accept-Language": language})
    assert answer.status == 200, answer.body
    return {one["purpose"]: one for one in answer.json["consents"]}


def history(user: User, limit: int = 50) -> list[dict[str, Any]]:
    """All receipts, page by page."""
    found: list[dict[str, Any]] = []
    cursor = ""
    while True:
        page = user.call("GET", f"/v1/consents?limit={limit}{cursor}").json["history"]
        found += page["items"]
        if page["next_cursor"] is None:
            return found
        assert len(page["items"]) == limit
        cursor = f"&cursor={page['next_cursor']}"


def say(user: User, state: str = "granted", purpose: str = "marketing", **more: Any) -> Answer:
    text = texts.current_text(ConsentPurpose(purpose), clocks.day(user.stack.now()))
    assert text is not None
    headers = more.pop("headers", None)
    body = {"purpose": purpose, "state": state, "text_version": text.id, **more}
    return user.call("POST", "/v1/consents", body, headers)


def withdraw(user: User, purpose: str = "marketing") -> Answer:
    return user.call("DELETE", f"/v1/consents?purpose={purpose}")


def refused(answer: Answer, status: int, code: str) -> None:
    assert (answer.status, answer.json["code"]) == (status, code), answer.body


# ---------------------------------------------------------------- yes and no


@pytest.mark.clause("consent")
def test_every_question_is_open_until_answered_and_shown_in_the_readers_language(anna: User) -> None:
    found = words(anna)
    assert list(found) == ["account", "ai_improvement", "longer_retention", "marketing"]
    assert (found["account"]["state"], found["account"]["method"]) == ("granted", "signup_form")
    for purpose in ("ai_improvement", "longer_retention", "marketing"):
        word = found[purpose]
        assert (word["state"], word["text_version"], word["at"], word["ask_again"]) == (
            "unknown",
            None,
            None,
            False,
        )
        assert "withdraw" in word["text"]
        assert "撤回" in words(anna, "zh-CN")[purpose]["text"]


@pytest.mark.clause("consent")
def test_taking_a_consent_back_takes_one_request_and_leaves_proof_of_both(stack: LocalStack) -> None:
    user = sign_up(stack)
    given = say(user)
    assert given.status == 201
    asked = {"text_version", "locale", "text_sha256", "policy_version"}
    assert given.json.keys() == {"id", "purpose", "state", "method", "at", *asked}
    assert words(user)["marketing"]["state"] == "granted"
    taken = withdraw(user)
    assert (taken.status, taken.json["state"], taken.json["method"]) == (200, "denied", "withdrawal")
    assert {taken.json[name] == given.json[name] for name in asked} == {True}, "about the same words"
    assert words(user)["marketing"]["state"] == "denied"
    again = withdraw(user)
    assert again.json == taken.json, "a no that stands needs no second proof"
    proof = history(user)
    assert [(one["purpose"], one["state"]) for one in proof] == [
        ("marketing", "denied"),
        ("marketing", "granted"),
        ("account", "granted"),
    ]
    assert {one["policy_version"] for one in proof} == {OLD}
    kept = [row for row in rows(stack, "ledger") if row["sk"]["S"].startswith(f"user#{user.me['id']}#")]
    assert [row["sk"]["S"].split("#")[2] for row in kept] == [one["id"] for one in reversed(proof)]


@pytest.mark.clause("consent")
@pytest.mark.parametrize(
    ("body", "field", "code"),
    [
        ({"text_version": "marketing-2020-01"}, "text_version", "stale_text"),
        ({"text_version": "tracking-2026-01"}, "text_version", "stale_text"),
        ({"purpose": "account", "text_version": "account-2026-11"}, "purpose", "not_a_choice"),
        ({"purpose": "tracking"}, "purpose", "not_a_choice"),
        ({"state": "unknown"}, "state", "not_a_choice"),
        ({"method": "by_hand"}, "method", "unknown_field"),
        ({"user_id": "usr_1"}, "user_id", "unknown_field"),
    ],
)
def test_nobody_agrees_to_what_was_not_shown(anna: User, body: dict[str, Any], field: str, code: str) -> None:
    before = words(anna), history(anna)
    base = {"purpose": "marketing", "state": "granted", "text_version": MARKETING}
    answer = anna.call("POST", "/v1/consents", {**base, **body})
    assert answer.status == 422
    assert answer.json["errors"] == [{"field": field, "code": code}]
    assert (words(anna), history(anna)) == before


@pytest.mark.clause("consent", "cancellation")
def test_who_wants_out_altogether_is_told_whom_to_ask(stack: LocalStack) -> None:
    admin = sign_up(stack)
    member = people.join(admin)
    answer = withdraw(member, "account")
    refused(answer, 409, "ends_the_account")
    assert answer.json["clause"] == "cancellation"
    assert answer.json["cancellation"] == "/v1/company/cancellation"
    assert answer.json["administrator"] == {"name": admin.me["name"], "email": admin.email}
    assert words(member)["account"]["state"] == "granted"
    for query, code in (
        ("", "required"),
        ("?purpose=tracking", "not_a_choice"),
        ("?purpose=", "not_a_choice"),
    ):
        refusal = member.call("DELETE", f"/v1/consents{query}")
        assert (refusal.status, refusal.json["errors"][0]["code"]) == (422, code), query


@pytest.mark.clause("consent")
def test_nobody_waits_with_a_no_however_often_they_said_yes(stack: LocalStack) -> None:
    user = sign_up(stack)
    stack.advance(3600 - int(stack.now()) % 3600 + 2)
    for _ in range(3):
        assert say(user).status == 201
        assert withdraw(user).status == 200
    limit = next(
        json.loads(call.request)
        for call in reversed(stack.wire.calls)
        if call.operation == "UpdateItem" and b"limit#consents#" in call.request
    )
    assert say(user).status == 201
    stack.client("dynamodb").update_item(
        TableName=limit["TableName"],
        Key=limit["Key"],
        UpdateExpression="SET attempts = :n",
        ExpressionAttributeValues={":n": {"N": str(consents.GRANTS_PER_USER)}},
    )
    assert say(user, purpose="ai_improvement").status == 429
    assert say(user, "denied", "ai_improvement").status == 201
    assert withdraw(user).status == 200
    assert words(user)["marketing"]["state"] == "denied"


@pytest.mark.clause("consent")
def test_receipts_come_page_by_page_and_only_my_own(stack: LocalStack) -> None:
    admin = sign_up(stack)
    member = people.join(admin)
    for _ in range(3):
        say(admin)
        withdraw(admin)
    say(member, purpose="longer_retention")
    every = history(admin)
    assert len(every) == 7
    assert history(admin, 3) == every
    assert [one["purpose"] for one in history(member)] == ["longer_retention", "account"]
    stolen = every[0]["id"]
    foreign = member.call("GET", f"/v1/consents?cursor={stolen}").json["history"]["items"]
    assert {one["id"] for one in foreign} <= {one["id"] for one in history(member)}
    for cursor in ("x", "usr_1", ids.new("ct"), "rc_1#"):
        assert member.call("GET", f"/v1/consents?cursor={cursor.replace('#', '%23')}").status == 422


@pytest.mark.clause("consent")
def test_a_yes_that_is_sent_again_after_a_no_does_not_undo_it(stack: LocalStack) -> None:
    user = sign_up(stack)
    key = {"Idempotency-Key": "the first yes"}
    first = say(user, headers=key)
    assert withdraw(user).status == 200
    assert say(user, headers=key).json == first.json
    assert words(user)["marketing"]["state"] == "denied"
    assert say(user, "denied", headers={"Idempotency-Key": "no"}).json["state"] == "denied"


@pytest.mark.clause("consent")
@pytest.mark.parametrize("act", ["grant", "withdraw"])
def test_a_reply_lost_on_the_way_makes_no_second_receipt(stack: LocalStack, act: str) -> None:
    user = sign_up(stack)
    if act == "withdraw":
        say(user)
    before = len(history(user))
    fault = stack.wire.inject(
        kind="lose_reply", service="dynamodb", operation="TransactWriteItems", function=API
    )
    answer = say(user) if act == "grant" else withdraw(user)
    assert fault.hits == 1
    assert answer.status in {200, 201}
    found = history(user)
    assert len(found) == before + 1
    assert found[0] == answer.json
    stack.wire.reset()
    stack.wire.inject(kind="fail", service="dynamodb", operation="TransactWriteItems", function=API, times=3)
    state = words(user)["marketing"]["state"]
    assert (withdraw(user) if act == "grant" else say(user)).status == 503
    stack.wire.reset()
    assert words(user)["marketing"]["state"] == state
    assert history(user) == found


@pytest.mark.clause("consent")
def test_whoever_says_no_while_another_window_says_yes_ends_with_one_of_both_and_proof_of_each(
    stack: LocalStack,
) -> None:
    user = sign_up(stack)
    for _ in range(4):
        with ThreadPoolExecutor(2) as threads:
            yes = threads.submit(say, user)
            no = threads.submit(say, user, "denied")
        assert no.result().status == 201
        assert yes.result().status in {201, 409}
        word, proof = words(user)["marketing"], history(user)
        if yes.result().status == 409:
            assert word["state"] == "denied", "the yes did not win"
        said = {one["id"]: one["state"] for one in proof}
        assert said[no.result().json["id"]] == "denied"
        say(user)
        assert words(user)["marketing"]["state"] == "granted"


# ---------------------------------------------------------------- a new version of the policy


class News(NamedTuple):
    """A stack whose package holds a version of the policy that applies in a while."""

    stack: LocalStack
    version: str


@pytest.fixture(scope="module")
def news(tmp_path_factory: pytest.TempPathFactory) -> Iterator[News]:
    project = tmp_path_factory.mktemp("news") / "project"
    skip = shutil.ignore_patterns("__pycache__", "deployments")
    for name in ("chalicelib", ".chalice", "infra"):
        shutil.copytree(ROOT / name, project / name, ignore=skip)
    for name in ("app.py", "requirements.txt"):
        shutil.copy(ROOT / name, project / name)
    today = clocks.day(time.time())
    version = (today + timedelta(days=AHEAD)).isoformat()
    folder = project / "chalicelib/privacy/published"
    changed = {
        **json.loads((folder / f"{OLD}.json").read_text("utf-8")),
        "version": version,
        "published_on": today.isoformat(),
        "effective_on": version,
        "consent_again": True,
        "purposes_changed": ["usage_information"],
        "changes": {"en": ["News may name partners."], "zh": ["资讯中可能提及合作伙伴。"]},
    }
    (folder / f"{version}.json").write_text(json.dumps(changed, ensure_ascii=False), "utf-8")
    with running(project) as stack:
        yield News(stack, version)


@pytest.fixture(autouse=True)
def todays_news(request: pytest.FixtureRequest) -> Iterator[None]:
    """The clock of one test is not the next one's."""
    yield
    if "news" in request.fixturenames:
        running: News = request.getfixturevalue("news")
        running.stack.wire.reset()
        running.stack.reset_clock()


def on_the_day(news: News, seconds: int = 0) -> None:
    """So long after the new version began to apply, by the clock of the functions."""
    begins = datetime.combine(date.fromisoformat(news.version), datetime.min.time(), SINGAPORE)
    news.stack.advance(int(begins.timestamp() - news.stack.now()) + seconds)


def back(user: User) -> User:
    """The same person on the same device, logged in anew."""
    answer = log_in(user.stack, user.email, headers={"X-Local-Client": user.address})
    assert answer.status == 200, answer.body
    return User(user.stack, user.email, answer.json["session"]["token"], user.me, user.company, user.address)


def standing(user: User) -> dict[str, Any]:
    found: dict[str, Any] = user.call("GET", "/v1/me").json["policy"]
    return found


def agree(user: User, version: str) -> Answer:
    return user.call("POST", "/v1/policy/agreements", {"version": version})


def made_under(news: News, table: str, sort_key: str) -> str:
    (found,) = [row for row in rows(news.stack, table) if row["sk"]["S"] == sort_key]
    return str(found["policy"]["S"])


@pytest.mark.clause("policy-updates")
def test_a_new_version_is_announced_asked_about_from_its_day_on_and_then_on_every_record(news: News) -> None:
    user = sign_up(news.stack)
    early = standing(user)
    assert (early["in_force"]["version"], early["consent_needed"]) == (OLD, False)
    assert early["next"]["version"] == early["next"]["effective_on"] == news.version
    assert user.call("GET", f"/v1/policy/{news.version}").json["changes"] == ["News may name partners."]
    before = user.contact(fresh_address("before"))

    on_the_day(news, -5)
    user = back(user)
    assert user.call("GET", "/v1/contacts").status == 200
    on_the_day(news, 5)
    assert (standing(user)["consent_needed"], standing(user)["next"]) == (True, None)
    for method, path in (
        ("GET", "/v1/contacts"),
        ("POST", "/v1/contacts"),
        ("GET", "/v1/company"),
        ("POST", "/v1/messages"),
    ):
        answer = user.call(method, path, {} if method == "POST" else None)
        refused(answer, 403, "consent_needed")
        assert answer.json["clause"] == "policy-updates"
    for path in (
        "/v1/me",
        "/v1/me/data",
        "/v1/me/download",
        "/v1/consents",
        "/v1/me/sessions",
        "/v1/me/devices",
    ):
        assert user.call("GET", path).status == 200, path
    assert words(user)["account"]["ask_again"] is True
    assert say(user, "denied").status == 201, "what is my own stays mine to decide"

    for version, code in ((OLD, "not_in_force"), ("2024-01-01", "not_in_force"), ("x", "not_in_force")):
        assert agree(user, version).json["errors"] == [{"field": "version", "code": code}]
    other = back(user)
    refused(other.call("GET", "/v1/contacts"), 403, "consent_needed")
    answer = agree(user, news.version)
    assert (answer.status, answer.json["agreed"], answer.json["consent_needed"]) == (201, news.version, False)
    for session in (user, other):
        assert session.call("GET", "/v1/contacts").status == 200, "every session knows at once"
    again = agree(user, news.version)
    assert (again.status, again.json) == (201, answer.json)

    account = [one for one in history(user) if one["purpose"] == "account"]
    assert [(one["policy_version"], one["method"]) for one in account] == [
        (news.version, "policy_agreement"),
        (OLD, "signup_form"),
    ]
    after = user.contact(fresh_address("after"))
    assert made_under(news, "workspace", f"contact#{after['id']}") == news.version
    assert made_under(news, "workspace", f"contact#{before['id']}") == OLD
    changed = user.call("PATCH", f"/v1/contacts/{before['id']}", {"version": 1, "country": "SG"})
    assert changed.status == 200
    assert made_under(news, "workspace", f"contact#{before['id']}") == OLD, "a change does not lift it"
    mine = {one["kind"]: one["records"] for one in user.call("GET", "/v1/me/data").json["kinds"]}
    assert [one["policy_version"] for one in mine["user"]] == [OLD]
    assert news.version in {one["policy_version"] for one in mine["session"]}


@pytest.mark.clause("policy-updates")
def test_who_agreed_early_is_not_asked_on_the_day_and_who_joins_then_agrees_to_the_new_one(
    news: News,
) -> None:
    user = sign_up(news.stack)
    answer = agree(user, news.version)
    assert (answer.status, answer.json["agreed"], answer.json["in_force"]["version"]) == (
        201,
        news.version,
        OLD,
    )
    assert agree(user, OLD).json["agreed"] == news.version, "agreeing to the earlier one takes nothing back"
    assert len([one for one in history(user) if one["purpose"] == "account"]) == 2
    on_the_day(news, 5)
    user = back(user)
    assert standing(user)["consent_needed"] is False
    assert user.call("GET", "/v1/contacts").status == 200
    newcomer = sign_up(news.stack, policy_version=news.version)
    assert standing(newcomer)["agreed"] == news.version
    assert newcomer.call("GET", "/v1/contacts").status == 200


@pytest.mark.clause("policy-updates", "consent")
def test_a_yes_from_before_a_purpose_changed_is_asked_for_again_and_nothing_rests_on_it(news: News) -> None:
    user = sign_up(news.stack)
    assert say(user).status == 201
    assert say(user, purpose="ai_improvement").status == 201
    assert words(user)["marketing"]["ask_again"] is False
    on_the_day(news, 5)
    user = back(user)
    found = words(user)
    assert (found["marketing"]["state"], found["marketing"]["ask_again"]) == ("granted", True)
    assert found["ai_improvement"]["ask_again"] is False, "this purpose has not changed"
    assert say(user).json["policy_version"] == news.version
    assert words(user)["marketing"]["ask_again"] is False


@pytest.mark.clause("policy-updates")
def test_a_reply_lost_while_agreeing_leaves_one_receipt(news: News) -> None:
    user = sign_up(news.stack)
    fault = news.stack.wire.inject(
        kind="lose_reply", service="dynamodb", operation="TransactWriteItems", function=API
    )
    assert agree(user, news.version).status == 201
    assert fault.hits == 1
    assert standing(user)["agreed"] == news.version
    assert len([one for one in history(user) if one["purpose"] == "account"]) == 2


@pytest.mark.clause("policy-updates")
def test_every_row_says_under_which_version_it_was_made(stack: LocalStack, anna: User) -> None:
    anna.contact(fresh_address("row"))
    counters = {"limit"}
    for table in ("accounts", "workspace", "ledger"):
        found = rows(stack, table)
        assert found
        for row in found:
            if row["kind"]["S"] not in counters:
                assert row["policy"]["S"] == OLD, row["kind"]
