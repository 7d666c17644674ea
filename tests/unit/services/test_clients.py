"""A person recognises their devices by what is written here; a stranger writes the headers."""

from __future__ import annotations

import subprocess
import sys

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from chalicelib.services.accounts import clients
from chalicelib.services.accounts.clients import Client, describe

WEBKIT = "AppleWebKit/537.36 (KHTML, like Gecko)"
SEEN = {
    f"Mozilla/5.0 (Windows NT 10.0; Win64; x64) {WEBKIT} Chrome/138.0.0.0 Safari/537.36": (
        ("", "Windows 10", "Chrome 138"),
        "Windows|Chrome|",
    ),
    f"Mozilla/5.0 (Windows NT 10.0; Win64; x64) {WEBKIT} Chrome/138.0.0.0 Safari/537.36 Edg/138.0.0.0": (
        ("", "Windows 10", "Edge 138"),
        "Windows|Edge|",
    ),
    "Mozilla/5.0 (iPhone; CPU iPhone OS 18_1 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) "
    "Version/18.1 Mobile/15E148 Safari/604.1": (
        ("iPhone", "iOS 18.1", "Mobile Safari 18"),
        "iOS|Mobile Safari|iPhone",
    ),
    "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) "
    "Version/18.1 Safari/605.1.15": (("", "Mac OS X 10.15", "Safari 18"), "Mac OS X|Safari|"),
    f"Mozilla/5.0 (Linux; Android 10; K) {WEBKIT} Chrome/138.0.0.0 Mobile Safari/537.36": (
        ("", "Android 10", "Chrome Mobile 138"),
        "Android|Chrome Mobile|",
    ),
    f"Mozilla/5.0 (Linux; Android 14; 23127PN0CC Build/UKQ1.230804.001; wv) {WEBKIT} Version/4.0 "
    "Chrome/126.0 Mobile Safari/537.36 MicroMessenger/8.0.50(0x2800323B) WeChat/arm64": (
        ("23127PN0CC", "Android 14", "WeChat Browser 8"),
        "Android|WeChat Browser|23127PN0CC",
    ),
    f"Mozilla/5.0 (Linux; U; Android 8.1.0; zh-cn; MI 8 Build/OPM1.171019.026) {WEBKIT} Version/4.0 "
    "Chrome/61.0.3163.128 Mobile Safari/537.36": (
        ("MI 8", "Android 8.1", "Chrome Mobile WebView 61"),
        "Android|Chrome Mobile WebView|MI 8",
    ),
    f"Mozilla/5.0 (Phone; OpenHarmony 5.0) {WEBKIT} Chrome/114.0.0.0 Safari/537.36 ArkWeb/4.1.6.1 Mobile": (
        ("", "HarmonyOS 5.0", "Chrome 114"),
        "HarmonyOS|Chrome|",
    ),
    "Mozilla/5.0 (Android 14; Mobile; rv:140.0) Gecko/140.0 Firefox/140.0": (
        ("", "Android 14", "Firefox Mobile 140"),
        "Android|Firefox Mobile|",
    ),
    "OKKI/2.3 (iPhone15,2; iOS 18.1; zh_CN)": (("iPhone15,2", "iOS 18.1", "OKKI 2.3"), "iOS|OKKI|iPhone15,2"),
    "OKKI/2.3.11 (Xiaomi 23127PN0CC; Android 14)": (
        ("Xiaomi 23127PN0CC", "Android 14", "OKKI 2.3"),
        "Android|OKKI|Xiaomi 23127PN0CC",
    ),
    "OKKI/2.4 (ALN-AL00; HarmonyOS)": (("ALN-AL00", "HarmonyOS", "OKKI 2.4"), "HarmonyOS|OKKI|ALN-AL00"),
    "curl/8.5.0": (("", "", "curl 8"), "|curl|"),
    "something else": (("", "", ""), ""),
    "": (("", "", ""), ""),
}


@pytest.mark.clause("automatic")
@pytest.mark.parametrize("agent", SEEN, ids=lambda agent: agent[-40:])
def test_a_device_is_called_what_its_owner_calls_it(agent: str) -> None:
    described, kind = SEEN[agent]
    client = describe(agent, "zh-CN,zh;q=0.9")
    assert client[:3] == described
    assert client.language == "zh-CN"
    assert client.kind == kind


def test_an_update_does_not_make_a_stranger_of_a_device() -> None:
    for agent, old, new in (
        (next(iter(SEEN)), "138", "139"),
        (list(SEEN)[2], "18_1", "18_2"),
        ("OKKI/2.3 (iPhone15,2; iOS 18.1; zh_CN)", "OKKI/2.3", "OKKI/3.0"),
    ):
        before, after = describe(agent, None), describe(agent.replace(old, new), None)
        assert before != after
        assert before.kind == after.kind
    stored = Client(*describe(next(iter(SEEN)), "en"))
    assert stored.kind == "Windows|Chrome|"


def test_what_says_nothing_of_itself_has_no_kind() -> None:
    assert describe(None, None) == Client()
    assert Client(language="zh-CN").kind == ""


@pytest.mark.parametrize(
    ("header", "language"),
    [
        (None, ""),
        ("", ""),
        ("*", ""),
        ("zh-cn", "zh-CN"),
        ("en;q=0.5, zh-Hant-tw", "zh-Hant-TW"),
        ("en;q=0, de;q=0.001", "de"),
        ("de, en", "de"),
        ("en-US-x-private", "en-US"),
        ("en;q=2, en;q=nan, fr;q=0.3", "fr"),
        ("\x1b[2J, <b>", ""),
        ("x" * 500, ""),
    ],
)
def test_the_language_is_the_one_asked_for(header: str | None, language: str) -> None:
    assert describe("curl/8.5.0", header).language == language


def test_an_app_tells_its_language_where_no_header_does() -> None:
    app = "OKKI/2.3 (iPhone15,2; iOS 18.1; zh_CN)"
    assert describe(app, None).language == "zh-CN"
    assert describe(app, "en").language == "en"
    assert describe("OKKI/2.3 (a; b) (iPhone; iOS 1)", None).browser_type != "OKKI 2.3"


# -- what a stranger sends ----------------------------------------------------------------------------

PIECES = [
    "Mozilla/5.0 (",
    "Linux; Android 14; ",
    " Build/",
    "OKKI/2.3 (",
    "; iOS 18",
    "Chrome/",
    "\u202e",
    "\n",
    "|",
    ")",
]


@pytest.mark.clause("automatic")
@settings(max_examples=300, deadline=None)
@given(
    st.one_of(
        st.text(max_size=600),
        st.lists(st.one_of(st.sampled_from(PIECES), st.text(max_size=20)), max_size=60).map("".join),
    ),
    st.text(max_size=100),
)
@example("Mozilla/5.0 (Linux; Android 14; \u202eevil\x07\x1b[31m Build/x) Chrome/1", "\x00")
@example("OKKI/2.3 (" + "m" * 60 + "; iOS 18.1.2.3; " + "z" * 35 + ")", "")
@example("Chrome/" + "9" * 5000, "zh," * 5000)
@example("\ud800", "\ud800")
def test_a_header_cannot_smuggle_anything_into_what_people_read(agent: str, header: str) -> None:
    client = describe(agent, header)
    for text in client:
        assert len(text) <= clients.MAX_TEXT
        assert text == text.strip()
        assert text.isprintable()
        assert "|" not in text
    assert len(client.language) <= clients.MAX_LANGUAGE
    assert client.kind.count("|") in (0, 2)


def test_no_header_is_long_enough_to_keep_us_busy() -> None:
    """What is beyond the limit changes nothing: it is not looked at."""
    for start in ("Mozilla/5.0 (", "Android ", "Mozilla/5.0 (Linux; Android 14; ", "Camoufox", "Version/"):
        agent = (start * 400)[: clients.MAX_HEADER]
        assert describe(agent, None) == describe(agent + "Chrome/138.0 " * 100_000, None)


@pytest.mark.clause("automatic")
def test_nobodys_headers_are_kept_in_memory() -> None:
    from ua_parser import BasicResolver

    assert type(clients._resolver()) is BasicResolver  # not the caching one


def test_nobody_waits_for_the_list_of_browsers_before_it_is_needed() -> None:
    code = (
        "import sys; from chalicelib.services.accounts import clients, countries, passwords; "
        "clients.describe('OKKI/2.3 (iPhone15,2; iOS 18.1; zh_CN)', 'en'); "
        "clients.describe(None, None); "
        "assert 'ua_parser' not in sys.modules; "
        "assert not countries.tables.cache_info().currsize"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
