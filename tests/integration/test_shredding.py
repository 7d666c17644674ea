"""A company's keys are destroyed: nothing it sealed opens any more, and its evidence can be checked all the same."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from typing import Any

import pytest

from chalicelib.services.erasure.shredding import BACKUPS, LONGEST_FUNCTION
from chalicelib.store.vault import KEY_SECONDS
from infra.local import LocalStack
from infra.local.package import ROOT
from tests.integration.apart import own_stack
from tests.integration.client import sign_up
from tests.integration.eraser import desk, opened
from tests.integration.letters import rows
from tests.integration.test_erasure import NAME, known

stack = own_stack()

pytestmark = pytest.mark.clause("encryption", "retention")


def destroy(stack: LocalStack, company: str) -> dict[str, Any]:
    made: dict[str, Any] = desk(stack, company, company, module="tools.destroy_company_key")
    return made


def test_nothing_of_the_company_opens_and_its_chain_still_verifies(stack: LocalStack) -> None:
    one, neighbour = known(stack), sign_up(stack)
    kept = neighbour.contact("kept@buyer.example", "Kept Neighbour")
    before = desk(stack, "chain", one.company)["checked"]
    assert NAME in opened(stack)
    made = destroy(stack, one.company)
    found = desk(stack, "opened")
    sealed = [
        row
        for table in ("accounts", "workspace")
        for row in rows(stack, table)
        if row["pk"]["S"].partition("#")[0] == one.company and "sealed" in row
    ]
    assert found["shut"] >= len(sealed) > 5
    for value in (NAME, one.email):
        assert value not in "\n".join(found["rows"]).replace(f"x{one.email}", "")
    assert not any("Spring offer" in row for row in found["rows"] if one.company in row)
    assert "Kept Neighbour" in str(found["rows"])
    assert neighbour.call("GET", f"/v1/contacts/{kept['id']}").status == 200
    verdict = desk(stack, "chain", one.company)
    assert (verdict["sound"], verdict["checked"]) == (True, before + 1)
    times = {name: datetime.fromisoformat(made[name]) for name in made if name.endswith("_at")}
    assert times["unreadable_at"] - times["destroyed_at"] == LONGEST_FUNCTION + timedelta(seconds=KEY_SECONDS)
    assert times["unrecoverable_at"] - times["destroyed_at"] == BACKUPS


def test_it_takes_the_same_few_calls_however_much_there_is_and_once_is_enough(stack: LocalStack) -> None:
    calls = []
    for versions in (1, 12):
        one = sign_up(stack)
        for _ in range(versions - 1):
            desk(stack, "rotate", one.company["id"])
        stack.wire.clear()
        made = destroy(stack, one.company["id"])
        assert made["keys"] == versions
        calls.append([call.operation for call in stack.wire.calls if call.function == "test"])
        assert destroy(stack, one.company["id"])["certificate"] == made["certificate"]
    assert calls[0] == calls[1]
    assert len(calls[0]) <= 6
    assert calls[0].count("BatchWriteItem") == 1


def test_the_longest_function_is_as_long_as_the_certificate_says() -> None:
    config = json.loads((ROOT / ".chalice/config.json").read_text())
    found: list[int] = []

    def look(value: object) -> None:
        if isinstance(value, dict):
            found.extend(int(inner) for name, inner in value.items() if name == "lambda_timeout")
            for inner in value.values():
                look(inner)

    look(config)
    assert max(found) <= LONGEST_FUNCTION.total_seconds()
