"""`python -m tools.replay_erasures [--evidence FILE] [--company co_...]`: erase again what a backup brought
back.

Run it on restored tables before anybody is served from them (docs/runbooks/restore.md). The evidence is read
from the ledger, or from a file with one row of it a line, as DynamoDB spells rows, where the ledger itself
was restored and is older than the last erasures. Needs the rights of the owner. Prints a line of JSON for
each erasure and a sum at the end; ends with 1 if anything has to be looked at by a person.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from chalicelib.kernel import aws, settings
from chalicelib.records.agreements import ProspectEvidence
from chalicelib.records.erasures import Erasure, KeyDestruction
from chalicelib.records.requests import RequestEvidence
from chalicelib.services.erasure import replay
from chalicelib.services.prospects import returned
from chalicelib.services.requests import objections
from chalicelib.store import agreements, erasure, requests
from chalicelib.store.items import LedgerRow

LOOK = frozenset({"held"})
"""Notes that a person has to do something about."""


def main(arguments: list[str]) -> int:
    """Destroy keys that came back, do every erasure again, oldest first, note what was objected to, and take
    those out of the base of prospects again who had left it.
    """
    parser = argparse.ArgumentParser(prog="replay_erasures", description="Erase again what a backup brought.")
    parser.add_argument("--evidence", type=Path)
    parser.add_argument("--company")
    asked = parser.parse_args(arguments)
    read = _read(_file(asked.evidence) if asked.evidence else _ledger(), asked.company)
    entries, certificates, steps, acts = read
    shredded = replay.keys(certificates)
    sums: Counter[str] = Counter()
    look = 0
    for known in replay.together(entries):
        done = replay.again(known)
        sums.update(done.found)
        look += done.note in LOOK
        print(json.dumps({**done._asdict()}))
    objected = objections.again(steps)
    base = returned.again(acts)
    look += base["held"]
    told = {"found": dict(sums), "keys_destroyed_again": shredded, "objections_again": objected}
    told["base_again"] = dict(base)
    print(json.dumps({**told, "to_be_looked_at": look}))
    return 1 if look else 0


def _read(
    rows: Iterator[dict[str, Any]], company: str | None
) -> tuple[list[Erasure], list[KeyDestruction], list[RequestEvidence], list[ProspectEvidence]]:
    entries: list[Erasure] = []
    certificates: list[KeyDestruction] = []
    steps: list[RequestEvidence] = []
    acts: list[ProspectEvidence] = []
    for item in rows:
        kind = item["kind"]["S"]
        if company is not None and item["pk"]["S"] != company:
            continue
        if kind == erasure.ERASURES.kind:
            entries.append(erasure.ERASURES.decode(_row(item), None).value)
        elif kind == erasure.CERTIFICATES.kind:
            certificates.append(erasure.CERTIFICATES.decode(_row(item), None).value)
        elif kind == requests.EVIDENCE.kind:
            steps.append(requests.EVIDENCE.decode(_row(item), None).value)
        elif kind == agreements.EVIDENCE.kind:
            acts.append(agreements.EVIDENCE.decode(_row(item), None).value)
    return entries, certificates, steps, acts


def _row(item: dict[str, Any]) -> LedgerRow:
    row = LedgerRow()
    row.deserialize(item)
    return row


def _ledger() -> Iterator[dict[str, Any]]:
    """All rows: an emergency is no time to trust an index that was just built."""
    pages = aws.client("dynamodb").get_paginator("scan")
    for page in pages.paginate(TableName=settings.TABLE_LEDGER, ConsistentRead=True):
        yield from page["Items"]


def _file(path: Path) -> Iterator[dict[str, Any]]:
    with path.open() as lines:
        for line in lines:
            yield json.loads(line)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
