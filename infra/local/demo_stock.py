"""The operator's part of `make demo`: two of the staff take made-up businesses into the base of prospects."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping
from typing import Any, Final

from infra.local import officers
from infra.local.journey import Journey, eventually, promised, send

GROUND: Final = {
    "format": "csv",
    "source": "Exhibitors of the Hamburg fair",
    "collected_on": officers.YESTERDAY,
    "ground": "legitimate_interest",
    "balancing": "Business contacts that exhibitors published themselves, so that buyers write to them.",
    "informing": "exempt_disproportionate",
    "informing_note": "A notice stands on the fair's page; the first message says so once more.",
}
_BOUNDARY: Final = "a-line-that-is-in-no-file"


def walk(on: Journey, aws: str, businesses: list[dict[str, str]]) -> None:
    """Take these businesses in. ``aws``: where the local AWS is, for the operator's desk."""
    on.step("The operator: Noor states on which ground a file comes into the base, and why that is fair")
    user, on.token = on.token, ""
    on.token = _colleague(on, aws, "privacy")
    load = on.ask(
        "POST", "/v1/staff/prospects/loads", GROUND, expect=202, keys=("id", "state", "ground")
    ).json
    on.name("LOAD", load["id"])
    _upload(on, load["upload"], _table(businesses))
    path = f"/v1/staff/prospects/loads/{load['id']}"
    own = on.ask("POST", f"{path}/start", expect=403, keys=("code", "clause"))
    promised(own.json["code"] == "own_load", "nobody accepts a ground of their own")

    on.step("A colleague accepts the ground; the file is read row by row")
    on.token = _colleague(on, aws, "legal")
    on.ask("POST", f"{path}/start", expect=202, keys=("state",))
    eventually(lambda: on.quietly(path)["state"] not in {"waiting", "running"}, "the load is over")
    done = on.ask("GET", path, keys=("state", "source", "progress")).json
    on.ask("GET", f"{path}/refused", keys=("items",))
    promised(done["progress"]["taken"] + done["progress"]["refreshed"] == len(businesses) - 1, "all but one")
    on.token = user


def _colleague(on: Journey, aws: str, position: str) -> str:
    """Somebody new of the staff; their session."""
    session = officers.take_on(on.api, aws, position).token
    on.name(position.upper(), session, show=False)
    return session


def _upload(on: Journey, form: Mapping[str, Any], content: str) -> None:
    """The file, sent as the form says: no function ever holds all of it."""
    parts = [*form["fields"].items(), ("file", content)]
    body = "".join(
        f'--{_BOUNDARY}\r\nContent-Disposition: form-data; name="{name}"'
        + ('; filename="prospects.csv"' if name == "file" else "")
        + f"\r\n\r\n{value}\r\n"
        for name, value in parts
    )
    kind = {"Content-Type": f"multipart/form-data; boundary={_BOUNDARY}"}
    answer = send("POST", form["url"], f"{body}--{_BOUNDARY}--\r\n", kind)
    on.say(f"(the file goes to the bucket itself: {answer.status}, {len(content)} bytes)", colour="2")
    promised(answer.status in {200, 201, 204}, "the bucket takes the file")


def _table(rows: list[dict[str, str]]) -> str:
    text = io.StringIO()
    writer = csv.DictWriter(text, list(dict.fromkeys(name for row in rows for name in row)))
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue()
