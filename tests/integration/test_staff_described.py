"""What the staff's routes answer is what their description says."""

from __future__ import annotations

from typing import Any

import pytest

from chalicelib.privacy.personnel import MAY, Right, StaffPosition
from infra.local import LocalStack
from tests.agreement import agrees
from tests.integration.client import User, request
from tests.integration.staff import StaffUser, member
from tests.integration.test_described import described

pytestmark = pytest.mark.clause("personnel")

Everybody = dict[StaffPosition, StaffUser]


@pytest.fixture(scope="module")
def document(stack: LocalStack) -> dict[str, Any]:
    answer = request(f"{stack.api}/openapi.json")
    assert answer.status == 200
    found: dict[str, Any] = answer.json
    return found


@pytest.fixture(scope="module")
def everybody(stack: LocalStack) -> Everybody:
    """One person of each position."""
    return {position: member(stack, position) for position in StaffPosition}


def test_every_list_the_staff_can_read_is_as_described(
    document: dict[str, Any], everybody: Everybody
) -> None:
    seen = 0
    for path, methods in document["paths"].items():
        get = methods.get("get", {})
        asked = [one for one in get.get("parameters", []) if one.get("required")]
        if not path.startswith("/v1/staff/") or not get or asked:
            continue
        may = [position for position in MAY if Right(get["x-right"]) in MAY[position]]
        answer = everybody[may[0]].call("GET", path)
        assert answer.status == 200, (path, answer.body)
        schema = described(document, "GET", path, 200)
        assert schema not in (None, {"type": "object"}), f"{path} is not described"
        assert schema is not None
        agrees(document, schema, answer.json, filled=False, place=path)
        seen += 1
    assert seen >= 3


def test_people_grants_and_what_is_seen_under_them_are_as_described(
    document: dict[str, Any], everybody: Everybody, anna: User
) -> None:
    admin, privacy = everybody[StaffPosition.ADMIN], everybody[StaffPosition.PRIVACY]
    security, support = everybody[StaffPosition.SECURITY], everybody[StaffPosition.SUPPORT]
    anna.contact("bob@buyer.example")
    wish = {"company_id": anna.company["id"], "purpose": "support", "ticket": "OPS-1", "minutes": 5}
    read = support.call("POST", "/v1/staff/grants", wish).json["id"]
    export = privacy.call("POST", "/v1/staff/grants", {**wish, "export": True}).json["id"]
    other = member(privacy.stack, StaffPosition.PRIVACY)
    assert security.call("POST", f"/v1/staff/grants/{read}/approve").status == 200
    for one in (security, other):
        assert one.call("POST", f"/v1/staff/grants/{export}/approve").status == 200
    company, person = "/v1/staff/companies/{company_id}", "/v1/staff/people/{staff_id}"
    looks: list[tuple[StaffUser | User, str]] = [
        (admin, "/v1/staff/people"),
        (admin, person),
        (admin, f"{person}/records"),
        (support, "/v1/staff/me"),
        (support, "/v1/staff/grants"),
        (support, "/v1/staff/grants/{grant_id}"),
        (support, company),
        (support, f"{company}/members"),
        (support, f"{company}/contacts"),
        (privacy, f"{company}/export"),
        (anna, "/v1/company/staffaccess"),
    ]
    names = {"company_id": anna.company["id"], "staff_id": support.staff_id, "grant_id": read}
    for who, path in looks:
        answer = who.call("GET", path.format(**names))
        assert answer.status == 200, (path, answer.body)
        schema = described(document, "GET", path, 200)
        assert schema is not None
        agrees(document, schema, answer.json, filled=True, place=path)
