"""Cookies: nobody is followed before a yes, no is as easy as yes, and whoever asks for proof gets it."""

from __future__ import annotations

import re
from http.cookies import SimpleCookie
from typing import Any

import pytest

from chalicelib.privacy.cookies import COOKIES, REVISION, CookieCategory
from chalicelib.privacy.texts import TEXTS, sha256
from infra.local import LocalStack
from tests.integration.client import Answer, fresh_network, request
from tests.integration.letters import TABLES, rows

pytestmark = pytest.mark.clause("cookies")

NAME = "__Host-choices"
SET = re.compile(
    rf"{NAME}=[A-Za-z0-9_-]{{43}}; Path=/; Secure; HttpOnly; SameSite=Lax; Max-Age=(1[56][0-9]{{6}})"
)
ALL = {category.value for category in CookieCategory}
ESSENTIAL = {"essential"}
GPC = {"Sec-GPC": "1"}
HALF_A_YEAR = 184 * 86_400


class Visitor:
    """Somebody without an account, in a browser that keeps what it is given."""

    def __init__(self, stack: LocalStack, value: str | None = None) -> None:
        self.url = f"{stack.api}/v1/cookies/choices"
        self.value = value
        self.network = fresh_network()

    def call(self, method: str, body: Any = None, **headers: str) -> Answer:
        own = {"X-Local-Client": self.network}
        if self.value is not None:
            own["Cookie"] = f"theme=dark; {NAME}={self.value}"
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        answer = request(self.url, method, body, {**own, **named})
        for cookie in answer.cookies:
            self.value = SimpleCookie(cookie)[NAME].value
        return answer

    def says(self, answer: str, *categories: str, **headers: str) -> Answer:
        body: dict[str, Any] = {"answer": answer, "revision": REVISION}
        if categories:
            body["categories"] = list(categories)
        return self.call("PUT", body, **headers)

    def sees(self, **headers: str) -> dict[str, Any]:
        answer = self.call("GET", **headers)
        assert (answer.status, answer.cookies) == (200, []), "reading sets nothing"
        found: dict[str, Any] = answer.json
        return found


def granted(shown: dict[str, Any]) -> set[str]:
    return {one["name"] for one in shown["categories"] if one["granted"]}


def receipts(stack: LocalStack) -> dict[str, dict[str, Any]]:
    return {
        row["sk"]["S"].rpartition("#")[2]: row
        for row in rows(stack, "ledger")
        if row["kind"]["S"] == "cookie_receipt"
    }


@pytest.fixture
def visitor(stack: LocalStack) -> Visitor:
    return Visitor(stack)


# ---------------------------------------------------------------- asking


def test_before_an_answer_only_the_essential_is_allowed_and_nothing_is_set(visitor: Visitor) -> None:
    shown = visitor.sees()
    assert (shown["ask"], shown["receipt_id"], shown["expires_at"]) == (True, None, None)
    assert granted(shown) == ESSENTIAL
    assert shown["revision"] == REVISION
    assert {one["name"] for one in shown["cookies"]} == set(COOKIES)
    assert {one["category"] for one in shown["cookies"]} == ESSENTIAL
    assert {one["name"] for one in shown["categories"] if one["third_party"]} == {"marketing"}
    assert "6 months" in shown["text"]


def test_a_reader_of_chinese_is_asked_in_chinese(visitor: Visitor) -> None:
    shown = visitor.sees(Accept_Language="zh-CN,en;q=0.5")
    words = [one["purpose"] for one in (*shown["categories"], *shown["cookies"])] + [shown["text"]]
    assert all(re.search("[\u4e00-\u9fff]", word) for word in words)


# ---------------------------------------------------------------- answering


@pytest.mark.clause("consent")
def test_no_is_one_act_as_yes_is_and_takes_back_what_was_given(stack: LocalStack, visitor: Visitor) -> None:
    yes = visitor.says("accept_all")
    assert (yes.status, granted(yes.json)) == (200, ALL)
    assert len(yes.cookies) == 1
    assert SET.fullmatch(yes.cookies[0])
    first = visitor.value
    assert (visitor.sees()["ask"], granted(visitor.sees())) == (False, ALL)
    no = visitor.says("reject_all")
    assert granted(no.json) == granted(visitor.sees()) == ESSENTIAL
    assert visitor.value == first
    assert no.json["receipt_id"] != yes.json["receipt_id"]
    kept = receipts(stack)
    assert {yes.json["receipt_id"], no.json["receipt_id"]} <= kept.keys(), "both words are on record"


@pytest.mark.parametrize(
    ("categories", "expected"),
    [
        (["preferences"], {"preferences"}),
        (["analytics", "marketing"], {"analytics", "marketing"}),
        (["essential"], set()),
        (["preferences", "preferences"], {"preferences"}),
    ],
)
def test_what_is_picked_by_hand_is_granted_and_nothing_more(
    visitor: Visitor, categories: list[str], expected: set[str]
) -> None:
    answer = visitor.says("custom", *categories)
    assert granted(answer.json) == granted(visitor.sees()) == expected | ESSENTIAL


def test_the_server_derives_what_an_answer_grants(visitor: Visitor) -> None:
    assert granted(visitor.says("reject_all", "analytics", "marketing").json) == ESSENTIAL
    body = {"answer": "reject_all", "revision": REVISION, "granted": ["marketing"]}
    assert visitor.call("PUT", body).status == 422


@pytest.mark.parametrize(
    ("header", "counts"), [("1", True), ("0", False), ("true", False), ("", False), ("1, 1", False)]
)
def test_global_privacy_control_is_a_refusal_of_third_parties(
    stack: LocalStack, visitor: Visitor, header: str, counts: bool
) -> None:
    answer = visitor.says("accept_all", Sec_GPC=header)
    assert granted(answer.json) == (ALL - {"marketing"} if counts else ALL)
    assert answer.json["gpc"] is counts
    kept = receipts(stack)[answer.json["receipt_id"]]["facts"]["M"]
    assert kept["gpc"] == {"BOOL": counts}


def test_global_privacy_control_beats_a_category_picked_by_hand_and_counts_later_too(
    visitor: Visitor,
) -> None:
    assert granted(visitor.says("custom", "marketing", Sec_GPC="1").json) == ESSENTIAL
    assert granted(visitor.sees()) == ESSENTIAL, "what was refused does not come back with the signal's end"
    assert granted(visitor.says("accept_all").json) == ALL
    assert granted(visitor.sees(Sec_GPC="1")) == ALL - {"marketing"}


@pytest.mark.parametrize(
    ("body", "place", "code"),
    [
        ({"answer": "custom", "categories": ["preferences", "spying"]}, "categories", "unknown_category"),
        ({"answer": "accept_all", "categories": ["spying"]}, "categories", "unknown_category"),
        ({"answer": "custom"}, "categories", "required"),
        ({"answer": "perhaps"}, "answer", "not_a_choice"),
        ({"answer": "custom", "categories": ["x" * 41]}, "categories.0", "too_long"),
        ({"answer": "custom", "categories": ["analytics"] * 21}, "categories", "too_many"),
        ({"answer": "custom", "categories": "marketing"}, "categories", "not_a_list"),
    ],
)
def test_an_answer_that_is_half_understood_is_none(
    visitor: Visitor, body: dict[str, Any], place: str, code: str
) -> None:
    assert visitor.says("custom", "preferences").status == 200
    before = visitor.sees()
    answer = visitor.call("PUT", {"revision": REVISION, **body})
    assert (answer.status, answer.cookies) == (422, [])
    assert answer.json["errors"] == [{"field": place, "code": code}]
    assert visitor.sees() == before


def test_an_answer_about_other_cookies_is_asked_again(visitor: Visitor) -> None:
    stale = visitor.call("PUT", {"answer": "accept_all", "revision": "cookies-2020-01"})
    assert (stale.status, stale.cookies) == (409, [])
    assert (stale.json["code"], stale.json["revision"]) == ("stale_revision", REVISION)
    assert stale.json["clause"] == "cookies"
    assert visitor.sees()["ask"] is True


# ---------------------------------------------------------------- proof, and its end


@pytest.mark.clause("consent", "encryption")
def test_a_receipt_says_what_was_answered_to_what_and_nothing_about_who(
    stack: LocalStack, visitor: Visitor
) -> None:
    answer = visitor.says("custom", "analytics", User_Agent="Browser of Anna 77", Accept_Language="zh")
    kept = receipts(stack)[answer.json["receipt_id"]]
    facts = {name: next(iter(value.values())) for name, value in kept["facts"]["M"].items()}
    assert facts.pop("at")
    assert re.fullmatch("[0-9a-f]{32}", facts.pop("visitor"))
    assert facts == {
        "revision": REVISION,
        "text_version": "cookies-2026-01",
        "locale": "zh",
        "text_sha256": sha256(TEXTS["cookies-2026-01"].zh),
        "policy_version": "2025-01-16",
        "answer": "custom",
        "gpc": False,
    }
    assert "sealed" in kept
    for table in TABLES:
        stored = str(rows(stack, table))
        assert str(visitor.value) not in stored
        assert visitor.network not in stored
        assert "Anna 77" not in stored


@pytest.mark.clause("retention")
def test_after_half_a_year_people_are_asked_again_and_the_receipt_goes_with_the_answer(
    stack: LocalStack, visitor: Visitor
) -> None:
    answer = visitor.says("accept_all")
    found = SET.fullmatch(answer.cookies[0])
    assert found is not None
    kept = receipts(stack)[answer.json["receipt_id"]]
    ends = int(kept["expires_at"]["N"])
    assert abs(ends - stack.now() - int(found[1])) < 60, "the browser's copy ends with ours"
    (choice,) = [
        row
        for row in rows(stack, "accounts")
        if row["kind"]["S"] == "cookie_choice"
        and row["facts"]["M"]["receipt_id"]["S"] == answer.json["receipt_id"]
    ]
    assert choice["expires_at"] == kept["expires_at"]
    stack.advance(180 * 86_400)
    assert visitor.sees()["ask"] is False
    stack.advance(HALF_A_YEAR - 180 * 86_400)
    shown = visitor.sees()
    assert (shown["ask"], granted(shown)) == (True, ESSENTIAL)
    before = visitor.value
    assert visitor.says("reject_all").status == 200
    assert visitor.value != before, "a new answer does not continue an old trace"


def test_an_answer_that_could_not_be_kept_is_none(stack: LocalStack, visitor: Visitor) -> None:
    stack.wire.inject(
        kind="fail",
        service="dynamodb",
        operation="TransactWriteItems",
        function="okki-leads-api",
        times=9,
    )
    answer = visitor.says("accept_all")
    assert (answer.status, answer.cookies) == (503, [])
    stack.wire.reset()
    assert visitor.sees()["ask"] is True


def test_a_lost_reply_of_the_database_is_no_lost_answer(stack: LocalStack, visitor: Visitor) -> None:
    stack.wire.inject(
        kind="lose_reply", service="dynamodb", operation="TransactWriteItems", function="okki-leads-api"
    )
    answer = visitor.says("accept_all")
    assert answer.status == 200
    assert visitor.sees()["receipt_id"] == answer.json["receipt_id"]


# ---------------------------------------------------------------- who may say what stands in it


@pytest.mark.parametrize(
    "value",
    ["anna@acme.example", "Anna%20Li", "x" * 43, "", "a" * 4000, "co_operator", "../../x", "é" * 43],
)
def test_nobody_chooses_what_stands_in_our_cookie(stack: LocalStack, value: str) -> None:
    planted = Visitor(stack, value)
    assert planted.sees()["ask"] is True
    answer = planted.says("accept_all")
    assert answer.status == 200
    assert SET.fullmatch(answer.cookies[0])
    assert planted.value != value


@pytest.mark.parametrize(
    ("origin", "status"),
    [
        (None, 200),
        ("own", 200),
        ("https://evil.example", 403),
        ("null", 403),
        ("", 403),
        ("own.evil.example", 403),
    ],
)
def test_no_other_site_answers_for_a_visitor(
    stack: LocalStack, visitor: Visitor, origin: str | None, status: int
) -> None:
    headers = {} if origin is None else {"Origin": origin.replace("own", stack.api)}
    answer = visitor.says("accept_all", **headers)
    assert answer.status == status
    assert (answer.cookies == []) is (status == 403)
    if status == 403:
        assert answer.json["code"] == "csrf"
        assert visitor.sees()["ask"] is True


@pytest.mark.parametrize("content_type", ["text/plain", "application/x-www-form-urlencoded", ""])
def test_a_form_answers_nothing(visitor: Visitor, content_type: str) -> None:
    body = f'{{"answer": "accept_all", "revision": "{REVISION}"}}'.encode()
    answer = visitor.call("PUT", body, Content_Type=content_type)
    assert (answer.status, answer.cookies) == (415, [])


def test_nobody_fills_the_ledger_with_answers(visitor: Visitor) -> None:
    statuses = [visitor.says("reject_all").status for _ in range(121)]
    assert statuses == [200] * 120 + [429]
    assert int(visitor.says("reject_all").headers["retry-after"]) > 0
    assert visitor.sees()["ask"] is False, "looking is free"
