"""Loading the base of prospects as the operator's staff does it: one states the ground, another starts it."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from chalicelib.privacy.personnel import StaffPosition
from infra.local import LocalStack
from tests.integration.client import eventually
from tests.integration.staff import StaffUser, member

GROUND = {
    "format": "csv",
    "source": "Register of exhibitors 2026",
    "collected_on": "2026-10-01",
    "ground": "legitimate_interest",
    "balancing": "Business contacts that exhibitors published themselves, so that buyers write to them.",
    "informing": "exempt_disproportionate",
    "informing_note": "Told by the notice on the register's page; the first message says so once more.",
}
LOADS = "/v1/staff/prospects/loads"


class Office(NamedTuple):
    """Two who may load, and where."""

    stack: LocalStack
    one: StaffUser
    two: StaffUser

    def begin(self, content: bytes, **more: Any) -> str:
        """A load that waits for the second of them, its file in place."""
        answer = self.one.call("POST", LOADS, {**GROUND, **more})
        assert answer.status == 202, answer.body
        load = answer.json
        fields = load["upload"]["fields"]
        assert fields["key"] == f"loads/{load['id']}"
        put(self.stack, load["id"], content)
        return str(load["id"])

    def start(self, load: str) -> dict[str, Any]:
        answer = self.two.call("POST", f"{LOADS}/{load}/start")
        assert answer.status == 202, answer.body
        found: dict[str, Any] = answer.json
        return found

    def read(self, load: str) -> dict[str, Any]:
        answer = self.one.call("GET", f"{LOADS}/{load}")
        assert answer.status == 200, answer.body
        found: dict[str, Any] = answer.json
        return found

    def ended(self, load: str, seconds: float = 120) -> dict[str, Any]:
        """The load when it is over."""
        return eventually(lambda: self._over(load), seconds)

    def _over(self, load: str) -> dict[str, Any]:
        found = self.read(load)
        return {} if found["state"] in {"waiting", "running"} else found

    def load(self, content: bytes | Iterable[Mapping[str, str]], **more: Any) -> dict[str, Any]:
        """A file that has been taken in, as far as it could be."""
        made = self.begin(content if isinstance(content, bytes) else table(content), **more)
        self.start(made)
        return self.ended(made)

    def refused(self, load: str) -> list[tuple[int, str | None, str]]:
        """Rows that were not taken, over all pages."""
        found: list[tuple[int, str | None, str]] = []
        cursor = ""
        while True:
            answer = self.two.call("GET", f"{LOADS}/{load}/refused?limit=3{cursor}")
            assert answer.status == 200, answer.body
            found += [(one["row"], one["column"], one["code"]) for one in answer.json["items"]]
            if answer.json["next_cursor"] is None:
                return found
            cursor = f"&cursor={answer.json['next_cursor']}"


def office(stack: LocalStack) -> Office:
    """Two of the staff who may load."""
    return Office(stack, member(stack, StaffPosition.PRIVACY), member(stack, StaffPosition.LEGAL))


def put(stack: LocalStack, load: str, content: bytes) -> None:
    """The file, where the form would have put it."""
    stack.client("s3").put_object(Bucket="okki-leads-files-000000000000", Key=f"loads/{load}", Body=content)


def table(rows: Iterable[Mapping[str, str]]) -> bytes:
    """Rows as a spreadsheet would save them."""
    some = list(rows)
    names = list(dict.fromkeys(name for row in some for name in row))
    text = io.StringIO()
    writer = csv.DictWriter(text, names)
    writer.writeheader()
    writer.writerows(some)
    return text.getvalue().encode()
