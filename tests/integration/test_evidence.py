"""Evidence through the deployed stack: every act leaves its entry, and whatever is done to them shows."""

from __future__ import annotations

import base64
import hashlib
import json
import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from botocore.exceptions import ClientError

from chalicelib.kernel import ids, settings
from chalicelib.privacy.personnel import MAY, Right, StaffPosition
from infra.local import LocalStack
from infra.local.stack import FunctionError
from tests.integration.apart import own_stack, running
from tests.integration.client import User, sign_up
from tests.integration.letters import letter, sample
from tests.integration.people import join
from tests.integration.staff import StaffUser, member
from tests.structure.source import ROOT

pytestmark = pytest.mark.clause("access")

LEDGER = settings.TABLE_LEDGER
BUCKET = "okki-leads-evidence-000000000000"
HOUR = 3600
DAY = 24 * HOUR


stack = own_stack()
"""What is anchored here must not be mixed with what other tests do to the clock."""


@pytest.fixture(scope="module")
def auditor(stack: LocalStack) -> StaffUser:
    return member(stack, StaffPosition.AUDITOR)


@pytest.fixture
def user(stack: LocalStack) -> User:
    return sign_up(stack)


def company(user: User) -> str:
    return str(user.company["id"])


def pages(who: User | StaffUser, path: str, limit: int = 200) -> list[dict[str, Any]]:
    """Every page of a chain, as it was answered."""
    found: list[dict[str, Any]] = []
    cursor = ""
    while True:
        answer = who.call("GET", f"{path}?limit={limit}{cursor}")
        assert answer.status == 200, answer.body
        found.append(answer.json)
        if answer.json["next_cursor"] is None:
            return found
        cursor = f"&cursor={answer.json['next_cursor']}"


def own(user: User, limit: int = 200) -> list[dict[str, Any]]:
    return pages(user, "/v1/company/evidence", limit)


def audited(auditor: StaffUser, user: User, limit: int = 200) -> list[dict[str, Any]]:
    return pages(auditor, f"/v1/staff/evidence/{company(user)}", limit)


def tool(folder: Path, *exports: list[dict[str, Any]], options: Sequence[str] = ()) -> tuple[int, str]:
    """What the checking tool says of exports, in a process that knows nothing of AWS."""
    files = []
    for number, export in enumerate(exports):
        file = folder / f"{number}.jsonl"
        file.write_text("\n".join(json.dumps(page) for page in export))
        files.append(str(file))
    run = subprocess.run(
        [sys.executable, "-m", "tools.verify_evidence", *options, *files],
        cwd=ROOT,
        env={"PATH": os.environ["PATH"]},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    return run.returncode, run.stdout + run.stderr


def entries(export: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The entries of an export in the order they were written."""
    return sorted((one for page in export for one in page["entries"]), key=lambda one: int(one["seq"]))


def key(user: User, sk: str) -> dict[str, Any]:
    return {"pk": {"S": company(user)}, "sk": {"S": sk}}


def anchor(stack: LocalStack) -> None:
    stack.invoke("AnchorEvidence", sample("schedule-anchor"))


def later(stack: LocalStack) -> None:
    """An export shows what was anchored a minute before it or earlier."""
    stack.advance(61)


def objects(stack: LocalStack, prefix: str = "") -> list[str]:
    answer = stack.client("s3").list_objects_v2(Bucket=BUCKET, Prefix=prefix)
    return [found["Key"] for found in answer.get("Contents", [])]


def read(stack: LocalStack, name: str) -> bytes:
    return bytes(stack.client("s3").get_object(Bucket=BUCKET, Key=name)["Body"].read())


# ---------------------------------------------------------------- acts and entries


@pytest.mark.clause("consent", "tracking")
def test_every_act_has_exactly_one_entry_and_the_chain_has_no_gap(
    stack: LocalStack, user: User, tmp_path: Path
) -> None:
    before = own(user)[0]["head"]["seq"]
    contacts = [user.contact(f"reader{number}@buyer.example")["id"] for number in range(10)]
    mail = letter(stack, user)  # one consent more
    with ThreadPoolExecutor(3) as threads:
        done = [threads.submit(user.consent, contact) for contact in contacts]
        done += [threads.submit(mail.choose, b"choice=tracking") for _ in range(3)]
        answers = [one.result() for one in done]
    assert [answer.status for answer in answers] == [200] * 13, [
        one.body for one in answers if one.status != 200
    ]
    export = own(user)
    found = entries(export)
    assert [one["seq"] for one in found] == list(range(1, before + 1 + 13 + 1))
    assert export[0]["head"] == {"seq": found[-1]["seq"], "link": found[-1]["link"]}
    assert tool(tmp_path, export)[0] == 0


@pytest.mark.clause("consent")
def test_an_answer_that_was_lost_on_the_way_leaves_one_entry(stack: LocalStack, user: User) -> None:
    contact = user.contact("bob@buyer.example")["id"]
    for kind in ("lose_reply", "lose_request", "conflict"):
        before = own(user)[0]["head"]["seq"]
        stack.wire.inject(kind=kind, operation="TransactWriteItems", contains="receipt#")
        assert user.consent(contact).status == 200
        assert own(user)[0]["head"]["seq"] == before + 1, kind


@pytest.mark.clause("consent", "personnel")
def test_a_company_takes_its_own_evidence_away_page_by_page_and_nobody_elses(
    stack: LocalStack, user: User, tmp_path: Path
) -> None:
    for number in range(5):
        assert user.consent(user.contact(f"reader{number}@buyer.example")["id"]).status == 200
    whole, small = own(user), own(user, limit=2)
    assert len(small) > 2
    assert entries(small) == entries(whole)
    assert {one["pk"] for one in entries(whole)} == {company(user)} == {page["chain"] for page in whole}
    assert tool(tmp_path, small)[0] == 0
    code, said = tool(tmp_path, small[:-1])
    assert (code, "BROKEN" in said, "last page" in said) == (1, True, True)
    assert all(page["anchors"] == [] for page in whole), "they lie where this function cannot look"
    other = sign_up(stack)
    assert company(user) not in json.dumps(own(other))


@pytest.mark.clause("personnel")
def test_only_who_runs_the_company_sees_its_evidence_and_nobody_outside(user: User) -> None:
    colleague = join(user)
    assert colleague.call("GET", "/v1/company/evidence").status == 403
    assert colleague.call("GET", f"/v1/staff/evidence/{company(user)}").status == 401


@pytest.mark.clause("personnel")
@pytest.mark.parametrize("position", list(StaffPosition))
def test_of_the_staff_only_who_answers_for_evidence_reads_it(
    stack: LocalStack, user: User, position: StaffPosition
) -> None:
    somebody = member(stack, position)
    allowed = Right.EVIDENCE in MAY[position]
    for path in (f"/v1/staff/evidence/{company(user)}", "/v1/staff/evidence"):
        assert somebody.call("GET", path).status == (200 if allowed else 403), path


@pytest.mark.clause("personnel")
def test_a_colleague_who_reads_a_companys_evidence_is_seen_by_it_and_counted(
    stack: LocalStack, auditor: StaffUser, tmp_path: Path
) -> None:
    user = sign_up(stack)
    contact = user.contact("seen@buyer.example")["id"]
    for answer in ("granted", "denied", "granted"):
        user.consent(contact, answer)
    export = pages(auditor, f"/v1/staff/evidence/{company(user)}", limit=2)
    assert len(export) >= 2
    assert tool(tmp_path, export)[0] == 0
    seen = user.call("GET", "/v1/company/staffaccess").json["items"]
    assert {(one["staff_id"], one["opened"]) for one in seen} == {(auditor.staff_id, "evidence")}
    assert len(seen) == len(export), "every page: a cursor does not say who had the one before"
    lines = [json.loads(line) for line in stack.logs("Staff").splitlines() if '"opened"' in line]
    mine = [line for line in lines if line.get("company_id") == company(user)]
    assert [line["n_evidence"] for line in mine] == [1] * len(export)
    nobody = ids.new("co")
    assert auditor.call("GET", f"/v1/staff/evidence/{nobody}").json["entries"] == []
    assert auditor.call("GET", f"/v1/staff/evidence/{nobody}").json["head"]["seq"] == 0, (
        "asking makes no chain"
    )


@pytest.mark.parametrize(
    "place",
    ["x", "1~2~3~4", f"1~2~{'0' * 64}~", f"~1~{'0' * 64}~a", f"1~x~{'0' * 64}~a", f"1~2~{'0' * 64}~ü", "\n"],
)
def test_a_cursor_that_is_none_of_ours_is_refused(user: User, place: str) -> None:
    for cursor in (quote(place), base64.urlsafe_b64encode(place.encode()).decode().rstrip("=")):
        assert user.call("GET", f"/v1/company/evidence?cursor={cursor}").status == 422, cursor


def test_entries_written_while_somebody_reads_do_not_break_what_they_read(
    stack: LocalStack, user: User, tmp_path: Path
) -> None:
    contacts = [user.contact(f"reader{number}@buyer.example")["id"] for number in range(4)]
    for contact in contacts:
        user.consent(contact)
    first = user.call("GET", "/v1/company/evidence?limit=2").json
    for contact in contacts:
        user.consent(contact, "denied")
    rest = f"/v1/company/evidence?limit=200&cursor={first['next_cursor']}"
    assert tool(tmp_path, [first, user.call("GET", rest).json])[0] == 0


def test_the_operators_own_chain_is_sound_and_shows_who_joined_the_staff(
    auditor: StaffUser, tmp_path: Path
) -> None:
    export = pages(auditor, "/v1/staff/evidence", limit=3)
    assert tool(tmp_path, export)[0] == 0
    assert auditor.staff_id in json.dumps(entries(export))
    assert auditor.call("GET", "/v1/staff/evidence?cookies=a").json["chain"] == "co_operator#cookies#a"
    assert auditor.call("GET", "/v1/staff/evidence?cookies=g").status == 422


# ---------------------------------------------------------------- what somebody with the table in hand can do


def consented(user: User, number: int) -> None:
    for _ in range(number):
        assert user.consent(user.contact(os.urandom(6).hex() + "@buyer.example")["id"]).status == 200


def test_an_entry_that_was_changed_in_the_table_is_named(
    stack: LocalStack, user: User, tmp_path: Path
) -> None:
    consented(user, 4)
    victim = entries(own(user))[2]
    stack.client("dynamodb").update_item(
        TableName=LEDGER,
        Key=key(user, victim["sk"]),
        UpdateExpression="SET facts.#at = :at",
        ExpressionAttributeNames={"#at": "at"},
        ExpressionAttributeValues={":at": {"N": "1"}},
    )
    code, said = tool(tmp_path, own(user))
    assert code == 1
    assert f"BROKEN, entry {victim['seq']} is not what it was" in said


def test_an_entry_that_was_deleted_or_slipped_in_is_named(
    stack: LocalStack, user: User, tmp_path: Path
) -> None:
    consented(user, 4)
    dynamodb = stack.client("dynamodb")
    victim = entries(own(user))[2]
    row = dynamodb.get_item(TableName=LEDGER, Key=key(user, victim["sk"]))["Item"]
    dynamodb.delete_item(TableName=LEDGER, Key=key(user, victim["sk"]))
    code, said = tool(tmp_path, own(user))
    assert (code, f"BROKEN, entry {victim['seq']} is gone" in said) == (1, True)
    dynamodb.put_item(TableName=LEDGER, Item=row)
    assert tool(tmp_path, own(user))[0] == 0
    dynamodb.put_item(TableName=LEDGER, Item={**row, "sk": {"S": victim["sk"] + "x"}})
    code, said = tool(tmp_path, own(user))
    assert (code, f"BROKEN, entry {victim['seq']}" in said) == (1, True)


def cut_off(stack: LocalStack, user: User, left: int) -> None:
    """Delete the end of a chain and set its head back, so that nothing in it tells."""
    dynamodb = stack.client("dynamodb")
    found = entries(own(user))
    for one in found[left:]:
        dynamodb.delete_item(TableName=LEDGER, Key=key(user, one["sk"]))
    dynamodb.update_item(
        TableName=LEDGER,
        Key=key(user, "head"),
        UpdateExpression="SET seq = :seq, link = :link",
        ExpressionAttributeValues={
            ":seq": {"N": str(found[left - 1]["seq"])},
            ":link": {"S": found[left - 1]["link"]},
        },
    )


def test_a_chain_that_was_cut_off_with_its_head_is_found_through_the_anchor_alone(
    stack: LocalStack, user: User, auditor: StaffUser, tmp_path: Path
) -> None:
    consented(user, 4)
    anchor(stack)
    later(stack)
    whole = audited(auditor, user)
    code, said = tool(tmp_path, whole)
    number = whole[-1]["head"]["seq"]
    assert (code, f"anchored up to number {number}" in said) == (0, True)
    cut_off(stack, user, number - 2)
    assert tool(tmp_path, own(user))[0] == 0, "without anchors nothing tells"
    code, said = tool(tmp_path, audited(auditor, user))
    assert (code, f"BROKEN, entry {number - 1} and everything after it are gone" in said) == (1, True)


def test_an_export_that_somebody_kept_is_as_good_as_an_anchor(
    stack: LocalStack, user: User, tmp_path: Path
) -> None:
    consented(user, 3)
    kept = own(user)
    cut_off(stack, user, kept[-1]["head"]["seq"] - 1)
    consented(user, 1)  # the chain goes on from where it was cut
    assert tool(tmp_path, own(user))[0] == 0
    assert tool(tmp_path, own(user), kept)[0] == 1


@pytest.mark.parametrize("content", ["", "{", "[]", '{"chain": "co_1"}', '{"chain": "x", "entries": [{}]}'])
def test_a_file_that_is_no_export_is_not_called_sound(tmp_path: Path, content: str) -> None:
    file = tmp_path / "odd.jsonl"
    file.write_text(content)
    run = subprocess.run(
        [sys.executable, "-m", "tools.verify_evidence", str(file)], cwd=ROOT, capture_output=True, check=False
    )
    assert run.returncode == (1 if content == "" else 2)
    nothing = subprocess.run(
        [sys.executable, "-m", "tools.verify_evidence", "/nowhere"],
        cwd=ROOT,
        capture_output=True,
        check=False,
    )
    assert nothing.returncode == 2


# ---------------------------------------------------------------- anchors


def heads(document: bytes) -> dict[str, dict[str, Any]]:
    return {one["chain"]: one for one in json.loads(document)["heads"]}


def test_an_anchor_says_how_far_each_chain_came_and_cannot_be_deleted_or_shortened(
    stack: LocalStack, user: User
) -> None:
    consented(user, 2)
    anchor(stack)
    name = objects(stack, "hours/")[-1]
    assert heads(read(stack, name))[company(user)] == {"chain": company(user), **own(user)[0]["head"]}
    s3 = stack.client("s3")
    found = s3.head_object(Bucket=BUCKET, Key=name)
    assert found["ObjectLockMode"] == "COMPLIANCE"
    assert found["ObjectLockRetainUntilDate"] > datetime.now(UTC) + timedelta(days=6 * 365)
    version = found["VersionId"]
    with pytest.raises(ClientError) as refused:
        s3.delete_object(Bucket=BUCKET, Key=name, VersionId=version)
    assert refused.value.response["Error"]["Code"] == "AccessDenied"
    with pytest.raises(ClientError):
        s3.put_object_retention(
            Bucket=BUCKET,
            Key=name,
            VersionId=version,
            Retention={"Mode": "COMPLIANCE", "RetainUntilDate": datetime.now(UTC) + timedelta(days=1)},
        )


def test_the_same_hour_anchored_twice_loses_nothing_and_what_moved_meanwhile_comes_with_the_next(
    stack: LocalStack, user: User
) -> None:
    for _ in range(2):
        anchor(stack)
        stack.advance(1)  # keys are in order by the second
    consented(user, 1)
    anchor(stack)
    names = objects(stack, "hours/")
    documents = [read(stack, name) for name in names]
    latest = json.loads(documents[-1])
    assert heads(documents[-1])[company(user)]["seq"] == own(user)[0]["head"]["seq"]
    assert latest["since"] <= latest["at"] - HOUR
    hashes = {hashlib.sha256(document).hexdigest() for document in documents}
    named = [json.loads(document)["previous"] for document in documents]
    assert {one for one in named if one is not None} <= hashes, "each names the one before"
    assert named.count(None) == 1


def test_a_run_that_could_not_write_fails_loudly_and_the_next_one_makes_up_for_it(
    stack: LocalStack, user: User
) -> None:
    anchor(stack)
    before = objects(stack)
    consented(user, 1)
    stack.wire.inject(kind="fail", service="s3", operation="", contains='"heads"', times=9)
    with pytest.raises(FunctionError):
        anchor(stack)
    stack.wire.reset()
    assert objects(stack) == before
    stack.advance(3 * HOUR)
    anchor(stack)
    (name,) = set(objects(stack, "hours/")) - set(before)
    assert heads(read(stack, name))[company(user)]["seq"] == own(user)[0]["head"]["seq"]


@pytest.fixture
def alone(stack: LocalStack) -> Iterator[LocalStack]:
    """A stack for one test that sends the clock a month ahead."""
    with running() as stack:
        yield stack


def test_days_and_months_are_summed_up_and_a_cut_still_shows_long_after(
    alone: LocalStack, tmp_path: Path
) -> None:
    user = sign_up(alone)
    consented(user, 2)
    anchor(alone)
    alone.advance(HOUR)
    consented(user, 1)
    anchor(alone)
    hours = objects(alone, "hours/")
    number = own(user)[0]["head"]["seq"]
    alone.advance(DAY)
    anchor(alone)
    (day,) = objects(alone, "days/")[:1]
    summed = json.loads(read(alone, day))
    assert heads(read(alone, day))[company(user)]["seq"] >= number - 1
    assert {one["key"] for one in summed["sums_up"]} <= set(hours)
    for one in summed["sums_up"]:
        assert one["sha256"] == hashlib.sha256(read(alone, one["key"])).hexdigest()
    alone.advance(32 * DAY)
    anchor(alone)
    anchor(alone)
    assert objects(alone, "months/")
    assert set(hours) <= set(objects(alone, "hours/")), "what is summed up stays"
    later(alone)
    auditor = member(alone, StaffPosition.AUDITOR)
    export = audited(auditor, user)
    assert max(one["seq"] for one in export[-1]["anchors"]) == number
    assert tool(tmp_path, export)[0] == 0
    dynamodb = alone.client("dynamodb")
    found = entries(export)
    dynamodb.delete_item(TableName=LEDGER, Key=key(user, found[-1]["sk"]))
    dynamodb.update_item(
        TableName=LEDGER,
        Key=key(user, "head"),
        UpdateExpression="SET seq = :seq, link = :link",
        ExpressionAttributeValues={":seq": {"N": str(number - 1)}, ":link": {"S": found[-2]["link"]}},
    )
    code, said = tool(tmp_path, audited(auditor, user))
    assert (code, f"entry {number} and everything after it are gone" in said) == (1, True)
