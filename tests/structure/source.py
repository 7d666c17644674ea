"""The code as text: what the structure tests read it with. Nothing is imported."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
OURS = "chalicelib"


@dataclass(frozen=True)
class Module:
    """One file of ours."""

    path: Path

    @property
    def place(self) -> str:
        return self.path.relative_to(ROOT).as_posix()

    @property
    def name(self) -> str:
        parts = self.path.relative_to(ROOT).with_suffix("").parts
        return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)

    @property
    def text(self) -> str:
        return self.path.read_text("utf-8")

    @property
    def tree(self) -> ast.Module:
        return _parsed(self.path)

    @property
    def floor(self) -> str:
        """`store`, `kernel` ...; for `app.py` and `chalicelib` itself their own names."""
        parts = self.name.split(".")
        return parts[1] if parts[0] == OURS and len(parts) > 1 else parts[0]

    def imports(self) -> Iterator[tuple[str, int]]:
        """Every module this one imports at any depth, functions and TYPE_CHECKING included, with the line.

        `from a.b import c` counts as `a.b.c` where that is a module of ours, else as `a.b`.
        """
        for node in ast.walk(self.tree):
            if isinstance(node, ast.Import):
                for alias in node.names:
                    yield alias.name, node.lineno
            elif isinstance(node, ast.ImportFrom):
                assert not node.level, f"{self.place}:{node.lineno}: a relative import"
                base = node.module or ""
                for alias in node.names:
                    deeper = f"{base}.{alias.name}"
                    yield (deeper if _is_ours(deeper) else base), node.lineno

    def calls(self) -> Iterator[tuple[str, ast.Call]]:
        """Every call by the dotted text of what is called."""
        for node in ast.walk(self.tree):
            if isinstance(node, ast.Call):
                yield ast.unparse(node.func), node


@cache
def _parsed(path: Path) -> ast.Module:
    return ast.parse(path.read_text("utf-8"), str(path))


def _is_ours(name: str) -> bool:
    if not name.startswith(OURS):
        return False
    place = ROOT.joinpath(*name.split("."))
    return place.with_suffix(".py").exists() or (place / "__init__.py").exists()


def product() -> list[Module]:
    """What runs in Lambda."""
    return [Module(ROOT / "app.py"), *(Module(path) for path in sorted((ROOT / OURS).rglob("*.py")))]


def around() -> list[Module]:
    """What builds, runs and explains it."""
    return [Module(path) for folder in ("infra", "tools") for path in sorted((ROOT / folder).rglob("*.py"))]
