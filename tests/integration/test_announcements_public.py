"""Whoever no mail reaches, and whoever thinks of joining, reads in public what we owe them to know."""

from __future__ import annotations

import json
import re
import shutil
import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from chalicelib.api.described.announcements import SHAPES
from chalicelib.privacy import clocks
from chalicelib.services.mail import pages
from infra.local import LocalStack
from infra.local.package import ROOT
from tests.integration import chromium
from tests.integration.apart import running
from tests.integration.client import eventually, request
from tests.integration.ender import WORDS, Board, announcements, board, evidence

pytestmark = pytest.mark.clause("discontinuation", "incidents", "policy-updates")

PATH = "/v1/announcements"
PAGE = "/v1/announcements/page"


@pytest.fixture(name="stack", scope="module")
def with_news(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalStack]:
    """A stack whose package holds a version of the policy that was published today."""
    project = tmp_path_factory.mktemp("news") / "project"
    project.mkdir()
    for name in ("app.py", "requirements.txt", "chalicelib", ".chalice", "infra"):
        source = ROOT / name
        if source.is_dir():
            unwanted = shutil.ignore_patterns("__pycache__", "deployments")
            shutil.copytree(source, project / name, ignore=unwanted)
        else:
            shutil.copy(source, project / name)
    folder = project / "chalicelib/privacy/published"
    today = clocks.day(int(time.time()))
    made = {
        **json.loads((folder / "2025-01-16.json").read_text()),
        "version": (today + timedelta(days=20)).isoformat(),
        "published_on": today.isoformat(),
        "effective_on": (today + timedelta(days=20)).isoformat(),
        "changes": {"en": ["A processor joins."], "zh": ["新增一家处理商。"]},
    }
    (folder / f"{made['version']}.json").write_text(json.dumps(made))
    with running(project) as stack:
        yield stack


@pytest.fixture(name="staff", scope="module")
def the_board(stack: LocalStack) -> Board:
    return board(stack)


def test_anybody_reads_of_a_new_policy_without_an_account_and_in_their_language(stack: LocalStack) -> None:
    answer = request(stack.api + PATH)
    assert answer.status == 200
    assert answer.cookies == []
    assert answer.headers["cache-control"] == "no-store"
    (one,) = answer.json["items"]
    shape = SHAPES["Announcements"]["properties"]["items"]["items"]
    assert one.keys() == shape["properties"].keys()
    assert one["kind"] == "policy"
    assert one["text"] == "A processor joins."
    (chinese,) = announcements(stack, "zh-CN,zh;q=0.9")
    assert chinese["text"] == "新增一家处理商。"
    assert one["id"] == chinese["id"]
    assert one["id"].removeprefix("policy-") in chinese["title"]


def test_what_is_announced_stands_there_word_for_word_until_it_is_withdrawn(
    stack: LocalStack, staff: Board
) -> None:
    made = staff.announced()
    (shown,) = eventually(lambda: [one for one in announcements(stack) if one["kind"] == "discontinuation"])
    assert WORDS["en"] in shown["text"]
    assert shown["changed_at"] is None
    assert made["id"] not in json.dumps(announcements(stack)), "whose decision it is is nobody's business"
    (said,) = evidence(stack, f"public#{shown['id']}#")
    assert (said["act"], said["title_en"], said["text_en"]) == ("published", shown["title"], shown["text"])
    assert WORDS["zh"] in said["text_zh"]
    assert staff.take_back(made["id"]).status == 200
    (again,) = [one for one in announcements(stack) if one["kind"] == "discontinuation"]
    assert again["id"] != shown["id"]
    assert "taken back" in again["text"]
    assert [one["act"] for one in evidence(stack, f"public#{shown['id']}#")] == ["published", "withdrawn"]
    order = [one["kind"] for one in announcements(stack)]
    assert order == ["discontinuation", "policy"], "the newest first"


@pytest.mark.parametrize(
    ("query", "accept", "lang", "title", "words"),
    [
        ("", "en-GB", "en", "Announcements", "A processor joins."),
        ("", "zh-CN,zh;q=0.9", "zh-Hans", "公告", "新增一家处理商。"),
        ("?locale=zh", "en", "zh-Hans", "公告", "新增一家处理商。"),
        ("?locale=en", "zh-CN", "en", "Announcements", "A processor joins."),
    ],
)
def test_anybody_reads_it_as_a_page_where_no_script_runs(
    stack: LocalStack, query: str, accept: str, lang: str, title: str, words: str
) -> None:
    answer = request(f"{stack.api}{PAGE}{query}", headers={"Accept-Language": accept})
    assert answer.status == 200
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    assert answer.headers["content-security-policy"] == pages.CSP
    assert answer.headers["cache-control"] == "no-store"
    assert answer.cookies == []
    html = answer.body.decode()
    assert f'<html lang="{lang}">' in html
    assert f"<title>{title} - OKKI Leads</title>" in html
    assert f"<p>{words}</p>" in html
    assert not re.search(r"<script|\bon[a-z]+=|style=", html)


@pytest.mark.skipif(chromium.FOUND is None, reason="no Chromium on this machine")
def test_on_a_telephone_the_whole_of_it_is_read_and_another_language_is_one_press_away(
    stack: LocalStack, tmp_path: Path
) -> None:
    with chromium.browser(tmp_path / "telephone") as shown:
        shown.call(
            "Emulation.setDeviceMetricsOverride", width=360, height=740, deviceScaleFactor=2, mobile=True
        )
        shown.open(f"{stack.api}{PAGE}?locale=en", "A processor joins.")
        assert shown.run("document.documentElement.scrollWidth") <= 360, "nothing to be pushed sideways"
        shown.press("[hreflang=zh-Hans]", "新增一家处理商。")
        shown.press("a[href*=requests]", "您希望做什么")
        assert shown.cookies() == {}


def test_an_empty_page_never_stands_for_an_outage(stack: LocalStack) -> None:
    stack.wire.inject(kind="fail", service="dynamodb", operation="Query", times=40)
    for path in (PATH, PAGE):
        assert request(stack.api + path).status == 503
    stack.wire.reset()


def test_nobody_writes_there_by_the_front_door(stack: LocalStack) -> None:
    for method in ("POST", "PUT", "DELETE"):
        assert request(stack.api + PATH, method, {"title": "We are sold"}).status in {403, 404, 405}
