"""Sessions as clients carry them: ``Authorization: Bearer`` in apps, a cookie in browsers.

The cookie holds an identifier and nothing else (clause `cookies`). A request that is let in by its cookie and
changes something must also carry ``X-CSRF-Token``, which the login answer gave to the page and no other site
can read; ``Origin``, where a browser sends it, must be ours.
"""

from __future__ import annotations

import hashlib
from hmac import compare_digest
from typing import Any, Final
from urllib.parse import urlsplit

from chalice.app import Request

from chalicelib.kernel import clock, settings
from chalicelib.kernel.errors import RefusedError, UnauthorizedError
from chalicelib.services import sessions
from chalicelib.services.sessions import Entry, Principal

COOKIE: Final = "__Host-session"
_SAFE: Final = {"GET", "HEAD"}


def token(request: Request) -> tuple[str, bool]:
    """The session token of a request, and whether a cookie brought it.

    Raises:
        UnauthorizedError: there is none.
    """
    scheme, _, value = str(request.headers.get("authorization", "")).partition(" ")
    if scheme.lower() == "bearer" and value:
        return value.strip(), False
    for part in str(request.headers.get("cookie", "")).split(";"):
        name, _, value = part.strip().partition("=")
        if name == COOKIE and value:
            return value, True
    raise UnauthorizedError


def principal(request: Request, method: str) -> Principal:
    """Who makes this request.

    Raises:
        UnauthorizedError: nobody.
        RefusedError: ``csrf``, the browser was sent by another site.
    """
    text, by_cookie = token(request)
    who = sessions.authenticate(text)
    if by_cookie and method not in _SAFE:
        origin = request.headers.get("origin")
        ours = origin is None or origin == _own_origin()
        sent = str(request.headers.get("x-csrf-token", ""))
        if not ours or not compare_digest(sent.encode(), csrf_token(text).encode()):
            raise RefusedError("csrf", "This request did not come from our own page.")
    return who


def _own_origin() -> str:
    """As browsers write it (RFC 6454): scheme, host, and a port that is not the scheme's own."""
    own = urlsplit(settings.api_url())
    return f"{own.scheme}://{own.netloc}".lower()


def csrf_token(session_token: str) -> str:
    """What a page sends back with every change; it follows from the session, so nothing more is stored."""
    return hashlib.sha256(f"csrf {session_token}".encode()).hexdigest()[:32]


def session_answer(entry: Entry) -> dict[str, Any]:
    """The session as the login answer shows it: the only time the token is seen."""
    return {
        "token": entry.token,
        "expires_at": clock.rfc3339(entry.expires_at),
        "csrf_token": csrf_token(entry.token),
    }


def cookie(value: str, max_age: int) -> dict[str, str]:
    """The Set-Cookie header; ``max_age`` 0 removes it."""
    text = f"{COOKIE}={value}; Path=/; Secure; HttpOnly; SameSite=Lax; Max-Age={max_age}"
    return {"Set-Cookie": text}
