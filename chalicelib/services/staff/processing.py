"""The record of processing activities (GDPR 30; policy 2.3) as the code has it now, in three forms."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence
from html import escape
from typing import Any

from chalicelib.privacy import processing, processing_forms
from chalicelib.records import catalogue
from chalicelib.services.mail import pages


def document() -> dict[str, Any]:
    """Everything, ready for JSON."""
    return processing_forms.document(catalogue.every())


def table() -> str:
    """One line for each row of the policy's tables, as CSV (RFC 4180)."""
    rows = processing_forms.as_rows(processing.activities(catalogue.every()))
    made = io.StringIO()
    writer = csv.DictWriter(made, list(rows[0]))
    writer.writeheader()
    writer.writerows(rows)
    return made.getvalue()


def page() -> str:
    """A page for people, without script."""
    record = document()
    parts = [
        "<h1>Record of processing</h1>",
        f"<p>{_safe(record['contact'])}. Stored in {_safe(record['stored_in'])}.</p>",
        _list(record["measures"]),
    ]
    for row in record["activities"]:
        lines = [
            f"{name.replace('_', ' ')}: {', '.join(value) if isinstance(value, list) else value}"
            for name, value in row.items()
            if name not in {"purpose", "section", "held"}
        ]
        parts.append(_section(f"{row['purpose']} ({row['section']})", _list(lines), _held(row["held"])))
    parts.append("<h1>Duties outside the tables</h1>")
    parts += [
        _section(f"{duty['duty']} ({duty['section']})", _held(duty["held"])) for duty in record["duties"]
    ]
    parts.append("<h1>Findings about the policy</h1>")
    found = [
        f"{one['id']} ({', '.join(one['sections'])}): {one['what']} {one['reading']}"
        for one in record["findings"]
    ]
    parts.append(_section("Where it disagrees or leaves a gap", _list(found)))
    named = [f"{one['record']} holds {one['category']} as {one['role']}" for one in record["unplaced"]]
    parts.append(_section("Held, and named by no row of the tables", _list(named)))
    return pages.document("\n".join(parts))


def _held(rows: Sequence[dict[str, Any]]) -> str:
    return _list(
        f"{row['record']} ({row['table']}, collected for {row['collected_for']}):"
        f" {', '.join(row['fields'])}; {row['kept']}"
        for row in rows
    )


def _section(title: str, *parts: str) -> str:
    return f"<section><h2>{_safe(title)}</h2>{''.join(parts)}</section>"


def _list(lines: Iterable[str]) -> str:
    made = "".join(f"<li>{_safe(line)}</li>" for line in lines)
    return f"<ul>{made}</ul>" if made else "<p>None.</p>"


def _safe(text: str) -> str:
    return escape(text, quote=True)
