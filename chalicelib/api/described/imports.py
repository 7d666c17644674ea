"""Importing contacts from CSV."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from chalicelib.api.shapes import COUNT, TEXT, TIME, YES_NO, choice, or_null, page, thing
from chalicelib.records.imports import IfExists, ImportState, RowState
from chalicelib.services.contacts.columns import FIELDS

_NUMBERS: Final = {"type": "object", "additionalProperties": COUNT}
_GUESSED: Final = thing(
    "How the file is written, as far as we can tell; say so in a new import where it is wrong.",
    encoding=TEXT,
    separator=TEXT,
    header=YES_NO,
    columns={
        "type": "object",
        "description": "Field -> number of its column, from 1.",
        "propertyNames": {"enum": list(FIELDS)},
        "additionalProperties": COUNT,
    },
)
_IMPORT: Final = {
    "id": TEXT,
    "state": choice(ImportState),
    "failure": {
        **or_null(TEXT),
        "description": "Why it failed: `no_file`, `file_changed`, `not_text`, `too_long`, `too_many_rows`, "
        "`gave_up`, `over`. Why it was cancelled, or done or taken back in part: `user_not_active`, "
        "`not_permitted`, `company_not_active`.",
    },
    "if_exists": choice(IfExists),
    "lawful_basis": thing("Why these people may be kept.", basis=TEXT, source=TEXT),
    "created_at": TIME,
    "progress": thing(
        "How far the file is read, or the rows are written or taken back.",
        percent=COUNT,
        read=COUNT,
        rows=or_null(COUNT),
        written=COUNT,
    ),
    "counts": thing("Rows of the preview by what they are.", **{one.value: COUNT for one in RowState}),
    "outcome": {
        **_NUMBERS,
        "description": "What became of the rows: `created`, `updated`, `unchanged`, `skipped`, `suppressed`, "
        "`gone`, `restricted`, `busy`; after a revert also `reverted` and `kept`.",
    },
    "guessed": or_null(_GUESSED),
}

SHAPES: Final[Mapping[str, dict[str, Any]]] = {
    "Import": thing("One file of contacts on its way.", **_IMPORT),
    "BegunImport": thing(
        "The same, and where to send the file.",
        **_IMPORT,
        upload=or_null(
            thing(
                "POST the file to `url` as multipart/form-data: these fields first, then `file`.",
                url=TEXT,
                fields={"type": "object", "additionalProperties": TEXT},
            )
        ),
    ),
    "ImportPage": page("Import"),
    "ImportRow": thing(
        "What a row of the file is. Of a suppressed one only the number is told.",
        row=COUNT,
        state=choice(RowState),
        column=or_null(COUNT),
        field=or_null(TEXT),
        code={
            **or_null(TEXT),
            "description": "Why it cannot be taken; of a duplicate `is_contact` or `earlier_row`.",
        },
        contact_id=or_null(TEXT),
        name=or_null(TEXT),
        email=or_null(TEXT),
        company=or_null(TEXT),
    ),
    "ImportRowPage": page("ImportRow"),
}

EXAMPLES: Final[Mapping[str, dict[str, Any]]] = {
    "NewImport": {
        "lawful_basis": {"basis": "legitimate_interest", "source": "visitors of our stand, Hamburg 2026"},
        "csv": "Name;E-Mail;Firma\nJonas Kern;jonas.kern@kernwerk.example;Kernwerk GmbH\n",
        "if_exists": "skip",
    },
    "ImportCommit": {"if_exists": "update"},
}

QUERIES: Final[Mapping[str, tuple[Mapping[str, Any], ...]]] = {
    "list_import_rows": (
        {
            "name": "state",
            "in": "query",
            "schema": choice(RowState),
            "description": "Only rows that are this.",
        },
    ),
}
