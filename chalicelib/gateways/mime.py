"""One mail as bytes for SES: headers written by us, body parts by the standard email package.

Promises: no input can add a header or a recipient; what cannot be said safely is refused here,
never repaired silently. Header lines are ASCII, at most 78 characters where a break is possible
and 998 always (RFC 5322, 2.1.1). Same arguments, same bytes: the clock and the id are the caller's.
Costs: standard library; `email` loads on the first build (10 ms), `idna` for the first IDN address.

Headers are encoded here because the email package of Python 3.11 up to 3.11.11 joins addresses
when it folds a non-ASCII recipient list (CVE-2025-1795).
"""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Final, Literal

Address = tuple[str, str]
"""(display name, address); the name may be empty."""

MAX_HEADER_CHARACTERS: Final = 255
MAX_RECIPIENTS: Final = 50
"""Recipients of one message, To and Cc together (SES quota for SendEmail)."""

_ALLOWED_HEADERS: Final = {
    "Auto-Submitted",
    "Feedback-ID",
    "In-Reply-To",
    "List-Id",
    "List-Unsubscribe",
    "List-Unsubscribe-Post",
    "References",
    "X-Auto-Response-Suppress",
    "X-Okki-Delivery",
    "X-SES-CONFIGURATION-SET",
    "X-SES-MESSAGE-TAGS",
}
_CONTROL: Final = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029]")
# Unicode Bidi_Control: they make "gpj.exe" read as "exe.jpg" in an inbox.
_BIDI: Final = re.compile("[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]")
_SURROGATE: Final = re.compile("[\ud800-\udfff]")
_ATOM: Final = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+"
_LOCAL: Final = re.compile(rf"{_ATOM}(?:\.{_ATOM})*\Z")
_LABEL: Final = r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
_DOMAIN: Final = re.compile(rf"{_LABEL}(?:\.{_LABEL})*\Z")
_PLAIN_PHRASE: Final = re.compile(rf"{_ATOM}(?: {_ATOM})*\Z")
_MESSAGE_ID: Final = re.compile(rf"{_ATOM}(?:\.{_ATOM})*@{_LABEL}(?:\.{_LABEL})*\Z")
_HTTPS: Final = re.compile(r"(?:https://|http://(?:localhost|127\.0\.0\.1|\[::1\])(?=[:/]))[!-;=?-~]+\Z")


class UnsafeHeader(ValueError):  # noqa: N818 - named for what it is
    """A value that must not go into a header. `code` says why; the value is not repeated."""

    def __init__(self, code: Literal["control_character", "bidi_character", "surrogate", "too_long"]) -> None:
        super().__init__(code)
        self.code = code


class UnsafeAddress(ValueError):  # noqa: N818 - named for what it is
    """An address that cannot be written to. `code`: `local_part`, `domain` or `too_long`."""

    def __init__(self, code: Literal["local_part", "domain", "too_long"]) -> None:
        super().__init__(code)
        self.code = code


def check_header(value: str, *, limit: int = MAX_HEADER_CHARACTERS) -> str:
    """The value, if it may stand in a header: a subject, a display name.

    Refuses CR, LF, NUL and other control characters, line separators, characters that change the
    reading direction, lone surrogates, and more than `limit` characters. Raises UnsafeHeader.
    """
    if len(value) > limit:
        raise UnsafeHeader("too_long")
    if _CONTROL.search(value):
        raise UnsafeHeader("control_character")
    if _BIDI.search(value):
        raise UnsafeHeader("bidi_character")
    if _SURROGATE.search(value):
        raise UnsafeHeader("surrogate")
    return value


def wire_address(address: str) -> str:
    """The address as SES takes it: the domain in A-labels (IDNA 2008 with UTS 46 mapping).

    A local part that is not ASCII is refused: SES does not offer SMTPUTF8, and there is no other
    way to write it. So are quoted local parts, which no business mailbox uses and parsers disagree
    about. Raises UnsafeAddress.
    """
    local, at, domain = address.rpartition("@")
    if len(address) > 320 or len(local) > 64:
        raise UnsafeAddress("too_long")
    if not at or not _LOCAL.match(local):
        raise UnsafeAddress("local_part")
    if not domain.isascii():
        domain = _a_labels(domain)
    if not _DOMAIN.match(domain) or len(domain) > 253:
        raise UnsafeAddress("domain")
    if len(local) + len(domain) + 1 > 254:  # RFC 5321, 4.5.3.1.3 less the angle brackets
        raise UnsafeAddress("too_long")
    return f"{local}@{domain}"


def one_click(url: str) -> dict[str, str]:
    """The two headers of RFC 8058 for marketing mail, to be given to `build`.

    `url` takes the POST and is https (http only on this machine's own loopback, for local runs). No mailto
    beside it: a mail would reach a salesperson, not the record of refusals. Raises ValueError.
    """
    if not _HTTPS.match(url) or len(url) > 900:
        raise ValueError("the unsubscribe address must be https, in ASCII, at most 900 characters")
    return {
        "List-Unsubscribe": f"<{url}>",
        "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
    }


def build(
    *,
    sender: Address,
    to: Sequence[Address],
    subject: str,
    html: str,
    text: str,
    message_id: str,
    date: datetime,
    cc: Sequence[Address] = (),
    reply_to: Address | None = None,
    headers: Mapping[str, str] | None = None,
) -> bytes:
    """The message, multipart/alternative with the text part first (RFC 2046, 5.1.4).

    `message_id` is `<id>@<domain>` without brackets; `date` is aware. `headers` takes the names
    this module knows, with ASCII values. Raises UnsafeHeader, UnsafeAddress, or ValueError.
    """
    from email.utils import format_datetime

    extra = dict(headers or {})
    if not to or len(to) + len(cc) > MAX_RECIPIENTS:
        raise ValueError("a message has 1 to 50 recipients")
    if not _MESSAGE_ID.match(message_id) or len(message_id) > 250:
        raise ValueError("not a message id")
    if date.tzinfo is None:
        raise ValueError("the date needs a time zone")
    if not extra.keys() <= _ALLOWED_HEADERS:
        raise ValueError("a header that is not allowed")
    lines = [_list_header("From", [sender])]
    if reply_to is not None:
        lines.append(_list_header("Reply-To", [reply_to]))
    lines.append(_list_header("To", to))
    if cc:
        lines.append(_list_header("Cc", cc))
    lines.append(_text_header("Subject", check_header(subject)))
    lines.append(f"Date: {format_datetime(date.astimezone(UTC))}")
    lines.append(f"Message-ID: <{message_id}>")
    lines += [_ascii_header(name, value) for name, value in extra.items()]
    return ("\r\n".join(lines) + "\r\n").encode("ascii") + _body(html, text, message_id)


def _body(html: str, text: str, message_id: str) -> bytes:
    from email.message import EmailMessage
    from email.policy import SMTP

    body = EmailMessage(policy=SMTP)
    for content, subtype in ((text, "plain"), (html, "html")):
        safe = _SURROGATE.sub("\ufffd", content)
        # Quoted-printable stays readable in Latin text; in Chinese it costs 9 bytes a character.
        few = sum(char > "\x7f" for char in safe) * 6 <= len(safe)
        cte: Literal["quoted-printable", "base64"] = "quoted-printable" if few else "base64"
        if subtype == "plain":
            body.set_content(safe, subtype=subtype, charset="utf-8", cte=cte)
        else:
            body.add_alternative(safe, subtype=subtype, charset="utf-8", cte=cte)
    # "=_" cannot occur in either encoding, so no body can hold its own boundary (RFC 2045, 6.7).
    body.set_boundary("=_" + hashlib.sha256(message_id.encode("ascii")).hexdigest()[:32])
    return body.as_bytes(policy=SMTP)


def _a_labels(domain: str) -> str:
    import idna

    try:
        return idna.encode(domain, uts46=True).decode("ascii")
    except UnicodeError:  # idna.IDNAError is one
        raise UnsafeAddress("domain") from None


def _list_header(name: str, addresses: Sequence[Address]) -> str:
    return f"{name}: " + ",\r\n ".join(_mailbox(*address) for address in addresses)


def _mailbox(name: str, address: str) -> str:
    phrase = _phrase(check_header(name).strip(" "))
    wire = wire_address(address)
    if not phrase:
        return wire
    return f"{phrase}{_gap(phrase, wire)}<{wire}>"


def _gap(phrase: str, wire: str) -> str:
    last_line = phrase.rpartition("\r\n")[2]
    return " " if len(last_line) + len(wire) < 60 else "\r\n "


def _phrase(name: str) -> str:
    if name.isascii() and "=?" not in name and len(name) <= 60:
        if not name or _PLAIN_PHRASE.match(name):
            return name
        return '"' + name.replace("\\", "\\\\").replace('"', '\\"') + '"'
    return _encoded_words(name)


def _text_header(name: str, value: str) -> str:
    words = value.split(" ")
    as_it_is = value.isascii() and "=?" not in value and all(0 < len(word) <= 60 for word in words)
    if not as_it_is:
        return f"{name}: {_encoded_words(value)}"
    lines = [f"{name}:"]
    for word in words:
        if len(lines[-1]) + len(word) > 76 and lines[-1] != f"{name}:":
            lines.append("")
        lines[-1] += f" {word}"
    return "\r\n".join(lines)


def _encoded_words(value: str) -> str:
    """RFC 2047, 2: lines of at most 76 characters with the header's name, no character split."""
    words: list[bytes] = []
    chunk = b""
    for char in value:
        raw = char.encode("utf-8")
        if len(chunk) + len(raw) > (45 if words else 39):
            words.append(chunk)
            chunk = b""
        chunk += raw
    if chunk:
        words.append(chunk)
    return "\r\n ".join(f"=?utf-8?b?{base64.b64encode(word).decode('ascii')}?=" for word in words)


def _ascii_header(name: str, value: str) -> str:
    check_header(value, limit=2000)
    if not value.isascii() or not value.strip():
        raise ValueError("a header value must be ASCII")
    folded = value.replace(", <", ",\r\n <")
    line = f"{name}: {folded}"
    if any(len(part) > 998 for part in line.split("\r\n")):
        raise UnsafeHeader("too_long")
    return line
