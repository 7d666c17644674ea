"""Habits that protect somebody: what code may not do, may not be called, and may not contain."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from chalicelib.privacy import fields
from tests.structure.source import ROOT, Module, around, product
from tools.processing_record import import_records

MODULES = product()
ALL = [*MODULES, *around()]

SOFT_LIMIT = 300
LONGER = {
    "chalicelib/privacy/retention.py": "one table to read: every period, its reason, and the arithmetic they share",
    "chalicelib/store/table.py": "one class: how a record becomes a row and back, with its two readers",
    "infra/local/stack.py": "one class that starts, serves and ends a stack",
    "infra/local/wire.py": "a proxy: framing, recording and breaking share one connection",
}
"""Files over the limit, and why they are better whole."""


def parametrized(modules: list[Module]) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("module", modules, ids=lambda module: module.place)


# -- size and names -----------------------------------------------------------------------------------


def test_files_are_short_or_say_why_not() -> None:
    long = {module.place for module in ALL if len(module.text.splitlines()) > SOFT_LIMIT}
    assert long == LONGER.keys(), "shorten it, or say why not; and drop reasons that are no longer needed"


def test_nothing_is_called_after_having_no_subject() -> None:
    vague = re.compile(r"(^|_)(utils?|helpers?|common|managers?|misc|base|core)($|_)")
    assert [
        module.place for module in ALL if any(vague.search(part) for part in module.name.split("."))
    ] == []
    classes = [
        f"{module.place}: {node.name}"
        for module in ALL
        for node in ast.walk(module.tree)
        if isinstance(node, ast.ClassDef) and re.search(r"(Utils?|Helpers?|Manager|Common)$", node.name)
    ]
    assert classes == []


@parametrized(MODULES)
def test_what_others_use_says_what_it_promises(module: Module) -> None:
    assert ast.get_docstring(module.tree), module.place
    scopes: list[ast.Module | ast.ClassDef] = [module.tree]
    scopes += [node for node in module.tree.body if isinstance(node, ast.ClassDef)]
    silent = [
        f"{module.place}:{node.lineno} {node.name}"
        for scope in scopes
        for node in scope.body
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef)
        if not node.name.startswith("_")
        and node.name != "Meta"
        and not getattr(scope, "name", "").startswith("_")
        if not ast.get_docstring(node)
    ]
    assert silent == []


# -- time, randomness, writes -------------------------------------------------------------------------

CLOCKS = {"datetime.now", "datetime.utcnow", "datetime.today", "date.today", "time.time", "time.time_ns"}
CLOCKS |= {"time.monotonic", "time.sleep"}


@pytest.mark.clause("retention")
@parametrized([module for module in MODULES if module.place != "chalicelib/kernel/clock.py"])
def test_there_is_one_clock(module: Module) -> None:
    used = [f"{module.place}:{call.lineno} {name}" for name, call in module.calls() if _ends(name, CLOCKS)]
    assert used == []


def _ends(name: str, wanted: set[str]) -> bool:
    return any(name == one or name.endswith(f".{one}") for one in wanted)


@parametrized(MODULES)
def test_nothing_secret_comes_from_a_guessable_source(module: Module) -> None:
    assert "random" not in {name.split(".")[0] for name, _ in module.imports()}


@parametrized([module for module in MODULES if module.floor == "store"])
def test_every_write_has_a_condition_and_nothing_reads_a_whole_table(module: Module) -> None:
    """PynamoDB's batch writes commit what a failed block left behind and drop versions; its plain update raises
    the dead; a scan reads every company.
    """
    by_known_keys = {
        "chalicelib/store/table.py": "model.batch_get",  # `get_together`
        "chalicelib/store/ledger.py": "LedgerRow.batch_get",  # heads that the index named
    }
    banned = [
        f"{module.place}:{call.lineno} {name}"
        for name, call in module.calls()
        if name.split(".")[-1] in {"batch_write", "batch_get", "scan", "rate_limited_scan"}
        if by_known_keys.get(module.place) != name
    ]
    assert banned == []
    if module.place == "chalicelib/store/table.py":
        return  # the one place that writes the latest word whatever was there, and says so
    unconditional = [
        f"{module.place}:{call.lineno} {name}"
        for name, call in module.calls()
        if re.search(r"(^|\.)_?(row|model|transaction)\.(save|update|delete)$", name)
        and "condition" not in {keyword.arg for keyword in call.keywords}
    ]
    assert [one for one in unconditional if not one.endswith("transaction.delete")] == []


@parametrized(MODULES)
def test_nothing_is_run_or_unpacked_that_a_stranger_could_have_written(module: Module) -> None:
    roots = {name.split(".")[0] for name, _ in module.imports()}
    assert not roots & {"pickle", "shelve", "marshal", "subprocess", "ctypes", "xml"}
    assert not [name for name, _ in module.calls() if name in {"eval", "exec", "compile", "__import__"}]


# -- what is told -------------------------------------------------------------------------------------


@pytest.mark.clause("access")
def test_no_line_of_the_log_names_a_personal_field() -> None:
    import_records()
    personal = fields.never_log()
    assert {"email", "name", "ip", "subject"} <= personal
    told = [
        f"{module.place}:{call.lineno} {keyword.arg}"
        for module in MODULES
        for name, call in module.calls()
        if name in {"telemetry.event", "telemetry.count"}
        for keyword in call.keywords
        if keyword.arg in personal or keyword.arg is None
    ]
    assert told == []


@pytest.mark.clause("access")
@parametrized(MODULES)
def test_nothing_writes_to_the_log_past_the_allow_list(module: Module) -> None:
    printed = [
        f"{module.place}:{call.lineno}" for name, call in module.calls() if name in {"print", "pprint"}
    ]
    assert printed == []
    if module.place != "chalicelib/kernel/telemetry.py":
        roots = {name.split(".")[0] for name, _ in module.imports()}
        assert not roots & {"logging", "aws_lambda_powertools", "warnings", "traceback"}


@pytest.mark.clause("access")
@parametrized(MODULES)
def test_no_exception_carries_a_value_that_a_person_may_have_typed(module: Module) -> None:
    """Chalice logs an exception with its text before anybody can look at it. Declarations, which are raised while
    a module is imported, name fields of ours and may; so may `FieldError`, which is not part of the text.
    """
    if module.place == "chalicelib/privacy/fields.py":
        return
    filled = [
        f"{module.place}:{node.lineno}"
        for node in ast.walk(module.tree)
        if isinstance(node, ast.Raise) and isinstance(node.exc, ast.Call)
        for part in _texts(node.exc)
        if isinstance(part, ast.JoinedStr | ast.Mod)
        or (isinstance(part, ast.Call) and ast.unparse(part.func).endswith(".format"))
    ]
    assert filled == []


def _texts(node: ast.AST) -> Iterator[ast.AST]:
    """What may end up in the text of an exception."""
    if isinstance(node, ast.Call) and ast.unparse(node.func) == "FieldError":
        return
    yield node
    for below in ast.iter_child_nodes(node):
        yield from _texts(below)


# -- what lies in the repository ----------------------------------------------------------------------

TEXTS = {".py", ".md", ".yaml", ".yml", ".json", ".toml", ".txt", ".in", ".html", ".css", ".js", ".sh", ""}
SECRETS = {
    "an access key": re.compile(r"\b(?:AKIA|ASIA)[0-9A-Z]{16}\b"),
    "a private key": re.compile(r"-----BEGIN [A-Z ]*PRIVATE KEY"),
    "a token": re.compile(r"\b(?:ghp|gho|glpat|xox[bp]|sk_live)[-_][0-9A-Za-z]{16,}"),
}
MACHINE = re.compile(r"(?<![\w.])/(?:work|home|root|Users|opt|mnt)/[\w.]")
LOCAL = re.compile(r"localhost|127\.0\.0\.1|0\.0\.0\.0|:4566|AWS_ENDPOINT_URL|ministack|moto\b")


def repository() -> Iterator[Path]:
    """Every text of the repository, without what tools put beside it."""
    for top in sorted(ROOT.iterdir()):
        if top.name in {
            ".git",
            ".venv",
            ".local",
            "out",
            ".ruff_cache",
            ".mypy_cache",
            ".pytest_cache",
            ".hypothesis",
        }:
            continue
        for path in [top] if top.is_file() else sorted(top.rglob("*")):
            if path.is_file() and path.suffix in TEXTS and "__pycache__" not in path.parts:
                yield path


@pytest.mark.clause("access")
def test_no_secret_and_no_path_of_somebodys_machine_is_kept_here() -> None:
    found = []
    for path in repository():
        text = path.read_text("utf-8")
        found += [
            f"{path.relative_to(ROOT)}: {what}" for what, shape in SECRETS.items() if shape.search(text)
        ]
        if path != Path(__file__) and (place := MACHINE.search(text)):
            found.append(f"{path.relative_to(ROOT)}: {text[place.start() : place.end() + 30]!r}")
    assert found == []


def test_what_is_deployed_knows_nothing_of_the_local_stack() -> None:
    deployed = [
        ROOT / "infra/template.yaml",
        ROOT / ".chalice/config.json",
        *(module.path for module in MODULES),
    ]
    deployed += sorted((ROOT / "infra/policies").glob("*.json"))
    found = [
        f"{path.relative_to(ROOT)}: {one.group()}"
        for path in deployed
        for one in LOCAL.finditer(path.read_text("utf-8"))
        if (path.name, one.group())
        != ("mime.py", "localhost")  # its pattern of links: plain http only to this machine
    ]
    assert found == []
