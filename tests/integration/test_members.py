"""Inviting, joining, managing and removing people: no door that stays open, nobody locked out by accident."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest

import app as front_door  # noqa: F401  # registers every route
from chalicelib.api import endpoint
from chalicelib.api.described import EXAMPLES
from chalicelib.kernel import ids
from chalicelib.privacy import retention
from chalicelib.privacy.permissions import Permission
from infra.local import LocalStack
from tests.integration.client import (
    Answer,
    User,
    eventually,
    fresh_address,
    log_in,
    mail_to,
    request,
    sign_up,
)
from tests.integration.letters import drained, rows
from tests.integration.people import accept, at, invite, invited, join, key_in, sign_up_again

API = "okki-leads-api"
MANAGING = {Permission.COMPANY_MANAGE, Permission.MEMBERS_MANAGE, Permission.RULES_MANAGE}
ADMINS_ONLY = [route for route in endpoint.ROUTES if route.permission in MANAGING]
STALE = int((retention.PROOF + timedelta(seconds=1)).total_seconds())
WEEK = int(retention.INVITATION.total_seconds())
DAY = 86_400


@pytest.fixture(scope="module")
def admin(stack: LocalStack) -> User:
    """Whose company only grows."""
    return sign_up(stack)


@pytest.fixture(scope="module")
def member(admin: User) -> User:
    return join(admin)


def refused(answer: Answer, status: int, code: str) -> None:
    assert (answer.status, answer.json["code"]) == (status, code), answer.body
    assert not answer.cookies


def patch(admin: User, user: User, **fields: Any) -> Answer:
    return admin.call("PATCH", at(user), fields)


def names(route: endpoint.Route) -> str:
    return f"{route.method} {route.path}"


def path(route: endpoint.Route, **values: str) -> str:
    found = route.path
    for name, prefix in {"user_id": "usr", "department_id": "dep", "invitation_id": "inv"}.items():
        found = found.replace(f"{{{name}}}", values.get(name) or ids.new(prefix))
    return found.replace("{position}", "member")


def body_of(route: endpoint.Route) -> Any:
    return None if route.body is None else EXAMPLES[route.body.__name__]


def seen(answer: Answer) -> tuple[int, Any]:
    return answer.status, {key: value for key, value in answer.json.items() if key != "request_id"}


# -- joining -----------------------------------------------------------------------------------------


@pytest.mark.clause("self-service", "scope-adults", "consent")
def test_somebody_who_is_invited_joins_with_the_key_from_the_mail(stack: LocalStack) -> None:
    admin = sign_up(stack, company="Lanhai Export")
    email, key = invited(admin, role="manager")
    mail = mail_to(stack, email)
    assert "Lanhai Export" in mail["text"]
    assert admin.me["name"] in mail["subject"]
    answer = accept(stack, key, name="Ben Ho", locale="zh")
    assert answer.status == 201, answer.body
    user = answer.json["user"]
    assert (user["email"], user["name"], user["role"], user["locale"]) == (email, "Ben Ho", "manager", "zh")
    assert answer.json["company"]["id"] == admin.company["id"]
    assert answer.json["device_token"]
    assert any(cookie.startswith("__Host-session=") for cookie in answer.cookies)
    people = admin.call("GET", "/v1/company/members").json["items"]
    assert [(one["email"], one["main_account"]) for one in people] == [(email, False), (admin.email, True)]
    assert admin.call("GET", "/v1/company").json["members"] == 2
    assert admin.call("GET", "/v1/company/invitations").json["items"] == []
    receipts = [row for row in rows(stack, "ledger") if user["id"] in row["sk"]["S"]]
    assert len(receipts) == 1
    assert receipts[0]["facts"]["M"]["method"]["S"] == "invitation_form"
    assert log_in(stack, email).status == 200


@pytest.mark.clause("self-service")
def test_unknown_used_late_and_withdrawn_keys_are_answered_alike(stack: LocalStack) -> None:
    admin = sign_up(stack)
    _, used = invited(admin)
    assert accept(stack, used).status == 201
    email, withdrawn = invited(admin)
    (waiting,) = admin.call("GET", "/v1/company/invitations").json["items"]
    assert waiting["email"] == email
    gone = f"/v1/company/invitations/{waiting['id']}"
    assert admin.call("DELETE", gone).status == 204
    refused(admin.call("DELETE", gone), 404, "not_found")
    _, late = invited(admin)
    stack.advance(WEEK)
    answers = [accept(stack, key) for key in (used, withdrawn, late, "x" * 43, "", "A" * 5000)]
    refused(answers[0], 401, "invitation_refused")
    assert all(seen(answer) == seen(answers[0]) for answer in answers)
    assert admin.call("GET", "/v1/company/invitations").status == 401, "the session has ended as well"


@pytest.mark.clause("scope-adults", "passwords", "policy-updates")
@pytest.mark.parametrize(
    ("form", "status", "code"),
    [
        ({"is_adult": False}, 403, "minor"),
        ({"policy_version": "2019-01-01"}, 422, "not_in_force"),
        ({"password": "short"}, 422, "too_short"),
        ({"password": "Ben Ho 2026!!"}, 422, "too_easy"),
        ({"password": "password1234"}, 422, "breached"),
        ({"role": "admin"}, 422, "unknown_field"),
        ({"email": "other@acme.example"}, 422, "unknown_field"),
        ({"company_id": "co_1"}, 422, "unknown_field"),
    ],
    ids=lambda value: str(next(iter(value))) if isinstance(value, dict) else str(value),
)
def test_joining_takes_what_signing_up_takes_and_a_refusal_uses_nothing_up(
    stack: LocalStack, admin: User, form: dict[str, Any], status: int, code: str
) -> None:
    _, key = invited(admin)
    answer = accept(stack, key, **form)
    assert answer.status == status, answer.body
    assert code in str(answer.json)
    assert accept(stack, key).status == 201


@pytest.mark.clause("self-service")
def test_of_eight_who_use_one_key_at_once_one_joins(stack: LocalStack) -> None:
    admin = sign_up(stack)
    email, key = invited(admin)
    with ThreadPoolExecutor(8) as threads:
        answers = list(threads.map(lambda _: accept(stack, key), range(8)))
    assert sorted(answer.status for answer in answers) == [201] + [401] * 7
    people = admin.call("GET", "/v1/company/members").json["items"]
    assert [one["email"] for one in people] == [email, admin.email]


@pytest.mark.clause("self-service")
def test_people_who_join_at_the_same_time_do_not_turn_each_other_away(stack: LocalStack) -> None:
    admin = sign_up(stack)
    found = [invited(admin) for _ in range(4)]
    with ThreadPoolExecutor(4) as threads:
        answers = list(threads.map(lambda one: accept(stack, one[1]), found))
    assert [answer.status for answer in answers] == [201] * 4


@pytest.mark.clause("self-service")
def test_a_lost_reply_neither_loses_nor_doubles_an_account(stack: LocalStack) -> None:
    admin = sign_up(stack)
    email = fresh_address("ben")
    stack.wire.inject(kind="lose_reply", operation="TransactWriteItems", function=API)
    invite(admin, email)
    assert len(admin.call("GET", "/v1/company/invitations").json["items"]) == 1
    stack.wire.inject(kind="lose_reply", operation="TransactWriteItems", function=API)
    assert accept(stack, key_in(mail_to(stack, email))).status == 201
    assert len(stack.mails(email)) == 1
    assert admin.call("GET", "/v1/company").json["members"] == 2


@pytest.mark.clause("self-service", "access")
def test_an_invitation_is_worth_what_the_one_who_made_it_may_still_do(stack: LocalStack) -> None:
    main = sign_up(stack)
    other = join(main, "admin")
    _, first = invited(other, role="admin")
    _, second = invited(other, role="admin")
    assert patch(main, other, role="member").status == 200
    refused(accept(stack, first), 401, "invitation_refused")
    assert main.call("DELETE", at(other)).status == 204
    refused(accept(stack, second), 401, "invitation_refused")


@pytest.mark.clause("cancellation", "self-service")
def test_a_company_that_is_not_active_takes_nobody_in_and_the_key_is_not_used_up(stack: LocalStack) -> None:
    admin = sign_up(stack)
    _, key = invited(admin)
    row = {"pk": {"S": admin.company["id"]}, "sk": {"S": "access"}}

    def state(value: str) -> None:
        stack.client("dynamodb").update_item(
            TableName="okki-leads-accounts",
            Key=row,
            UpdateExpression="SET facts.#s = :s",
            ExpressionAttributeNames={"#s": "state"},
            ExpressionAttributeValues={":s": {"S": value}},
        )

    for value in ("expired", "restricted", "cancelling", "cancelled", "pending"):
        state(value)
        refused(accept(stack, key), 403, "company_not_active")
    state("active")
    assert accept(stack, key).status == 201


@pytest.mark.clause("self-service")
def test_an_invitation_to_a_department_that_is_gone_leads_into_the_company(stack: LocalStack) -> None:
    admin = sign_up(stack)
    place = admin.call("POST", "/v1/company/departments", {"name": "Sales"}).json["id"]
    _, kept = invited(admin, department_id=place)
    joined = accept(stack, kept).json["user"]["id"]
    one = admin.call("GET", f"/v1/company/members/{joined}").json
    assert one["department_id"] == place
    body = {"department_id": None}
    assert admin.call("PATCH", f"/v1/company/members/{joined}", body).status == 200
    _, late = invited(admin, department_id=place)
    assert admin.call("DELETE", f"/v1/company/departments/{place}").status == 204
    joined = accept(stack, late).json["user"]["id"]
    assert admin.call("GET", f"/v1/company/members/{joined}").json["department_id"] is None


# -- what an invitation tells ------------------------------------------------------------------------


@pytest.mark.clause("signup")
def test_inviting_tells_nothing_about_who_has_an_account(stack: LocalStack) -> None:
    admin, stranger = sign_up(stack), sign_up(stack)
    invite(admin, fresh_address("warm"))
    done = []
    for email in (fresh_address("nobody"), stranger.email, admin.email):
        stack.wire.clear()
        answer = admin.call("POST", "/v1/company/members", {"email": email, "role": "member"})
        calls = [(c.service, c.operation, c.status) for c in stack.wire.calls if c.function == API]
        shape = {key: type(value) for key, value in answer.json.items()}
        done.append((answer.status, shape, set(answer.headers), calls))
    assert done[0] == done[1] == done[2]


@pytest.mark.clause("signup")
def test_only_the_owner_of_a_mailbox_learns_that_it_has_an_account(stack: LocalStack) -> None:
    admin, stranger = sign_up(stack), sign_up(stack)
    before = len(stack.mails(stranger.email))
    invite(admin, stranger.email, locale="zh")
    mail = mail_to(stack, stranger.email, before + 1)
    assert "已有账号" in mail["text"]
    with pytest.raises(AssertionError):
        key_in(mail)
    assert stranger.call("GET", "/v1/me").json["company"]["id"] == stranger.company["id"]


@pytest.mark.clause("signup")
def test_a_mailbox_that_got_an_account_meanwhile_is_not_taken_over(stack: LocalStack) -> None:
    admin = sign_up(stack)
    email, key = invited(admin)
    sign_up_again(stack, email, "Ben's own")
    refused(accept(stack, key, password="another long secret"), 401, "invitation_refused")
    assert log_in(stack, email).json["company"]["name"] == "Ben's own"


@pytest.mark.clause("self-service")
def test_a_double_click_invites_once(stack: LocalStack) -> None:
    admin, email = sign_up(stack), fresh_address("ben")
    body, key = {"email": email, "role": "member"}, {"Idempotency-Key": "invite-ben"}
    with ThreadPoolExecutor(4) as threads:
        made = list(threads.map(lambda _: admin.call("POST", "/v1/company/members", body, key), range(8)))
    # More than a mailbox may get in a day, were each of them counted.
    assert [one.status for one in made] == [202] * 8
    assert all(one.json == made[0].json for one in made)
    assert len(admin.call("GET", "/v1/company/invitations").json["items"]) == 1
    mail_to(stack, email)
    assert admin.call("POST", "/v1/company/members", body, key).json == made[0].json
    assert len(stack.mails(email)) == 1
    assert accept(stack, key_in(stack.mails(email)[0])).status == 201
    refused(admin.call("POST", "/v1/company/members", body, key), 409, "gone")


@pytest.mark.clause("self-service")
def test_nobody_is_flooded_with_invitations(stack: LocalStack) -> None:
    one, other, email = sign_up(stack), sign_up(stack), fresh_address("eve")
    for admin in (one, other, one):
        invite(admin, email)
    answer = other.call("POST", "/v1/company/members", {"email": email, "role": "member"})
    refused(answer, 429, "too_many_requests")
    assert 0 < int(answer.headers["retry-after"]) <= DAY
    tagged = email.replace("@", "+x@")
    refused(
        other.call("POST", "/v1/company/members", {"email": tagged, "role": "member"}),
        429,
        "too_many_requests",
    )
    for number in range(28):
        invite(one, fresh_address(f"flood{number}-"))
    last = one.call("POST", "/v1/company/members", {"email": fresh_address("x"), "role": "member"})
    refused(last, 429, "too_many_requests")


# -- who may -----------------------------------------------------------------------------------------


def test_there_are_routes_for_admins() -> None:
    assert len(ADMINS_ONLY) >= 14


@pytest.mark.clause("access", "self-service")
@pytest.mark.parametrize("route", ADMINS_ONLY, ids=names)
def test_who_does_not_run_the_company_changes_nothing_in_it(
    stack: LocalStack, admin: User, member: User, route: endpoint.Route
) -> None:
    where = path(route, user_id=admin.me["id"])
    before = admin.call("GET", at(admin)).json
    refused(member.call(route.method, where, body_of(route)), 403, "not_permitted")
    refused(request(stack.api + where, route.method, body_of(route)), 401, "unauthorized")
    assert admin.call("GET", at(admin)).json == before


@pytest.mark.clause("access", "self-service")
@pytest.mark.parametrize("route", [route for route in ADMINS_ONLY if "_id}" in route.path], ids=names)
def test_people_of_another_company_do_not_exist(
    stack: LocalStack, admin: User, member: User, route: endpoint.Route
) -> None:
    stranger = sign_up(stack)
    place = admin.call("POST", "/v1/company/departments", {"name": "Sales"}).json["id"]
    waiting = invite(admin, fresh_address("ben"))["id"]
    foreign = path(route, user_id=member.me["id"], department_id=place, invitation_id=waiting)
    answer = stranger.call(route.method, foreign, body_of(route))
    refused(answer, 404, "not_found")
    assert seen(answer) == seen(stranger.call(route.method, path(route), body_of(route)))
    assert member.call("GET", "/v1/me").status == 200
    assert waiting in str(admin.call("GET", "/v1/company/invitations").json)


@pytest.mark.clause("access")
def test_a_department_or_a_successor_of_another_company_does_not_exist_either(
    stack: LocalStack, member: User
) -> None:
    stranger = sign_up(stack)
    place = sign_up(stack).call("POST", "/v1/company/departments", {"name": "Sales"}).json["id"]
    body = {"email": fresh_address("ben"), "role": "member", "department_id": place}
    assert stranger.call("POST", "/v1/company/members", body).json["errors"] == [
        {"field": "department_id", "code": "unknown"}
    ]
    refused(stranger.call("POST", "/v1/company/handover", {"user_id": member.me["id"]}), 404, "not_found")


@pytest.mark.clause("access")
@pytest.mark.parametrize(
    "field", ["id", "user_id", "company_id", "main_account", "generation", "second_factor", "policy_version"]
)
def test_a_place_in_the_company_has_no_hidden_fields(admin: User, member: User, field: str) -> None:
    before = admin.call("GET", at(member)).json
    for method, where, body in (
        ("PATCH", at(member), {}),
        ("POST", "/v1/company/members", {"email": fresh_address("ben"), "role": "member"}),
    ):
        answer = admin.call(method, where, {**body, field: "admin"})
        assert answer.json["errors"] == [{"field": field, "code": "unknown_field"}]
    for wrong in ({"role": None}, {"state": None}, {"state": "removed"}, {"role": "owner"}):
        assert admin.call("PATCH", at(member), wrong).status == 422
    assert admin.call("GET", at(member)).json == before


# -- managing ----------------------------------------------------------------------------------------


@pytest.mark.clause("access", "self-service")
def test_a_suspension_works_with_the_very_next_request_of_every_session(stack: LocalStack) -> None:
    admin = sign_up(stack)
    member = join(admin)
    second = log_in(stack, member.email).json["session"]["token"]
    sessions = [member, User(stack, member.email, second, member.me, member.company, member.address)]
    contact = member.contact("lena@buyer.example")
    assert all(one.call("GET", f"/v1/contacts/{contact['id']}").status == 200 for one in sessions)
    before = len(stack.mails(member.email))
    assert patch(admin, member, state="suspended").json["state"] == "suspended"
    for one in sessions:
        refused(one.call("GET", f"/v1/contacts/{contact['id']}"), 401, "unauthorized")
        refused(one.call("DELETE", f"/v1/contacts/{contact['id']}"), 401, "unauthorized")
    refused(log_in(stack, member.email), 401, "login_refused")
    assert admin.call("GET", f"/v1/contacts/{contact['id']}").status == 200
    assert "suspended" in mail_to(stack, member.email, before + 1)["subject"]
    # Reinstated, they log in anew: what was open before may be in somebody else's hands.
    assert patch(admin, member, state="active").status == 200
    assert all(one.call("GET", "/v1/me").status == 401 for one in sessions)
    assert "again" in mail_to(stack, member.email, before + 2)["subject"]
    assert log_in(stack, member.email).status == 200


@pytest.mark.clause("access", "self-service")
def test_a_new_role_works_with_the_next_request_and_is_told(stack: LocalStack) -> None:
    admin = sign_up(stack)
    member = join(admin)
    refused(member.call("GET", "/v1/company/members"), 403, "not_permitted")
    assert patch(admin, member, role="admin").status == 200
    assert member.call("GET", "/v1/company/members").status == 200
    assert (
        "admin"
        in eventually(lambda: [m for m in stack.mails(member.email) if "role" in m["subject"]])[0]["text"]
    )
    assert patch(admin, member, role="member").status == 200
    refused(member.call("GET", "/v1/company/members"), 403, "not_permitted")


@pytest.mark.clause("access", "self-service")
def test_nobody_changes_their_own_place_and_nobody_the_main_accounts(stack: LocalStack) -> None:
    main = sign_up(stack)
    other = join(main, "admin")
    for who in (main, other):
        for fields in ({"role": "member"}, {"state": "suspended"}):
            refused(patch(who, who, **fields), 409, "yourself")
        refused(who.call("DELETE", at(who)), 409, "yourself")
        assert patch(who, who, role="admin", state="active").status == 200, "nothing changes"
    for fields in ({"role": "manager"}, {"state": "suspended"}):
        refused(patch(other, main, **fields), 409, "main_account")
    refused(other.call("DELETE", at(main)), 409, "main_account")
    assert main.call("GET", "/v1/company/members").status == 200


@pytest.mark.clause("access", "self-service")
def test_two_admins_who_remove_each_other_leave_one_who_can_still_act(stack: LocalStack) -> None:
    main = sign_up(stack)
    one, two = join(main, "admin"), join(main, "admin")
    with ThreadPoolExecutor(2) as threads:
        list(threads.map(lambda pair: pair[0].call("DELETE", at(pair[1])), [(one, two), (two, one)]))
    left = main.call("GET", "/v1/company/members").json["items"]
    assert main.me["id"] in [person["id"] for person in left]
    assert [person["role"] for person in left if person["main_account"]] == ["admin"]


@pytest.mark.clause("self-service")
def test_a_list_of_sixty_people_is_complete_and_costs_one_query_and_one_batch_a_page(
    stack: LocalStack,
) -> None:
    admin = sign_up(stack)
    inviters = [admin, join(admin, "admin"), join(admin, "admin")]

    def bring(number: int) -> str:
        return join(inviters[number % 3], name=f"Person {number}").email

    with ThreadPoolExecutor(6) as threads:
        emails = list(threads.map(bring, range(57)))
    everybody = {*emails, *(one.email for one in inviters)}
    found: list[str] = []
    cursor = ""
    for expected in (25, 25, 10):
        stack.wire.clear()
        answer = admin.call("GET", f"/v1/company/members?limit=25{cursor}").json
        calls = [c.operation for c in stack.wire.calls if c.function == API and b"-accounts" in c.request]
        assert (len(answer["items"]), calls.count("Query"), calls.count("BatchGetItem")) == (expected, 1, 2)
        found += [one["email"] for one in answer["items"]]
        cursor = f"&cursor={answer['next_cursor']}"
    assert answer["next_cursor"] is None
    assert len(found) == 60
    assert set(found) == everybody
    assert admin.call("GET", "/v1/company").json["members"] == 60
    bad = admin.call("GET", "/v1/company/members?cursor=member%23x")
    assert bad.json["errors"] == [{"field": "cursor", "code": "malformed"}]


# -- handing over ------------------------------------------------------------------------------------


@pytest.mark.clause("self-service", "access")
def test_the_main_account_is_handed_over_by_its_owner_with_a_fresh_proof_only(stack: LocalStack) -> None:
    main = sign_up(stack)
    heir, member = join(main, "admin"), join(main)
    where, body, key = "/v1/company/handover", {"user_id": heir.me["id"]}, {"Idempotency-Key": "over"}
    refused(heir.call("POST", where, body), 403, "main_account_only")
    refused(main.call("POST", where, {"user_id": member.me["id"]}), 409, "not_an_admin")
    refused(main.call("POST", where, {"user_id": main.me["id"]}), 409, "yourself")
    stack.advance(STALE)
    refused(main.call("POST", where, body), 403, "proof_needed")
    stack.reset_clock()
    assert main.call("GET", "/v1/company").json["main_account_id"] == main.me["id"]
    assert main.call("POST", where, body, key).json == {"main_account_id": heir.me["id"]}
    assert main.call("POST", where, body, key).json == {"main_account_id": heir.me["id"]}, "a double click"
    refused(main.call("POST", where, body), 403, "main_account_only")
    assert heir.call("GET", "/v1/company").json["main_account_id"] == heir.me["id"]
    for user, subject in ((main, "handed over"), (heir, "You now hold")):
        eventually(
            lambda user=user, subject=subject: [m for m in stack.mails(user.email) if subject in m["subject"]]  # type: ignore[misc]  # bound now, not later
        )
    refused(patch(main, heir, role="member"), 409, "main_account")
    assert patch(heir, main, role="member").status == 200


@pytest.mark.clause("self-service")
def test_a_person_is_told_exactly_when_something_changed(stack: LocalStack) -> None:
    admin = sign_up(stack)
    member = join(admin)
    before = len(stack.mails(member.email))
    stack.wire.inject(kind="lose_reply", operation="TransactWriteItems", function=API)
    for _ in range(3):
        assert patch(admin, member, role="manager").status == 200
    place = admin.call("POST", "/v1/company/departments", {"name": "Sales"}).json["id"]
    assert patch(admin, member, department_id=place).status == 200
    refused(patch(admin, admin, role="manager"), 409, "yourself")
    mail_to(stack, member.email, before + 1)
    drained(stack, "notices")
    assert len(stack.mails(member.email)) == before + 1


@pytest.mark.clause("self-service", "access")
def test_however_handing_over_and_demoting_race_the_main_account_is_an_active_admin(
    stack: LocalStack,
) -> None:
    main = sign_up(stack)
    one, two, third = (join(main, "admin") for _ in range(3))
    acts = [
        lambda: main.call("POST", "/v1/company/handover", {"user_id": one.me["id"]}),
        lambda: main.call("POST", "/v1/company/handover", {"user_id": two.me["id"]}),
        lambda: patch(third, one, role="member"),
        lambda: patch(third, two, state="suspended"),
        lambda: patch(third, main, role="member"),
        lambda: third.call("DELETE", at(one)),
        lambda: third.call("DELETE", at(two)),
        lambda: patch(third, one, role="manager"),
    ]
    with ThreadPoolExecutor(8) as threads:
        answers = list(threads.map(lambda act: act(), acts))
    assert {answer.status for answer in answers} <= {200, 204, 403, 404, 409}, [a.body for a in answers]
    people = third.call("GET", "/v1/company/members").json["items"]
    (holder,) = [person for person in people if person["main_account"]]
    assert (holder["role"], holder["state"]) == ("admin", "active")
    assert sum(answer.status == 200 for answer in answers[:2]) <= 1


@pytest.mark.clause("self-service")
def test_a_lost_reply_hands_over_once(stack: LocalStack) -> None:
    main = sign_up(stack)
    heir = join(main, "admin")
    stack.wire.inject(kind="lose_reply", operation="TransactWriteItems", function=API)
    assert main.call("POST", "/v1/company/handover", {"user_id": heir.me["id"]}).status == 200
    assert heir.call("GET", "/v1/company").json["main_account_id"] == heir.me["id"]
