"""What the counted calls cost in Singapore: docs/prices.json times the counts. Fixed monthly costs apart."""

from __future__ import annotations

import json
from typing import Any

from infra.local.package import ROOT
from tests.bench.meter import Usage
from tests.bench.report import Line, Section

MILLION = 1_000_000
THOUSAND = 1_000
Bill = dict[str, float]


def measure(usage: dict[str, Usage]) -> Section:
    """Price per million opens and per thousand messages."""
    sheet = json.loads((ROOT / "docs" / "prices.json").read_text())
    unconfirmed = [name for name, entry in sheet["prices"].items() if entry["confirmed"] is None]
    lines = [
        _line("a million opens, each alone in its batch", _open(sheet, usage["one open"], 1), MILLION),
        _line(
            "a million opens, a hundred in a batch",
            _open(sheet, usage["100 opens, one reader"], 100),
            MILLION,
        ),
        _line("a thousand messages to one recipient", _message(sheet, usage["message"], 1), THOUSAND),
        _line(
            "a thousand deliveries, 25 to a message", _message(sheet, usage["message to 25"], 25), THOUSAND
        ),
        Line("every month, used or not", {"USD": _month(sheet)}),
    ]
    value = sheet["assumptions"]["seconds_per_aws_call"]["value"]
    notes = [
        f"{sheet['region_name']}, prices as of {sheet['as_of']}, docs/prices.json; no free tier, no tax.",
        f"Lambda time is assumed, not measured: {value * 1000:.0f} ms an AWS call. Not confirmed: {', '.join(unconfirmed)}.",
        "Index writes are in the write units as the local DynamoDB counts them; storage and backups are not in.",
    ]
    return Section("Price, USD", lines, notes)


def _open(sheet: dict[str, Any], usage: Usage, batch: int) -> Bill:
    """One request of the edge with its one call, and its part of a batch."""
    bill = _merge(
        {
            "gateway": _price(sheet, "http_request"),
            "data out": _gb(sheet, "data_out_gb", _assumed(sheet, "pixel_answer_bytes")),
        },
        _function(sheet, "edge", calls=1, share=1),
        {"queue": _price(sheet, "sqs_request")},
    )
    return _merge(bill, _worker(sheet, "record-hits", usage, batch))


def _message(sheet: dict[str, Any], usage: Usage, recipients: int) -> Bill:
    """Per recipient: written through the API, sent, and SES' event noted."""
    api = usage.of("api")
    mails = usage.of("send-messages").service("ses")
    one = _merge(
        {"gateway": _price(sheet, "rest_request")},
        _function(sheet, "api", calls=len(api.calls), share=1),
        _tables(sheet, api, 1),
        {"queue": len(api.service("sqs")) * _price(sheet, "sqs_request")},
    )
    bill = {name: value / recipients for name, value in one.items()}
    size = sum(len(call.request) for call in mails) / len(mails)
    return _merge(
        bill,
        _worker(sheet, "send-messages", usage, recipients, size=5),
        {"mail": _price(sheet, "ses_mail") + _gb(sheet, "ses_gb", size)},
        {"queue": _price(sheet, "sns_request")},
        _worker(sheet, "mail-feedback", usage, recipients, size=10),
    )


def _worker(sheet: dict[str, Any], name: str, usage: Usage, done: int, size: int = 100) -> Bill:
    """A queue's function for one of `done` records, in batches of at most `size`; receive and delete are billed."""
    own = usage.of(name).warm
    batches = -(-done // size)
    return _merge(
        {"queue": 2 * batches / done * _price(sheet, "sqs_request")},
        _function(sheet, name, calls=len(own.calls) / done, share=batches / done),
        _tables(sheet, own, done),
    )


def _function(sheet: dict[str, Any], name: str, *, calls: float, share: float) -> Bill:
    seconds = calls * _assumed(sheet, "seconds_per_aws_call") + share * _assumed(
        sheet, "seconds_per_invocation"
    )
    memory = sheet["assumptions"]["memory_gb"]["value"][name]
    return {
        "function": share * _price(sheet, "lambda_request")
        + seconds * memory * _price(sheet, "lambda_gb_second"),
        "logs": _gb(sheet, "logs_gb", share * _assumed(sheet, "log_bytes_per_invocation")),
    }


def _tables(sheet: dict[str, Any], usage: Usage, done: int) -> Bill:
    writes = usage.write_units * _price(sheet, "dynamodb_write_unit")
    reads = usage.read_units * _price(sheet, "dynamodb_read_unit")
    keys = len(usage.service("kms")) * _price(sheet, "kms_request")
    return {"tables": (writes + reads + keys) / done}


def _month(sheet: dict[str, Any]) -> float:
    """Two keys and one secret (infra/template.yaml)."""
    return 2 * _price(sheet, "kms_key_month") + _price(sheet, "secret_month")


def _line(name: str, bill: Bill, times: int) -> Line:
    figures: dict[str, float | str] = {"USD": sum(bill.values()) * times}
    figures |= {part: value * times for part, value in bill.items()}
    return Line(name, figures)


def _merge(*bills: Bill) -> Bill:
    names = dict.fromkeys(name for bill in bills for name in bill)
    return {name: sum(bill.get(name, 0.0) for bill in bills) for name in names}


def _price(sheet: dict[str, Any], name: str) -> float:
    return float(sheet["prices"][name]["usd"])


def _gb(sheet: dict[str, Any], name: str, size: float) -> float:
    return _price(sheet, name) * size / 1e9


def _assumed(sheet: dict[str, Any], name: str) -> float:
    return float(sheet["assumptions"][name]["value"])
