"""What a client says it is, as a person would put it: "iPhone", "iOS 18.1", "Safari 18", "zh-CN".

These are the four things the policy says are collected about a device (2.2.1(c), clause `automatic`):
model, version of the operating system, type of browser, language. The headers themselves are read here and
dropped. They are whatever a stranger sent: at most 400 characters are looked at, what comes out is short,
printable, and "" where nothing is known, and nothing here ever raises. None of it proves anything; it only
tells a known client from a new one.

Names come from ua-parser (kept list, monthly releases); the model is read here, from the two places where
clients still put one. Browsers say less than they know: Windows 11 calls itself 10, a Mac 10.15, many an
Android phone "K" (no model then), an iPad may pass for a Mac.

Costs, measured: 26 ms of import at the first description of a process (what a login pays once), 20 ms for
the patterns a first agent needs, then 0.2 ms; the worst of many hostile headers took 5 ms. ua-parser's
patterns for device models would be another 40 ms and are not used; nor is its cache, which would keep
people's headers in memory.
"""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING, Final, NamedTuple

if TYPE_CHECKING:
    from ua_parser import BasicResolver

MAX_HEADER: Final = 400
MAX_TEXT: Final = 40
MAX_LANGUAGE: Final = 16

# OKKI/2.3 (iPhone15,2; iOS 18.1; zh_CN): our apps. Name and version, then model, system, and language if any.
_APP: Final = re.compile(
    r"OKKI/(?P<version>[0-9]{1,4}(?:\.[0-9]{1,4})?)(?:\.[0-9]{1,6}){0,2} "
    r"\((?P<model>[^;()]{1,60}); (?P<os>iOS|iPadOS|Android|HarmonyOS|Windows|macOS)"
    r"(?: (?P<number>[0-9]{1,4}(?:\.[0-9]{1,4})?)[0-9.]{0,12})?(?:; (?P<language>[A-Za-z0-9_-]{2,35}))?\)"
)
_HARMONY: Final = re.compile(r"\bOpenHarmony ([0-9]{1,4}(?:\.[0-9]{1,4})?)")
"""Huawei's phones since HarmonyOS 5, which ua-parser does not name yet."""
_APPLE: Final = re.compile(r"\((iPhone|iPad|iPod)\b")
_ANDROID: Final = re.compile(r"; Android [0-9.]{1,12}; (?:[a-z]{2}[-_][A-Za-z]{2}; )?([^;()]{1,80})[;)]")
_BUILD: Final = re.compile(r" (?:Build|MIUI)/.*")
_NO_MODELS: Final = frozenset({"", "K", "wv", "Mobile", "Tablet", "rv"})
_NUMBER: Final = re.compile(r" [0-9][0-9.]*$")
_TAG: Final = re.compile(r"([A-Za-z]{2,3})(?:[-_]([A-Za-z]{4}))?(?:[-_]([A-Za-z]{2}|[0-9]{3}))?(?:[-_].*)?")
_WEIGHT: Final = re.compile(r"[qQ]=([01](?:\.[0-9]{0,3})?)")


class Client(NamedTuple):
    """A client as it describes itself. Each text has at most 40 characters and may be empty."""

    device_model: str = ""
    os_version: str = ""
    browser_type: str = ""
    language: str = ""

    @property
    def kind(self) -> str:
        """The same text for the same client after an update: "Windows|Chrome|", "iOS|Mobile Safari|iPhone".

        Made from the description alone, so a stored one gives the kind it had. Empty when neither system nor
        browser is known; an empty kind is no kind: it must not count as equal to another empty one, or every
        script would be a known device.
        """
        if not (self.os_version or self.browser_type):
            return ""
        return "|".join(
            [_NUMBER.sub("", self.os_version), _NUMBER.sub("", self.browser_type), self.device_model]
        )


def describe(user_agent: str | None, accept_language: str | None) -> Client:
    """What the two headers say about a client. Never raises."""
    agent = (user_agent or "")[:MAX_HEADER].strip()
    language = language_of(accept_language)
    if app := _APP.fullmatch(agent):
        number = f" {app['number']}" if app["number"] else ""
        return Client(
            device_model=_short(app["model"]),
            os_version=app["os"] + number,
            browser_type=f"OKKI {app['version']}",
            language=language or _tag(app["language"] or ""),
        )
    if not agent:
        return Client(language=language)
    os_version, browser_type = _named(agent)
    return Client(_model(agent), _short(os_version), _short(browser_type), language)


def language_of(accept_language: str | None) -> str:
    """The language a client likes best (RFC 9110, 12.5.4), as language, script and region ("zh-Hant-TW").

    Highest weight wins, the first named of equal ones; "" when nothing is understood.
    """
    best, best_weight = "", 0.0
    for entry in (accept_language or "")[:MAX_HEADER].split(","):
        tag, _, parameters = entry.strip().partition(";")
        found = _WEIGHT.fullmatch(parameters.strip())
        weight = float(found[1]) if found else (0.0 if parameters else 1.0)
        if weight > best_weight and (name := _tag(tag.strip())):
            best, best_weight = name, weight
    return best


def _tag(text: str) -> str:
    found = _TAG.fullmatch(text[:MAX_LANGUAGE])
    if found is None:
        return ""
    language, script, region = found[1].lower(), (found[2] or "").title(), (found[3] or "").upper()
    return "-".join(part for part in (language, script, region) if part)


def _named(agent: str) -> tuple[str, str]:
    from ua_parser import Domain

    found = _resolver()(agent, Domain.USER_AGENT | Domain.OS)
    system, browser = found.os, found.user_agent
    # iOS and macOS are told apart by what comes after the point; a browser's minor versions only change.
    os_version = _joined(system.family, system.major, system.minor) if system else ""
    if harmony := _HARMONY.search(agent):
        os_version = f"HarmonyOS {harmony[1]}"
    return os_version, _joined(browser.family, browser.major) if browser else ""


@cache
def _resolver() -> BasicResolver:
    from ua_parser import BasicResolver, load_lazy_builtins

    return BasicResolver(load_lazy_builtins())


def _joined(family: str, *numbers: str | None) -> str:
    version = ".".join(number for number in numbers if number)
    return f"{family} {version}" if version else family


def _model(agent: str) -> str:
    if apple := _APPLE.search(agent):
        return apple[1]
    android = _ANDROID.search(agent)
    model = _short(_BUILD.sub("", android[1])) if android else ""
    return "" if model in _NO_MODELS or model.startswith("rv:") else model


def _short(text: str) -> str:
    """Printable (no control, no direction marks: it is shown to people as it is) and short."""
    plain = "".join(sign for sign in text if sign.isprintable())
    # "|" is what kinds are joined with.
    return " ".join(plain.replace("|", " ").split())[:MAX_TEXT].strip()


def as_values(client: Client, ip: str) -> dict[str, str]:
    """What a mail says about where a request came from: `device` and `ip`."""
    looks = (client.browser_type, client.os_version, client.device_model)
    return {"device": " · ".join(part for part in looks if part) or "-", "ip": ip}
