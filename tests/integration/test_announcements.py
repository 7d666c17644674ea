"""Everybody hears of a new version of the policy, once, however often the work dies, repeats itself or is stopped."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from chalicelib.privacy import clocks
from infra.local import LocalStack
from infra.local.package import ROOT
from tests.integration.apart import running
from tests.integration.client import eventually, fresh_address, sign_up
from tests.integration.crowd import people
from tests.integration.desks import unseen
from tests.integration.letters import batch_of, drained, failed, rows, sample

pytestmark = pytest.mark.clause("policy-updates")

DAY = 86_400
COMPANIES, USERS = 30, 2
ROOM = 45
"""Mails that SES takes before it is too busy."""


class News(NamedTuple):
    """A stack whose package holds a version published today that applies in twenty days."""

    stack: LocalStack
    project: Path
    version: str


@pytest.fixture(scope="module")
def news(tmp_path_factory: pytest.TempPathFactory) -> Iterator[News]:
    project = tmp_path_factory.mktemp("news") / "project"
    for name in ("app.py", "requirements.txt", "chalicelib", ".chalice", "infra"):
        source = ROOT / name
        if source.is_dir():
            shutil.copytree(
                source, project / name, ignore=shutil.ignore_patterns("__pycache__", "deployments")
            )
        else:
            project.mkdir(exist_ok=True)
            shutil.copy(source, project / name)
    import time

    today = clocks.day(time.time())
    folder = project / "chalicelib/privacy/published"
    version = (today + timedelta(days=20)).isoformat()
    known = json.loads((folder / "2025-01-16.json").read_text())
    made = {
        **known,
        "version": version,
        "published_on": today.isoformat(),
        "effective_on": version,
        "changes": {
            "en": ["A processor joins.", "It lies in Singapore."],
            "zh": ["新增一家处理商。", "位于新加坡。"],
        },
    }
    (folder / f"{version}.json").write_text(json.dumps(made))
    with running(project) as stack:
        yield News(stack, project, version)


def tool(news: News, act: str, version: str | None = None) -> str:
    """What the operator types, and what it prints."""
    command = [sys.executable, str(ROOT / "tools/announcement.py"), act, version or news.version]
    shutil.copytree(ROOT / "tools", news.project / "tools", dirs_exist_ok=True)
    command[1:2] = ["-m", "tools.announcement"]
    run = subprocess.run(
        command, cwd=news.project, env=unseen(news.stack), capture_output=True, text=True, check=False
    )
    return run.stdout + run.stderr


def row(news: News) -> dict[str, Any]:
    """The notice that is the announcement, as stored."""
    found = stored(news, {"pk": "co_operator", "sk": f"announcement#{news.version}"})
    return stored(news, {"pk": f"mass#{found['mass_id']}", "sk": "mass"}) if found else {}


def stored(news: News, key: dict[str, str]) -> dict[str, Any]:
    typed = {name: {"S": text} for name, text in key.items()}
    found = news.stack.client("dynamodb").get_item(TableName="okki-leads-accounts", Key=typed).get("Item")
    return (
        {} if found is None else {name: next(iter(one.values())) for name, one in found["facts"]["M"].items()}
    )


def people_of(found: dict[str, Any]) -> int:
    """How many people the pass under way has come by, or the last whole one did."""
    counts = found.get("tally") or found.get("counted") or {}
    return sum(int(one["N"]) for name, one in counts.items() if name != "sent")


def sweep(news: News) -> None:
    news.stack.invoke("Sweep", sample("schedule-sweep"))


def settled(news: News) -> None:
    drained(news.stack, "tasks", "mass", "notices")


def settle(news: News, state: str) -> None:
    """Let SES report what it will, and everybody be looked at once more, as often as mails leave by that."""
    for _ in range(4):
        found = eventually(lambda: (now := row(news).get("state")) in {"settling", state} and now, 60)
        settled(news)
        if found == state:
            return
        news.stack.advance(601)
        sweep(news)
        settled(news)
    raise AssertionError(f"it did not become {state}")


def told(news: News) -> Counter[str]:
    """How often each address was written to about the version."""
    return Counter(mail["to"][0] for mail in news.stack.mails() if news.version in mail["subject"])


def step(news: News) -> list[int]:
    body = json.dumps({"announce": news.version})
    return failed(news.stack.invoke("TellPeople", batch_of("mass", body)))


def suspend(stack: LocalStack, one: dict[str, Any]) -> None:
    stack.client("dynamodb").update_item(
        TableName="okki-leads-accounts",
        Key={"pk": {"S": one["company"]}, "sk": {"S": f"member#{one['user']}"}},
        UpdateExpression="SET facts.#s = :s",
        ExpressionAttributeNames={"#s": "state"},
        ExpressionAttributeValues={":s": {"S": "suspended"}},
    )


def test_everybody_is_told_once_of_a_new_version(news: News) -> None:
    stack = news.stack
    anna = sign_up(stack)  # a real account, and with it the operator's key
    crowd = people(stack, COMPANIES, USERS)
    suspend(stack, crowd[-1])
    everybody = {anna.email, *(one["email"] for one in crowd[:-1])}

    # Stopped before anybody was told: a file that should not have been deployed.
    assert tool(news, "show") == "not begun\n"
    assert "state: paused" in tool(news, "pause")
    sweep(news)
    settled(news)
    assert told(news) == {}
    assert "state: running" in tool(news, "resume")

    # The first step dies in its midst, and its queue message comes again.
    fault = stack.wire.inject(
        kind="fail",
        service="dynamodb",
        operation="PutItem",
        function="okki-leads-tell-people",
        skip=37,
        times=3,
    )
    lost = stack.wire.inject(
        kind="lose_reply",
        service="dynamodb",
        operation="PutItem",
        function="okki-leads-tell-people",
        skip=9,
        times=3,
    )
    # SES has room for so many for now, so that it can be stopped in its midst, however long that takes.
    stack.wire.inject(
        kind="throttle",
        service="ses",
        operation="SendEmail",
        function="okki-leads-tell-people",
        skip=ROOM,
        times=1_000_000,
    )
    sweep(news)
    eventually(lambda: len(told(news)) >= ROOM - 10, 60)
    assert fault.hits == lost.hits == 3
    assert "state: paused" in tool(news, "pause")
    settled(news)
    stack.wire.reset()
    some = told(news)
    assert ROOM - 10 <= len(some) < len(everybody)
    assert set(some.values()) == {1}
    sweep(news)
    settled(news)
    assert told(news) == some

    # Resumed, its hint lost and then found again by the sweep; the same step twice at once.
    assert "state: running" in tool(news, "resume")
    sweep(news)
    sweep(news)
    assert step(news) == []
    settle(news, "waiting")
    stack.reset_clock()
    assert told(news) == dict.fromkeys(everybody, 1)
    found = row(news)
    assert people_of(found) == len(everybody)
    for _ in range(2):
        sweep(news)
        assert step(news) == []
    settled(news)
    assert told(news) == dict.fromkeys(everybody, 1)
    assert "people told: 60" in tool(news, "show")
    inbox = Counter(
        one["sk"]["S"].split("#")[1] for one in rows(stack, "accounts") if one["kind"]["S"] == "mass_told"
    )
    assert len(inbox) == len(everybody)
    assert set(inbox.values()) == {1}


def test_each_reads_it_in_their_language_and_learns_why_it_came(news: News) -> None:
    url = f"{news.stack.api}/v1/policy/{news.version}"
    english = news.stack.mails("crowd-0-1@crowd.example")[0]
    chinese = news.stack.mails("crowd-0-0@crowd.example")[0]
    for mail, words in (
        (english, ("A processor joins. It lies in Singapore.", "policy-updates")),
        (chinese, ("新增一家处理商。 位于新加坡。", "policy-updates")),
    ):
        assert all(word in mail["text"] for word in (*words, url, news.version))


def test_who_joins_before_the_day_hears_of_it_on_that_day_and_nobody_else_again(news: News) -> None:
    stack = news.stack
    stack.advance(DAY)
    before = told(news)
    late = sign_up(stack, fresh_address("late"))
    sweep(news)
    settled(news)
    assert told(news) == before
    stack.advance(19 * DAY)
    newest = sign_up(stack, fresh_address("newest"), policy_version=news.version)
    sweep(news)
    settle(news, "done")
    assert told(news) == before + Counter([late.email])
    assert newest.email not in told(news)
    for _ in range(2):
        sweep(news)
    settled(news)
    assert told(news) == before + Counter([late.email])
    assert "it is done" in tool(news, "pause")
    stack.reset_clock()


def test_a_version_nobody_published_is_announced_to_nobody(news: News) -> None:
    assert "no such version" in tool(news, "resume", "2031-01-01")
    body = json.dumps({"announce": "2031-01-01"})
    assert failed(news.stack.invoke("TellPeople", batch_of("mass", body))) == [0]


def test_the_first_version_is_no_news(stack: LocalStack) -> None:
    stack.invoke("Sweep", sample("schedule-sweep"))
    assert [body for body in stack.messages("mass") if "announce" in body] == []
