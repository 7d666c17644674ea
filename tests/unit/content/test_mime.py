"""No name, subject or address may add a header or a reader; every mail must parse as it was meant."""

from __future__ import annotations

import email
import email.policy
from datetime import UTC, datetime, timedelta, timezone
from email.message import EmailMessage
from typing import Any, cast

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from chalicelib.gateways import mime
from chalicelib.services.mail import content

NOW = datetime(2026, 11, 22, 9, 5, 0, tzinfo=UTC)
SENDER = ("Li Wei", "li@n.example")


def build(**changed: Any) -> bytes:
    parts: dict[str, Any] = {
        "sender": SENDER,
        "to": [("Bob", "bob@buyer.example")],
        "subject": "Offer",
        "html": "<p>x</p>",
        "text": "x\n",
        "message_id": "m1@mail.example",
        "date": NOW,
    }
    return mime.build(**(parts | changed))


def parsed(raw: bytes) -> EmailMessage:
    return email.message_from_bytes(raw, policy=email.policy.default)


def header_names(raw: bytes) -> list[str]:
    head = raw.partition(b"\r\n\r\n")[0].decode("ascii")
    return [line.partition(":")[0] for line in head.split("\r\n") if not line.startswith(" ")]


EXPECTED = ["From", "To", "Subject", "Date", "Message-ID", "MIME-Version", "Content-Type"]


@given(st.text(max_size=255), st.text(max_size=255))
@example("foo@ory.sh\r\nBcc: evil@x.example", "a\nBcc: evil@x.example")
@example("=?utf-8?q?a=0D=0ABcc:_evil@x.example?=", "=?utf-8?b?Cg==?=")
@example("a, evil@x.example, b", '"; <evil@x.example>')
@example("x" * 255, "长" * 255)
@example(" lead", "trail ")
@example("two  spaces", "\\\\\"'")
@settings(max_examples=600, deadline=None)
def test_no_text_adds_a_header_or_a_reader(subject: str, name: str) -> None:
    try:
        raw = build(subject=subject, to=[(name, "bob@buyer.example"), (name, "eve@b.example")])
    except mime.UnsafeHeader:
        return
    assert header_names(raw) == EXPECTED
    message = parsed(raw)
    assert str(message["Subject"]).strip() == subject.strip()
    readers = message["To"].addresses
    assert [reader.addr_spec for reader in readers] == ["bob@buyer.example", "eve@b.example"]
    # The standard parser puts a space between encoded words of a long name, against RFC 2047, 6.2.
    name = name.strip(" ")
    shown = [reader.display_name for reader in readers]
    assert shown == [name] * 2 or len(name) > 9
    assert [one.replace(" ", "") for one in shown] == [name.replace(" ", "")] * 2
    assert all(len(line) <= 998 for line in raw.split(b"\r\n"))
    head = raw.partition(b"\r\n\r\n")[0]
    assert head.isascii()
    assert all(len(line) <= 78 for line in head.split(b"\r\n"))
    assert b"\r" not in raw.replace(b"\r\n", b"")
    assert b"\n" not in raw.replace(b"\r\n", b"")


@pytest.mark.parametrize(
    ("value", "code"),
    [
        ("a\r\nBcc: x", "control_character"),
        ("a\rb", "control_character"),
        ("a\nb", "control_character"),
        ("a\x00b", "control_character"),
        ("a\tb", "control_character"),
        ("a\x85b", "control_character"),
        ("a\u2028b", "control_character"),
        ("invoice\u202efdp.exe", "bidi_character"),
        ("a\u2066b", "bidi_character"),
        ("a\u200fb", "bidi_character"),
        ("a\ud800b", "surrogate"),
        ("x" * 256, "too_long"),
    ],
)
def test_a_dangerous_character_is_refused_and_not_repeated(value: str, code: str) -> None:
    with pytest.raises(content.UnsafeHeader) as refused:
        content.check_header(value)
    assert refused.value.code == code
    assert str(refused.value) == code
    for field in ("subject", "sender"):
        with pytest.raises(mime.UnsafeHeader):
            build(**{field: value if field == "subject" else (value, "a@b.example")})


@pytest.mark.parametrize(
    "value", ["", "新品目录 2027", "Größe & Preis", "👨‍👩‍👧 family 🇸🇬", "مرحبا", "e\u0301"]
)
def test_people_keep_their_names(value: str) -> None:
    assert content.check_header(value) == value
    to = [(value, "a@b.example")]
    assert parsed(build(to=to))["To"].addresses[0].display_name == value


@pytest.mark.parametrize(
    ("address", "wire"),
    [
        ("a@bücher.example", "a@xn--bcher-kva.example"),
        ("a@例え.jp", "a@xn--r8jz45g.jp"),
        ("A.b+c@Mail.Example", "A.b+c@Mail.Example"),
        ("o'brien@x.example", "o'brien@x.example"),
    ],
)
def test_an_international_domain_is_reachable(address: str, wire: str) -> None:
    assert mime.wire_address(address) == wire
    assert parsed(build(to=[("", address)]))["To"].addresses[0].addr_spec == wire


@pytest.mark.parametrize(
    ("address", "code"),
    [
        ("用户@x.example", "local_part"),
        ("a b@x.example", "local_part"),
        ('"a b"@x.example', "local_part"),
        ("a..b@x.example", "local_part"),
        ("a@x.example>,<evil@y.example", "local_part"),
        ("a\r\nBcc:x@x.example", "local_part"),
        ("@x.example", "local_part"),
        ("nobody", "local_part"),
        ("a@", "domain"),
        ("a@x_y.example", "domain"),
        ("a@x.example\r\n", "domain"),
        ("a@[127.0.0.1]", "domain"),
        ("a@x／y.example", "domain"),
        ("x" * 65 + "@x.example", "too_long"),
        ("a" * 60 + "@" + ".".join(["x" * 60] * 3) + ".example.museum", "too_long"),
    ],
)
def test_an_address_ses_cannot_reach_is_refused_before_sending(address: str, code: str) -> None:
    with pytest.raises(mime.UnsafeAddress) as refused:
        build(to=[("", address)])
    assert refused.value.code == code
    assert address not in str(refused.value)


@given(st.text(max_size=80))
@settings(max_examples=300, deadline=None)
def test_no_address_smuggles_a_second_reader(address: str) -> None:
    try:
        raw = build(to=[("", address)])
    except mime.UnsafeAddress:
        return
    assert len(parsed(raw)["To"].addresses) == 1


@given(st.text(max_size=400), st.text(max_size=400))
@settings(max_examples=200, deadline=None)
def test_both_parts_arrive_as_written(html: str, text: str) -> None:
    message = parsed(build(html=html, text=text))
    assert message.get_content_type() == "multipart/alternative"
    plain, rich = cast("list[EmailMessage]", message.get_payload())
    assert (plain.get_content_type(), rich.get_content_type()) == ("text/plain", "text/html")
    for part, written in ((plain, text), (rich, html)):
        clean = "".join("\ufffd" if "\ud800" <= char <= "\udfff" else char for char in written)
        assert part.get_content().split() == clean.split()


@pytest.mark.parametrize("body", ["x" * 5000, "中" * 5000, "é" * 5000, "a b " * 3000, "." * 3000])
def test_long_lines_pass_every_mail_server(body: str) -> None:
    raw = build(html=body, text=body)
    assert max(len(line) for line in raw.split(b"\r\n")) <= 78
    assert raw.isascii()
    assert parsed(raw).get_payload()[0].get_content().strip() == body.strip()  # type: ignore[index,union-attr]  # untyped parts


def test_a_marketing_mail_can_be_left_with_one_click() -> None:
    headers = mime.one_click("https://e.example/u/" + "t" * 400)
    message = parsed(build(headers=headers))
    assert message["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    ways = "".join(str(message["List-Unsubscribe"]).split())
    assert ways == "<https://e.example/u/" + "t" * 400 + ">"
    assert "List-Unsubscribe" not in parsed(build())


@pytest.mark.parametrize(
    "url",
    ["http://e.example/u/t", "https://e.example/u/t>,<https://evil", "https://e/\r\nX: y", "u/t"],
)
def test_an_unsubscribe_address_that_readers_would_not_trust_is_refused(url: str) -> None:
    with pytest.raises(ValueError, match="https"):
        mime.one_click(url)


def test_a_local_run_can_use_plain_http_on_loopback() -> None:
    assert "<http://127.0.0.1:8000/u/t>" in mime.one_click("http://127.0.0.1:8000/u/t").values()


@pytest.mark.parametrize(
    "changed",
    [
        {"to": []},
        {"to": [("", "a@b.example")] * 51},
        {"message_id": "<a@b.example>\r\nX: y"},
        {"message_id": "no-at-sign"},
        {"date": datetime(2026, 1, 1)},
        {"headers": {"Bcc": "evil@x.example"}},
        {"headers": {"List-Id\r\nBcc": "x"}},
        {"headers": {"List-Id": "x\r\nBcc: evil@x.example"}},
        {"headers": {"List-Id": "中"}},
        {"headers": {"List-Id": "x" * 1500}},
    ],
)
def test_what_cannot_be_sent_is_refused_here(changed: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"."):
        build(**changed)


def test_the_same_mail_has_the_same_bytes_and_says_when_in_utc() -> None:
    assert build() == build()
    singapore = NOW.astimezone(timezone(timedelta(hours=8)))
    message = parsed(build(date=singapore, reply_to=("", "r@n.example"), cc=[("C", "c@d.example")]))
    assert message["Date"].datetime == NOW
    assert "Sun, 22 Nov 2026 09:05:00 +0000" in str(message["Date"])
    assert message["Message-ID"] == "<m1@mail.example>"
    assert message["Reply-To"].addresses[0].addr_spec == "r@n.example"
    assert message["Cc"].addresses[0].addr_spec == "c@d.example"
