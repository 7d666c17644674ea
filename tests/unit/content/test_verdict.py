"""A user must not read "opened" when a machine was there, nor an address that is not the reader's."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chalicelib.services.mail import verdict
from chalicelib.services.mail.verdict import Judgement, Kind, Verdict, classify

SAMPLES: list[dict[str, Any]] = json.loads((Path(__file__).parent / "samples.json").read_text())
HOME = "203.0.113.7"
HOME_V6 = "2001:db8::7"
OUTLOOK_WEB = "40.97.1.1"
OUTLOOK_WEB_V6 = "2603:1026:c03::1"
GOOGLE = "66.249.84.10"
CHROME = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/138.0.0.0 Safari/537.36"


def judge(agent: str, kind: Kind = "open", **changed: Any) -> Judgement:
    said: dict[str, Any] = {"headers": {}, "seconds_since_sent": 3600, "ip": HOME} | changed
    return classify(agent, kind=kind, **said)


EXPECTED = {
    "Gmail image proxy": (Verdict.PERSON, False, "gmail-proxy"),
    "Apple Mail Privacy Protection": (Verdict.MACHINE, False, "apple-mpp"),
    "Apple Mail on macOS, protection off": (Verdict.PERSON, True, "direct"),
    "Outlook desktop": (Verdict.PERSON, True, "outlook-desktop"),
    "Chrome, webmail": (Verdict.PERSON, True, "direct"),
    "prefetch": (Verdict.MACHINE, False, "prefetch"),
    "link scanner probing": (Verdict.MACHINE, False, "not-get"),
}


@pytest.mark.parametrize("sample", [s for s in SAMPLES if s["method"] != "POST"], ids=lambda s: s["name"])
def test_what_real_clients_send_is_told_apart(sample: dict[str, Any]) -> None:
    headers = {name.lower(): value for name, value in sample["headers"].items()}
    agent = headers.pop("user-agent")
    found = judge(agent, headers=headers, method=sample["method"])
    assert found == EXPECTED[sample["name"]]


def test_the_scanner_is_known_even_when_it_fetches_instead_of_probing() -> None:
    agent = next(s for s in SAMPLES if s["name"] == "link scanner probing")["headers"]["User-Agent"]
    assert judge(agent, "click") == (Verdict.MACHINE, False, "forged-browser")
    genuine = "Mozilla/5.0 (compatible; MSIE 10.0; Windows NT 6.1; Trident/6.0)"
    assert judge(genuine, "click") == (Verdict.PERSON, True, "direct")


@pytest.mark.parametrize(
    ("agent", "kind", "expected"),
    [
        (
            (
                "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko)"
                " Chrome/42.0.2311.135 Safari/537.36 Edge/12.246 Mozilla/5.0"
            ),
            "open",
            (Verdict.MACHINE, "gmail-prefetch"),
        ),
        (
            "YahooMailProxy; https://help.yahoo.com/kb/yahoo-mail-proxy-SLN28749.html",
            "open",
            (Verdict.PERSON, "yahoo-proxy"),
        ),
        ("Mozilla/5.0", "click", (Verdict.MACHINE, "bare-agent")),
        ("Mozilla/5.0 (via ggpht.com GoogleImageProxy)", "click", (Verdict.MACHINE, "gmail-proxy")),
        ("Microsoft Office Existence Discovery", "click", (Verdict.MACHINE, "scanner")),
        ("Mozilla/5.0 (compatible; Barracuda)", "open", (Verdict.MACHINE, "scanner")),
        ("Slackbot-LinkExpanding 1.0 (+https://api.slack.com/robots)", "click", (Verdict.MACHINE, "crawler")),
        ("WhatsApp/2.23.20.0", "click", (Verdict.MACHINE, "crawler")),
        (
            "Mozilla/5.0 (Windows NT 6.1; WOW64) SkypeUriPreview Preview/0.5",
            "click",
            (Verdict.MACHINE, "crawler"),
        ),
        (
            "Mozilla/5.0 (Windows NT 6.1) AppleWebKit/534+ BingPreview/1.0b",
            "open",
            (Verdict.MACHINE, "crawler"),
        ),
        ("curl/8.5.0", "click", (Verdict.MACHINE, "crawler")),
        ("python-requests/2.31.0", "click", (Verdict.MACHINE, "crawler")),
        ("Go-http-client/1.1", "open", (Verdict.MACHINE, "crawler")),
        ("okhttp/4.9.0", "open", (Verdict.UNKNOWN, "okhttp")),
        ("okhttp/4.9.0", "click", (Verdict.MACHINE, "okhttp")),
        ("", "open", (Verdict.UNKNOWN, "no-agent")),
        ("   ", "click", (Verdict.UNKNOWN, "no-agent")),
    ],
)
def test_machines_are_not_counted_as_people(agent: str, kind: Kind, expected: tuple[Verdict, str]) -> None:
    found = judge(agent, kind)
    assert (found.verdict, found.rule) == expected
    assert not found.ip_is_recipients


@pytest.mark.parametrize(
    "agent",
    [
        "Mozilla/5.0 (iPhone; CPU iPhone OS 17_4 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Mobile/15E148",
        "Mozilla/5.0 (X11; Linux x86_64; rv:115.0) Gecko/20100101 Thunderbird/115.9.0",
        (
            "Mozilla/5.0 (Linux; Android 13; V2148A) AppleWebKit/537.36 Chrome/116.0.0.0 Mobile Safari/537.36 XWEB/1160065"
            " MMWEBSDK/20231202 MicroMessenger/8.0.47.2560(0x28002F35) WeChat/arm64 NetType/WIFI Language/zh_CN"
        ),
        "Mozilla/5.0 (Linux; Android 11; CUBOT X30) AppleWebKit/537.36 Chrome/110.0.0.0 Mobile Safari/537.36",
        "Mozilla/5.0 (Windows NT 10.0; WOW64) AppleWebKit/537.36 (KHTML, like Gecko) Foxmail/7.2.25",
        "Mozilla/4.0 (compatible; MSIE 7.0; Windows NT 6.1; Trident/7.0; SLCC2; Foxmail)",
        "Mozilla/5.0 (Linux; Android 12; M2102J2SC) Chrome/94.0.4606.85 Mobile Safari/537.36 QQMail/6.4.5",
        "Dalvik/2.1.0 (Linux; U; Android 13; SM-G991B Build/TP1A.220624.014)",
        "Mail/16.0 CFNetwork/1335 Darwin/21.6.0",
        "Outlook-iOS/723.4027091.prod.iphone (4.28.0)",
        "Microsoft Office/16.0 (Windows NT 10.0; Microsoft Outlook 16.0.12026; Pro)",
    ],
)
def test_people_on_ordinary_mail_programs_count(agent: str) -> None:
    found = judge(agent)
    assert (found.verdict, found.ip_is_recipients) == (Verdict.PERSON, True)


@pytest.mark.parametrize("ip", [OUTLOOK_WEB, OUTLOOK_WEB_V6, f"::ffff:{OUTLOOK_WEB}", "104.47.3.3"])
def test_microsoft_is_a_reader_at_the_pixel_and_a_scanner_at_the_link(ip: str) -> None:
    assert judge(CHROME, "open", ip=ip) == (Verdict.PERSON, False, "outlook-proxy")
    assert judge("Mozilla/5.0", "open", ip=ip) == (Verdict.PERSON, False, "outlook-proxy")
    assert judge(CHROME, "click", ip=ip) == (Verdict.MACHINE, False, "microsoft-scanner")
    assert judge("Mozilla/5.0 BingPreview/1.0b", "open", ip=ip).verdict is Verdict.MACHINE


@pytest.mark.parametrize("ip", [GOOGLE, "2001:4860:4801::1", "66.102.8.9"])
def test_a_proxy_without_a_name_is_still_not_the_readers_address(ip: str) -> None:
    assert judge(CHROME, "open", ip=ip) == (Verdict.PERSON, False, "gmail-proxy")
    assert judge(CHROME, "click", ip=ip) == (Verdict.UNKNOWN, False, "google-network")


def test_apples_network_says_nothing_about_the_reader() -> None:
    assert judge(CHROME, ip="17.5.6.7") == (Verdict.UNKNOWN, False, "apple-network")


@pytest.mark.parametrize("ip", [HOME, HOME_V6, "127.0.0.1", "10.0.0.8", "40.95.255.255", "52.104.0.1"])
def test_neighbours_of_those_networks_are_people(ip: str) -> None:
    assert judge(CHROME, ip=ip) == (Verdict.PERSON, True, "direct")


@pytest.mark.parametrize("ip", ["", "unknown", "203.0.113.7:443", "0.0.0.0", "1.2.3", "\x00"])
def test_what_is_no_address_is_not_stored_as_one(ip: str) -> None:
    assert judge(CHROME, ip=ip) == (Verdict.PERSON, False, "direct")


def test_nobody_reads_before_the_mail_can_have_arrived() -> None:
    edge = verdict.INSTANT_SECONDS
    for kind in ("open", "click"):
        assert judge(CHROME, kind, seconds_since_sent=edge - 1) == (Verdict.UNKNOWN, False, "instant")
        assert judge(CHROME, kind, seconds_since_sent=-5).verdict is Verdict.UNKNOWN
        assert judge(CHROME, kind, seconds_since_sent=edge).verdict is Verdict.PERSON
        assert judge(CHROME, kind, seconds_since_sent=None).verdict is Verdict.PERSON
    assert judge("curl/8", seconds_since_sent=0).verdict is Verdict.MACHINE


def test_a_providers_network_is_believed_only_after_its_scanners_are_done() -> None:
    late = verdict.PROVIDER_OPEN_SECONDS
    for ip in (OUTLOOK_WEB, GOOGLE):
        assert judge(CHROME, ip=ip, seconds_since_sent=late - 1).verdict is Verdict.UNKNOWN
        assert judge(CHROME, ip=ip, seconds_since_sent=late).verdict is Verdict.PERSON


@pytest.mark.parametrize(
    "headers",
    [
        {"sec-purpose": "prefetch;prerender"},
        {"purpose": "prefetch"},
        {"x-purpose": "preview"},
        {"x-moz": "prefetch"},
        {"sec-purpose": "PREFETCH"},
    ],
)
def test_what_a_browser_loads_ahead_was_not_read(headers: dict[str, str]) -> None:
    assert set(headers) <= verdict.SIGNAL_HEADERS
    assert judge(CHROME, headers=headers) == (Verdict.MACHINE, False, "prefetch")


text = st.text(max_size=80)


@given(
    text,
    st.dictionaries(st.sampled_from(sorted(verdict.SIGNAL_HEADERS)), text),
    text,
    st.integers() | st.none(),
)
@settings(max_examples=300, deadline=None)
def test_no_request_breaks_it_and_nothing_of_the_agent_comes_out(
    agent: str, headers: dict[str, str], ip: str, seconds: int | None
) -> None:
    for kind in ("open", "click"):
        found = classify(agent, headers, kind=kind, seconds_since_sent=seconds, ip=ip)
        assert found.rule.replace("-", "").isalpha()
        assert found.rule.islower()
        assert not (found.ip_is_recipients and found.verdict is not Verdict.PERSON)


def test_a_megabyte_of_agent_costs_nothing() -> None:
    assert judge("MSIE 9." * 150_000).verdict is Verdict.MACHINE
