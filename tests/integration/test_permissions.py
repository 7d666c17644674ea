"""Who may call what: every route that is deployed, asked by everybody, in every state of the company.

The lines come from `tools.permission_table`, which takes them from the routes; docs/permissions.md shows them.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

import pyotp
import pytest

from chalicelib.kernel import ids
from chalicelib.privacy.consent import CompanyState
from chalicelib.privacy.permissions import ALWAYS, Permission, Position
from infra.local import LocalStack
from tests.integration.client import Answer, User, fresh_network, request, sign_up
from tests.integration.people import at, join
from tools.permission_table import Row, rows

pytestmark = pytest.mark.clause("access")

TABLE = "okki-leads-accounts"
ROWS = rows()
GUARDED = [row for row in ROWS if row.permission is not None]
GATE = {"not_permitted", "company_not_active", "second_factor_required", "consent_needed"}
"""Codes by which the guard refuses somebody it knows; whom it does not know it answers 401 `unauthorized`."""
PREFIXES = {
    "contact": "ct",
    "message": "msg",
    "user": "usr",
    "department": "dep",
    "invitation": "inv",
    "device": "dev",
    "session": "ses",
    "link": "lnk",
    "job": "job",
    "import": "imp",
    "prospect": "pr",
    "share": "shr",
    "company": "co",
}
PATH_WORDS = {"purpose": "tracking", "version": "2025-01-16", "position": "member", "number": "1"}


def url(row: Row, known: Mapping[str, str] | None = None) -> str:
    """The route's path with ids that are well formed and nobody's, or those given by name."""

    def filled(found: re.Match[str]) -> str:
        name = found[1]
        if known and name in known:
            return known[name]
        thing = name.removesuffix("_id")
        return ids.new(PREFIXES.get(thing, "xxx")) if name.endswith("_id") else PATH_WORDS.get(name, "x")

    return re.sub(r"\{(\w+)\}", filled, row.path)


def ask(user: User, row: Row, known: Mapping[str, str] | None = None) -> Answer:
    """An empty form: too little for any route, so that what the guard lets pass does as little as possible."""
    body: dict[str, Any] | None = None if row.method in {"GET", "DELETE"} else {}
    return user.call(row.method, url(row, known), body)


def refusal(answer: Answer) -> str | None:
    """The code with which the guard refused; None when it let the request pass, whatever came of it then."""
    if answer.status not in {401, 403}:
        assert answer.status < 500, answer.body
        return None
    code: str = answer.json["code"]
    if answer.status == 401:
        return code if code == "unauthorized" else None
    return code if code in GATE else None


class Kept:
    """The rows that a request is judged by, put back after what the guard let pass: some routes end sessions."""

    def __init__(self, user: User) -> None:
        self.dynamodb = user.stack.client("dynamodb")
        who = user.me["id"]
        found = self.dynamodb.query(
            TableName=TABLE,
            KeyConditionExpression="pk = :p",
            ExpressionAttributeValues={":p": {"S": user.company["id"]}},
            ConsistentRead=True,
        )["Items"]
        names = ("company", "access", f"member#{who}", f"user#{who}")
        self.items = [
            item
            for item in found
            if item["sk"]["S"] in names or item["sk"]["S"].startswith(f"session#{who}#")
        ]
        assert len(self.items) == len(names) + 1

    def restore(self) -> None:
        self.dynamodb.batch_write_item(
            RequestItems={TABLE: [{"PutRequest": {"Item": item}} for item in self.items]}
        )


def set_facts(user: User, sk: str, **facts: Any) -> None:
    """Write into a row's facts, as the operator's own tools would."""
    names = {f"#{name}": name for name in facts}
    user.stack.client("dynamodb").update_item(
        TableName=TABLE,
        Key={"pk": {"S": user.company["id"]}, "sk": {"S": sk}},
        UpdateExpression="SET " + ", ".join(f"facts.#{name} = :{name}" for name in facts),
        ExpressionAttributeNames=names,
        ExpressionAttributeValues={f":{name}": value for name, value in facts.items()},
        ConditionExpression="attribute_exists(pk)",
    )


def differences(user: User, lines: Iterable[Row], wanted: Mapping[Row, str | None]) -> list[str]:
    """What the deployed stack does otherwise than the table says, one line each."""
    kept = Kept(user)
    found = []
    for row in lines:
        answer = ask(user, row)
        code = refusal(answer)
        if code != wanted[row]:
            found.append(f"{row.method} {row.path}: {answer.status} {answer.body[:120]!r}, not {wanted[row]}")
        if code is None and row.method != "GET":
            kept.restore()
    return found


# ---------------------------------------------------------------- every route, everybody


def test_there_is_a_line_for_every_way_in() -> None:
    assert len(ROWS) == len(set(ROWS)) > 60
    assert {row.permission for row in GUARDED} <= set(Permission)


def test_a_stranger_gets_past_no_guard_and_learns_nothing_about_forms(stack: LocalStack) -> None:
    for row in ROWS:
        headers = {"X-Local-Client": fresh_network()}
        body = None if row.method in {"GET", "DELETE"} else {"no_such_field": 1}
        answer = request(stack.api + url(row), row.method, body, headers)
        if row.permission is None:
            assert refusal(answer) is None, row
        else:
            assert (answer.status, answer.json["code"]) == (401, "unauthorized"), row
            assert answer.json.keys() == {"type", "title", "status", "code", "request_id"}


@pytest.mark.parametrize("position", list(Position))
def test_everybody_gets_past_the_guard_exactly_where_the_table_says(
    stack: LocalStack, position: Position
) -> None:
    boss = sign_up(stack)
    user = boss if position is Position.ADMIN else join(boss, position.value)
    wanted = {row: row.refusal(position, CompanyState.ACTIVE) for row in ROWS}
    assert differences(user, ROWS, wanted) == []


def test_somebody_suspended_gets_past_no_guard_with_a_session_that_was_open(stack: LocalStack) -> None:
    boss = sign_up(stack)
    user = join(boss, "manager")
    assert boss.call("PATCH", at(user), {"state": "suspended"}).status == 200
    for row in GUARDED:
        assert refusal(ask(user, row)) == "unauthorized", row


def test_an_admin_of_another_company_finds_nothing_of_ours_under_its_ids(stack: LocalStack) -> None:
    boss, other = sign_up(stack), sign_up(stack)
    member = join(boss)
    contact = boss.contact("bob@buyer.example")
    made = boss.call("POST", "/v1/company/departments", {"name": "Sales"})
    ours = {
        "user_id": member.me["id"],
        "contact_id": contact["id"],
        "message_id": boss.write("bob@buyer.example"),
        "department_id": made.json["id"],
        "session_id": boss.call("GET", "/v1/me/sessions").json["items"][0]["id"],
        "device_id": boss.call("GET", "/v1/me/devices").json["items"][0]["id"],
    }
    kept, seen = Kept(other), 0
    for row in GUARDED:
        if "_id}" in row.path:
            seen += 1
            foreign, unknown = ask(other, row, ours), ask(other, row)
            kept.restore()
            assert foreign.status in {404, 422}, row
            assert (foreign.status, foreign.json["code"]) == (unknown.status, unknown.json["code"]), row
    assert seen >= 10
    assert member.call("GET", "/v1/me").status == 200
    assert boss.call("GET", f"/v1/contacts/{contact['id']}").json["version"] == contact["version"]


@pytest.mark.clause("retention")
@pytest.mark.parametrize("state", list(CompanyState))
def test_a_company_is_left_with_exactly_what_the_table_says_of_its_state(
    stack: LocalStack, state: CompanyState
) -> None:
    boss = sign_up(stack)
    set_facts(boss, "access", state={"S": state.value})
    wanted = {row: row.refusal(Position.ADMIN, state) for row in ROWS}
    assert differences(boss, ROWS, wanted) == []


def test_a_member_is_never_told_more_about_their_company_than_an_admin(stack: LocalStack) -> None:
    boss = sign_up(stack)
    member = join(boss)
    set_facts(boss, "access", state={"S": CompanyState.RESTRICTED.value})
    wanted = {row: row.refusal(Position.MEMBER, CompanyState.RESTRICTED) for row in GUARDED}
    assert differences(member, GUARDED, wanted) == []


def test_a_term_that_ends_closes_the_next_request_without_anybody_writing_it_down(stack: LocalStack) -> None:
    boss = sign_up(stack)
    line = Row("/v1/contacts", "POST", Permission.CONTACTS_WRITE)
    set_facts(boss, "access", term_ends_at={"N": str(int(stack.now()) + 3600)})
    assert refusal(ask(boss, line)) is None
    stack.advance(3601)
    assert refusal(ask(boss, line)) == "company_not_active"
    assert boss.call("GET", "/v1/contacts").status == 200


# ---------------------------------------------------------------- what changes while a session is open


EXPORTS = Row("/v1/company/subscription", "GET", Permission.SUBSCRIPTION_READ)
"""Something that managers may and members may not."""
RUNS = Row("/v1/company/members", "GET", Permission.MEMBERS_MANAGE)
"""Something that only admins may."""


def test_a_change_of_position_holds_from_the_very_next_request_of_an_open_session(stack: LocalStack) -> None:
    boss = sign_up(stack)
    user, colleague = join(boss), join(boss)
    for role, exports, runs in (
        ("manager", None, "not_permitted"),
        ("admin", None, None),
        ("member", "not_permitted", "not_permitted"),
    ):
        assert boss.call("PATCH", at(user), {"role": role}).status == 200
        assert refusal(ask(user, RUNS)) == runs, role
        assert refusal(ask(user, EXPORTS)) == exports, role
        assert user.call("GET", "/v1/me").json["role"] == role
        assert colleague.call("GET", "/v1/me").json["role"] == "member", "nobody else's session suffers"
    assert boss.call("GET", "/v1/me").status == 200


def test_a_suspension_ends_one_persons_sessions_and_nobody_elses(stack: LocalStack) -> None:
    boss = sign_up(stack)
    user, colleague = join(boss), join(boss, "manager")
    assert user.call("GET", "/v1/me").status == 200
    assert boss.call("PATCH", at(user), {"state": "suspended"}).status == 200
    assert user.call("GET", "/v1/me").status == 401
    assert colleague.call("GET", "/v1/me").status == 200
    assert boss.call("GET", "/v1/me").status == 200
    assert boss.call("PATCH", at(user), {"state": "active"}).status == 200
    assert user.call("GET", "/v1/me").status == 401, "what was ended stays ended"


def test_what_a_company_takes_from_a_position_is_gone_everywhere_it_was_needed(stack: LocalStack) -> None:
    boss = sign_up(stack)
    member = join(boss)
    left = {Permission.CONTACTS_READ}
    granted = boss.call("PUT", "/v1/company/roles/member", {"permissions": sorted(left)})
    assert granted.status == 200, granted.body
    wanted = {row: None if row.permission in left | ALWAYS else "not_permitted" for row in GUARDED}
    assert differences(member, GUARDED, wanted) == []
    assert sorted(member.call("GET", "/v1/me").json["permissions"]) == sorted(left | ALWAYS)


def test_a_company_cannot_grant_what_is_not_to_be_granted_not_even_in_the_row(stack: LocalStack) -> None:
    """As if a later version, or a hand in the table, had written more than the form takes."""
    boss = sign_up(stack)
    member = join(boss)
    everything = {"L": [{"S": name} for name in (*Permission, "contacts.burn")]}
    set_facts(boss, "access", grants={"M": {"member": everything}})
    for row in GUARDED:
        if not row.allows(Position.MANAGER, CompanyState.ACTIVE):
            assert refusal(ask(member, row)) == "not_permitted", row
    assert refusal(ask(member, EXPORTS)) is None


def test_admins_without_one_time_codes_reach_only_their_own_settings_once_they_are_asked_for(
    stack: LocalStack,
) -> None:
    boss = sign_up(stack)
    member = join(boss)
    set_facts(boss, "access", admins_need_totp={"BOOL": True})
    wanted = {row: None if row.permission in ALWAYS else "second_factor_required" for row in GUARDED}
    assert differences(boss, GUARDED, wanted) == []
    assert refusal(ask(member, Row("/v1/contacts", "GET", Permission.CONTACTS_READ))) is None

    setup = boss.call("POST", "/v1/me/totp")
    assert setup.status == 201, setup.body
    code = pyotp.TOTP(setup.json["secret"]).at(int(stack.now()))
    boss.token = boss.call("POST", "/v1/me/totp/confirm", {"code": code}).json["session"]["token"]
    assert refusal(ask(boss, RUNS)) is None, "from the next request on"


@pytest.mark.clause("policy-updates")
def test_who_has_not_agreed_to_the_policy_in_force_reaches_only_their_own_settings(stack: LocalStack) -> None:
    boss = sign_up(stack)
    set_facts(boss, f"member#{boss.me['id']}", policy_version={"S": "2019-01-01"})
    people = Kept(boss).items
    number = next(int(item["facts"]["M"]["people"]["N"]) for item in people if item["sk"]["S"] == "access")
    set_facts(boss, "access", people={"N": str(number + 1)})
    assert boss.call("GET", "/v1/me").status == 200  # takes the session's copy anew
    wanted = {row: None if row.permission in ALWAYS else "consent_needed" for row in GUARDED}
    assert differences(boss, GUARDED, wanted) == []
