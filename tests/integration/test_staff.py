"""The operator's own people at their door: two proofs always, one answer for a stranger, nobody above themselves."""

from __future__ import annotations

import re
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pyotp
import pytest

import app
from chalicelib.api.endpoint import ROUTES
from chalicelib.kernel import ids
from chalicelib.privacy.personnel import AGREEMENT, COURSE, MAY, Right, StaffPosition
from chalicelib.privacy.retention import STAFF_SESSION_ABSOLUTE, STAFF_SESSION_IDLE
from infra.local import LocalStack
from tests.integration.client import (
    PASSWORD,
    Answer,
    User,
    fresh_address,
    fresh_network,
    mail_to,
    request,
    sign_up,
)
from tests.integration.people import key_in
from tests.integration.staff import StaffUser, day_ago, desk, member
from tests.integration.test_triggers import client_of, refused

pytestmark = pytest.mark.clause("personnel", "access")

DECLARED_BY = app.app.app_name
"""Routes exist once the front door is loaded."""
STAFFS = [route for route in ROUTES if route.right is not None]
IDLE = int(STAFF_SESSION_IDLE.total_seconds())
ABSOLUTE = int(STAFF_SESSION_ABSOLUTE.total_seconds())
GUARD = {"not_permitted", "agreement_missing", "training_missing", "training_expired"}
OPERATOR = "okki-leads-operator"


def url(path: str) -> str:
    return re.sub(r"\{(\w+)\}", lambda found: ids.new("xxx"), path)


def refusal(answer: Answer) -> str | None:
    """The code with which the guard refused, None when it let the request pass."""
    assert answer.status < 500, answer.body
    if answer.status not in {401, 403}:
        return None
    code: str = answer.json["code"]
    return code if code in GUARD | {"unauthorized"} else None


def rows(stack: LocalStack, pk: str, begins: str = "") -> list[dict[str, Any]]:
    found = stack.client("dynamodb").query(
        TableName=OPERATOR,
        KeyConditionExpression="pk = :p AND begins_with(sk, :s)",
        ExpressionAttributeValues={":p": {"S": pk}, ":s": {"S": begins}},
        ConsistentRead=True,
    )
    items: list[dict[str, Any]] = found["Items"]
    return items


def about(admin: StaffUser, who: StaffUser, tail: str = "") -> str:
    return f"/v1/staff/people/{who.staff_id}{tail}"


def invite(admin: StaffUser, position: str = "support", **papers: str) -> StaffUser:
    """Somebody an admin takes on through the API: token by mail, nothing on record unless said."""
    email = fresh_address("staff", "okki-staff.example")
    body = {"name": "Sam Tan", "email": email, "position": position}
    answer = admin.call("POST", "/v1/staff/people", body)
    assert answer.status == 202, answer.body
    assert answer.json["state"] == "invited"
    user = StaffUser(admin.stack, answer.json["id"], email, StaffPosition(position))
    user.set_up(f"{key_in(mail_to(admin.stack, email))}.{answer.json['second_half']}")
    for paper, version in papers.items():
        enter(admin, user, paper, version)
    assert user.log_in().status == 201
    return user


def enter(admin: StaffUser, who: StaffUser, paper: str, version: str, days: int = 3) -> Answer:
    body = {"paper": paper, "version": version, "on": day_ago(admin.stack, days)}
    return admin.call("POST", about(admin, who, "/records"), body)


# ---------------------------------------------------------------- every right, every position


@pytest.mark.parametrize("position", list(StaffPosition))
def test_each_position_gets_past_the_guard_exactly_where_the_table_says(
    stack: LocalStack, position: StaffPosition
) -> None:
    user = member(stack, position)
    for route in STAFFS:
        if route.path == "/v1/staff/logout":
            continue
        body: dict[str, Any] | None = None if route.method in {"GET", "DELETE"} else {}
        answer = user.call(route.method, url(route.path), body)
        wanted = None if route.right in MAY[position] else "not_permitted"
        assert refusal(answer) == wanted, (route.method, route.path, answer.body)


def test_without_agreement_and_training_nobody_gets_past_any_guard_but_their_own(stack: LocalStack) -> None:
    user = member(stack, StaffPosition.PRIVACY, papers=False)
    mine = [route for route in STAFFS if route.right in MAY[user.position] - {Right.OWN}]
    assert len(mine) >= 8 < len(STAFFS)
    for route in mine:
        body: dict[str, Any] | None = None if route.method in {"GET", "DELETE"} else {}
        answer = user.call(route.method, url(route.path), body)
        assert (answer.status, refusal(answer)) == (403, "agreement_missing"), route.path
        assert answer.json["clause"] == "personnel"
    assert user.call("GET", "/v1/staff/me").json["missing"] == "agreement_missing"


def test_a_stranger_and_a_user_of_a_company_get_nowhere_near_the_staffs_routes(
    stack: LocalStack, anna: User
) -> None:
    staff = member(stack, StaffPosition.PRIVACY)
    for route in STAFFS:
        body = None if route.method in {"GET", "DELETE"} else {"no_such_field": 1}
        for headers in (
            {},
            {"Authorization": f"Bearer {anna.token}"},
            {"Cookie": f"__Host-session={staff.token}"},
        ):
            answer = request(stack.api + url(route.path), route.method, body, headers)
            assert (answer.status, answer.json["code"]) == (401, "unauthorized"), (route.path, headers)


def test_somebody_of_the_staff_is_nobody_on_the_companies_routes(stack: LocalStack) -> None:
    staff = member(stack, StaffPosition.PRIVACY)
    companies = [route for route in ROUTES if route.permission is not None]
    assert len(companies) > 50
    for route in companies:
        body: dict[str, Any] | None = None if route.method in {"GET", "DELETE"} else {}
        answer = staff.call(route.method, url(route.path), body)
        assert (answer.status, answer.json["code"]) == (401, "unauthorized"), route.path


@pytest.mark.parametrize("function", ["api", "edge", "send-messages", "record-hits", "mail-feedback"])
def test_no_function_of_the_companies_can_read_what_is_the_staffs_even_if_it_were_asked_to(
    stack: LocalStack, function: str
) -> None:
    """The role decides, not the code."""
    user = member(stack, StaffPosition.SUPPORT)
    key = {"pk": {"S": "staff"}, "sk": {"S": f"person#{user.staff_id}"}}
    theirs, ours = client_of(stack, function, "dynamodb"), client_of(stack, "staff", "dynamodb")
    assert ours.get_item(TableName=OPERATOR, Key=key)["Item"]
    query = {
        "KeyConditionExpression": "pk = :p",
        "ExpressionAttributeValues": {":p": {"S": "staff"}},
    }
    denied = "AccessDeniedException"
    assert refused(theirs.get_item, TableName=OPERATOR, Key=key) == denied
    assert refused(theirs.query, TableName=OPERATOR, **query) == denied
    assert refused(theirs.scan, TableName=OPERATOR) == denied
    assert refused(theirs.put_item, TableName=OPERATOR, Item=key) == denied
    assert refused(theirs.delete_item, TableName=OPERATOR, Key=key) == denied


# ---------------------------------------------------------------- the door


def test_whatever_is_wrong_with_a_login_the_answer_is_one(stack: LocalStack) -> None:
    user = member(stack, StaffPosition.SUPPORT)
    suspended = member(stack, StaffPosition.SUPPORT)
    desk(stack, "suspend", suspended.staff_id)
    used = pyotp.TOTP(user.secret, interval=30).generate_otp(user.last_step)
    answers = [
        user.log_in(password="a wrong one entirely"),
        user.log_in(code="000000"),
        user.log_in(code=used),
        user.log_in(email=fresh_address("nobody", "okki-staff.example")),
        suspended.log_in(),
    ]
    bodies = []
    for answer in answers:
        body = answer.json
        del body["request_id"]
        bodies.append((answer.status, body))
    assert bodies == [bodies[0]] * len(bodies)
    assert bodies[0][0] == 401
    assert bodies[0][1]["code"] == "login_refused"
    assert user.log_in().status == 201, "their own tries were not used up by five mistakes"


def test_a_password_alone_opens_nothing(stack: LocalStack) -> None:
    user = member(stack, StaffPosition.SUPPORT)
    form = {"email": user.email, "password": PASSWORD}
    answer = request(f"{stack.api}/v1/staff/login", "POST", form, {"X-Local-Client": user.address})
    assert answer.status == 422
    assert answer.json["errors"] == [{"field": "code", "code": "required"}]


def test_a_code_opens_one_session_however_many_bring_it_at_once(stack: LocalStack) -> None:
    user = member(stack, StaffPosition.SUPPORT)
    form = {"email": user.email, "password": PASSWORD, "code": user.code()}

    def log_in(number: int) -> Answer:
        return request(f"{stack.api}/v1/staff/login", "POST", form, {"X-Local-Client": f"10.77.{number}.1"})

    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(log_in, range(4)))
    assert sorted(answer.status for answer in answers) == [201, 401, 401, 401]


def test_guessing_codes_with_a_stolen_password_ends_without_saying_that_it_was_right(
    stack: LocalStack,
) -> None:
    user = member(stack, StaffPosition.SUPPORT)
    for number in range(12):
        user.address = f"10.78.{number}.1"
        answer = user.log_in(code="000000")
        assert (answer.status, answer.json["code"]) == (401, "login_refused"), number
    user.address = "10.78.99.1"
    assert user.log_in().json["code"] == "login_refused", "not even the right one any more"
    stack.advance(3600)
    assert user.log_in().status == 201


def test_trying_is_limited_for_a_mailbox_that_exists_as_for_one_that_does_not(stack: LocalStack) -> None:
    known = member(stack, StaffPosition.SUPPORT)
    for email in (known.email, fresh_address("nobody", "okki-staff.example")):
        user = StaffUser(stack, known.staff_id, email, known.position, secret=known.secret)
        tried = [user.log_in(password="wrong and wrong", code="123456").status for _ in range(12)]
        assert tried == [401] * 10 + [429] * 2


def test_who_knows_a_colleagues_mailbox_cannot_keep_them_out(stack: LocalStack) -> None:
    """During an attack, of all times: from a network they logged in from lately they get in."""
    user = member(stack, StaffPosition.SECURITY)
    strangers = [StaffUser(stack, user.staff_id, user.email, user.position) for _ in range(7)]

    def guess(stranger: StaffUser) -> list[int]:
        return [stranger.log_in(password="wrong and wrong", code="123456").status for _ in range(9)]

    with ThreadPoolExecutor(2) as pool:
        answers = [one for tried in pool.map(guess, strangers) for one in tried]
    assert answers.count(401) == 59, "and their own first login is the sixtieth"
    assert answers[-1] == 429
    home, user.address = user.address, fresh_network()
    assert user.log_in().status == 429, "a network nobody knows"
    user.address = home
    assert user.log_in().status == 201
    guesses = [user.log_in(password="wrong and wrong", code="123456").status for _ in range(10)]
    assert guesses[-1] == 429, "tries from there are counted too"
    kept = repr(stack.client("dynamodb").scan(TableName=OPERATOR, ConsistentRead=True)["Items"])
    assert home.rpartition(".")[0] + "." not in kept, "where they live is nobody's business"


def test_a_session_ends_when_it_is_left_alone_and_at_the_end_of_the_day(stack: LocalStack) -> None:
    idle, busy = member(stack, StaffPosition.SUPPORT), member(stack, StaffPosition.SUPPORT)
    stack.advance(IDLE - 60)
    assert idle.call("GET", "/v1/staff/me").status == 200
    stack.advance(IDLE + 1)
    assert idle.call("GET", "/v1/staff/me").status == 401
    assert busy.call("GET", "/v1/staff/me").status == 401
    assert busy.log_in().status == 201
    for _ in range(ABSOLUTE // (IDLE - 60)):
        stack.advance(IDLE - 60)
        assert busy.call("GET", "/v1/staff/me").status == 200
    stack.advance(ABSOLUTE % (IDLE - 60) + 1)
    assert busy.call("GET", "/v1/staff/me").status == 401


def test_logging_out_ends_the_session_it_came_with_and_no_other(stack: LocalStack) -> None:
    user = member(stack, StaffPosition.SUPPORT)
    first = user.token
    assert user.log_in().status == 201
    assert user.call("POST", "/v1/staff/logout").status == 204
    assert user.call("GET", "/v1/staff/me").status == 401
    user.token = first
    assert user.call("GET", "/v1/staff/me").status == 200


def test_no_token_password_secret_name_or_mailbox_of_the_staff_lies_open(stack: LocalStack) -> None:
    user = member(stack, StaffPosition.SUPPORT)
    kept = stack.client("dynamodb").scan(TableName=OPERATOR, ConsistentRead=True)["Items"]
    ledger = stack.client("dynamodb").scan(TableName="okki-leads-ledger", ConsistentRead=True)["Items"]
    text = repr(kept) + repr(ledger) + stack.logs("Staff")
    secrets = (user.token, user.token.partition(".")[2], PASSWORD, user.secret, "Noor", user.email)
    assert [secret for secret in secrets if secret in text] == []


# ---------------------------------------------------------------- setting up


def test_a_way_in_exists_only_after_password_and_first_code(stack: LocalStack) -> None:
    admin = member(stack, StaffPosition.ADMIN)
    email = fresh_address("staff", "okki-staff.example")
    body = {"name": "Sam Tan", "email": email, "position": "support"}
    made = admin.call("POST", "/v1/staff/people", body).json
    token = f"{key_in(mail_to(stack, email))}.{made['second_half']}"
    user = StaffUser(stack, made["id"], email, StaffPosition.SUPPORT)
    setup, headers = f"{stack.api}/v1/staff/setup", {"X-Local-Client": user.address}

    def step(path: str, **form: str) -> Answer:
        return request(setup + path, "POST", {"token": token, **form}, headers)

    assert step("/confirm", code="123456").json["code"] == "setup_refused", "no password yet"
    assert step("", password="short").status == 422
    user.secret = step("", password=PASSWORD).json["secret"]
    assert user.log_in().status == 401, "a password without a first code is no way in"
    assert step("/confirm", code="000000").json["code"] == "setup_refused"
    first = user.code()
    assert step("/confirm", code=first).status == 200
    assert step("/confirm", code=first).json["code"] == "setup_refused", "used up"
    assert step("", password=PASSWORD).json["code"] == "setup_refused"
    assert user.log_in(code=first).status == 401, "the first code is used up as well"
    assert user.log_in().status == 201


def test_whoever_reads_the_mail_before_it_leaves_cannot_become_that_colleague(stack: LocalStack) -> None:
    """The companies' function may open the notice; the half that lies in it opens nothing, nor does the other."""
    admin = member(stack, StaffPosition.ADMIN)
    email = fresh_address("staff", "okki-staff.example")
    body = {"name": "Sam Tan", "email": email, "position": "security"}
    handed = admin.call("POST", "/v1/staff/people", body).json["second_half"]
    mail = mail_to(stack, email)["text"]
    mailed = key_in({"text": mail})
    assert handed not in mail
    kept = repr(stack.client("dynamodb").scan(TableName="okki-leads-accounts")["Items"])
    kept += repr(stack.client("dynamodb").scan(TableName=OPERATOR)["Items"]) + stack.logs("Staff")
    assert handed not in kept
    for token in (
        mailed,
        handed,
        f"{handed}.{mailed}",
        f"{mailed}.{mailed}",
        f"{mailed}.",
        f"{mailed}{handed}",
    ):
        form = {"token": token, "password": PASSWORD}
        answer = request(f"{stack.api}/v1/staff/setup", "POST", form, {"X-Local-Client": admin.address})
        assert (answer.status, answer.json["code"]) == (401, "setup_refused")


def test_a_token_that_nobody_used_for_a_day_opens_nothing(stack: LocalStack) -> None:
    email = fresh_address("staff", "okki-staff.example")
    told = desk(stack, "add", "--name", "Sam Tan", "--email", email, "--position", "support")
    token = told.split()[-1]
    stack.advance(86_400)
    answer = request(f"{stack.api}/v1/staff/setup", "POST", {"token": token, "password": PASSWORD})
    assert (answer.status, answer.json["code"]) == (401, "setup_refused")


def test_a_lost_telephone_is_replaced_by_an_admin_and_everything_of_before_ends(stack: LocalStack) -> None:
    admin, user = member(stack, StaffPosition.ADMIN), member(stack, StaffPosition.SUPPORT)
    answer = admin.call("POST", about(admin, user, "/reset"))
    assert answer.status == 200
    assert user.call("GET", "/v1/staff/me").status == 401
    assert user.log_in().status == 401
    user.set_up(f"{key_in(mail_to(stack, user.email))}.{answer.json['second_half']}")
    assert user.log_in().status == 201
    assert user.call("GET", "/v1/staff/me").json["missing"] is None, "their record is still theirs"


# ---------------------------------------------------------------- the personnel record


def test_rights_come_with_both_papers_and_end_with_the_training(stack: LocalStack) -> None:
    admin = member(stack, StaffPosition.ADMIN)
    user = invite(admin)

    def missing() -> str | None:
        said: str | None = user.call("GET", "/v1/staff/me").json["missing"]
        refused = user.call("GET", "/v1/staff/grants")
        assert refused.status == (403 if said else 200)
        return said

    assert missing() == "agreement_missing"
    assert enter(admin, user, "agreement", AGREEMENT).status == 201
    assert missing() == "training_missing"
    assert enter(admin, user, "training", COURSE, days=364).status == 201
    assert missing() is None
    stack.advance(2 * 86_400)
    assert user.log_in().status == 201
    assert missing() == "training_expired"
    assert admin.log_in().status == 201
    assert enter(admin, user, "training", COURSE, days=0).status == 201
    assert missing() is None, "renewed in the middle of a session"
    assert enter(admin, user, "training", COURSE, days=300).status == 201
    assert missing() is None, "an older one put on record late takes nothing away"
    items = admin.call("GET", about(admin, user, "/records")).json["items"]
    assert [one["paper"] for one in items] == ["training", "training", "training", "agreement"]
    assert {one["entered_by"] for one in items} == {admin.staff_id}


def test_nobody_enters_their_own_record_nor_one_that_does_not_exist_or_is_to_come(stack: LocalStack) -> None:
    admin, user = member(stack, StaffPosition.ADMIN), member(stack, StaffPosition.SUPPORT, papers=False)
    own = enter(admin, admin, "training", COURSE)
    assert (own.status, own.json["code"]) == (409, "yourself")
    wrong = enter(admin, user, "agreement", "2019-07")
    assert wrong.json["errors"] == [{"field": "version", "code": "unknown"}]
    later = enter(admin, user, "training", COURSE, days=-2)
    assert later.json["errors"] == [{"field": "on", "code": "in_the_future"}]
    assert user.call("GET", "/v1/staff/me").json["agreement"] is None
    nobody = admin.call(
        "POST",
        f"/v1/staff/people/{ids.new('stf')}/records",
        {"paper": "training", "version": COURSE, "on": day_ago(stack, 1)},
    )
    assert nobody.status == 404


# ---------------------------------------------------------------- nobody above themselves


def test_nobody_changes_themselves_and_so_the_last_admin_stays(stack: LocalStack) -> None:
    admin = member(stack, StaffPosition.ADMIN)
    for method, tail, body in (
        ("PATCH", "", {"position": "privacy"}),
        ("PATCH", "", {"state": "suspended"}),
        ("DELETE", "", None),
        ("POST", "/reset", None),
    ):
        answer = admin.call(method, about(admin, admin, tail), body)
        assert (answer.status, answer.json["code"]) == (409, "yourself")
    assert admin.call("GET", "/v1/staff/me").json["position"] == "admin"


def test_of_two_admins_who_suspend_each_other_at_once_one_is_too_late(stack: LocalStack) -> None:
    first, second = member(stack, StaffPosition.ADMIN), member(stack, StaffPosition.ADMIN)

    def suspend(pair: tuple[StaffUser, StaffUser]) -> int:
        return pair[0].call("PATCH", about(*pair), {"state": "suspended"}).status

    with ThreadPoolExecutor(2) as pool:
        answers = sorted(pool.map(suspend, [(first, second), (second, first)]))
    assert answers[0] == 200
    assert answers[1] in {401, 403}
    states = [user.call("GET", "/v1/staff/me").status for user in (first, second)]
    assert sorted(states) == [200, 401]


def test_another_position_and_a_suspension_hold_from_the_very_next_request(stack: LocalStack) -> None:
    admin, user = member(stack, StaffPosition.ADMIN), member(stack, StaffPosition.SUPPORT)
    assert user.call("GET", "/v1/staff/grants").status == 200
    assert admin.call("PATCH", about(admin, user), {"position": "auditor"}).json["position"] == "auditor"
    assert refusal(user.call("GET", "/v1/staff/grants")) == "not_permitted"
    assert admin.call("PATCH", about(admin, user), {"state": "suspended"}).json["state"] == "suspended"
    assert user.call("GET", "/v1/staff/me").status == 401
    assert admin.call("PATCH", about(admin, user), {"state": "active"}).status == 200
    assert user.call("GET", "/v1/staff/me").status == 401, "a session of before stays over"
    assert user.log_in().status == 201


def test_who_leaves_is_gone_at_once_and_their_mailbox_is_free(stack: LocalStack) -> None:
    admin, user = member(stack, StaffPosition.ADMIN), member(stack, StaffPosition.SUPPORT)
    assert admin.call("DELETE", about(admin, user)).status == 204
    assert user.call("GET", "/v1/staff/me").status == 401
    assert user.log_in().status == 401
    assert admin.call("GET", about(admin, user)).status == 404
    assert admin.call("GET", about(admin, user, "/records")).json["items"], "what was on record stays"
    body = {"name": "Sam Tan", "email": user.email, "position": "support"}
    again = admin.call("POST", "/v1/staff/people", body)
    assert again.status == 202
    assert again.json["id"] != user.staff_id
    taken = admin.call("POST", "/v1/staff/people", body)
    assert (taken.status, taken.json["code"]) == (409, "mailbox_taken")


def test_the_desk_lets_the_last_admin_go_on_no_account(stack: LocalStack) -> None:
    """The roster as if they were the only one."""
    admin = member(stack, StaffPosition.ADMIN)
    dynamodb = stack.client("dynamodb")
    key = {"pk": {"S": "staff"}, "sk": {"S": "roster"}}
    before = dynamodb.get_item(TableName=OPERATOR, Key=key, ConsistentRead=True)["Item"]
    try:
        alone = {**before, "facts": {"M": {**before["facts"]["M"], "admins": {"L": [{"S": admin.staff_id}]}}}}
        dynamodb.put_item(TableName=OPERATOR, Item=alone)
        assert "last_admin" in desk(stack, "suspend", admin.staff_id, fails=True)
        assert "last_admin" in desk(stack, "leave", admin.staff_id, fails=True)
        assert "set-up token" in desk(stack, "reset", admin.staff_id)
    finally:
        dynamodb.put_item(TableName=OPERATOR, Item=before)


def test_every_act_about_somebody_is_proven_in_the_operators_chain_in_order_and_without_words(
    stack: LocalStack,
) -> None:
    admin = member(stack, StaffPosition.ADMIN)
    user = invite(admin, agreement=AGREEMENT, training=COURSE)
    for change in ({"position": "auditor"}, {"state": "suspended"}, {"state": "active"}):
        assert admin.call("PATCH", about(admin, user), change).status == 200
    assert admin.call("DELETE", about(admin, user)).status == 204
    found = stack.client("dynamodb").query(
        TableName="okki-leads-ledger",
        KeyConditionExpression="pk = :p AND begins_with(sk, :s)",
        ExpressionAttributeValues={":p": {"S": "co_operator"}, ":s": {"S": "staff#"}},
        ConsistentRead=True,
    )["Items"]
    mine = [one for one in found if one["facts"]["M"]["staff_id"]["S"] == user.staff_id]
    assert [one["facts"]["M"]["act"]["S"] for one in mine] == [
        "added",
        "set_up",
        "paper_entered",
        "paper_entered",
        "logged_in",
        "position_changed",
        "suspended",
        "reinstated",
        "left",
    ]
    assert all({"seq", "prev", "link"} <= one.keys() for one in mine)
    assert {one["facts"]["M"].get("by_id", {}).get("S") for one in mine} == {admin.staff_id, user.staff_id}


def test_a_user_of_a_company_and_somebody_of_the_staff_may_have_the_same_mailbox(stack: LocalStack) -> None:
    """Two doors that know nothing of each other."""
    user = member(stack, StaffPosition.SUPPORT)
    twin = sign_up(stack, user.email)
    assert twin.call("GET", "/v1/me").status == 200
    assert user.log_in().status == 201
    assert rows(stack, "staff", f"person#{user.staff_id}")
