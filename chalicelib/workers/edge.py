"""The public edge: `/o` the pixel, `/c` clicks, `/u` unsubscribing. What mail clients and strangers reach.

Its role may put a hit into one queue, write refusals and their receipts, and read the signing keys; it can
read no table and open nothing. A pixel costs one AWS call and no read. It fails open for readers (the image
and the redirect always work, even when nothing can be recorded) and closed for those who refuse: a refusal is
stored before it is answered, or the answer is 503 and the client tries again.
"""

from __future__ import annotations

import base64
import json
import os
from typing import Any, Final

from chalice import Blueprint

from chalicelib.gateways import secrets
from chalicelib.kernel import aws, clock, settings, tokens
from chalicelib.kernel.tokens import Kind, Token
from chalicelib.services.mail import pages, refusals, verdict

bp = Blueprint(__name__)

PIXEL: Final = base64.b64encode(
    base64.b64decode("R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAICRAEAOw==")
).decode()
"""A transparent GIF of one pixel, 43 bytes."""

_NEVER_KEPT: Final = {
    "cache-control": "no-store, no-cache, must-revalidate, private, max-age=0",
    "pragma": "no-cache",
    "expires": "0",
    "referrer-policy": "no-referrer",
    "x-content-type-options": "nosniff",
    "strict-transport-security": "max-age=31536000",
    "cross-origin-resource-policy": "cross-origin",
}
_IMAGE: Final = {
    "statusCode": 200,
    "headers": {**_NEVER_KEPT, "content-type": "image/gif"},
    "body": PIXEL,
    "isBase64Encoded": True,
}

Answer = dict[str, Any]


@bp.lambda_function(name="edge")
def edge(event: dict[str, Any], context: Any) -> Answer:
    """Answer one request of the HTTP API (payload format 2.0)."""
    http = event["requestContext"]["http"]
    method, path = http["method"], event["rawPath"]
    area, text = path[:3], path[3:]
    head = method == "HEAD"
    if area == "/o/" and method in {"GET", "HEAD"}:
        return _pixel(event, text, head=head)
    if area == "/c/" and method in {"GET", "HEAD"}:
        return _click(event, text, head=head)
    if area == "/u/" and method in {"GET", "HEAD", "POST"}:
        return _unsubscribe(event, text, method)
    if area in {"/o/", "/c/", "/u/"}:
        allow = "GET, HEAD, POST" if area == "/u/" else "GET, HEAD"
        return {"statusCode": 405, "headers": {**_NEVER_KEPT, "allow": allow}, "body": ""}
    return _page(404, pages.gone_page(_locale(event)), head=head)


def _pixel(event: dict[str, Any], text: str, *, head: bool) -> Answer:
    if head:
        # A scanner's question, not a reader: no body, no record.
        return {"statusCode": 200, "headers": _IMAGE["headers"], "body": ""}
    _record(event, text)
    return _IMAGE


def _click(event: dict[str, Any], text: str, *, head: bool) -> Answer:
    try:
        token = tokens.read(secrets.tracking_keys(), Kind.CLICK, text)
    except Exception as error:
        _tell("keys_missing", error)
        return {"statusCode": 503, "headers": {**_NEVER_KEPT, "retry-after": "5"}, "body": ""}
    if token is None:
        return _page(404, pages.gone_page(_locale(event)), head=head)
    if not head:
        _send(event, token)
    headers = {**_NEVER_KEPT, "location": token.url}
    return {"statusCode": 302, "headers": headers, "body": ""}


def _unsubscribe(event: dict[str, Any], text: str, method: str) -> Answer:
    locale = _locale(event)
    try:
        token = tokens.read(secrets.tracking_keys(), Kind.UNSUBSCRIBE, text)
        if token is None:
            return _page(404, pages.gone_page(locale), head=method == "HEAD")
        here = f"/u/{text}"
        if method != "POST":
            # Scanners follow links: looking at the page changes nothing.
            return _page(200, pages.unsubscribe_page(locale, here), head=method == "HEAD")
        said = _body(event), event["headers"].get("content-type")
        choice = pages.choice_of(*said)
        refusals.record(token, choice, clock.now(), pages.words_read(*said, locale))
    except Exception as error:
        _tell("refusal_not_stored", error)
        return {"statusCode": 503, "headers": {**_NEVER_KEPT, "retry-after": "5"}, "body": ""}
    return _page(200, pages.done_page(locale, choice, here))


def _record(event: dict[str, Any], text: str) -> None:
    try:
        token = tokens.read(secrets.tracking_keys(), Kind.OPEN, text)
        if token is not None:
            _send(event, token)
    except Exception as error:
        _tell("hit_lost", error)


def _send(event: dict[str, Any], token: Token) -> None:
    """Pass a hit on, sealed. A lost one is logged, which raises an alarm: no reader waits for our queue."""
    headers = event["headers"]
    hit = {
        "kind": token.kind.name.lower(),
        "company_id": token.company_id,
        "message_id": token.message_id,
        "number": token.number,
        "link": token.link,
        "hit": os.urandom(9).hex(),
        "at": clock.now(),
        "ip": event["requestContext"]["http"]["sourceIp"],
        "user_agent": headers.get("user-agent", "")[:400],
        "signals": {name: headers[name][:100] for name in verdict.SIGNAL_HEADERS if name in headers},
    }
    try:
        sealed = tokens.seal_hit(secrets.tracking_keys(), json.dumps(hit).encode())
        aws.light_client("sqs").send_message(
            QueueUrl=settings.queue_url(settings.QUEUE_HITS), MessageBody=sealed
        )
    except Exception as error:
        _tell("hit_lost", error)


def _body(event: dict[str, Any]) -> bytes:
    body = event.get("body") or ""
    return base64.b64decode(body) if event.get("isBase64Encoded") else body.encode()


def _locale(event: dict[str, Any]) -> pages.Locale:
    return pages.locale_of(event["headers"].get("accept-language"))


def _page(status: int, html: str, *, head: bool = False) -> Answer:
    return {
        "statusCode": status,
        "headers": {**_NEVER_KEPT, **pages.HEADERS},
        "body": "" if head else html,
    }


def _tell(name: str, error: Exception) -> None:
    from chalicelib.kernel import telemetry  # only when something is wrong: the logger is heavy

    telemetry.event(name, error=error)
