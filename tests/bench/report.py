"""Lines of figures with their budgets; printed as a table and written as JSON."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

Figures = Mapping[str, float | str]


@dataclass(frozen=True)
class Line:
    """One measured thing. A budget is the most a figure of that name may be."""

    name: str
    figures: Figures
    budgets: Mapping[str, float] = field(default_factory=dict)

    @property
    def broken(self) -> list[str]:
        """The figures above their budget."""
        return [name for name, most in self.budgets.items() if float(self.figures[name]) > most]

    @property
    def verdict(self) -> str:
        if not self.budgets:
            return ""
        if over := self.broken:
            return "OVER  " + ", ".join(f"{name} <= {_text(self.budgets[name])}" for name in over)
        return "PASS  " + ", ".join(f"{name} <= {_text(most)}" for name, most in self.budgets.items())


@dataclass(frozen=True)
class Section:
    """Lines with the same figures."""

    title: str
    lines: Sequence[Line]
    notes: Sequence[str] = ()


def table(section: Section) -> str:
    """The section as text, one line each, columns aligned."""
    columns = list(dict.fromkeys(name for line in section.lines for name in line.figures))
    head = ["", *columns, ""]
    rows = [
        [line.name, *(_text(line.figures.get(name, "")) for name in columns), line.verdict]
        for line in section.lines
    ]
    widths = [max(len(row[n]) for row in [head, *rows]) for n in range(len(head))]
    text = [section.title]
    for row in [head, *rows]:
        cells = [row[0].ljust(widths[0]), *(c.rjust(w) for c, w in zip(row[1:-1], widths[1:-1], strict=True))]
        text.append(("  " + "  ".join(cells) + "   " + row[-1]).rstrip())
    return "\n".join([*text, *(f"  {note}" for note in section.notes)])


def write(sections: Sequence[Section], file: Path) -> None:
    """All figures for machines."""
    file.parent.mkdir(exist_ok=True)
    document = {
        section.title: {
            line.name: {
                **line.figures,
                **({"budgets": dict(line.budgets), "ok": not line.broken} if line.budgets else {}),
            }
            for line in section.lines
        }
        for section in sections
    }
    file.write_text(json.dumps(document, indent=2) + "\n")


def _text(value: float | str) -> str:
    if isinstance(value, str):
        return value
    if float(value).is_integer():
        return f"{value:,.0f}"
    return f"{value:.4f}" if abs(value) < 0.1 else f"{value:.2f}"
