"""Who asked for the pixel or the link: a person, a machine, or nobody can tell.

Promises: the user agent and the headers are looked at here and go no further; what comes out is a
verdict, the name of the rule, and whether the IP address may be taken for the recipient's. When in
doubt it is not: a proxy's address is personal data about nobody, stored under somebody's name.
Costs: standard library; the list of crawlers loads for the first agent no rule knows (16 ms).

A scanner that sends a browser's agent from an unknown network more than two seconds after sending
passes for a person. Telling it needs several hits side by side (all links of one mail within a
second), which the caller has and this module has not.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from enum import StrEnum
from functools import cache
from typing import TYPE_CHECKING, Final, Literal, NamedTuple

if TYPE_CHECKING:
    from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network


class Verdict(StrEnum):
    """What stood behind one request."""

    PERSON = "person"
    MACHINE = "machine"
    UNKNOWN = "unknown"


class Judgement(NamedTuple):
    """A verdict with its reason. `rule` is one of a fixed set of names, never input."""

    verdict: Verdict
    ip_is_recipients: bool
    rule: str


Kind = Literal["open", "click"]

SIGNAL_HEADERS: Final = frozenset({"sec-purpose", "purpose", "x-purpose", "x-moz"})
"""The request headers that are looked at beside User-Agent; no others need leave the edge."""

INSTANT_SECONDS: Final = 2
"""Nobody reads a mail sooner after it was handed to the network; a gateway's scan does happen then.
The figure is mautic's (mautic/mautic#16263). Kept small on purpose: from an ordinary address, time
alone is weak evidence, and a wider window would hide people's own first reading."""

PROVIDER_OPEN_SECONDS: Final = 20
PROVIDER_CLICK_SECONDS: Final = 60
"""The same for requests out of a mail provider's network, where scanners live. Measured on 836
sweeps (putyourlightson/craft-campaign#546): 84 % of their opens fell within 20 s of sending, and
their clicks at a median of 43 s, so clicks from there are never a person's before a minute."""

_MAX_AGENT: Final = 1000

_P, _M, _U = Verdict.PERSON, Verdict.MACHINE, Verdict.UNKNOWN

# Gmail's image proxy fetches when the reader opens the mail, from Google's address and without the
# reader's (gophish/gophish#1390; bird.com/blog/gmail-prefetching-images, on billions of opens).
# Treating it as a machine lost every Gmail open in mautic 7.1 (mautic/mautic#16069).
_GMAIL_PROXY: Final = re.compile(r"googleimageproxy|via ggpht\.com", re.IGNORECASE)
# Gmail's other fetch, before display, has this agent and is never a reader (same Bird article;
# gmass.co/blog/false-opens-in-gmail; mautic/mautic#10245; mssola/user_agent#71 for the second).
_GMAIL_PREFETCH: Final = re.compile(r"Edge/12\.246 (?:Mozilla/5\.0|Gmail-content-sampling)\Z")
# Yahoo and AOL fetch for the reader: help.yahoo.com/kb/yahoo-mail-proxy-SLN28749.html.
_YAHOO_PROXY: Final = re.compile(r"yahoomailproxy", re.IGNORECASE)
# Gateways that give their name (most do not: mautic/mautic#16263, warmbly/warmbly#438), and Office
# asking whether a link is alive before the reader's browser opens it.
_SCANNER: Final = re.compile(
    r"barracuda|mimecast|proofpoint|safelinks|microsoft office (?:existence|protocol) discovery",
    re.IGNORECASE,
)
# Every Internet Explorer from 8 on sent "Trident" (learn.microsoft.com, "Understanding user-agent
# strings"); an MSIE 8 to 11 without it is a program that copied half of one.
_FORGED_EXPLORER: Final = re.compile(r"MSIE (?:[89]|1[01])\.(?!.*Trident/)")
# Mail apps on Android load pictures with this library, and so do scripts: a picture may be either.
_OKHTTP: Final = re.compile(r"okhttp/[0-9.]+\Z", re.IGNORECASE)
# Outlook on the desktop says so; it fetches from the reader's own machine.
_OUTLOOK_DESKTOP: Final = re.compile(r"ms-?office|microsoft outlook", re.IGNORECASE)

# learn.microsoft.com/microsoft-365/enterprise/urls-and-ip-address-ranges, Exchange Online (ids 1
# and 10), and the same as Azure's BGP community 12076:5010 "Exchange".
_MICROSOFT: Final = (
    "13.107.6.152/31 13.107.18.10/31 13.107.128.0/22 23.103.160.0/20 40.92.0.0/15 40.96.0.0/13"
    " 40.104.0.0/15 40.107.0.0/16 52.96.0.0/14 52.100.0.0/14 104.47.0.0/17 131.253.33.215/32"
    " 132.245.0.0/16 150.171.32.0/22 204.79.197.215/32 2603:1006::/40 2603:1016::/36"
    " 2603:1026::/36 2603:1036::/36 2603:1046::/36 2603:1056::/36 2a01:111:f400::/48"
    " 2a01:111:f403::/48"
)
# DNS: _netblocks.google.com, _netblocks2 and _netblocks3 (Google's own mail and proxy servers).
_GOOGLE: Final = (
    "64.233.160.0/19 66.102.0.0/20 66.249.80.0/20 72.14.192.0/18 74.125.0.0/16 108.177.8.0/21"
    " 108.177.96.0/19 173.194.0.0/16 209.85.128.0/17 216.58.192.0/19 216.239.32.0/19"
    " 172.217.0.0/19 2001:4860:4000::/36 2404:6800:4000::/36 2607:f8b0:4000::/36"
    " 2800:3f0:4000::/36 2a00:1450:4000::/36 2c0f:fb50:4000::/36"
)
# IANA: 17/8 is Apple's. IPv6: support.apple.com/102266.
_APPLE: Final = "17.0.0.0/8 2620:149:a44::/48 2403:300:a42::/48 2403:300:a51::/48 2a01:b740:a42::/48"


def classify(
    user_agent: str,
    headers: Mapping[str, str],
    *,
    kind: Kind,
    seconds_since_sent: int | None,
    ip: str,
    method: str = "GET",
) -> Judgement:
    """The verdict on one request for a pixel ("open") or a tracked link ("click").

    `headers` holds SIGNAL_HEADERS, names in lower case. `seconds_since_sent` counts from when the
    mail was handed over, None if not known. Pure, never raises, costs no call.
    """
    agent = user_agent.strip()[:_MAX_AGENT]
    network = _network(ip)
    verdict, rule = (
        _by_request(agent, headers, method)
        or _by_agent(agent, kind, network)
        or _by_crawler_list(agent)
        or _by_network(network, kind, seconds_since_sent)
        or (_P, "direct")
    )
    if verdict is _P and seconds_since_sent is not None and seconds_since_sent < INSTANT_SECONDS:
        # A clock that runs behind gives a negative number: no less early.
        verdict, rule = _U, "instant"
    # An address is the recipient's only when a person came straight from it.
    return Judgement(verdict, verdict is _P and rule in _DIRECT and _is_address(ip), rule)


_DIRECT: Final = {"direct", "outlook-desktop"}
_Found = tuple[Verdict, str]


def _by_request(agent: str, headers: Mapping[str, str], method: str) -> _Found | None:
    if method.upper() != "GET":
        return _M, "not-get"  # readers load; HEAD is a probe (the edge does not even pass it on)
    purpose = " ".join(headers.get(name, "") for name in SIGNAL_HEADERS).lower()
    # Sec-Purpose: WHATWG Fetch, 2.2.7. Purpose and X-Moz: older Chrome, Safari and Firefox.
    if "prefetch" in purpose or "prerender" in purpose or "preview" in purpose:
        return _M, "prefetch"
    if not agent:
        return _U, "no-agent"  # scripts, but also readers behind a privacy filter
    return None


def _by_agent(agent: str, kind: Kind, network: str | None) -> _Found | None:
    opening = kind == "open"
    # Apple Mail Privacy Protection loads every picture soon after delivery, read or not
    # (support.apple.com, "Use Mail Privacy Protection"), and never follows links. Outlook's proxy
    # too sends bare agents (warmbly/warmbly#569): Microsoft's network decides later.
    bare = agent == "Mozilla/5.0" and not (opening and network == "microsoft")
    proxied = _P if opening else _M  # an image proxy has no business at a link
    rules: tuple[tuple[object, Verdict, str], ...] = (
        (_GMAIL_PREFETCH.search(agent), _M, "gmail-prefetch"),
        (_GMAIL_PROXY.search(agent), proxied, "gmail-proxy"),
        (_YAHOO_PROXY.search(agent), proxied, "yahoo-proxy"),
        (_SCANNER.search(agent), _M, "scanner"),
        (bare, _M, "apple-mpp" if opening else "bare-agent"),
        (_FORGED_EXPLORER.search(agent), _M, "forged-browser"),
        (_OKHTTP.match(agent), _U if opening else _M, "okhttp"),
        (network is None and _OUTLOOK_DESKTOP.search(agent), _P, "outlook-desktop"),
    )
    return next(((verdict, rule) for applies, verdict, rule in rules if applies), None)


def _by_network(network: str | None, kind: Kind, seconds: int | None) -> _Found | None:
    if network is None:
        return None
    early = PROVIDER_OPEN_SECONDS if kind == "open" else PROVIDER_CLICK_SECONDS
    if network == "microsoft":
        # Outlook on the web loads pictures through Microsoft's proxy, so a pixel from there is a
        # reader's. Safe Links lets the reader's own browser go to the target, so a click from
        # there is the scanner's (warmbly/warmbly#412; learn.microsoft.com, "Safe Links").
        if kind == "click":
            return _M, "microsoft-scanner"
        return (_U, "instant") if _before(seconds, early) else (_P, "outlook-proxy")
    if network == "google":
        # Pixels without the proxy's name are still a proxy's; clicks are a scan or Google's VPN.
        if kind == "click" or _before(seconds, early):
            return _U, "google-network"
        return _P, "gmail-proxy"
    return _U, "apple-network"


def _before(seconds: int | None, limit: int) -> bool:
    return seconds is not None and seconds < limit


def _by_crawler_list(agent: str) -> _Found | None:
    # Kept list with its own releases: crawler-user-agents (MIT), about 1,500 patterns, among
    # them link previews, monitoring, and the HTTP libraries of scripts.
    from crawleruseragents import is_crawler  # type: ignore[import-untyped]  # ships no types

    return (_M, "crawler") if is_crawler(agent) else None


def _address(ip: str) -> IPv4Address | IPv6Address | None:
    from ipaddress import ip_address  # not at the top: the edge reads SIGNAL_HEADERS from here

    try:
        address = ip_address(ip)
    except ValueError:
        return None
    return getattr(address, "ipv4_mapped", None) or address


def _network(ip: str) -> str | None:
    address = _address(ip)
    return next((name for name, network in _networks() if address is not None and address in network), None)


def _is_address(ip: str) -> bool:
    address = _address(ip)
    return address is not None and not address.is_unspecified


@cache
def _networks() -> tuple[tuple[str, IPv4Network | IPv6Network], ...]:
    from ipaddress import ip_network

    owners = (("microsoft", _MICROSOFT), ("google", _GOOGLE), ("apple", _APPLE))
    return tuple((name, ip_network(block)) for name, blocks in owners for block in blocks.split())
