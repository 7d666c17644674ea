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
from chalicelib.privacy import retention
from chalicelib.privacy.cookies import may_set
from chalicelib.privacy.decisions import Refused
from chalicelib.services.accounts import sessions
from chalicelib.services.accounts.login import Entry
from chalicelib.services.accounts.sessions import Principal

COOKIE: Final = "__Host-session"
DEVICE_COOKIE: Final = "__Host-device"
DEVICE_HEADER: Final = "x-device-token"
_SAFE: Final = {"GET", "HEAD"}
_ELSEWHERE: Final = "This request did not come from our own page."


def token(request: Request) -> tuple[str, bool]:
    """The session token of a request, and whether a cookie brought it.

    Raises:
        UnauthorizedError: there is none.
    """
    if (brought := bearer(request)) is not None:
        return brought, False
    if (found := cookie_of(request, COOKIE)) is not None:
        return found, True
    raise UnauthorizedError


def bearer(request: Request) -> str | None:
    """The token of the Authorization header (RFC 6750), None without one."""
    scheme, _, value = str(request.headers.get("authorization", "")).partition(" ")
    return value.strip() if scheme.lower() == "bearer" and value else None


def cookie_of(request: Request, wanted: str) -> str | None:
    """The value of a cookie, None without one."""
    for part in str(request.headers.get("cookie", "")).split(";"):
        name, _, value = part.strip().partition("=")
        if name == wanted and value:
            return value
    return None


def device_token(request: Request) -> str | None:
    """What a known device shows: apps a header, browsers a cookie. It opens nothing by itself."""
    return request.headers.get(DEVICE_HEADER) or cookie_of(request, DEVICE_COOKIE)


def principal(request: Request, method: str) -> Principal:
    """Who makes this request.

    Raises:
        UnauthorizedError: nobody.
        RefusedError: ``csrf``, the browser was sent by another site.
    """
    text, by_cookie = token(request)
    who = sessions.authenticate(text)
    if by_cookie and method not in _SAFE:
        require_own_page(request)
        sent = str(request.headers.get("x-csrf-token", ""))
        if not compare_digest(sent.encode(), csrf_token(text).encode()):
            raise RefusedError("csrf", _ELSEWHERE)
    return who


def require_own_page(request: Request) -> None:
    """Let a browser be sent by our own pages only; what is no browser says nothing about where it was.

    Raises:
        RefusedError: ``csrf``, the browser was sent by another site.
    """
    origin = request.headers.get("origin")
    # Where a link led here there is no Origin; browsers then say where they come from in a header of its own.
    site = request.headers.get("sec-fetch-site", "none")
    if (origin is not None and origin != _own_origin()) or site not in {"same-origin", "none"}:
        raise RefusedError("csrf", _ELSEWHERE)


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


def entered(entry: Entry) -> dict[str, list[str]]:
    """The Set-Cookie headers of a login.

    The session's cookie outlives idle sessions; the server decides. Were it to end with the first idle limit,
    a browser in use all day would be logged out in the middle of it, as no later answer sets it again.
    """
    cookies = [cookie(COOKIE, entry.token, int(retention.SESSION_ABSOLUTE.total_seconds()))]
    if entry.device_token is not None:
        cookies.append(cookie(DEVICE_COOKIE, entry.device_token, int(retention.DEVICE.total_seconds())))
    return {"Set-Cookie": cookies}


def cookie(name: str, value: str, max_age: int) -> str:
    """One Set-Cookie value: ours alone, for this host, hidden from scripts; ``max_age`` 0 removes it.

    Only what is listed as essential (`privacy.cookies`): another one would need a consent, and has no place.
    """
    if isinstance(may_set(name, ()), Refused):
        raise LookupError("not one of the essential cookies")
    return f"{name}={value}; Path=/; Secure; HttpOnly; SameSite=Lax; Max-Age={max_age}"
