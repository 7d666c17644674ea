"""The mails the stack sent, as a recipient's server would have got them, for people and for tests.

The emulator keeps no raw mail and fires no configuration-set events for SES v2, so calls to SendEmail are
watched on their way in: what SES accepted is kept (in the state folder, where there is one) and its event
is published.
"""

from __future__ import annotations

import asyncio
import base64
import html
import json
import re
from collections.abc import Callable
from datetime import UTC, datetime
from email import message_from_bytes, policy
from email.message import EmailMessage
from email.utils import formatdate, parseaddr
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, unquote

from infra.local.asgi import App, Message, Receive, Scope, Send, answer, answer_json, read_body, replay

SEND_PATH = "/v2/email/outbound-emails"
SIMULATOR_DOMAIN = "simulator.amazonses.com"
EVENT_DELAY_SECONDS = 0.3
"""SES reports after its answer to SendEmail; the sender has had time to note the message id."""

_PAGE_POLICY = "default-src 'none'; style-src 'unsafe-inline'; frame-src 'self'; form-action 'none'"
# The mail itself: pictures may load (that is what the pixel is), scripts may not, links open in a new tab.
_SANDBOX = "allow-popups allow-popups-to-escape-sandbox"
_MAIL_POLICY = f"default-src 'none'; img-src *; style-src 'unsafe-inline'; sandbox {_SANDBOX}"
_CREDENTIAL = re.compile(r"Credential=[^/]+/\d{8}/([a-z0-9-]+)/")

Publish = Callable[[str, str, dict[str, Any]], None]
"""(region, configuration set, event)"""


class Mailbox:
    """Keeps sent mails, newest first when listed."""

    def __init__(self, folder: Path | None, publish: Publish) -> None:
        self._file = folder / "mailbox.jsonl" if folder else None
        self._publish = publish
        self._mails: list[dict[str, Any]] = []
        self._tasks: set[asyncio.Task[None]] = set()
        if self._file and self._file.exists():
            self._mails = [json.loads(line) for line in self._file.read_text().splitlines()]

    def watch(self, emulator: App) -> App:
        """The emulator, with a copy of every accepted SendEmail call kept here."""

        async def watched(scope: Scope, receive: Receive, send: Send) -> None:
            if scope["type"] != "http" or scope["path"] != SEND_PATH or scope["method"] != "POST":
                await emulator(scope, receive, send)
                return
            request = await read_body(receive)
            status, reply = 0, bytearray()

            async def keep(message: Message) -> None:
                nonlocal status
                if message["type"] == "http.response.start":
                    status = message["status"]
                reply.extend(message.get("body", b""))
                await send(message)

            await emulator(scope, replay(request, receive), keep)
            if status == 200:
                headers = dict(scope["headers"])
                found = _CREDENTIAL.search(headers.get(b"authorization", b"").decode("latin-1"))
                self._accept(json.loads(request), json.loads(reply)["MessageId"], found[1] if found else "")

        return watched

    def _accept(self, request: dict[str, Any], message_id: str, region: str) -> None:
        mail, headers = _read(request, message_id)
        self._mails.append(mail)
        if self._file:
            with self._file.open("a") as file:
                file.write(json.dumps(mail) + "\n")
        recipients = [address for group in request.get("Destination", {}).values() for address in group]
        if not recipients:
            recipients = mail["to"]
        task = asyncio.get_running_loop().create_task(
            self._report(request, message_id, region, recipients, headers)
        )
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _report(
        self,
        request: dict[str, Any],
        message_id: str,
        region: str,
        recipients: list[str],
        headers: list[dict[str, str]],
    ) -> None:
        await asyncio.sleep(EVENT_DELAY_SECONDS)
        configuration_set = request.get("ConfigurationSetName", "")
        for event in _events(request, message_id, recipients, headers):
            await asyncio.to_thread(self._publish, region, configuration_set, event)

    async def serve(self, scope: Scope, path: str, send: Send) -> None:
        """Answer `/` (the list), `/messages` (JSON), `/unreported` (of how many mails events are to come),
        `/{id}`, `/{id}/body` and `/{id}/raw`.
        """
        if scope["method"] not in ("GET", "HEAD"):
            await answer_json(send, 405, {"message": "Method Not Allowed"})
            return
        query = parse_qs(scope.get("query_string", b"").decode("latin-1"))
        wanted = [address.lower() for address in query.get("to", [])]
        listed = [
            mail
            for mail in reversed(self._mails)
            if not wanted or any(a.lower() in wanted for a in mail["to"])
        ]
        parts = [unquote(part) for part in path.split("/") if part]
        if parts == ["messages"]:
            await answer_json(send, 200, listed)
            return
        if parts == ["unreported"]:
            await answer_json(send, 200, len(self._tasks))
            return
        if not parts:
            await _page(send, "Mails sent", _list(listed))
            return
        mail = next((mail for mail in self._mails if mail["id"] == parts[0]), None)
        if mail is None:
            await answer(send, 404, b"No such mail", "text/plain; charset=utf-8")
        elif parts[1:] == ["body"]:
            body = mail["html"] or f"<pre>{html.escape(mail['text'] or '')}</pre>"
            await answer(
                send,
                200,
                body.encode(),
                "text/html; charset=utf-8",
                {"content-security-policy": _MAIL_POLICY},
            )
        elif parts[1:] == ["raw"]:
            await answer(
                send, 200, mail["raw"].encode("utf-8", "surrogateescape"), "text/plain; charset=utf-8"
            )
        else:
            await _page(send, mail["subject"], _one(mail))


def _read(request: dict[str, Any], message_id: str) -> tuple[dict[str, Any], list[dict[str, str]]]:
    content = request.get("Content", {})
    destination = request.get("Destination", {})
    if "Raw" in content:
        raw = base64.b64decode(content["Raw"]["Data"])
        message = message_from_bytes(raw, policy=policy.default)
        assert isinstance(message, EmailMessage)
    else:
        message = _compose(request)
        raw = message.as_bytes()
    plain, rich = message.get_body(("plain",)), message.get_body(("html",))
    headers: dict[str, str] = {}
    for name, value in message.items():
        headers[name] = f"{headers[name]}, {value}" if name in headers else str(value)
    to = [a for kind in ("ToAddresses", "CcAddresses", "BccAddresses") for a in destination.get(kind, [])]
    to = to or [
        str(part) for name in ("To", "Cc") for part in (headers.get(name) or "").split(",") if part.strip()
    ]
    mail = {
        "id": message_id,
        "at": datetime.now(UTC).isoformat(timespec="milliseconds"),
        "from": request.get("FromEmailAddress") or headers.get("From", ""),
        "to": [parseaddr(address)[1] for address in to],
        "subject": str(message["Subject"] or ""),
        "html": rich.get_content() if rich else None,
        "text": plain.get_content() if plain else None,
        "headers": headers,
        "raw": raw.decode("utf-8", "surrogateescape"),
        "configuration_set": request.get("ConfigurationSetName", ""),
        "tags": {tag["Name"]: tag["Value"] for tag in request.get("EmailTags", [])},
    }
    return mail, [{"name": name, "value": str(value)} for name, value in message.items()]


def _compose(request: dict[str, Any]) -> EmailMessage:
    """What SES builds from a `Simple` call."""
    simple, destination = request["Content"].get("Simple", {}), request.get("Destination", {})
    message = EmailMessage()
    message["From"] = request.get("FromEmailAddress", "")
    for name, kind in (("To", "ToAddresses"), ("Cc", "CcAddresses")):
        if destination.get(kind):
            message[name] = ", ".join(destination[kind])
    message["Subject"] = simple.get("Subject", {}).get("Data", "")
    message["Date"] = formatdate()
    for header in simple.get("Headers", []):
        message[header["Name"]] = header["Value"]
    body = simple.get("Body", {})
    message.set_content(body.get("Text", {}).get("Data", ""))
    if "Html" in body:
        message.add_alternative(body["Html"]["Data"], subtype="html")
    return message


def _events(
    request: dict[str, Any], message_id: str, recipients: list[str], headers: list[dict[str, str]]
) -> list[dict[str, Any]]:
    """Event-publishing records, one per recipient and outcome (SES Developer Guide)."""
    now = datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    tags = {tag["Name"]: [tag["Value"]] for tag in request.get("EmailTags", [])}
    mail = {
        "timestamp": now,
        "source": request.get("FromEmailAddress", ""),
        "messageId": message_id,
        "destination": recipients,
        "headersTruncated": False,
        "headers": headers,
        "tags": {"ses:configuration-set": [request.get("ConfigurationSetName", "")], **tags},
    }
    events: list[dict[str, Any]] = []
    for recipient in recipients:
        address = parseaddr(recipient)[1]
        local, _, domain = address.lower().partition("@")
        outcome = local.split("+")[0] if domain == SIMULATOR_DOMAIN else "success"
        if outcome in ("bounce", "suppressionlist"):
            bounce = {
                "feedbackId": message_id,
                "bounceType": "Permanent",
                "bounceSubType": "General" if outcome == "bounce" else "OnAccountSuppressionList",
                "bouncedRecipients": [{"emailAddress": address, "action": "failed", "status": "5.1.1"}],
                "timestamp": now,
                "reportingMTA": "dsn; localhost",
            }
            events.append({"eventType": "Bounce", "mail": mail, "bounce": bounce})
            continue
        delivery = {
            "timestamp": now,
            "processingTimeMillis": 1,
            "recipients": [address],
            "smtpResponse": "250 2.0.0 OK",
            "reportingMTA": "localhost",
        }
        events.append({"eventType": "Delivery", "mail": mail, "delivery": delivery})
        if outcome == "complaint":
            complaint = {
                "feedbackId": message_id,
                "complainedRecipients": [{"emailAddress": address}],
                "complaintFeedbackType": "abuse",
                "timestamp": now,
                "arrivalDate": now,
            }
            events.append({"eventType": "Complaint", "mail": mail, "complaint": complaint})
    return events


_STYLE = """body{font:16px/1.5 system-ui;margin:2rem auto;max-width:60rem;padding:0 1rem}
iframe{width:100%;height:32rem;border:1px solid #bbb}td,th{text-align:left;padding:.2rem 1rem .2rem 0;
vertical-align:top}pre{white-space:pre-wrap;overflow-wrap:anywhere;background:#f4f4f4;padding:1rem}"""


async def _page(send: Send, title: str, body: str) -> None:
    page = f"""<!doctype html><html lang="en"><meta charset="utf-8"><title>{html.escape(title)}</title>
<meta name="viewport" content="width=device-width"><style>{_STYLE}</style>{body}</html>"""
    await answer(
        send, 200, page.encode(), "text/html; charset=utf-8", {"content-security-policy": _PAGE_POLICY}
    )


def _list(mails: list[dict[str, Any]]) -> str:
    if not mails:
        return "<h1>Mails sent</h1><p>No mail has been sent yet.</p>"
    rows = "".join(
        f"<tr><td>{html.escape(mail['at'][:19])}<td>{html.escape(', '.join(mail['to']))}"
        f"<td><a href='{_address(mail)}'>{html.escape(mail['subject']) or '(no subject)'}</a>"
        for mail in mails
    )
    return f"<h1>Mails sent</h1><table><tr><th>Sent (UTC)<th>To<th>Subject{rows}</table>"


def _one(mail: dict[str, Any]) -> str:
    rows = "".join(f"<tr><th>{html.escape(n)}<td>{html.escape(v)}" for n, v in mail["headers"].items())
    return (
        f"<p><a href='/_local/mailbox/'>All mails</a> · <a href='{_address(mail)}/raw'>Raw</a></p>"
        f"<h1>{html.escape(mail['subject'])}</h1>"
        "<p>Opening this page loads the mail's pictures, as a mail client does.</p>"
        f"<iframe sandbox='{_SANDBOX}' src='{_address(mail)}/body' title='The mail'></iframe>"
        f"<h2>Plain text</h2><pre>{html.escape(mail['text'] or '')}</pre>"
        f"<h2>Headers</h2><table>{rows}</table>"
    )


def _address(mail: dict[str, Any]) -> str:
    return f"/_local/mailbox/{html.escape(mail['id'])}"
