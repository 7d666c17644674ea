"""Nothing of ours leaves Singapore: a call to AWS that would is refused before a byte of it is sent.

Closed, for the sake of everybody whose data we hold (clause `singapore`). It holds for every client of the
process, also for those that libraries make: a forgotten call site cannot pass. The policies of the functions
say the same a second time, from AWS' side.
"""

from __future__ import annotations

import re
from typing import Any, Final

from chalicelib.kernel import settings

_HOME: Final = re.compile(rf"(?:[a-z0-9-]+\.)+{settings.REGION}\.(?:amazonaws\.com|api\.aws)")
"""A service's regional host; none of AWS' global ones ends like this."""

_SCOPE: Final = re.compile(r"AWS4-HMAC-SHA256 Credential=[^/,\s]+/\d{8}/([a-z0-9-]+)/[a-z0-9-]+/aws4_request")


class AbroadError(Exception):
    """A call would have left our region. A fault of ours, never of a request: nothing that people send names
    a region or a host of AWS.
    """


def keep_home() -> None:
    """Have every client refuse that is made in this process from a session yet to be made."""
    from botocore import handlers

    guard = ("before-send", refuse_abroad)
    if guard not in handlers.BUILTIN_HANDLERS:
        handlers.BUILTIN_HANDLERS.append(guard)


def watch(client: Any) -> Any:
    """The same for one client, whatever session it came from; returns it."""
    client.meta.events.register("before-send", refuse_abroad)
    return client


def refuse_abroad(request: Any, **_: Any) -> None:
    """The last word before a request leaves botocore, repeated and redirected ones too.

    It must be signed for our region, and go to a host of our region or stay on this machine. A signature that
    names no region, or several (SigV4A), will not do.

    Raises:
        AbroadError: it would leave.
    """
    from urllib.parse import urlsplit

    signature = request.headers.get("Authorization") or ""
    signed = _SCOPE.match(signature.decode("latin-1") if isinstance(signature, bytes) else signature)
    host = urlsplit(request.url).hostname or ""
    if not signed or signed[1] != settings.REGION or not (_HOME.fullmatch(host) or _on_this_machine(host)):
        raise AbroadError


def _on_this_machine(host: str) -> bool:
    """Addresses only: a name may be resolved to anywhere."""
    from ipaddress import ip_address

    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False
