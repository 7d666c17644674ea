"""What a company does not let its people do with data (5.2): refused by name, never in the way of access."""

from __future__ import annotations

from typing import Any

import pytest

from chalicelib.privacy import restrictions
from infra.local import LocalStack
from tests.integration.client import Answer, User, fresh_address, sign_up
from tests.integration.people import at, join

DAY = 86_400


def rule(action: str = "change", **more: Any) -> dict[str, Any]:
    return {"action": action, "category": "stored", "roles": ["member"], **more}


def restrict(admin: User, *items: dict[str, Any]) -> Answer:
    version = admin.call("GET", "/v1/company/restrictions").json["version"]
    answer = admin.call("PUT", "/v1/company/restrictions", {"items": list(items), "version": version})
    assert answer.status == 200, answer.body
    return answer


def rename(user: User, contact: dict[str, Any]) -> Answer:
    now = user.call("GET", f"/v1/contacts/{contact['id']}").json
    body = {"version": now["version"], "name": "Somebody Else"}
    return user.call("PATCH", f"/v1/contacts/{contact['id']}", body)


def delete(user: User, contact: dict[str, Any]) -> Answer:
    return user.call("DELETE", f"/v1/contacts/{contact['id']}")


def by_company(answer: Answer) -> bool:
    if answer.status in {200, 204}:
        return False
    assert answer.status == 403, answer.body
    assert (answer.json["code"], answer.json["clause"]) == ("restricted_by_company", "restrictions")
    return True


@pytest.fixture(scope="module")
def admin(stack: LocalStack) -> User:
    return sign_up(stack)


@pytest.fixture(scope="module")
def member(admin: User) -> User:
    return join(admin)


@pytest.mark.clause("restrictions")
def test_who_is_refused_by_their_company_is_told_so_and_whom_to_ask(stack: LocalStack) -> None:
    admin = sign_up(stack, name="Wang Fang")
    member = join(admin)
    contact = admin.contact("lena@buyer.example")
    restrict(admin, rule("change"), rule("delete"))
    for answer in (rename(member, contact), delete(member, contact)):
        assert by_company(answer)
        assert answer.json["administrator"] == {"name": "Wang Fang", "email": admin.email}
    # Known by nobody: the refusal is not a way to find out what exists.
    assert member.call("DELETE", f"/v1/contacts/ct_{'0' * 26}").status == 404


@pytest.mark.clause("restrictions", "access")
def test_seeing_what_is_kept_is_never_restricted(admin: User, member: User) -> None:
    contact = admin.contact("lena@buyer.example")
    everything = [
        rule(action, category=category, roles=["manager", "member"])
        for action, categories in restrictions.RESTRICTABLE.items()
        for category in categories
    ]
    restrict(admin, *everything)
    assert by_company(rename(member, contact))
    own = ("/v1/me", "/v1/me/data", "/v1/me/download", "/v1/me/devices", "/v1/me/sessions")
    for path in (*own, "/v1/contacts", f"/v1/contacts/{contact['id']}", "/v1/company/restrictions"):
        assert member.call("GET", path).status == 200, path
    assert not by_company(rename(admin, contact)), "admins answer for the company and are never restricted"
    # What the law asks the company to record is not restricted either.
    assert member.consent(contact["id"], "denied").status == 200


@pytest.mark.clause("restrictions")
@pytest.mark.parametrize(
    ("limit", "young", "old"),
    [
        ({"older_than_days": 30}, False, True),
        ({"newer_than_days": 30}, True, False),
        ({"older_than_days": 10, "newer_than_days": 20}, False, False),
    ],
    ids=["older", "newer", "window"],
)
def test_restrictions_go_by_the_age_of_a_record_and_a_change_renews_nothing(
    stack: LocalStack, admin: User, limit: dict[str, Any], young: bool, old: bool
) -> None:
    restrict(admin)
    contact = admin.contact(fresh_address("lena", "buyer.example"))
    member = join(admin)
    restrict(admin, rule(**limit))
    assert by_company(rename(member, contact)) is young
    assert rename(admin, contact).status == 200
    stack.advance(30 * DAY)
    again = join(User(stack, admin.email, renewed(admin), admin.me, admin.company, admin.address))
    assert by_company(rename(again, contact)) is old


def renewed(user: User) -> str:
    """A session of today: a month later the old one is over, and the device proves itself again."""
    from tests.integration.client import log_in

    answer = log_in(user.stack, user.email, headers={"X-Local-Client": user.address})
    assert answer.status == 200, answer.body
    token: str = answer.json["session"]["token"]
    return token


@pytest.mark.clause("restrictions")
def test_restrictions_go_by_whose_record_it_is_and_by_role(admin: User, member: User) -> None:
    mine, theirs = member.contact("bo@buyer.example"), admin.contact("cy@buyer.example")
    manager = join(admin, "manager")
    restrict(admin, rule("delete", scope="others"))
    assert by_company(delete(member, theirs))
    assert not by_company(delete(member, mine))
    assert not by_company(rename(member, theirs)), "another action"
    assert not by_company(delete(manager, theirs)), "another role"
    mine = member.contact("di@buyer.example")
    restrict(admin, rule("delete", scope="own"))
    assert by_company(delete(member, mine))


@pytest.mark.clause("restrictions")
def test_a_restriction_works_and_ends_with_the_next_request_of_an_open_session(
    admin: User, member: User
) -> None:
    contact = admin.contact("ed@buyer.example")
    restrict(admin)
    assert not by_company(rename(member, contact))
    restrict(admin, rule())
    assert by_company(rename(member, contact))
    restrict(admin)
    assert not by_company(rename(member, contact))


@pytest.mark.clause("restrictions")
def test_who_becomes_an_admin_is_no_longer_restricted(admin: User) -> None:
    member, contact = join(admin), admin.contact("fu@buyer.example")
    restrict(admin, rule())
    assert by_company(rename(member, contact))
    assert admin.call("PATCH", at(member), {"role": "admin"}).status == 200
    assert not by_company(rename(member, contact))


@pytest.mark.clause("restrictions")
def test_a_list_that_somebody_else_has_changed_is_not_overwritten(admin: User) -> None:
    restrict(admin)
    empty = admin.call("GET", "/v1/company/restrictions").json
    first = restrict(admin, rule()).json
    assert first["version"] != empty["version"]
    late = admin.call("PUT", "/v1/company/restrictions", {"items": [], "version": empty["version"]})
    assert (late.status, late.json["code"]) == (409, "changed")
    join(admin)  # other changes of the company do not disturb
    back = {"items": first["items"], "version": first["version"]}
    assert admin.call("PUT", "/v1/company/restrictions", back).json == first
    assert first["items"] == [{**rule(), "older_than_days": None, "newer_than_days": None, "scope": "any"}]


@pytest.mark.clause("restrictions")
@pytest.mark.parametrize(
    ("items", "field"),
    [
        ([rule("read")], "items.0.action"),
        ([rule(), rule(category="authentication")], "items.1.category"),
        ([rule("delete", category="logon")], "items.0.category"),
        ([rule(roles=["admin"])], "items.0.roles.0"),
        ([rule(roles=[])], "items.0.roles"),
        ([rule(older_than_days=0)], "items.0.older_than_days"),
        ([rule(older_than_days=True)], "items.0.older_than_days"),
        ([rule(older_than_days=5, newer_than_days=5)], "items.0.newer_than_days"),
        ([rule(company_id="co_1")], "items.0.company_id"),
        ([rule()] * 51, "items"),
    ],
)
def test_a_restriction_that_makes_no_sense_is_refused_and_changes_nothing(
    admin: User, items: list[dict[str, Any]], field: str
) -> None:
    before = admin.call("GET", "/v1/company/restrictions").json
    answer = admin.call("PUT", "/v1/company/restrictions", {"items": items, "version": before["version"]})
    assert answer.status == 422, answer.body
    assert [error["field"] for error in answer.json["errors"]] == [field]
    assert admin.call("GET", "/v1/company/restrictions").json == before
