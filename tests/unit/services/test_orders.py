"""Only what billing signed is an order, and only what we understand all of is taken."""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from chalicelib.records.subscriptions import OrderKind, Plan
from chalicelib.services.companies import orders
from chalicelib.services.companies.orders import OrderRefusedError, Refusal
from infra.local import billing

KEY = Ed25519PrivateKey.generate()
GOOD: dict[str, Any] = {
    "order_id": "ord_20261122_0001",
    "company_id": "co_06gv7s2k81r0bo4m5p3t9d6e8g",
    "plan": "team",
    "starts_at": "2026-12-01T00:00:00Z",
    "months": 12,
    "kind": "new",
    "placed_at": "2026-11-22T16:00:00+08:00",
}

pytestmark = pytest.mark.clause("automatic")


@pytest.fixture(autouse=True)
def told_the_key(monkeypatch: pytest.MonkeyPatch) -> None:
    older = Ed25519PrivateKey.generate().public_key().public_bytes_raw()
    monkeypatch.setenv("BILLING_KEYS", f"0:{base64.b64encode(older).decode()},{billing.public(KEY)}")


def refusal(detail: Any) -> Refusal:
    with pytest.raises(OrderRefusedError) as caught:
        orders.read(detail)
    assert caught.value.__suppress_context__ or caught.value.__context__ is None
    return caught.value.refusal


def test_an_order_is_read_as_billing_meant_it() -> None:
    order = orders.read(billing.signed(KEY, GOOD))
    assert (order.plan, order.months, order.order_kind) == (Plan.TEAM, 12, OrderKind.NEW)
    assert (order.starts_at, order.placed_at) == (1796083200, 1795334400)


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"key": "2"}, Refusal.UNKNOWN_KEY),
        ({"key": ""}, Refusal.UNKNOWN_KEY),
        ({"key": "0"}, Refusal.BAD_SIGNATURE),
        ({"key": ["1"]}, Refusal.MALFORMED),
        ({"order": json.dumps({**GOOD, "months": 36})}, Refusal.BAD_SIGNATURE),
        ({"order": "\ud800"}, Refusal.MALFORMED),
        ({"order": GOOD}, Refusal.MALFORMED),
        ({"signature": "?"}, Refusal.MALFORMED),
        ({"signature": ""}, Refusal.BAD_SIGNATURE),
        ({"signature": base64.b64encode(bytes(64)).decode()}, Refusal.BAD_SIGNATURE),
        ({"algorithm": "none"}, Refusal.MALFORMED),
    ],
)
def test_a_forged_or_damaged_order_opens_nothing(change: dict[str, Any], why: Refusal) -> None:
    assert refusal({**billing.signed(KEY, GOOD), **change}) is why


@pytest.mark.parametrize("detail", [None, [], "x", {}, {"key": "1", "order": "{}"}])
def test_what_is_no_event_of_billing_at_all_is_no_order(detail: Any) -> None:
    assert refusal(detail) is Refusal.MALFORMED


def test_without_a_key_nothing_is_an_order(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BILLING_KEYS", "")
    assert refusal(billing.signed(KEY, GOOD)) is Refusal.UNKNOWN_KEY


@pytest.mark.parametrize(
    "change",
    [
        {"plan": "enterprise"},
        {"plan": None},
        {"plan": []},
        {"months": 0},
        {"months": 61},
        {"months": True},
        {"months": 1.0},
        {"months": "12"},
        {"kind": "refund"},
        {"order_id": ""},
        {"order_id": "a#b"},
        {"order_id": "x" * 65},
        {"order_id": 7},
        {"company_id": "co_operator"},
        {"company_id": "usr_06gv7s2k81r0bo4m5p3t9d6e8g"},
        {"company_id": 7},
        {"starts_at": "2026-12-01"},
        {"starts_at": "2026-12-01T00:00:00"},
        {"starts_at": "2026-13-01T00:00:00Z"},
        {"starts_at": "1970-01-01T00:00:00Z"},
        {"starts_at": "9999-12-31T23:59:59Z"},
        {"placed_at": 1795334400},
        {"coupon": "SPRING"},
    ],
)
def test_an_order_that_we_do_not_understand_all_of_is_kept_for_a_person(change: dict[str, Any]) -> None:
    why = refusal(billing.signed(KEY, {**GOOD, **change}))
    assert why is Refusal.UNREADABLE
    assert why.may_be_cured


@pytest.mark.parametrize("text", ["", "{", "[]", "7", "[" * 100_000])
def test_a_signed_text_that_is_no_order_is_kept_for_a_person(text: str) -> None:
    signature = base64.b64encode(KEY.sign(text.encode())).decode()
    assert refusal({"key": "1", "order": text, "signature": signature}) is Refusal.UNREADABLE


def test_the_sample_event_is_of_the_shape_we_read() -> None:
    sample = json.loads((Path(__file__).parents[3] / "events/eventbridge-order.json").read_text())
    order = json.loads(sample["detail"]["order"])
    assert orders.read(billing.signed(KEY, order)).order_id == order["order_id"]
    assert refusal(sample["detail"]) is Refusal.BAD_SIGNATURE  # signed by somebody else's billing
