"""What mail clients, scanners and strangers get from `/o`, `/c` and `/u`."""

from __future__ import annotations

import base64
import json
import re
import threading
from collections.abc import Callable
from itertools import product
from typing import Any
from urllib.parse import urlsplit

import pytest

from chalicelib.kernel import tokens
from chalicelib.kernel.tokens import Kind, Token
from infra.local import LocalStack
from tests.integration.client import CHROME, Answer, User, request, sign_up
from tests.integration.letters import (
    CLIENTS,
    Letter,
    drained,
    keys,
    letter,
    read_token,
    redelivery_after,
    refusals,
    restart,
    rows,
    sample,
)

pace = redelivery_after(10)

GIF = base64.b64decode("R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAICRAEAOw==")
FORM = {"Content-Type": "application/x-www-form-urlencoded"}


@pytest.fixture(scope="module")
def sent(stack: LocalStack, anna: User) -> Letter:
    """A tracked marketing mail whose reader agreed; tests here must not stop it."""
    return letter(stack, anna)


def is_the_pixel(answer: Answer) -> bool:
    return (
        answer.status == 200
        and answer.body == GIF
        and answer.headers["content-type"] == "image/gif"
        and "no-store" in answer.headers["cache-control"]
        and "set-cookie" not in answer.headers
    )


def flipped(text: str, bit: int) -> str:
    """The token with one bit of its bytes turned over."""
    packed = bytearray(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))
    packed[bit // 8] ^= 1 << bit % 8
    return base64.urlsafe_b64encode(packed).rstrip(b"=").decode()


# ---------------------------------------------------------------- every client of the samples


@pytest.mark.clause("tracking", "communications")
@pytest.mark.parametrize("client", CLIENTS, ids=lambda one: str(one["name"]))
def test_every_mail_client_gets_what_it_needs(stack: LocalStack, anna: User, client: dict[str, Any]) -> None:
    mail = letter(stack, anna)
    method, body = client["method"], client.get("body")
    headers = {name: value for name, value in client["headers"].items() if name != "Content-Length"}

    def ask(kind: str) -> Answer:
        return request(mail.links[kind], method, body, headers)

    if method == "POST":
        assert client["path"] == "/u/{token}"
        assert ask("u").status == 200
        assert mail.stops() == ["tracking_refused", "unsubscribed"]
        return
    pixel, click, page = ask("o"), ask("c"), ask("u")
    assert (click.status, click.headers["location"]) == (302, "https://acme.example/catalogue?a=1&b=2")
    assert page.status == 200
    if method == "HEAD":
        assert pixel.status == 200
        assert (pixel.body, page.body) == (b"", b"")
    else:
        assert is_the_pixel(pixel)
        assert b"<form" in page.body
    # Looking stopped nothing.
    assert mail.stops() == []


# ---------------------------------------------------------------- the pixel


@pytest.mark.clause("tracking")
def test_the_image_does_not_tell_known_tokens_from_any_others(stack: LocalStack, sent: Letter) -> None:
    known = sent.token("o")
    unknown = tokens.sign(keys(stack), Token(Kind.OPEN, f"co_{'0' * 26}", f"msg_{'0' * 26}"))
    answers = {
        text: request(f"{stack.edge}/o/{text}", headers={"User-Agent": CHROME})
        for text in (
            known,
            unknown,
            flipped(known, 300),
            sent.token("u"),
            known[:-1],
            known + "=",
            "",
            "%ff%fe%00%zz",
            "%E4%BD%A0%E5%A5%BD",
            "%",
            "%2e%2e/%2e%2e/u",
            "a/b/c",
            known + "?width=1",
            "A" * 5000,
            "<script>".replace("<", "%3C"),
        )
    }
    assert all(is_the_pixel(answer) for answer in answers.values()), [
        text for text, answer in answers.items() if not is_the_pixel(answer)
    ]
    seen = {
        json.dumps({n: v for n, v in answer.headers.items() if n not in {"date", "apigw-requestid"}})
        for answer in answers.values()
    }
    assert len(seen) == 1


@pytest.mark.clause("tracking", "retention")
def test_the_image_still_shows_when_the_mail_is_erased_and_nothing_comes_back(
    stack: LocalStack, anna: User
) -> None:
    mail = letter(stack, anna)
    stack.client("dynamodb").delete_item(TableName="okki-leads-workspace", Key=mail.key())
    before = len(rows(stack, "workspace"))
    assert is_the_pixel(mail.load())
    assert mail.load("c").status == 302
    drained(stack)
    assert len(rows(stack, "workspace")) == before
    assert stack.messages("hits-dead") == []


@pytest.mark.clause("tracking", "retention")
def test_the_image_still_shows_when_the_mail_has_expired(stack: LocalStack, anna: User) -> None:
    mail = letter(stack, anna)
    stack.client("dynamodb").update_item(
        TableName="okki-leads-workspace",
        Key=mail.key(),
        UpdateExpression="SET expires_at = :past",
        ExpressionAttributeValues={":past": {"N": str(int(stack.now()) - 5)}},
    )
    before = len(rows(stack, "workspace"))
    assert is_the_pixel(mail.load())
    drained(stack)
    assert len(rows(stack, "workspace")) == before


@pytest.mark.clause("tracking")
@pytest.mark.parametrize("kind", ["fail", "throttle", "lose_request", "lose_reply"])
@pytest.mark.parametrize("service", ["sqs", "secretsmanager"])
def test_readers_see_the_mail_whatever_is_down_behind_the_image(
    stack: LocalStack, sent: Letter, service: str, kind: Any
) -> None:
    if service == "secretsmanager":
        restart(stack, "Edge")
    fault = stack.wire.inject(kind=kind, service=service, function="okki-leads-edge", times=20)
    assert is_the_pixel(sent.load())
    assert fault.hits


@pytest.mark.clause("tracking")
def test_readers_see_the_mail_when_the_queue_does_not_answer_at_all(stack: LocalStack, sent: Letter) -> None:
    fault = stack.wire.inject(kind="delay", service="sqs", function="okki-leads-edge", times=20, seconds=8)
    assert is_the_pixel(sent.load())
    assert fault.hits >= 1


@pytest.mark.clause("tracking")
def test_a_link_still_leads_on_when_the_queue_is_down(stack: LocalStack, sent: Letter) -> None:
    stack.wire.inject(kind="fail", service="sqs", function="okki-leads-edge", times=20)
    assert sent.load("c").status == 302


@pytest.mark.clause("tracking")
def test_a_probe_is_answered_empty_and_recorded_nowhere(stack: LocalStack, sent: Letter) -> None:
    stack.wire.clear()
    for kind, status in (("o", 200), ("c", 302), ("u", 200)):
        answer = request(sent.links[kind], "HEAD", headers={"User-Agent": CHROME})
        assert (answer.status, answer.body) == (status, b"")
    for path in ("/o/x", "/c/x", "/u/x"):
        assert request(stack.edge + path, "HEAD").body == b""
        answer = stack.invoke("Edge", edge_event("HEAD", path))
        assert answer["body"] == ""
    assert not [c for c in stack.wire.calls if c.function == "okki-leads-edge" and c.service == "sqs"]


@pytest.mark.clause("tracking")
def test_one_load_of_the_image_costs_one_call_and_no_read(stack: LocalStack, sent: Letter) -> None:
    sent.load()
    stack.wire.clear()
    sent.load()
    calls = [call for call in stack.wire.calls if call.function == "okki-leads-edge"]
    assert [(call.service, call.operation) for call in calls] == [("sqs", "SendMessage")]


@pytest.mark.parametrize(
    ("area", "method"),
    [
        (area, method)
        for area in "ocu"
        for method in ("POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE")
        if (area, method) != ("u", "POST")
    ],
)
def test_other_methods_are_told_what_is_allowed(
    stack: LocalStack, sent: Letter, area: str, method: str
) -> None:
    answer = stack.invoke("Edge", edge_event(method, urlsplit(sent.links[area]).path))
    assert answer["statusCode"] == 405
    assert answer["headers"]["allow"] == ("GET, HEAD, POST" if area == "u" else "GET, HEAD")
    if method not in {"OPTIONS", "TRACE"}:  # the local gateway keeps these to itself
        assert request(sent.links[area], method, b"").status == 405


@pytest.mark.parametrize("name", ["edge-pixel", "edge-pixel-without-accept", "edge-pixel-head"])
def test_the_sample_events_get_the_image(stack: LocalStack, sent: Letter, name: str) -> None:
    answer = stack.invoke("Edge", sample(name, token=sent.token("o")))
    assert answer["statusCode"] == 200
    assert base64.b64decode(answer["body"]) == (b"" if name.endswith("head") else GIF)
    drained(stack)


# ---------------------------------------------------------------- clicks


@pytest.mark.clause("tracking", "communications")
@pytest.mark.parametrize(
    ("written", "target"),
    [
        ("https://acme.example/?a=1&amp;b=2&amp;amp;c=3", "https://acme.example/?a=1&b=2&amp;c=3"),
        (
            "https://acme.example/?q=100%25&amp;r=%E4%BD%A0+%2B",
            "https://acme.example/?q=100%25&r=%E4%BD%A0+%2B",
        ),
        (
            "https://acme.example/产品?名=你好",
            "https://acme.example/%E4%BA%A7%E5%93%81?%E5%90%8D=%E4%BD%A0%E5%A5%BD",
        ),
        ("https://例子.example/a", "https://xn--fsqu00a.example/a"),
        (
            "http://acme.example:8080/a;b=c,d/~e!$'()*/#f?g=/h",
            "http://acme.example:8080/a;b=c,d/~e!$'()*/#f?g=/h",
        ),
        ("https://acme.example/" + "x" * 900, "https://acme.example/" + "x" * 900),
    ],
    ids=["ampersands", "escapes", "unicode", "idn", "punctuation", "long"],
)
def test_a_click_goes_exactly_where_the_sender_wrote(
    stack: LocalStack, anna: User, written: str, target: str
) -> None:
    mail = letter(stack, anna, html=f'<p>See <a href="{written}">this</a></p>')
    answer = mail.load("c")
    assert (answer.status, answer.headers["location"]) == (302, target)
    # Whatever is hung on to the link changes nothing.
    for more in (
        "?u=https://evil.example",
        "?url=//evil.example&to=x",
        "?%0d%0alocation:%20https://evil.example",
    ):
        again = request(mail.links["c"] + more)
        assert (again.status, again.headers["location"]) == (302, target)


@pytest.mark.clause("tracking", "communications")
def test_no_click_goes_anywhere_else(stack: LocalStack, anna: User, sent: Letter) -> None:
    text = sent.token("c")
    size = len(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))) * 8
    forged = [flipped(text, bit) for bit in range(0, size, 7)]
    forged += [text[:-1], text + "A", text + "=", text.replace("_", "/"), text[::-1], "", "x" * 4000]
    forged += [text + "/https://evil.example", "https://evil.example", "//evil.example", "%2f%2fevil.example"]
    # A token made for another purpose, and one that somebody signed with a key of their own.
    forged += [sent.token("o"), sent.token("u")]
    mine = Token(Kind.CLICK, sent.company, sent.message, url="https://evil.example/")
    forged += [tokens.sign({"1": "x" * 64}, mine), tokens.sign({"2": keys(stack)["1"]}, mine)]
    for one in forged:
        if one == text:
            continue
        answer = request(f"{stack.edge}/c/{one}")
        assert answer.status == 404, one
        assert "location" not in answer.headers
        assert b"evil" not in answer.body


@pytest.mark.clause("consent")
def test_only_a_link_made_for_it_unsubscribes_and_only_the_one_it_was_made_for(
    stack: LocalStack, anna: User, sent: Letter
) -> None:
    other = sign_up(stack)
    theirs = letter(stack, other, email=sent.email.replace("reader", "shared"))
    ours = letter(stack, anna, email=theirs.email.replace("shared", "alsoshared"))
    text = ours.token("u")
    forged = [ours.token("o"), ours.token("c"), text[:-2], text + "AA"]
    forged += [flipped(text, bit) for bit in range(0, len(text) * 6 - 8, 11)]
    # Their company and our recipient: pieces of two genuine tokens do not make a third.
    packed = base64.urlsafe_b64decode(text + "==")
    foreign = base64.urlsafe_b64decode(theirs.token("u") + "==")
    for spliced in (packed[:1] + foreign[1:17] + packed[17:], packed[:34] + foreign[34:50] + packed[50:]):
        forged.append(base64.urlsafe_b64encode(spliced).rstrip(b"=").decode())
    for one in forged:
        assert request(f"{stack.edge}/u/{one}", "POST", b"", FORM).status == 404, one
    assert (ours.stops(), theirs.stops(), refusals(stack, other.company["id"])) == ([], [], [])
    # The same address at another company is another question.
    assert ours.choose().status == 200
    assert ours.stops() == ["tracking_refused", "unsubscribed"]
    assert theirs.stops() == []


@pytest.mark.clause("tracking")
def test_links_hold_no_address_and_no_name(stack: LocalStack, sent: Letter) -> None:
    for kind in ("o", "c", "u"):
        text = sent.token(kind)
        packed = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
        for known in (sent.email, sent.email.partition("@")[0], "buyer.example", "Bob", sent.user.email):
            assert known.encode() not in packed
        token = read_token(stack, kind, text)
        assert token is not None
        assert (token.company_id, token.message_id, token.number) == (sent.company, sent.message, 0)
        for other in {"o", "c", "u"} - {kind}:
            assert read_token(stack, other, text) is None


# ---------------------------------------------------------------- unsubscribing

MULTIPART = b'--b0\r\nContent-Disposition: form-data; name="List-Unsubscribe"\r\n\r\nOne-Click\r\n--b0--\r\n'
MULTIPART_CHOICE = b'--b0\r\nContent-Disposition: form-data; name="choice"\r\n\r\ntracking\r\n--b0--\r\n'
BOTH = ["tracking_refused", "unsubscribed"]


@pytest.mark.clause("consent", "communications")
@pytest.mark.parametrize(
    ("body", "headers", "stops"),
    [
        (b"List-Unsubscribe=One-Click", FORM, BOTH),
        (MULTIPART, {"Content-Type": "multipart/form-data; boundary=b0"}, BOTH),
        (b"", {}, BOTH),
        (b"", FORM, BOTH),
        (b'{"List-Unsubscribe":"One-Click"}', {"Content-Type": "application/json"}, BOTH),
        (b"\xff\xfe\x00junk", {}, BOTH),
        (b"x" * 100_000, {"Content-Type": "text/plain"}, BOTH),
        (b"choice=marketing", FORM, BOTH),
        (b"choice=tracking", FORM, ["tracking_refused"]),
        (MULTIPART_CHOICE, {"Content-Type": "multipart/form-data; boundary=b0"}, ["tracking_refused"]),
        (
            b"choice=anything",
            {**FORM, "Cookie": "__Host-session=stolen", "Origin": "https://evil.example"},
            BOTH,
        ),
    ],
    ids=[
        "form",
        "multipart",
        "empty",
        "empty-form",
        "json",
        "junk",
        "long",
        "page-all",
        "page-tracking",
        "multipart-choice",
        "cookie",
    ],
)
def test_a_post_has_stopped_it_before_it_answers(
    stack: LocalStack, anna: User, body: bytes, headers: dict[str, str], stops: list[str]
) -> None:
    mail = letter(stack, anna)
    for method in ("GET", "HEAD", "GET"):
        assert request(mail.links["u"], method).status == 200
    assert mail.stops() == []
    answer = request(mail.links["u"], "POST", body, headers)
    assert answer.status == 200
    assert mail.stops() == stops
    assert "set-cookie" not in answer.headers
    assert "location" not in answer.headers
    assert "no-store" in answer.headers["cache-control"]
    assert "script" not in answer.headers["content-security-policy"]


@pytest.mark.clause("consent")
@pytest.mark.parametrize("name", ["one-click", "multipart", "empty", "tracking-only"])
def test_the_sample_events_unsubscribe(stack: LocalStack, anna: User, name: str) -> None:
    mail = letter(stack, anna)
    page = stack.invoke("Edge", sample("edge-unsubscribe-page", token=mail.token("u")))
    assert (page["statusCode"], mail.stops()) == (200, [])
    answer = stack.invoke("Edge", sample(f"edge-unsubscribe-{name}", token=mail.token("u")))
    assert answer["statusCode"] == 200
    assert mail.stops() == (["tracking_refused"] if name == "tracking-only" else BOTH)


@pytest.mark.clause("consent")
@pytest.mark.parametrize("kind", ["fail", "throttle", "lose_request"])
def test_a_refusal_that_cannot_be_stored_is_not_confirmed(stack: LocalStack, anna: User, kind: Any) -> None:
    mail = letter(stack, anna)
    receipts = len(rows(stack, "ledger"))
    stack.wire.inject(kind=kind, service="dynamodb", function="okki-leads-edge", times=20)
    answer = mail.choose()
    assert (answer.status, answer.headers["retry-after"]) == (503, "5")
    # Nothing half done ...
    assert mail.stops() == []
    assert len(rows(stack, "ledger")) == receipts
    # ... and the next try does it.
    stack.wire.reset()
    assert mail.choose().status == 200
    assert mail.stops() == BOTH


@pytest.mark.clause("consent")
@pytest.mark.parametrize(
    ("kind", "operation"),
    [
        *product(["lose_reply", "lose_request", "throttle", "fail"], ["GetItem", "TransactWriteItems"]),
        ("conflict", "TransactWriteItems"),  # a plain read conflicts with no transaction
    ],
)
def test_one_fault_on_the_way_does_not_lose_a_refusal(
    stack: LocalStack, anna: User, kind: Any, operation: str
) -> None:
    mail = letter(stack, anna)
    receipts = len(rows(stack, "ledger"))
    fault = stack.wire.inject(kind=kind, service="dynamodb", operation=operation, function="okki-leads-edge")
    assert mail.choose().status == 200
    assert fault.hits == 1
    assert mail.stops() == BOTH
    assert len(rows(stack, "ledger")) == receipts + 2  # one for each purpose, and not twice


@pytest.mark.clause("consent")
def test_a_refusal_is_not_confirmed_when_the_link_cannot_be_checked(stack: LocalStack, anna: User) -> None:
    mail = letter(stack, anna)
    restart(stack, "Edge")
    stack.wire.inject(kind="fail", service="secretsmanager", function="okki-leads-edge", times=20)
    assert mail.choose().status == 503
    assert mail.load("c").status == 503
    stack.wire.reset()
    assert mail.choose().status == 200


@pytest.mark.clause("consent")
def test_pressing_twice_at_once_is_no_error(stack: LocalStack, anna: User) -> None:
    mail = letter(stack, anna)
    seen: list[int] = []
    in_parallel(lambda: seen.append(mail.choose().status), 6)
    assert seen == [200] * 6
    assert mail.stops() == BOTH


@pytest.mark.clause("consent")
def test_what_the_person_said_is_on_record_with_when_and_how(stack: LocalStack, anna: User) -> None:
    mail = letter(stack, anna)
    token = read_token(stack, "u", mail.token("u"))
    assert token is not None
    for body in (b"choice=marketing", b"choice=resume"):
        mail.choose(body)
    receipts = [
        row["facts"]["M"]
        for row in rows(stack, "ledger")
        if row["sk"]["S"].startswith(f"receipt#{token.person}#") and "by" not in row["facts"]["M"]
    ]
    said = sorted((r["purpose"]["S"], r["state"]["S"], r["method"]["S"]) for r in receipts)
    assert said == [
        ("marketing", "denied", "recipient_link"),
        ("marketing", "unknown", "recipient_link"),
        ("tracking", "denied", "recipient_link"),
    ]
    assert all(abs(int(r["at"]["N"]) - stack.now()) < 60 for r in receipts)


# ---------------------------------------------------------------- pages


@pytest.mark.clause("consent", "communications")
def test_pages_speak_the_readers_language_and_say_what_does_not_stop(stack: LocalStack, anna: User) -> None:
    mail = letter(stack, anna)

    def page(path: str, language: str, method: str = "GET", body: bytes | None = None) -> str:
        answer = request(path, method, body, {**FORM, "Accept-Language": language})
        assert answer.headers["content-type"] == "text/html; charset=utf-8"
        return answer.body.decode()

    for language, tag in (
        ("zh-CN,zh;q=0.9,en;q=0.8", "zh-Hans"),
        ("en-GB,en;q=0.9,zh;q=0.1", "en"),
        ("fr", "en"),
        ("\xff", "en"),
    ):
        text = page(mail.links["u"], language)
        assert f'<html lang="{tag}"' in text
        notices = "法律要求发送的通知" if tag == "zh-Hans" else "Notices the law requires"
        assert notices in text
        assert page(f"{stack.edge}/u/broken", language).count("<form") == 0
    done = {
        (body, tag): page(mail.links["u"], tag, "POST", body)
        for body in (b"choice=tracking", b"choice=marketing", b"choice=resume")
        for tag in ("en", "zh")
    }
    assert "Tracking is stopped" in done[b"choice=tracking", "en"]
    assert "跟踪已停止" in done[b"choice=tracking", "zh"]
    assert "Marketing e-mail is stopped" in done[b"choice=marketing", "en"]
    assert "营销邮件已停止" in done[b"choice=marketing", "zh"]
    assert "You can receive marketing e-mail again" in done[b"choice=resume", "en"]
    assert "您可以重新收到营销邮件" in done[b"choice=resume", "zh"]
    # Nothing on a page comes from elsewhere, and nobody's name or address is on it.
    for text in (*done.values(), page(mail.links["u"], "en")):
        assert not re.search(r'(?:src|href)="(?!#)', text)
        assert "<script" not in text
        assert mail.email not in text
        assert "Acme" not in text


def test_a_page_posts_to_the_very_link_it_was_opened_by(stack: LocalStack, anna: User) -> None:
    mail = letter(stack, anna)
    page = request(mail.links["u"]).body.decode()
    forms = re.findall(
        r'<form method="post" action="([^"]+)"><input type="hidden" name="choice" value="(\w+)">', page
    )
    assert [choice for _, choice in forms] == ["marketing", "tracking", "resume"]
    for action, choice in forms:
        assert request(stack.edge + action, "POST", f"choice={choice}".encode(), FORM).status == 200
    assert mail.stops() == ["tracking_refused"]  # resumed last: only marketing came back


# ---------------------------------------------------------------- small things


def edge_event(method: str, path: str) -> dict[str, Any]:
    event: dict[str, Any] = sample("edge-pixel")
    event["rawPath"] = event["requestContext"]["http"]["path"] = path
    event["requestContext"]["http"]["method"] = method
    return event


def in_parallel(act: Callable[[], object], times: int) -> None:
    threads = [threading.Thread(target=act) for _ in range(times)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
