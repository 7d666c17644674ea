"""How imports end that do not go through: who asked may not any more, nobody gets through the file, the file is
another one, or it is called off; and that nothing of them is left behind, whatever was lost on the way.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError

from infra.local import LocalStack
from infra.local.launch import ACCOUNT
from tests.integration import ages
from tests.integration.client import User, eventually, fresh_address, sign_up
from tests.integration.letters import drained, sample
from tests.integration.people import at, join
from tests.integration.test_imports import (
    FILES,
    act,
    begin,
    code,
    contacts,
    hint,
    lines,
    many,
    post_form,
    previewed,
    sent,
    settled,
)
from tests.integration.test_permissions import set_facts

pytestmark = pytest.mark.clause("stored")

BUCKET = f"okki-leads-files-{ACCOUNT}"


@pytest.fixture(autouse=True)
def sound(stack: LocalStack) -> Iterator[None]:
    """Faults of one test are not the next one's."""
    yield
    stack.wire.reset()


@pytest.fixture
def no_worker(stack: LocalStack) -> None:
    """Hints are lost: what happens, happens by hand, or by the sweep."""
    stack.wire.inject(kind="fail", service="sqs", contains="okki-leads-files", times=10_000)


@pytest.fixture
def boss(stack: LocalStack) -> User:
    return sign_up(stack)


def facts(stack: LocalStack, user: User, import_id: str) -> dict[str, Any]:
    found = ages.one(stack, "workspace", user.company["id"], f"import#{import_id}")
    assert found is not None
    return ages.facts(found)


def pieces(stack: LocalStack, user: User) -> int:
    return len(ages.under(stack, "workspace", user.company["id"], "imported#"))


def lies(stack: LocalStack, user: User) -> bool:
    """Whether the bucket holds a file of the company's."""
    prefix = f"imports/{user.company['id']}"
    return bool(stack.client("s3").list_objects_v2(Bucket=BUCKET, Prefix=prefix).get("KeyCount", 0))


def swept(stack: LocalStack) -> None:
    """What the schedule does once nobody can be at work any more."""
    stack.wire.reset()
    stack.advance(301)
    stack.invoke("Sweep", sample("schedule-sweep"))
    drained(stack, "files")


def waiting(user: User, content: bytes) -> dict[str, Any]:
    """An import whose file has been sent and that nobody has started."""
    begun = begin(user)
    assert post_form(begun["upload"], content).status in {200, 201, 204}
    return begun


def started(user: User, content: bytes) -> dict[str, Any]:
    begun = waiting(user, content)
    assert user.call("POST", f"/v1/contacts/imports/{begun['id']}/start", {}).status == 202
    return begun


def forbid(boss: User, ben: User, change: str) -> str:
    """Take from Ben what he needs; the code that says so."""
    if change == "suspended":
        assert boss.call("PATCH", at(ben), {"state": "suspended"}).status == 200
        return "user_not_active"
    if change == "permission":
        body = {"permissions": ["contacts.read"]}
        assert boss.call("PUT", "/v1/company/roles/member", body).status == 200
        return "not_permitted"
    set_facts(boss, "access", state={"S": "restricted"})
    return "company_not_active"


# ---------------------------------------------------------------- who may not any more


@pytest.mark.clause("access", "restrictions")
@pytest.mark.parametrize("change", ["suspended", "permission", "company"])
@pytest.mark.parametrize("step", ["reading", "committing"])
def test_nothing_is_done_in_the_name_of_who_may_not_any_more(
    stack: LocalStack, boss: User, step: str, change: str
) -> None:
    ben = join(boss)
    text, _ = many(3)
    if step == "committing":
        job = previewed(ben, text)
        drained(stack, "files")
    stack.wire.inject(kind="fail", service="sqs", contains="okki-leads-files", times=10_000)
    if step == "committing":
        assert ben.call("POST", f"/v1/contacts/imports/{job['id']}/commit", {}).status == 202
    else:
        job = started(ben, text.encode())
    why = forbid(boss, ben, change)
    swept(stack)
    eventually(lambda: facts(stack, boss, job["id"])["state"] != step)
    found = facts(stack, boss, job["id"])
    assert (found["state"], found["failure"]) == ("cancelled", why)
    assert ages.under(stack, "workspace", boss.company["id"], "contact#") == []
    assert eventually(lambda: pieces(stack, boss) == 0)
    assert not lies(stack, boss)


@pytest.mark.clause("access")
def test_what_was_written_before_somebody_was_suspended_can_be_taken_back(
    stack: LocalStack, boss: User
) -> None:
    ben = join(boss)
    text, _ = many(450)
    job = previewed(ben, text)
    fault = stack.wire.inject(
        kind="fail", operation="PutItem", contains='"finished": {"N": "1"}', function=FILES, times=50
    )
    assert ben.call("POST", f"/v1/contacts/imports/{job['id']}/commit", {}).status == 202
    eventually(lambda: fault.hits >= 1)
    forbid(boss, ben, "suspended")
    swept(stack)
    done = settled(boss, job["id"])
    assert (done["state"], done["failure"]) == ("done", "user_not_active")
    assert len(contacts(boss)) == 200, "no piece after the one that was begun"
    gone = act(boss, job["id"], "revert")
    # Whether the piece that was begun was also counted depends on when the queue brought it again.
    assert (gone["state"], gone["failure"]) == ("reverted", None)
    assert gone["outcome"] in ({"reverted": 200}, {"created": 200, "reverted": 200})
    assert contacts(boss) == []


@pytest.mark.clause("access")
def test_who_may_not_delete_contacts_deletes_none_by_taking_an_import_back(
    stack: LocalStack, boss: User
) -> None:
    ben = join(boss)
    text, _ = many(2)
    job = previewed(ben, text)
    act(ben, job["id"], "commit")
    drained(stack, "files")
    path, roles = f"/v1/contacts/imports/{job['id']}/revert", "/v1/company/roles/member"
    own = ["contacts.read", "contacts.import"]
    assert boss.call("PUT", roles, {"permissions": own}).status == 200
    assert code(ben.call("POST", path, {})) == (403, "not_permitted")
    assert boss.call("PUT", roles, {"permissions": [*own, "contacts.delete"]}).status == 200
    stack.wire.inject(kind="fail", service="sqs", contains="okki-leads-files", times=10_000)
    assert ben.call("POST", path, {}).status == 202
    assert boss.call("PUT", roles, {"permissions": own}).status == 200
    swept(stack)
    stopped = settled(boss, job["id"])
    assert (stopped["state"], stopped["failure"]) == ("done", "not_permitted")
    assert len(contacts(boss)) == 2
    assert act(boss, job["id"], "revert")["outcome"] == {"created": 2, "reverted": 2}


# ---------------------------------------------------------------- nothing stays behind


def test_what_was_called_off_goes_when_nobody_heard_of_it(
    stack: LocalStack, boss: User, no_worker: None
) -> None:
    file = waiting(boss, b"name\nX\n")
    stack.wire.reset()
    text, _ = many(300)
    job = previewed(boss, text)
    drained(stack, "files")
    stack.wire.inject(kind="fail", service="sqs", contains="okki-leads-files", times=10_000)
    for one in (file, job):
        assert boss.call("POST", f"/v1/contacts/imports/{one['id']}/cancel", {}).status == 202
    assert lies(stack, boss)
    assert pieces(stack, boss) == 2
    swept(stack)
    assert eventually(lambda: pieces(stack, boss) == 0 and not lies(stack, boss))
    for one in (file, job):
        assert eventually(lambda one=one: facts(stack, boss, one["id"])["cleared"])  # type: ignore[misc]  # bound now, not later
        row = ages.one(stack, "workspace", boss.company["id"], f"import#{one['id']}")
        assert row is not None
        assert "due_pk" not in row, "the sweep asks no more"


@pytest.mark.parametrize(
    ("content", "state"), [(b"PK\x03\x04\0\0\0binary", "failed"), (b"name\nX\n", "ready")]
)
def test_a_file_goes_also_when_the_bucket_was_out_of_order(
    stack: LocalStack, boss: User, content: bytes, state: str
) -> None:
    job = waiting(boss, content)
    call = f"DELETE /{BUCKET}/imports/{boss.company['id']}/{job['id']}"
    fault = stack.wire.inject(kind="fail", operation=call, function=FILES, times=10_000)
    assert boss.call("POST", f"/v1/contacts/imports/{job['id']}/start", {}).status == 202
    eventually(lambda: fault.hits >= 1, 60)
    assert lies(stack, boss)
    assert facts(stack, boss, job["id"])["state"] != "ready", "nobody would come back for the file"
    swept(stack)
    assert settled(boss, job["id"])["state"] == state
    assert eventually(lambda: not lies(stack, boss))


def test_a_file_that_no_job_gets_through_is_given_up_and_keeps_nobody_waiting(
    stack: LocalStack, boss: User, no_worker: None
) -> None:
    job = started(boss, b"name\nX\n")
    outage = stack.wire.inject(kind="fail", service="s3", function=FILES, times=10_000)
    hint(stack, boss, job["id"])
    assert outage.hits
    assert facts(stack, boss, job["id"])["tries"] == 0, "what S3 did is not the file's fault"
    outage.times = outage.hits
    # It dies over the file, and cannot even say so.
    stack.wire.inject(
        kind="fail", operation="PutItem", contains='"tries": {"N": "0"}', function=FILES, times=10_000
    )
    hint(stack, boss, job["id"])
    assert facts(stack, boss, job["id"])["tries"] == 1
    stack.client("dynamodb").update_item(
        TableName="okki-leads-workspace",
        Key={"pk": {"S": boss.company["id"]}, "sk": {"S": f"import#{job['id']}"}},
        UpdateExpression="SET facts.tries = :t",
        ExpressionAttributeValues={":t": {"N": "8"}},
    )
    hint(stack, boss, job["id"])
    found = settled(boss, job["id"])
    assert (found["state"], found["failure"]) == ("failed", "gave_up")
    assert not lies(stack, boss)


def test_what_is_sent_after_the_start_is_not_taken_for_what_was_there(
    stack: LocalStack, boss: User, no_worker: None
) -> None:
    begun = started(boss, b"name\nSent First\n")
    assert post_form(begun["upload"], b"name\nSent Later\n").status in {200, 201, 204}
    hint(stack, boss, begun["id"])
    found = settled(boss, begun["id"])
    assert (found["state"], found["failure"]) == ("failed", "file_changed")
    assert not lies(stack, boss)


# ---------------------------------------------------------------- what is shown before


def test_names_that_were_read_wrongly_show_before_anybody_is_written_to(boss: User) -> None:
    content = f"name,email\nｽｽﾞｷｲﾁﾛｳ,{fresh_address()}\n".encode("cp932")
    job = sent(boss, content)
    (read,) = lines(boss, job["id"], "new")
    assert job["guessed"]["encoding"] != "shift_jis", "half-width letters look like something else"
    assert read["name"] != "ｽｽﾞｷｲﾁﾛｳ", "as it would be kept"
    (again,) = lines(boss, sent(boss, content, encoding="shift_jis")["id"], "new")
    assert again["name"] in {"ｽｽﾞｷｲﾁﾛｳ", "スズキイチロウ"}


@pytest.mark.clause("access")
def test_what_a_list_says_is_for_those_who_may_read_contacts(boss: User) -> None:
    ben = join(boss)
    job = previewed(boss, f"name,email\nX,{fresh_address()}\n")
    assert [one["name"] for one in lines(ben, job["id"])] == ["X"]
    body = {"permissions": ["contacts.import"]}
    assert boss.call("PUT", "/v1/company/roles/member", body).status == 200
    assert [(one["state"], one["name"], one["email"]) for one in lines(ben, job["id"])] == [
        ("new", None, None)
    ]


# ---------------------------------------------------------------- the bucket


@pytest.mark.clause("access")
def test_whether_a_file_is_there_is_told_to_those_who_may_list_and_to_nobody_else(
    stack: LocalStack,
) -> None:
    found = {}
    for name in ("api", "run-files", "staff", "run-tasks"):
        role = stack.client("lambda").get_function_configuration(FunctionName=f"okki-leads-{name}")["Role"]
        session = stack.client("sts").assume_role(RoleArn=role, RoleSessionName="looks")["Credentials"]
        make: Any = boto3.client
        s3 = make(
            "s3",
            region_name=stack.region,
            endpoint_url=stack.aws,
            aws_access_key_id=session["AccessKeyId"],
            aws_secret_access_key=session["SecretAccessKey"],
            aws_session_token=session["SessionToken"],
        )
        for prefix in ("imports", "exports", "loads"):
            try:
                s3.head_object(Bucket=BUCKET, Key=f"{prefix}/nothing")
            except ClientError as error:
                found[name, prefix] = error.response["ResponseMetadata"]["HTTPStatusCode"]
    told = {key for key, status in found.items() if status == 404}
    assert told == {
        ("api", "imports"),
        ("api", "exports"),
        ("run-files", "imports"),
        ("run-files", "exports"),
        ("run-files", "loads"),
        ("staff", "loads"),
    }
    assert len(found) == 12
    assert set(found.values()) == {403, 404}
