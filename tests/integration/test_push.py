"""Pushes: what leaves the region says nothing about anybody, and a device that is let go is forgotten."""

from __future__ import annotations

import json
import os
from typing import Any

import pytest
from botocore.exceptions import ClientError

from chalicelib.kernel import ids
from infra.local import LocalStack
from tests.integration.client import PASSWORD, User, eventually, mail_to, sign_up
from tests.integration.letters import TABLES, drained, rows
from tests.integration.teller import forget_devices, tell

pytestmark = pytest.mark.clause("notification")


@pytest.fixture
def person(stack: LocalStack) -> User:
    return sign_up(stack)


def device_token() -> str:
    """As Apple gives them out."""
    return os.urandom(32).hex()


def register(user: User, token: str, platform: str = "apns") -> dict[str, Any]:
    answer = user.call("POST", "/v1/me/push", {"platform": platform, "token": token})
    assert answer.status == 201, answer.body
    made: dict[str, Any] = answer.json
    return made


def devices(user: User) -> list[str]:
    found = user.call("GET", "/v1/me/notifications").json["push"]["devices"]
    return [one["id"] for one in found]


def endpoint_of(stack: LocalStack, token: str) -> str:
    """SNS' name for a device that is registered: asked as its owner would, who gets the one there is."""
    sns = stack.client("sns")
    (application,) = [
        one["PlatformApplicationArn"]
        for one in sns.list_platform_applications()["PlatformApplications"]
        if "/APNS/" in one["PlatformApplicationArn"]
    ]
    found: str = sns.create_platform_endpoint(PlatformApplicationArn=application, Token=token)["EndpointArn"]
    return found


def attributes(stack: LocalStack, endpoint: str) -> dict[str, str] | None:
    """What SNS holds of a device; None once it is forgotten."""
    try:
        found: dict[str, str] = stack.client("sns").get_endpoint_attributes(EndpointArn=endpoint)[
            "Attributes"
        ]
    except ClientError as error:
        assert error.response["Error"]["Code"] in {"NotFound", "NotFoundException"}
        return None
    return found


def pushed(stack: LocalStack, token: str, count: int = 1) -> list[dict[str, str]]:
    """What came to a device, once so much has come."""

    def look() -> list[dict[str, str]] | None:
        found = [one for one in stack.pushes() if one["token"] == token]
        return found if len(found) >= count else None

    return eventually(look)


def kept(stack: LocalStack, user: User) -> list[str]:
    """Kinds of rows about the user's devices."""
    found = []
    for row in rows(stack, "accounts"):
        about_user = user.me["id"] in row["sk"]["S"] or row.get("facts", {}).get("M", {}).get("user_id") == {
            "S": user.me["id"]
        }
        if row["kind"]["S"] in {"push_device", "push_owner"} and about_user:
            found.append(row["kind"]["S"])
    return sorted(found)


@pytest.mark.clause("cross-border")
def test_a_push_says_that_there_is_something_and_nothing_about_anybody(
    stack: LocalStack, person: User
) -> None:
    apple, google = device_token(), f"fcm:{device_token()}_-x"
    register(person, apple)
    register(person, google, "fcm")
    body = {"current_password": PASSWORD, "password": "eight amber lanterns"}
    assert person.call("PUT", "/v1/me/password", body).status == 200
    (to_apple,), (to_google,) = pushed(stack, apple), pushed(stack, google)
    assert (to_apple["platform"], to_google["platform"]) == ("APNS", "GCM")
    payload = json.loads(to_apple["payload"])
    note = json.loads(to_google["payload"])["fcmV1Message"]["message"]
    text = "There is a message about the security of your account. Open the app to read it."
    assert payload["aps"]["alert"] == note["notification"] == {"title": "OKKI Leads AI", "body": text}
    assert payload["notification"] == note["data"]["notification"]
    assert ids.is_id(payload["notification"], "ntf")
    assert payload.keys() == {"aps", "notification"}
    assert note.keys() == {"notification", "data"}
    for one in (to_apple, to_google):
        for secret in (person.email, person.me["name"], person.company["name"], person.me["id"], "password"):
            assert secret not in one["payload"]


@pytest.mark.clause("encryption")
def test_the_token_of_a_device_is_kept_by_nobody_but_sns(stack: LocalStack, person: User) -> None:
    token = device_token()
    register(person, token)
    endpoint = endpoint_of(stack, token)
    held = attributes(stack, endpoint)
    assert held is not None
    assert held["Token"] == token
    assert not held.get("CustomUserData")
    for table in TABLES:
        stored = str(rows(stack, table))
        assert token not in stored
        assert endpoint not in stored


def test_registering_a_device_again_is_the_same_device(stack: LocalStack, person: User) -> None:
    token = device_token()
    first = register(person, token)
    endpoint = endpoint_of(stack, token)
    assert register(person, token)["id"] == first["id"]
    assert devices(person) == [first["id"]]
    assert endpoint_of(stack, token) == endpoint
    assert kept(stack, person) == ["push_device", "push_owner"]


def test_a_device_that_was_switched_off_works_after_registering_again(
    stack: LocalStack, person: User
) -> None:
    token = device_token()
    register(person, token)
    endpoint, sns = endpoint_of(stack, token), stack.client("sns")
    # With other attributes than ours, SNS refuses to make it and names the one there is.
    off = {"Enabled": "false", "CustomUserData": "somebody's"}
    sns.set_endpoint_attributes(EndpointArn=endpoint, Attributes=off)
    register(person, token)
    held = attributes(stack, endpoint)
    assert held is not None
    assert held["Enabled"] == "true"
    assert tell(stack, person, "policy") is True
    assert len(pushed(stack, token)) == 1


def test_a_telephone_in_new_hands_tells_nothing_about_its_last_user(stack: LocalStack, person: User) -> None:
    token, buyer = device_token(), sign_up(stack)
    register(person, token)
    register(buyer, token)
    assert devices(person) == []
    assert len(devices(buyer)) == 1
    assert kept(stack, person) == []
    assert tell(stack, person, "incident") is True
    assert tell(stack, buyer, "incident") is True
    assert len(pushed(stack, token)) == 1
    drained(stack, "notices")
    assert len(pushed(stack, token)) == 1


def test_a_device_that_is_let_go_is_forgotten_at_sns_as_well(stack: LocalStack, person: User) -> None:
    token = device_token()
    made = register(person, token)
    endpoint, stranger = endpoint_of(stack, token), sign_up(stack)
    assert stranger.call("DELETE", f"/v1/me/push/{made['id']}").status == 404
    assert attributes(stack, endpoint) is not None
    assert person.call("DELETE", f"/v1/me/push/{made['id']}").status == 204
    assert attributes(stack, endpoint) is None
    assert kept(stack, person) == []
    assert person.call("DELETE", f"/v1/me/push/{made['id']}").status == 404
    assert register(person, token)["id"] != made["id"]


@pytest.mark.parametrize(("service", "operation"), [("sns", "DeleteEndpoint"), ("dynamodb", "DeleteItem")])
def test_letting_a_device_go_can_be_repeated_until_it_is_done(
    stack: LocalStack, person: User, service: str, operation: str
) -> None:
    token = device_token()
    made = register(person, token)
    endpoint = endpoint_of(stack, token)
    stack.wire.inject(kind="fail", service=service, operation=operation, function="okki-leads-api", times=9)
    answer = person.call("DELETE", f"/v1/me/push/{made['id']}")
    assert answer.status == 503, answer.body
    assert devices(person) == [made["id"]], "it is shown until it is gone"
    stack.wire.reset()
    assert person.call("DELETE", f"/v1/me/push/{made['id']}").status == 204
    assert (attributes(stack, endpoint), kept(stack, person)) == (None, [])


def test_a_failure_while_registering_is_mended_by_registering_again(stack: LocalStack, person: User) -> None:
    token = device_token()
    stack.wire.inject(kind="lose_reply", service="sns", function="okki-leads-api", times=9)
    answer = person.call("POST", "/v1/me/push", {"platform": "apns", "token": token})
    assert answer.status == 503, answer.body
    stack.wire.reset()
    endpoint = endpoint_of(stack, token)
    register(person, token)
    assert endpoint_of(stack, token) == endpoint
    assert len(devices(person)) == 1


def test_a_device_that_takes_none_any_more_is_let_go(stack: LocalStack, person: User) -> None:
    off, gone, mails = device_token(), device_token(), len(stack.mails(person.email))
    register(person, off)
    register(person, gone)
    sns, endpoint = stack.client("sns"), endpoint_of(stack, off)
    sns.set_endpoint_attributes(EndpointArn=endpoint, Attributes={"Enabled": "false"})
    sns.delete_endpoint(EndpointArn=endpoint_of(stack, gone))
    assert tell(stack, person, "incident") is True
    mail_to(stack, person.email, mails + 1)
    eventually(lambda: not kept(stack, person), 40)
    assert attributes(stack, endpoint) is None
    assert devices(person) == []


def test_a_push_that_nobody_took_is_pushed_again(stack: LocalStack, person: User) -> None:
    token = device_token()
    register(person, token)
    stack.wire.inject(
        kind="fail", service="sns", operation="Publish", function="okki-leads-send-notices", times=4
    )
    assert tell(stack, person, "incident") is True
    assert pushed(stack, token)


def test_a_muted_push_stays_silent_and_the_mail_still_comes(stack: LocalStack, person: User) -> None:
    token, mails = device_token(), len(stack.mails(person.email))
    register(person, token)
    muted = {"choices": {"incident": {"push": False}}}
    assert person.call("PUT", "/v1/me/notifications", muted).status == 200
    assert tell(stack, person, "incident") is True
    assert tell(stack, person, "policy") is True
    mail_to(stack, person.email, mails + 2)
    pushed(stack, token)
    drained(stack, "notices")
    assert len(pushed(stack, token)) == 1


def test_the_eleventh_device_makes_the_first_one_leave(stack: LocalStack, person: User) -> None:
    tokens = [device_token() for _ in range(11)]
    made = []
    for token in tokens:
        made.append(register(person, token)["id"])
        stack.advance(len(made))
        if len(made) == 1:
            endpoint = endpoint_of(stack, token)
    assert set(devices(person)) == set(made[1:])
    assert attributes(stack, endpoint) is None


@pytest.mark.clause("retention")
def test_nothing_of_a_leaving_users_devices_stays(stack: LocalStack, person: User) -> None:
    tokens = [device_token(), device_token()]
    for token in tokens:
        register(person, token)
    endpoints = [endpoint_of(stack, token) for token in tokens]
    for _ in range(2):
        forget_devices(stack, person)
    assert kept(stack, person) == []
    assert [attributes(stack, endpoint) for endpoint in endpoints] == [None, None]


@pytest.mark.parametrize(
    "body",
    [
        {"platform": "apns", "token": ""},
        {"platform": "apns", "token": "x" * 31},
        {"platform": "apns", "token": "x" * 4097},
        {"platform": "apns", "token": "anna@acme.example " * 3},
        {"platform": "baidu", "token": "x" * 64},
        {"platform": "apns"},
        {"platform": "apns", "token": "x" * 64, "user_id": "usr_00000000000000000000000000"},
    ],
)
def test_what_is_no_device_is_refused(stack: LocalStack, anna: User, body: dict[str, str]) -> None:
    before = devices(anna)
    assert anna.call("POST", "/v1/me/push", body).status == 422
    assert devices(anna) == before
