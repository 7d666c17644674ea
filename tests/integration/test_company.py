"""The Enterprise Center: a company's page, its departments, what its people may do, what AI may do."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from chalicelib.privacy import permissions
from chalicelib.privacy.permissions import Permission
from infra.local import LocalStack
from tests.integration.client import User, sign_up
from tests.integration.people import at, join

STALE = 601
"""Seconds after which a second proof no longer counts as fresh."""


@pytest.fixture(scope="module")
def admin(stack: LocalStack) -> User:
    return sign_up(stack)


def department(admin: User, name: str = "Sales", parent: str | None = None) -> str:
    answer = admin.call("POST", "/v1/company/departments", {"name": name, "parent_id": parent})
    assert answer.status == 201, answer.body
    made: str = answer.json["id"]
    return made


def refused(answer: Any, status: int, code: str) -> None:
    assert (answer.status, answer.json["code"]) == (status, code), answer.body


def fields(answer: Any) -> set[tuple[str, str]]:
    assert answer.status == 422, answer.body
    return {(one["field"], one["code"]) for one in answer.json["errors"]}


# -- the page ----------------------------------------------------------------------------------------


@pytest.mark.clause("self-service")
def test_an_admin_sees_and_corrects_what_is_held_about_the_company(stack: LocalStack) -> None:
    admin = sign_up(stack)
    page = admin.call("GET", "/v1/company").json
    assert page["main_account_id"] == admin.me["id"]
    assert (page["version"], page["members"], page["state"], page["country"]) == (1, 1, "active", None)
    body = {"version": 1, "name": "Acme Import", "country": "SG", "website": "https://acme.example"}
    changed = admin.call("PATCH", "/v1/company", body)
    assert changed.status == 200
    assert (changed.json["name"], changed.json["version"]) == ("Acme Import", 2)
    assert admin.call("GET", "/v1/company").json == changed.json
    assert admin.call("GET", "/v1/me").json["company"]["name"] == "Acme Import"
    cleared = admin.call("PATCH", "/v1/company", {"version": 2, "website": None}).json
    assert (cleared["website"], cleared["country"]) == (None, "SG")


@pytest.mark.clause("self-service")
def test_of_two_admins_who_change_the_page_at_once_neither_overwrites_the_other(stack: LocalStack) -> None:
    admin = sign_up(stack)
    with ThreadPoolExecutor(8) as threads:
        answers = list(
            threads.map(
                lambda n: admin.call("PATCH", "/v1/company", {"version": 1, "name": f"Acme {n}"}), range(8)
            )
        )
    assert sorted(answer.status for answer in answers) == [200] + [409] * 7
    (won,) = (answer.json for answer in answers if answer.status == 200)
    assert admin.call("GET", "/v1/company").json["name"] == won["name"]


@pytest.mark.clause("self-service")
@pytest.mark.parametrize("name", ["id", "company_id", "state", "main_account_id", "members", "term_ends_at"])
def test_a_company_cannot_give_itself_what_is_not_its_to_give(admin: User, name: str) -> None:
    before = admin.call("GET", "/v1/company").json
    answer = admin.call("PATCH", "/v1/company", {"version": before["version"], name: "active"})
    assert fields(answer) == {(name, "unknown_field")}
    assert admin.call("GET", "/v1/company").json == before


@pytest.mark.clause("access")
def test_admins_without_one_time_codes_do_nothing_once_the_company_asks_for_them(stack: LocalStack) -> None:
    admin = sign_up(stack)
    member = join(admin)
    assert admin.call("PATCH", "/v1/company", {"version": 1, "admins_need_totp": True}).status == 200
    refused(admin.call("GET", "/v1/company"), 403, "second_factor_required")
    assert admin.call("GET", "/v1/me").status == 200
    assert member.call("GET", "/v1/company").json["admins_need_totp"] is True


@pytest.mark.clause("access")
def test_a_lost_reply_changes_a_page_once(stack: LocalStack) -> None:
    admin = sign_up(stack)
    stack.wire.inject(kind="lose_reply", operation="TransactWriteItems", function="okki-leads-api")
    answer = admin.call("PATCH", "/v1/company", {"version": 1, "name": "Acme Two"})
    assert (answer.status, answer.json["version"]) == (200, 2)


# -- departments -------------------------------------------------------------------------------------


@pytest.mark.clause("self-service")
def test_departments_are_a_tree_without_circles_or_orphans(stack: LocalStack) -> None:
    admin = sign_up(stack)
    sales, europe = department(admin), ""
    europe = department(admin, "Europe", sales)
    north = department(admin, "North", europe)
    path = f"/v1/company/departments/{sales}"
    for parent in (sales, europe, north):
        assert fields(admin.call("PATCH", path, {"parent_id": parent})) == {("parent_id", "circle")}
    foreign = department(sign_up(stack))
    assert fields(admin.call("PATCH", path, {"parent_id": foreign})) == {("parent_id", "unknown")}
    body = {"name": "X", "parent_id": foreign}
    assert fields(admin.call("POST", "/v1/company/departments", body)) == {("parent_id", "unknown")}
    assert fields(admin.call("PATCH", path, {"name": None})) == {("name", "required")}
    refused(admin.call("DELETE", f"/v1/company/departments/{europe}"), 409, "not_empty")
    moved = admin.call("PATCH", f"/v1/company/departments/{north}", {"parent_id": None, "name": "Nord"})
    assert (moved.json["parent_id"], moved.json["name"]) == (None, "Nord")
    assert admin.call("DELETE", f"/v1/company/departments/{europe}").status == 204
    assert [one["id"] for one in admin.call("GET", "/v1/company/departments").json["items"]] == [sales, north]
    refused(admin.call("DELETE", f"/v1/company/departments/{europe}"), 404, "not_found")
    refused(admin.call("PATCH", f"/v1/company/departments/{foreign}", {"name": "Mine"}), 404, "not_found")
    refused(admin.call("DELETE", f"/v1/company/departments/{foreign}"), 404, "not_found")


@pytest.mark.clause("self-service")
def test_the_tree_is_at_most_eight_deep_however_it_grows(stack: LocalStack) -> None:
    admin = sign_up(stack)
    chain = [department(admin, "1")]
    for level in range(2, 9):
        chain.append(department(admin, str(level), chain[-1]))
    body = {"name": "9", "parent_id": chain[-1]}
    assert fields(admin.call("POST", "/v1/company/departments", body)) == {("parent_id", "too_deep")}
    top = department(admin, "top")
    moved = admin.call("PATCH", f"/v1/company/departments/{chain[0]}", {"parent_id": top})
    assert fields(moved) == {("parent_id", "too_deep")}
    body = {"parent_id": top}
    assert admin.call("PATCH", f"/v1/company/departments/{chain[1]}", body).status == 200


@pytest.mark.clause("self-service")
def test_two_moves_at_once_never_make_a_circle(stack: LocalStack) -> None:
    admin = sign_up(stack)
    one, two = department(admin, "one"), department(admin, "two")
    for _ in range(5):
        for each in (one, two):
            assert admin.call("PATCH", f"/v1/company/departments/{each}", {"parent_id": None}).status == 200
        with ThreadPoolExecutor(2) as threads:
            moves = threads.map(
                lambda pair: admin.call(
                    "PATCH", f"/v1/company/departments/{pair[0]}", {"parent_id": pair[1]}
                ),
                [(one, two), (two, one)],
            )
            assert sorted(move.status for move in moves) == [200, 422]


@pytest.mark.clause("self-service")
def test_a_double_click_makes_one_department(stack: LocalStack) -> None:
    admin = sign_up(stack)
    key = {"Idempotency-Key": "once"}
    with ThreadPoolExecutor(4) as threads:
        made = list(
            threads.map(
                lambda _: admin.call("POST", "/v1/company/departments", {"name": "Sales"}, key), range(4)
            )
        )
    assert {(one.status, one.json["id"]) for one in made} == {(201, made[0].json["id"])}
    assert len(admin.call("GET", "/v1/company/departments").json["items"]) == 1
    other = admin.call("POST", "/v1/company/departments", {"name": "Other"}, key)
    assert fields(other) == {("Idempotency-Key", "used_with_another_body")}


@pytest.mark.clause("self-service")
def test_a_department_with_people_stays(stack: LocalStack) -> None:
    admin = sign_up(stack)
    member, place = join(admin), department(admin)
    assert admin.call("PATCH", at(member), {"department_id": place}).json["department_id"] == place
    refused(admin.call("DELETE", f"/v1/company/departments/{place}"), 409, "not_empty")
    assert admin.call("PATCH", at(member), {"department_id": None}).json["department_id"] is None
    assert admin.call("DELETE", f"/v1/company/departments/{place}").status == 204
    gone = admin.call("PATCH", at(member), {"department_id": place})
    assert fields(gone) == {("department_id", "unknown")}


# -- roles -------------------------------------------------------------------------------------------


@pytest.mark.clause("self-service", "access")
def test_what_a_role_may_do_changes_with_the_next_request_of_an_open_session(stack: LocalStack) -> None:
    admin = sign_up(stack)
    member = join(admin)
    assert member.call("GET", "/v1/contacts").status == 200
    answer = admin.call("PUT", "/v1/company/roles/member", {"permissions": ["messages.read"]})
    assert answer.status == 200
    roles = {one["role"]: one["permissions"] for one in answer.json["items"]}
    assert roles["member"] == ["messages.read", "own.settings", "prospects.complain"]
    assert roles["admin"] == sorted(Permission)
    refused(member.call("GET", "/v1/contacts"), 403, "not_permitted")
    assert member.call("GET", "/v1/messages").status == 200
    assert member.call("GET", "/v1/me").status == 200
    body = {"permissions": ["contacts.read", "company.read", "own.settings"]}
    assert admin.call("PUT", "/v1/company/roles/member", body).status == 200
    assert member.call("GET", "/v1/contacts").status == 200
    assert member.call("GET", "/v1/company/roles").json == admin.call("GET", "/v1/company/roles").json


@pytest.mark.clause("access")
def test_running_the_company_is_never_handed_out_by_a_setting(admin: User) -> None:
    closed = sorted(set(Permission) - permissions.GRANTABLE - permissions.ALWAYS)
    before = admin.call("GET", "/v1/company/roles").json
    body = {"permissions": ["contacts.read", *closed, "god.mode"]}
    answer = admin.call("PUT", "/v1/company/roles/manager", body)
    assert fields(answer) == {
        (f"permissions.{number}", "not_grantable") for number in range(1, len(closed) + 2)
    }
    refused(admin.call("PUT", "/v1/company/roles/admin", {"permissions": []}), 409, "fixed")
    refused(admin.call("PUT", "/v1/company/roles/owner", {"permissions": []}), 404, "not_found")
    assert admin.call("GET", "/v1/company/roles").json == before


# -- AI ----------------------------------------------------------------------------------------------


@pytest.mark.clause("self-service", "ai")
def test_ai_does_nothing_for_a_company_until_an_admin_says_what(stack: LocalStack) -> None:
    admin = sign_up(stack)
    off = admin.call("GET", "/v1/company/ai").json
    assert (off["enabled"], off["tasks"], off["needs_approval"]) == (False, [], True)
    body = {"enabled": True, "tasks": ["polish", "draft_email", "polish"], "needs_approval": False}
    on = admin.call("PUT", "/v1/company/ai", body)
    assert (on.status, on.json["tasks"], on.json["changed_by"]) == (
        200,
        ["draft_email", "polish"],
        admin.me["id"],
    )
    assert admin.call("GET", "/v1/company/ai").json == on.json
    for bad in ({**body, "tasks": ["send_money"]}, {**body, "changed_by": "usr_x"}, {"enabled": True}):
        assert admin.call("PUT", "/v1/company/ai", bad).status == 422
    assert admin.call("GET", "/v1/company/ai").json == on.json
