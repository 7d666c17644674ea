"""What taking contacts along costs: calls and units for each thousand rows, in the deployed functions."""

from __future__ import annotations

from infra.local import LocalStack
from tests.bench.meter import metered
from tests.bench.report import Line, Section
from tests.integration import address_book
from tests.integration.client import User, eventually, sign_up

SHORT, LONG = 1_000, 5_000
MADE_SECONDS = 120
"""Nothing is timed here; a busy machine may take so long."""


def measure(stack: LocalStack, *, short: int = SHORT, long: int = LONG) -> Section:
    """A list in one answer, the same as a job, a longer one, and fetching its file."""
    user = sign_up(stack)
    address_book.fill(user, short)
    user.call("GET", "/v1/contacts")
    with metered(stack) as usage:
        answer = user.call("GET", "/v1/contacts/export")
        assert answer.status == 200, answer.body
    at_once = usage.of("api").warm
    lines = [Line(f"{short:,} contacts at once", at_once.figures(), {"calls": 12.0, "write units": 7.0})]
    for more, count in ((0, short), (long - short, long)):
        if more:
            address_book.fill(user, more)
        with metered(stack) as usage:
            export = _made(user)
        made = usage.of("run-files").warm
        figures = made.figures()
        per = figures["calls"] / (count / 1000)
        lines.append(
            Line(
                f"{count:,} as a job",
                {**figures, "calls a 1,000": per},
                {"calls a 1,000": 16.0, "write units": 12.0},
            )
        )
    with metered(stack) as usage:
        assert user.call("GET", f"/v1/contacts/exports/{export}/files/1").status == 200
    lines.append(Line(f"fetching a file of {long:,}", usage.of("api").warm.figures(), {"calls": 8.0}))
    notes = [
        "A query for each 500 contacts. What is written does not depend on their number: the claim, the end with proof."
    ]
    return Section("Exporting contacts", lines, notes)


def _made(user: User) -> str:
    asked: str = user.call("POST", "/v1/contacts/exports").json["id"]
    path = f"/v1/contacts/exports/{asked}"
    eventually(lambda: user.call("GET", path).json["state"] == "ready", MADE_SECONDS)
    return asked
