"""What a row costs: DynamoDB bills writes by the kilobyte, so a row that grows past one doubles every open."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from chalicelib.kernel import ids
from chalicelib.privacy.register import Purpose
from chalicelib.store import standing, tracking
from chalicelib.store.contacts import CONTACTS
from chalicelib.store.items import WorkspaceRow
from chalicelib.store.messages import DELIVERIES, due
from chalicelib.store.table import new_op
from tests.conformance import samples
from tests.conformance.engine import Engine

UNIT = 1024
LONG_ADDRESS = f"{'l' * 64}@{'d' * 63}.{'d' * 27}.com"
"""160 characters. An SMTP path takes 254 (RFC 5321, 4.5.3.1.3); with a longer one, the IPv6 address and the SES
id of this test the index by person would cost a second unit. Hardly anybody has such a mailbox.
"""


def size(value: dict[str, Any]) -> int:
    """The bytes DynamoDB counts for an attribute's value ("DynamoDB item sizes and formats")."""
    ((kind, content),) = value.items()
    match kind:
        case "S":
            return len(content.encode())
        case "B":
            return len(content)
        case "N":
            number: str = content
            digits = number.lstrip("-").replace(".", "").strip("0") or "0"
            return (len(digits) + 1) // 2 + 1 + number.startswith("-")
        case "BOOL" | "NULL":
            return 1
        case "M":
            return 3 + sum(1 + len(name.encode()) + size(one) for name, one in content.items())
        case "L":
            return 3 + sum(1 + size(one) for one in content)
    raise AssertionError(kind)


def item_size(item: dict[str, Any]) -> int:
    return sum(len(name.encode()) + size(value) for name, value in item.items())


def stored(engine: Engine, pk: str) -> dict[str, Any]:
    (item,) = engine.items(WorkspaceRow, pk)
    return item


def test_a_read_delivery_to_a_very_long_address_still_costs_one_unit(engine: Engine, company: str) -> None:
    assert len(LONG_ADDRESS) == 160
    message = samples.message(company)
    delivery = samples.delivery(message, 24, email=LONG_ADDRESS, person="f" * 32)
    DELIVERIES.put_new(delivery, op=new_op(), due=due(delivery))
    assert item_size(stored(engine, company)) <= UNIT
    known = DELIVERIES.get(
        company_id=company, message_id=message.message_id, number=24, use=Purpose.PROVIDE_FUNCTIONS
    )
    assert known is not None
    mail_id = "0102" + "a" * 12 + "-" + "b" * 8 + "-1111-2222-3333-" + "c" * 12 + "-000000"  # SES's form
    read = {**samples.finished(delivery), "mail_id": mail_id, "opens": 99_999, "machine_opens": 99_999}
    read["opened_on"] = None  # kept in mode `hygiene`, where the others are not
    DELIVERIES.replace(known, replace(delivery, **read), op=new_op())
    bytes_ = item_size(stored(engine, company))
    assert bytes_ <= UNIT
    print(f"delivery, read, 160 character address: {bytes_} bytes")


@pytest.mark.parametrize("ip", ["203.0.113.250", "2001:db8:aaaa:bbbb:cccc:dddd:eeee:ffff"])
def test_an_open_costs_one_unit(engine: Engine, company: str, ip: str) -> None:
    tracking.add_open(samples.opened(samples.message(company), "f" * 32, ip=ip))
    bytes_ = item_size(stored(engine, company))
    assert bytes_ <= UNIT
    print(f"open: {bytes_} bytes")


def test_a_contact_and_a_consent_cost_one_unit_each(engine: Engine, company: str) -> None:
    CONTACTS.put_new(samples.contact(company), op=new_op())
    assert item_size(stored(engine, company)) <= UNIT
    standing.record_consent(samples.consent(company, "f" * 32), ids.new("us"))
    assert item_size(stored(engine, f"{company}#standing")) <= UNIT


def test_the_rule_of_sizes_is_the_engines_as_well(engine: Engine) -> None:
    if engine.name == "moto":
        return  # it bills one unit whatever the size
    name = WorkspaceRow.Meta.table_name
    for wanted, units in ((UNIT, 1), (UNIT + 1, 2), (2 * UNIT, 2)):
        item = {
            "pk": {"S": "size"},
            "sk": {"S": "1"},
            "n": {"N": "1795000000"},
            "m": {"M": {"a": {"N": "-12"}}},
        }
        item["v"] = {"B": b"x" * (wanted - item_size(item) - 1)}
        assert item_size(item) == wanted
        done = engine.dynamodb.put_item(TableName=name, Item=item, ReturnConsumedCapacity="TOTAL")
        assert done["ConsumedCapacity"]["CapacityUnits"] == units
