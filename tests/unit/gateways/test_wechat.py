"""Signing in with WeChat: who gets in, who is told what, and what never leaves the gateway."""

from __future__ import annotations

import dataclasses
import datetime as dt
import io
import json
import ssl
import traceback
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from chalicelib.gateways import wechat, wechat_wire
from chalicelib.gateways.wechat import (
    BusyError,
    Flow,
    Identity,
    MisconfiguredError,
    NotConfiguredError,
    SignInAgainError,
    authorize_url,
    identify,
)
from chalicelib.kernel.errors import ServiceError
from tests.unit.gateways.conftest import APPS, PROFILE, SECRET, TOKEN, Said, Server, Store, said

pytestmark = [pytest.mark.clause("wechat"), pytest.mark.usefixtures("store")]

ROOT = Path(__file__).resolve().parents[3]
SAMPLES = {one["name"]: one for one in json.loads((ROOT / "events/wechat-answers.json").read_text("utf-8"))}

OPEN_ID = "oUNCq61-sample"
ACCESS = "ACCESS-canary_94"
CODE = "061canaryCode"
GRANT = {
    "access_token": ACCESS,
    "expires_in": 7200,
    "refresh_token": "REFRESH-canary",
    "openid": OPEN_ID,
    "scope": "snsapi_login",
    "unionid": "o6_union-canary",
}
WHOLE = {
    "openid": OPEN_ID,
    "nickname": "某某某💤",
    "sex": 1,
    "language": "zh_CN",
    "city": "Guangzhou-canary",
    "province": "Guangdong-canary",
    "country": "CN",
    "headimgurl": "https://thirdwx.example/canary/132",
    "privilege": [],
    "unionid": "o6_union-canary",
}
MINE = SAMPLES["token ok"]


def sample(name: str) -> Said:
    one = SAMPLES[name]
    return Said(one["body"].encode(), one["content_type"])


def named(server: Server, nickname: object) -> str | None:
    """What becomes of a nickname."""
    server.answer(TOKEN, said(GRANT))
    server.answer(PROFILE, said({**WHOLE, "nickname": nickname}))
    return identify(Flow.QR, CODE).nickname


# -- the two calls ------------------------------------------------------------------------------------


@pytest.mark.parametrize("flow", Flow)
def test_we_ask_as_wechat_documents_it_and_get_to_know_open_id_and_nickname(
    server: Server, flow: Flow
) -> None:
    server.answer(TOKEN, said(GRANT))
    server.answer(PROFILE, said(WHOLE, "application/json; encoding=utf-8"))
    app = APPS[flow.value]
    assert identify(flow, CODE) == Identity(app["app_id"], OPEN_ID, "某某某💤")
    exchange = [
        ("appid", app["app_id"]),
        ("secret", app["app_secret"]),
        ("code", CODE),
        ("grant_type", "authorization_code"),
    ]
    profile = [("access_token", ACCESS), ("openid", OPEN_ID), ("lang", "zh_CN")]
    assert server.asked == [("GET", TOKEN, exchange), ("GET", PROFILE, profile)]


def test_nothing_else_that_wechat_tells_about_a_person_is_handed_on(
    server: Server, lines: io.StringIO
) -> None:
    server.answer(TOKEN, said(GRANT))
    server.answer(PROFILE, said(WHOLE))
    found = identify(Flow.QR, CODE)
    assert [one.name for one in dataclasses.fields(Identity)] == ["app_id", "open_id", "nickname"]
    assert "canary" not in str(dataclasses.astuple(found))
    assert not hasattr(found, "__dict__")
    assert OPEN_ID not in repr(found)
    assert "某" not in repr(found)
    for personal in ("canary", OPEN_ID, "某"):
        assert personal not in lines.getvalue()


OUTCOMES: dict[str, type[Exception] | None] = {
    "code invalid": SignInAgainError,
    "code already used (the callback arrived twice)": SignInAgainError,
    "busy": BusyError,
    "our secret is wrong": MisconfiguredError,
}


def test_the_real_answers_mean_what_they_mean(server: Server) -> None:
    server.answer(TOKEN, sample("token ok"))
    server.answer(PROFILE, sample("profile ok, Chinese and emoji"))
    assert identify(Flow.QR, CODE) == Identity(APPS["qr"]["app_id"], OPEN_ID, "某某某💤")
    assert SAMPLES.keys() == OUTCOMES.keys() | {"token ok", "profile ok, Chinese and emoji"}


@pytest.mark.parametrize("name", OUTCOMES)
def test_the_real_refusals_mean_what_they_mean(server: Server, name: str) -> None:
    server.answer(TOKEN, sample(name))
    with pytest.raises(OUTCOMES[name] or Exception):
        identify(Flow.QR, CODE)
    assert server.calls(PROFILE) == 0


@pytest.mark.parametrize(
    ("flow", "page", "app_id", "scope"),
    [
        (Flow.QR, "qrconnect", "wx00000000000000a1", "snsapi_login"),
        (Flow.IN_APP, "oauth2/authorize", "wx00000000000000b2", "snsapi_userinfo"),
    ],
)
def test_the_browser_is_sent_to_the_address_wechat_compares_with_its_pattern(
    server: Server, flow: Flow, page: str, app_id: str, scope: str
) -> None:
    back = "https://api.okki.example/v1/wechat/callback?a=1&b=你 +"
    coded = "https%3A%2F%2Fapi.okki.example%2Fv1%2Fwechat%2Fcallback%3Fa%3D1%26b%3D%E4%BD%A0%20%2B"
    assert authorize_url(flow, redirect_uri=back, state="Ab9") == (
        f"https://open.weixin.example/connect/{page}?appid={app_id}&redirect_uri={coded}"
        f"&response_type=code&scope={scope}&state=Ab9#wechat_redirect"
    )
    assert server.asked == []


@pytest.mark.parametrize("state", ["", "a" * 129, "a-b", "a_b", "a&code=x", "ä", "a\n"])
def test_a_state_that_wechat_would_cut_or_change_is_not_sent(server: Server, state: str) -> None:
    with pytest.raises(ValueError, match="state"):
        authorize_url(Flow.QR, redirect_uri="https://api.okki.example/", state=state)


# -- errcodes -----------------------------------------------------------------------------------------

AGAIN = (40003, 40014, 40029, 40030, 40163, 41008, 42001, 42002, 42003, 50001, 50002)
BUSY = (-1, 45009, 45011)
OURS = (40001, 40013, 40125, 48001, 40002, 43001, 61451, 999999)


@pytest.mark.parametrize("quoted", [False, True])
@pytest.mark.parametrize("errcode", [*AGAIN, *BUSY, *OURS])
def test_the_number_decides_and_the_words_do_not(
    server: Server, lines: io.StringIO, errcode: int, quoted: bool
) -> None:
    written: object = f" {errcode} " if quoted else errcode
    server.answer(TOKEN, said({**GRANT, "errcode": written, "errmsg": "ok, code been used, system error"}))
    expected = SignInAgainError if errcode in AGAIN else BusyError if errcode in BUSY else MisconfiguredError
    with pytest.raises(expected) as caught:
        identify(Flow.QR, CODE)
    assert type(caught.value) is expected
    assert server.calls(TOKEN) == (3 if errcode in BUSY else 1)
    assert ("wechat_misconfigured" in lines.getvalue()) == (errcode in OURS)
    assert f'"errcode":{errcode}' in lines.getvalue()
    assert "code been used" not in lines.getvalue()


@pytest.mark.parametrize(
    ("error", "status", "code"),
    [
        (SignInAgainError, 401, "wechat_sign_in_again"),
        (BusyError, 503, "wechat_busy"),
        (NotConfiguredError, 503, "wechat_not_configured"),
        (MisconfiguredError, 500, "internal_error"),
    ],
)
def test_a_person_is_told_what_helps_and_no_fault_of_ours(
    error: type[ServiceError], status: int, code: str
) -> None:
    assert (error().status, error().code) == (status, code)


@pytest.mark.parametrize("zero", [0, "0"])
def test_errcode_zero_is_success(server: Server, zero: object) -> None:
    server.answer(TOKEN, said({**GRANT, "errcode": zero, "errmsg": "ok"}))
    server.answer(PROFILE, said({**WHOLE, "errcode": zero, "errmsg": "ok"}))
    assert identify(Flow.QR, CODE).nickname == "某某某💤"


@pytest.mark.parametrize("odd", [None, True, "ok", "", [], {}, 4.5, 10**12])
def test_an_errcode_that_is_no_number_lets_nobody_in(server: Server, odd: object) -> None:
    server.answer(TOKEN, said({**GRANT, "errcode": odd}))
    with pytest.raises(BusyError):
        identify(Flow.QR, CODE)


def test_a_busy_moment_costs_nobody_the_login(server: Server) -> None:
    busy = said({"errcode": -1, "errmsg": "system error"})
    server.answer(TOKEN, busy, Said(status=502, body=b"<html>Bad Gateway</html>"), said(GRANT))
    server.answer(PROFILE, busy, said(WHOLE))
    assert identify(Flow.QR, CODE).nickname == "某某某💤"
    assert server.calls(TOKEN) == 3
    assert server.calls(PROFILE) == 2


def test_whoever_lost_the_code_with_a_lost_answer_is_asked_to_sign_in_again(server: Server) -> None:
    server.answer(TOKEN, Said(raw=b""), said({"errcode": 40163, "errmsg": "code been used"}))
    with pytest.raises(SignInAgainError):
        identify(Flow.QR, CODE)


# -- answers that are none ----------------------------------------------------------------------------

HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n"
NONE = {
    "nothing at all": Said(raw=b""),
    "a reply that breaks off": Said(raw=HEAD + b'Content-Length: 500\r\n\r\n{"access_token"'),
    "no HTTP": Said(raw=b"\x16\x03\x01\x00\x00 hello\r\n\r\n"),
    "odd headers": Said(raw=HEAD + b"no colon here\r\n: x\r\nContent-Length: 2\r\n\r\n[]"),
    "a length that is none": Said(raw=HEAD + b"Content-Length: 5, 7\r\n\r\n{}"),
    "broken compression": Said(b"{}", headers={"Content-Encoding": "gzip"}),
    "an error of a gateway": Said(b"<html>502</html>", "text/html", 502),
    "an error with a fine body": dataclasses.replace(said(GRANT), status=500),
    "not found": Said(b"", status=404),
    "too many": Said(b"{}", status=429),
    "HTML": Said(b"<html>maintenance</html>", "text/html"),
    "an empty body": Said(b""),
    "half JSON": Said(b'{"openid":"oUNCq61-sample"'),
    "an array": said([GRANT]),
    "a text": said("ok"),
    "too deep": Said(b"[" * 60_000),
    "too long": said({**GRANT, "padding": "x" * 64 * 1024}),
    "too long, if only by blanks": Said(json.dumps(GRANT).encode() + b" " * 64 * 1024),
    "UTF-16": Said(json.dumps(GRANT).encode("utf-16")),
    "a number of many digits": Said(b'{"errcode":' + b"9" * 5000 + b"}"),
}


@pytest.mark.parametrize("name", NONE)
def test_an_answer_nobody_can_read_lets_nobody_in(server: Server, name: str) -> None:
    server.answer(TOKEN, NONE[name])
    with pytest.raises(BusyError):
        identify(Flow.QR, CODE)
    assert server.calls(TOKEN) == 3
    assert server.calls(PROFILE) == 0


@pytest.mark.parametrize("name", NONE)
def test_nobody_is_kept_out_for_want_of_a_nickname(server: Server, name: str) -> None:
    server.answer(TOKEN, said(GRANT))
    server.answer(PROFILE, NONE[name] if name != "an error with a fine body" else Said(status=500))
    assert identify(Flow.QR, CODE) == Identity(APPS["qr"]["app_id"], OPEN_ID, None)
    assert server.calls(PROFILE) == 2


@pytest.mark.parametrize("errcode", [*AGAIN, *BUSY, *OURS])
def test_a_refused_nickname_keeps_nobody_out_and_a_missing_right_is_reported(
    server: Server, lines: io.StringIO, errcode: int
) -> None:
    server.answer(TOKEN, said(GRANT))
    server.answer(PROFILE, said({"errcode": errcode, "errmsg": "no"}))
    assert identify(Flow.QR, CODE).nickname is None
    assert ("wechat_misconfigured" in lines.getvalue()) == (errcode in OURS)


@pytest.mark.parametrize("slow", [Said(wait=True), dataclasses.replace(said(GRANT), trickle=True)])
def test_a_silent_or_trickling_wechat_holds_nobody_up_for_long(
    server: Server, monkeypatch: pytest.MonkeyPatch, slow: Said
) -> None:
    monkeypatch.setattr(wechat_wire, "READ_SECONDS", 0.1)
    server.answer(TOKEN, slow)
    with pytest.raises(BusyError):
        identify(Flow.QR, CODE)
    assert server.calls(TOKEN) == 3


def test_patience_ends_before_the_gateway_in_front_of_us_gives_up(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    server.answer(TOKEN, said({"errcode": -1}))
    monkeypatch.setattr(wechat, "PATIENCE_SECONDS", 0.0)
    with pytest.raises(BusyError):
        identify(Flow.QR, CODE)
    assert server.asked == []


def test_an_unreachable_wechat_is_a_busy_one(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    server.shutdown()
    server.server_close()
    with pytest.raises(BusyError):
        identify(Flow.QR, CODE)


@pytest.mark.filterwarnings(
    "default"
)  # urllib3 warns of a missing check, and a warning must not be what helps
def test_our_secret_is_not_told_to_whoever_only_claims_to_be_wechat(
    server: Server, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    day = dt.datetime(2020, 1, 1)
    made = x509.CertificateBuilder(name, name, key.public_key(), 1, day, day.replace(year=2120))
    certificate = made.add_extension(
        x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False
    ).sign(key, hashes.SHA256())
    chain = tmp_path / "chain.pem"
    private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    chain.write_bytes(private + certificate.public_bytes(Encoding.PEM))
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(chain)
    server.socket = tls.wrap_socket(server.socket, server_side=True)
    monkeypatch.setenv("WECHAT_API_URL", f"https://localhost:{server.server_address[1]}")
    server.answer(TOKEN, said(GRANT))
    with pytest.raises(BusyError):
        identify(Flow.QR, CODE)
    assert server.asked == []


def test_our_secret_does_not_follow_a_redirect(server: Server) -> None:
    server.answer(TOKEN, Said(status=302, headers={"Location": f"{server.url}/elsewhere"}))
    server.answer("/elsewhere", said(GRANT))
    with pytest.raises(BusyError):
        identify(Flow.QR, CODE)
    assert server.calls("/elsewhere") == 0


@pytest.mark.parametrize(
    "lacking",
    [
        {"openid": None},
        {"openid": 7},
        {"openid": ""},
        {"openid": "short"},
        {"openid": "o" * 129},
        {"openid": "oUNCq61 sample"},
        {"openid": "oUNCq61-sample\n"},
        {"openid": "ｏUNCq61-sample"},
        {"access_token": None},
        {"access_token": ""},
        {"access_token": "a b"},
    ],
)
def test_nobody_gets_in_without_an_open_id_of_the_right_shape(
    server: Server, lacking: dict[str, Any]
) -> None:
    server.answer(
        TOKEN, said({name: value for name, value in {**GRANT, **lacking}.items() if value is not None})
    )
    with pytest.raises(BusyError):
        identify(Flow.QR, CODE)
    assert server.calls(TOKEN) == 1
    assert server.calls(PROFILE) == 0


@pytest.mark.parametrize("flag", [1, "1"])
def test_a_mere_preview_inside_wechat_binds_nobody_to_a_made_up_open_id(server: Server, flag: object) -> None:
    server.answer(TOKEN, said({**GRANT, "is_snapshotuser": flag}))
    with pytest.raises(SignInAgainError) as caught:
        identify(Flow.IN_APP, CODE)
    assert caught.value.code == "wechat_preview"


@pytest.mark.parametrize("code", ["", "a b", "a\r\nb", "编码", "x" * 513])
def test_what_cannot_be_a_code_is_not_sent_anywhere(server: Server, code: str) -> None:
    with pytest.raises(SignInAgainError):
        identify(Flow.QR, code)
    assert server.asked == []


def test_a_code_cannot_add_parameters_to_our_call(server: Server) -> None:
    server.answer(TOKEN, said({"errcode": 40029}))
    with pytest.raises(SignInAgainError):
        identify(Flow.QR, "x&appid=wxevil#?%26")
    assert dict(server.asked[0][2]) == {
        "appid": APPS["qr"]["app_id"],
        "secret": SECRET,
        "code": "x&appid=wxevil#?%26",
        "grant_type": "authorization_code",
    }


# -- nicknames ----------------------------------------------------------------------------------------

TYPES = (
    "text/plain",
    "application/json; encoding=utf-8",
    "application/json",
    "text/html; charset=gbk",
    "",
    "?",
)
NAMES = ("某某某💤", "été Müller", "Ελένη", "\ue13c旧表情", "👩‍👩‍👧‍👦 家", "🏴󠁧󠁢󠁥󠁮󠁧󠁿", 'O\'Neil </b> "x" \\', "عمر")


@pytest.mark.parametrize("escaped", [False, True])
@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"])
@pytest.mark.parametrize("content_type", TYPES)
def test_names_of_all_scripts_arrive_whole_whatever_the_header_says(
    server: Server, content_type: str, mark: bytes, escaped: bool
) -> None:
    server.answer(TOKEN, said(GRANT, content_type))
    for name in NAMES:
        body = json.dumps({**WHOLE, "nickname": name}, ensure_ascii=escaped).encode()
        server.answer(PROFILE, Said(mark + body, content_type))
        assert identify(Flow.QR, CODE).nickname == name


@pytest.mark.parametrize(
    ("body", "nickname"),
    [
        (b'"\xe6\x9d\x8e\x08\xe5\x8d\x8e"', "李华"),
        (b'"a\n\t b\x00\x1f\x7f\xc2\x85c"', "a b c"),
        (b'"a\\ud83d b\\udca4"', "a b"),
        (b'"\\ud83d\\udca4"', "💤"),
        (b'"a\xff\xfeb"', "ab"),
        (b'"\xc4\xe3"', None),  # GBK
        (b'"\xed\xa0\xbd"', None),  # half a pair, encoded
    ],
)
def test_damaged_and_unescaped_names_keep_what_is_readable(
    server: Server, body: bytes, nickname: str | None
) -> None:
    server.answer(TOKEN, said(GRANT))
    city = b'"city":"\x08","province":"\n61.151.217.158",'
    server.answer(PROFILE, Said(b'{"openid":"oUNCq61-sample",' + city + b'"nickname":' + body + b"}"))
    found = identify(Flow.QR, CODE).nickname
    assert found == nickname
    (found or "").encode()


@pytest.mark.parametrize(
    ("given", "shown"),
    [
        ("  a \u3000 b\u2028c ", "a b c"),
        ("\u202egpj.exe\u202c", "gpj.exe"),
        ("\u2066a\u2069\u200f\u061c", "a"),
        ("a \u202e b", "a b"),
        ("\ufeffa", "a"),
        ("微信用户", None),
        (" 微信用户\n", None),
        ("微信用户2", "微信用户2"),
        ("", None),
        (" \n\u202e", None),
        ("\u200b\u200d\u3164 \u2800", None),
        (None, None),
        (7, None),
        (["a"], None),
        ("x" * 65, "x" * 64),
        ("😀" * 200, "😀" * 64),
        ("x" * 63 + " y", "x" * 63),
        ("x" * 62 + "👩\u200d👧", "x" * 62 + "👩"),
    ],
)
def test_a_name_is_one_line_that_redraws_nothing_around_it(
    server: Server, given: object, shown: str | None
) -> None:
    assert named(server, given) == shown


@pytest.mark.parametrize("other", ["oSomebodyElse", None, 7])
def test_nobody_is_shown_under_the_name_of_somebody_else(server: Server, other: object) -> None:
    server.answer(TOKEN, said(GRANT))
    server.answer(PROFILE, said({**WHOLE, "openid": other}))
    assert identify(Flow.QR, CODE).nickname is None


# -- our secret ---------------------------------------------------------------------------------------


@pytest.mark.clause("access")
@pytest.mark.parametrize(
    "answer",
    [*NONE.values(), Said(wait=True), *(said({"errcode": one}) for one in (40029, -1, 40125))],
)
def test_the_app_secret_is_in_no_exception_and_no_line_of_any_log(
    server: Server, lines: io.StringIO, monkeypatch: pytest.MonkeyPatch, answer: Said
) -> None:
    monkeypatch.setattr(wechat_wire, "READ_SECONDS", 0.1)
    server.answer(TOKEN, answer)
    with pytest.raises(ServiceError) as caught:
        identify(Flow.QR, CODE)
    error = caught.value
    assert error.__cause__ is None
    assert error.__context__ is None
    told = traceback.TracebackException.from_exception(error, capture_locals=True)
    assert SECRET in str([asked for _, _, asked in server.asked])
    for place in ("".join(told.format()), repr(error), str(error.args), str(vars(error)), lines.getvalue()):
        assert SECRET not in place
    assert CODE not in lines.getvalue()


@pytest.mark.clause("access")
def test_tokens_and_names_are_in_no_line_of_any_log_when_all_goes_well(
    server: Server, lines: io.StringIO
) -> None:
    server.answer(TOKEN, NONE["odd headers"], said(GRANT))
    server.answer(PROFILE, NONE["odd headers"], said(WHOLE))
    identify(Flow.QR, CODE)
    for value in (SECRET, ACCESS, CODE, OPEN_ID, "某", "canary"):
        assert value not in lines.getvalue()


@pytest.mark.parametrize(
    "entered",
    [
        {},
        {"in_app": APPS["in_app"]},
        {"qr": "wx1"},
        {"qr": {"app_id": "wx1"}},
        {"qr": {"app_id": "wx1", "app_secret": ""}},
        {"qr": {"app_id": 1, "app_secret": "x"}},
        {"unset": "x" * 32},
    ],
)
def test_a_flow_nobody_configured_is_said_not_to_be_offered(
    server: Server, store: Store, entered: object
) -> None:
    store.enter(entered)
    with pytest.raises(NotConfiguredError):
        authorize_url(Flow.QR, redirect_uri="https://api.okki.example/", state="a")
    with pytest.raises(NotConfiguredError):
        identify(Flow.QR, CODE)
    assert server.asked == []


def test_a_minute_after_the_operator_entered_the_apps_people_can_sign_in(
    server: Server, store: Store
) -> None:
    store.enter({})
    with pytest.raises(NotConfiguredError):
        authorize_url(Flow.QR, redirect_uri="https://api.okki.example/", state="a")
    store.enter(APPS)
    store.advance(61)
    assert APPS["qr"]["app_id"] in authorize_url(Flow.QR, redirect_uri="https://api.okki.example/", state="a")


def test_a_renewed_secret_is_found_before_it_costs_an_hour_of_logins(server: Server, store: Store) -> None:
    refused = said({"errcode": 40125, "errmsg": "invalid appsecret"})
    server.answer(TOKEN, refused)
    with pytest.raises(MisconfiguredError):
        identify(Flow.QR, CODE)
    store.enter({**APPS, "qr": {**APPS["qr"], "app_secret": "renewed"}})
    store.advance(61)
    server.answer(TOKEN, refused, said(GRANT))
    server.answer(PROFILE, said(WHOLE))
    assert identify(Flow.QR, CODE).open_id == OPEN_ID
    assert [dict(asked).get("secret") for _, path, asked in server.asked if path == TOKEN] == [
        SECRET,
        SECRET,
        "renewed",
    ]


@pytest.mark.parametrize("broken", ["lost", "not JSON", "[]"])
def test_a_silent_secret_store_is_told_as_a_busy_wechat(
    server: Server, store: Store, lines: io.StringIO, broken: str
) -> None:
    if broken == "lost":
        store.lose()
    else:
        store.enter(f"{broken} {SECRET}" if broken != "[]" else broken)
    with pytest.raises(BusyError) as caught:
        identify(Flow.QR, CODE)
    assert caught.value.__context__ is None
    assert "wechat_secret_unread" in lines.getvalue()
    assert server.asked == []


def test_what_is_known_outlives_a_silence_of_the_secret_store(server: Server, store: Store) -> None:
    server.answer(TOKEN, said(GRANT))
    server.answer(PROFILE, said(WHOLE))
    assert identify(Flow.QR, CODE).open_id == OPEN_ID
    store.lose()
    store.advance(3601)
    assert identify(Flow.QR, CODE).open_id == OPEN_ID
