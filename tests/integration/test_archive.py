"""The evidence bucket in the hands of somebody who owns the account: whatever they hide, cover or plant there
shows, or counts as not there. They have taken the bucket's policy off (the local AWS asks its owner for none).
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from chalicelib.privacy.personnel import StaffPosition
from infra.local import LocalStack
from infra.local.stack import FunctionError
from tests.integration.apart import running
from tests.integration.client import User, sign_up
from tests.integration.staff import member
from tests.integration.test_evidence import (
    BUCKET,
    DAY,
    HOUR,
    anchor,
    audited,
    company,
    consented,
    cut_off,
    later,
    objects,
    own,
    read,
    tool,
)

pytestmark = pytest.mark.clause("access")


@pytest.fixture(scope="module")
def stack() -> Iterator[LocalStack]:
    """For what leaves no doubt in the bucket and moves no clock far: nothing in there can be taken back."""
    with running() as stack:
        yield stack


@pytest.fixture
def alone(stack: LocalStack) -> Iterator[LocalStack]:
    """A stack for one test."""
    with running() as stack:
        yield stack


def anchored(stack: LocalStack) -> User:
    """Somebody whose chain has been anchored whole."""
    user = sign_up(stack)
    consented(user, 4)
    anchor(stack)
    later(stack)
    return user


def audit(stack: LocalStack, user: User) -> list[dict[str, Any]]:
    """What somebody who has just logged in gets to see."""
    return audited(member(stack, StaffPosition.AUDITOR), user)


def put(stack: LocalStack, key: str, content: bytes) -> None:
    stack.client("s3").put_object(Bucket=BUCKET, Key=key, Body=content, ChecksumAlgorithm="SHA256")


def hide(stack: LocalStack, *keys: str) -> None:
    for key in keys:
        stack.client("s3").delete_object(Bucket=BUCKET, Key=key)


def copied(stack: LocalStack, folder: Path) -> Path:
    """What an auditor copies from the bucket, by the runbook: every version of every document."""
    s3 = stack.client("s3")
    for page in s3.get_paginator("list_object_versions").paginate(Bucket=BUCKET):
        for one in page.get("Versions", []):
            file = folder / f"{one['Key']}@{one['VersionId']}"
            file.parent.mkdir(parents=True, exist_ok=True)
            answer = s3.get_object(Bucket=BUCKET, Key=one["Key"], VersionId=one["VersionId"])
            file.write_bytes(answer["Body"].read())
    return folder


def archive(export: list[dict[str, Any]]) -> dict[str, Any]:
    found: dict[str, Any] = export[-1]["archive"]
    return found


def test_a_cut_end_shows_though_the_anchors_are_hidden_under_delete_markers(
    stack: LocalStack, tmp_path: Path
) -> None:
    user = anchored(stack)
    number = own(user)[0]["head"]["seq"]  # each look of staff adds an entry to it
    assert tool(tmp_path, audit(stack, user))[0] == 0
    hide(stack, *objects(stack))
    assert objects(stack) == [], "whoever asks for the objects sees none"
    assert number in [one["seq"] for one in audit(stack, user)[-1]["anchors"]]
    cut_off(stack, user, 4)
    code, said = tool(tmp_path, audit(stack, user))
    assert (code, "BROKEN" in said, "cut_off" in said or "not_as_anchored" in said) == (1, True, True)


def test_the_same_bytes_put_again_and_junk_under_other_keys_are_no_reason_for_doubt(
    stack: LocalStack, tmp_path: Path
) -> None:
    user = anchored(stack)
    name = objects(stack)[-1]
    put(stack, name, read(stack, name))
    odd = f"{name.rpartition('/')[0]}/z.json"
    put(stack, odd, b"junk")
    export = audit(stack, user)
    assert archive(export)["ignored"] == [odd]
    assert archive(export)["doubts"] == []
    code, said = tool(tmp_path, export)
    assert (code, f"and ignored: {odd}" in said) == (0, True), said


def test_an_auditor_who_trusts_no_export_checks_against_their_own_copy_of_the_bucket(
    stack: LocalStack, tmp_path: Path
) -> None:
    user = anchored(stack)
    whole = own(user)
    options = ["--anchors", str(copied(stack, tmp_path / "bucket"))]
    code, said = tool(tmp_path, whole, options=options)
    assert (code, f"anchored up to number {whole[0]['head']['seq']}" in said) == (0, True), said
    assert tool(tmp_path, whole)[0] == 0
    code, said = tool(tmp_path, whole, options=["--require-anchors"])
    assert (code, "not_anchored" in said) == (1, True), "a company's own export has none"
    cut_off(stack, user, 2)
    assert tool(tmp_path, own(user))[0] == 0
    code, said = tool(tmp_path, own(user), options=options)
    assert (code, "BROKEN" in said) == (1, True)
    lying = [{**page, "anchors": []} for page in audit(stack, user)]
    assert tool(tmp_path, lying)[0] == 0
    assert tool(tmp_path, lying, options=options)[0] == 1, "whatever the export leaves out"
    empty = tmp_path / "empty"
    empty.mkdir()
    assert tool(tmp_path, whole, options=["--anchors", str(empty)])[0] == 2


def test_an_anchor_that_was_written_over_is_read_as_it_was_and_nothing_is_called_sound(
    alone: LocalStack, tmp_path: Path
) -> None:
    user = anchored(alone)
    number = own(user)[0]["head"]["seq"]
    (name,) = objects(alone)
    document = json.loads(read(alone, name))
    document["heads"] = [one for one in document["heads"] if one["chain"] != company(user)]
    put(alone, name, json.dumps(document).encode())
    export = audit(alone, user)
    assert number in [one["seq"] for one in export[-1]["anchors"]], "the first version counts"
    assert archive(export)["doubts"] == [{"key": name, "reason": "versions_differ"}]
    code, said = tool(tmp_path, export)
    assert (code, "BROKEN" in said, "anchors_disagree" in said, name in said) == (1, True, True, True)
    hide(alone, name)
    kept = copied(alone, tmp_path / "bucket")
    assert len([one for one in kept.rglob("*") if one.is_file()]) == 2
    code, said = tool(tmp_path, own(user), options=["--anchors", str(kept)])
    assert (code, "anchors_disagree" in said, "versions_differ" in said) == (1, True, True)
    put(alone, name.replace("-0000.json", "-0001.json"), b"junk")
    code, said = tool(tmp_path, audit(alone, user))
    assert (code, "unreadable" in said) == (1, True), "under a key of ours: closed"
    alone.advance(HOUR)
    anchor(alone)
    assert len(objects(alone, "hours/")) == 2, "the hidden one is not among them; and the anchors go on"


def test_what_is_planted_in_the_future_stops_no_anchor_and_hides_none(
    alone: LocalStack, tmp_path: Path
) -> None:
    user = anchored(alone)
    before = objects(alone)
    future = "hours/2099/01/01/T000000Z-00000000-0000.json"
    for key in ("hours/2099/01/01/z.json", future, "days/2099/01/01.json", "months/2099/01.json"):
        put(alone, key, b'{"at":4070908800,"heads":[],"last":true,"previous":null,"since":0,"sums_up":[]}')
    assert tool(tmp_path, audit(alone, user))[0] == 0
    consented(user, 1)
    alone.advance(HOUR)
    anchor(alone)
    later(alone)
    assert len([one for one in objects(alone) if "/2099/" not in one]) == len(before) + 1, "it went on"
    number = own(user)[0]["head"]["seq"]
    export = audit(alone, user)
    ignored = archive(export)["ignored"]
    assert sorted(ignored) == ["days/2099/01/01.json", "hours/2099/", "months/2099/01.json"]
    code, said = tool(tmp_path, export)
    assert (code, f"anchored up to number {number}" in said) == (0, True), said
    cut_off(alone, user, 2)
    assert tool(tmp_path, audit(alone, user))[0] == 1


def test_a_sum_that_somebody_put_there_first_is_contradicted_by_the_true_one(
    alone: LocalStack, tmp_path: Path
) -> None:
    user = anchored(alone)
    (name,) = objects(alone)
    place = f"days/{name.removeprefix('hours/')[:10]}.json"
    false = {"at": 1, "sums_up": [{"key": name, "sha256": "0" * 64}], "heads": []}
    put(alone, place, json.dumps(false).encode())
    alone.advance(DAY)
    assert archive(audit(alone, user))["doubts"] == [{"key": place, "reason": "not_as_summed"}]
    anchor(alone)
    later(alone)
    export = audit(alone, user)
    assert {(one["key"], one["reason"]) for one in archive(export)["doubts"]} == {
        (place, "versions_differ"),
        (place, "not_as_summed"),
    }
    code, said = tool(tmp_path, export)
    assert (code, "anchors_disagree" in said) == (1, True)


def test_a_day_that_is_summed_up_twice_leaves_one_sum_and_no_doubt(alone: LocalStack) -> None:
    """The run that summed up died before it wrote its first document."""
    user = anchored(alone)
    alone.advance(DAY)
    alone.wire.inject(kind="fail", service="s3", operation="", contains='"previous"', times=9)
    with pytest.raises(FunctionError):
        anchor(alone)
    alone.wire.reset()
    assert len(objects(alone, "days/")) == 1
    alone.advance(HOUR)
    anchor(alone)
    later(alone)
    versions = alone.client("s3").list_object_versions(Bucket=BUCKET, Prefix="days/")["Versions"]
    assert len(versions) == 1
    assert archive(audit(alone, user))["doubts"] == []


def test_entries_that_nobody_anchored_for_hours_are_not_called_sound(
    alone: LocalStack, tmp_path: Path
) -> None:
    user = anchored(alone)
    number = own(user)[0]["head"]["seq"]
    consented(user, 2)
    assert tool(tmp_path, audit(alone, user))[0] == 0, "the next hour anchors them"
    alone.advance(4 * HOUR)
    code, said = tool(tmp_path, audit(alone, user))
    assert (code, f"entry {number + 1} " in said, "not_anchored" in said) == (1, True, True), said
    anchor(alone)
    later(alone)
    code, said = tool(tmp_path, audit(alone, user))
    assert code == 0, said
