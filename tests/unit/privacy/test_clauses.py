"""Clause ids are one vocabulary: in code, in tests and in the map; and no status claims more
than is shown.
"""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from chalicelib.privacy.clauses import CLAUSES, Clause
from tools import clause_map
from tools.clause_map import MarkError, Shown, collect, page, problems

ROOT = Path(clause_map.ROOT)
PRIVACY = ROOT / "chalicelib" / "privacy"

MARKED = """
import pytest
pytestmark = [pytest.mark.slow, pytest.mark.clause("consent")]

@pytest.mark.clause("tracking", "retention")
def test_one(): ...

class TestGroup:
    pytestmark = pytest.mark.clause("roles")

    @pytest.mark.clause("merger")
    async def test_two(self): ...

def helper(): ...
"""


def cited(tree: ast.AST) -> Iterator[str]:
    """The clauses that code cites as literals: Refused("..."), clause="...", and defaults of
    `clause`.
    """
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            name = node.func.attr if isinstance(node.func, ast.Attribute) else None
            name = node.func.id if isinstance(node.func, ast.Name) else name
            values = [keyword.value for keyword in node.keywords if keyword.arg == "clause"]
            values += node.args[:1] if name == "Refused" else []
        elif isinstance(node, ast.AnnAssign) and getattr(node.target, "id", "") == "clause":
            values = [node.value] if node.value else []
        else:
            continue
        for value in values:
            if isinstance(value, ast.Constant) and isinstance(value.value, str):
                yield value.value


def test_a_refusal_never_cites_a_clause_that_does_not_exist() -> None:
    strange = [
        f"{file.relative_to(ROOT)}: {clause}"
        for file in sorted((ROOT / "chalicelib").rglob("*.py"))
        for clause in cited(ast.parse(file.read_text("utf-8")))
        if clause not in CLAUSES
    ]
    assert strange == []


@pytest.mark.parametrize(
    "code",
    ['Refused("nope", "x")', 'd.Refused("nope", "x")', 'f(clause="nope")', 'clause: str = "nope"'],
)
def test_each_way_of_citing_is_seen(code: str) -> None:
    assert list(cited(ast.parse(code))) == ["nope"]


def test_marks_name_clauses_and_statuses_claim_no_more_than_is_shown() -> None:
    assert problems(collect()) == []


def test_a_reader_of_the_map_sees_each_clause_and_what_shows_it() -> None:
    shown = (Shown("consent", "tests/unit/test_x.py", "TestA::test_a_no_is_a_no"),)
    assert all(f"| {clause} |" in page(()) for clause in CLAUSES)
    assert "- [tests/unit/test_x.py](../tests/unit/test_x.py)\n  - a no is a no" in page(shown)


def test_ids_are_the_missions() -> None:
    assert all(id_ == clause.id and clause.promise for id_, clause in CLAUSES.items())
    assert len(CLAUSES) == 38


def test_marks_on_module_class_and_function_are_all_found(tmp_path: Path) -> None:
    (tmp_path / "tests" / "unit").mkdir(parents=True)
    (tmp_path / "tests" / "unit" / "test_x.py").write_text(MARKED)
    (tmp_path / "tests" / "unit" / "helper.py").write_text(MARKED)
    path = "tests/unit/test_x.py"
    assert collect(tmp_path) == (
        Shown("consent", path, "TestGroup::test_two"),
        Shown("consent", path, "test_one"),
        Shown("merger", path, "TestGroup::test_two"),
        Shown("retention", path, "test_one"),
        Shown("roles", path, "TestGroup::test_two"),
        Shown("tracking", path, "test_one"),
    )


@pytest.mark.parametrize("arguments", ["NAME", "", "1", "f'{x}'"])
def test_a_mark_that_cannot_be_read_is_an_error_and_not_an_omission(tmp_path: Path, arguments: str) -> None:
    (tmp_path / "tests").mkdir()
    marked = f"@pytest.mark.clause({arguments})\ndef test_a(): ...\n"
    (tmp_path / "tests" / "test_x.py").write_text(marked)
    with pytest.raises(MarkError):
        collect(tmp_path)


def test_a_promise_is_not_called_kept_without_a_test_through_the_stack(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    claims = {
        "kept": Clause("kept", "1", "promise", "", "works"),
        "half": Clause("half", "1", "promise", "", "partly"),
    }
    monkeypatch.setattr(clause_map, "CLAUSES", claims)
    unit = Shown("kept", "tests/unit/test_a.py", "test_a")
    deployed = Shown("kept", "tests/integration/test_a.py", "test_a")
    half = Shown("half", "tests/unit/test_a.py", "test_a")
    stray = Shown("unheard", "tests/unit/test_a.py", "test_a")
    assert len(problems((unit,))) == 2
    assert len(problems((deployed,))) == 1
    assert problems((deployed, half)) == []
    assert len(problems((deployed, half, stray))) == 1


def test_the_rules_import_nothing_but_the_standard_library_and_themselves() -> None:
    allowed = sys.stdlib_module_names
    for file in sorted(PRIVACY.glob("*.py")):
        for node in ast.walk(ast.parse(file.read_text("utf-8"))):
            names = [a.name for a in node.names] if isinstance(node, ast.Import) else []
            if isinstance(node, ast.ImportFrom):
                assert node.level == 0
                names = [node.module or ""]
            for name in names:
                ours = name == "chalicelib.privacy" or name.startswith("chalicelib.privacy.")
                assert ours or name.split(".")[0] in allowed, f"{file.name} imports {name}"


def test_the_rules_never_ask_what_time_it_is() -> None:
    for file in sorted(PRIVACY.glob("*.py")):
        for node in ast.walk(ast.parse(file.read_text("utf-8"))):
            asked = isinstance(node, ast.Attribute) and node.attr in {"now", "utcnow", "today"}
            assert not asked, file.name
