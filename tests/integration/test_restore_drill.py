"""The drill: a backup brings erased people back, and they are gone again before anybody is served."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from infra.local import LocalStack
from infra.local.package import ROOT
from tests.integration.apart import own_stack
from tests.integration.client import eventually, log_in, request
from tests.integration.desks import surroundings
from tests.integration.eraser import (
    counted,
    desk,
    erase,
    evidence,
    looked_again,
    opened,
)
from tests.integration.letters import rows, sample
from tests.integration.people import at, join
from tests.integration.test_erasure import BASIS, NAME, WANTED, check_gone, known, left

stack = own_stack()

pytestmark = pytest.mark.clause("retention", "requests")

BACKED_UP = ("accounts", "workspace", "company-keys")
Backup = dict[str, list[dict[str, Any]]]


def whole(stack: LocalStack, table: str) -> list[dict[str, Any]]:
    """Every row of a table, those that hold no record among them."""
    pages = stack.client("dynamodb").get_paginator("scan")
    return [
        item
        for page in pages.paginate(TableName=f"okki-leads-{table}", ConsistentRead=True)
        for item in page["Items"]
    ]


def backup(stack: LocalStack) -> Backup:
    """All rows as they are now."""
    return {table: whole(stack, table) for table in (*BACKED_UP, "ledger")}


def restore(stack: LocalStack, saved: Backup, *tables: str) -> None:
    """Put the tables back as they were: rows that came later go, rows that went come."""
    database = stack.client("dynamodb")
    for table in tables or BACKED_UP:
        name = f"okki-leads-{table}"
        for row in whole(stack, table):
            database.delete_item(TableName=name, Key={"pk": row["pk"], "sk": row["sk"]})
        for row in saved[table]:
            database.put_item(TableName=name, Item=row)


def replay(stack: LocalStack, *arguments: str, looks: bool | None = False) -> list[dict[str, Any]]:
    """Run the tool; what it said of each erasure, and its sum at last."""
    command = [sys.executable, "-m", "tools.replay_erasures", *arguments]
    run = subprocess.run(
        command, env=surroundings(stack), cwd=ROOT, capture_output=True, text=True, timeout=300, check=False
    )
    assert looks is None or run.returncode == looks, run.stderr
    told = [json.loads(line) for line in run.stdout.splitlines()]
    return [line for line in told if "found" in line]  # and not what the log would say


def test_who_was_erased_since_the_backup_is_gone_before_anybody_is_served(
    stack: LocalStack, tmp_path: Path
) -> None:
    one = known(stack)
    member = join(one.user)
    saved = backup(stack)
    erasure = erase(stack, one.company, one.email)
    assert one.user.call("DELETE", at(member)).status == 204
    looked_again(stack, one.company)
    eventually(lambda: member.me["id"] not in str(rows(stack, "accounts")))
    check_gone(stack, one)
    stack.reset_clock()

    restore(stack, saved)
    assert NAME in opened(stack, one.company), "the backup did bring them back"
    assert left(stack, one)
    told = replay(stack, "--company", one.company)
    by_id = {line["erasure_id"]: line for line in told[:-1]}
    assert (
        by_id[erasure]["found"]
        == by_id[erasure]["wanted"]
        == WANTED
        == counted(evidence(stack, one.company, erasure))
    )
    check_gone(stack, one)
    assert member.me["id"] not in str(rows(stack, "accounts"))
    assert member.email not in opened(stack, one.company)
    assert log_in(stack, member.email).status == 401
    bearer = {"Authorization": f"Bearer {member.token}"}
    assert request(f"{stack.api}/v1/me", headers=bearer).status == 401
    form = {"name": NAME, "email": one.email, "lawful_basis": BASIS}
    assert one.user.call("POST", "/v1/contacts", form).status == 403
    assert one.user.call("GET", "/v1/me").status == 200, "everybody else is served as before"
    # Doing it twice finds nothing, and says nothing new.
    again = replay(stack, "--company", one.company)
    assert again[-1]["found"] == {}
    assert desk(stack, "chain", one.company)["sound"]


def test_a_ledger_that_is_as_old_as_the_backup_is_made_up_for_by_a_copy(
    stack: LocalStack, tmp_path: Path
) -> None:
    one = known(stack)
    saved = backup(stack)
    erasure = erase(stack, one.company, one.email)
    copy = tmp_path / "evidence.jsonl"
    lines = [
        json.dumps(row, default=lambda raw: raw.decode("latin-1"))
        for row in rows(stack, "ledger", one.company)
    ]
    copy.write_text("\n".join(lines))
    restore(stack, saved, *BACKED_UP, "ledger")
    assert evidence(stack, one.company, erasure) == []
    told = replay(stack, "--evidence", str(copy))
    assert told[0]["found"] == told[0]["wanted"] == WANTED
    check_gone(stack, one)


def test_an_erasure_that_was_half_done_is_finished(stack: LocalStack) -> None:
    one = known(stack)
    stack.wire.inject(kind="fail", service="sqs", contains="erase_person", times=3)
    erasure = desk(stack, "person", one.company, one.email)["erasure_id"]
    saved = backup(stack)
    restore(stack, saved)
    assert replay(stack, "--company", one.company)[-1]["found"] == WANTED
    check_gone(stack, one)
    assert [entry["step"] for entry in evidence(stack, one.company, erasure)] == ["begun", "done"]
    stack.advance(600)
    stack.invoke("Sweep", sample("schedule-sweep"))
    check_gone(stack, one)


@pytest.mark.clause("encryption")
def test_keys_that_were_destroyed_stay_destroyed(stack: LocalStack) -> None:
    one = known(stack)
    saved = backup(stack)
    first = desk(stack, one.company, one.company, module="tools.destroy_company_key")
    assert first["keys"] == 1
    restore(stack, saved, "company-keys")
    told = replay(stack, "--company", one.company)
    assert told[-1]["keys_destroyed_again"] == [one.company]
    assert not rows(stack, "company-keys", one.company)
    assert NAME not in opened(stack, one.company)
