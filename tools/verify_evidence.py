"""`python -m tools.verify_evidence FILE...`: check exported chains of evidence, without AWS and without us.

Takes what `GET /v1/staff/evidence/{company_id}` or `GET /v1/company/evidence` answered, one page a line, in
any order and in any number of files. Says for each chain whether it is whole, and if not, which entry is the
first bad one. Needs this file, `chalicelib/privacy` and `chalicelib/kernel/clock.py`: Python's standard
library and no more. Ends with 0 if everything is sound, 1 if not, 2 if a file cannot be read. See
docs/runbooks/evidence.md.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from chalicelib.kernel import clock
from chalicelib.privacy import evidence
from chalicelib.privacy.evidence import Anchor, Entry, Link, Verdict

MEANING = {
    "altered": "is not what it was when it was written",
    "anchors_disagree": "was anchored twice with different hashes: somebody else wrote to the archive",
    "before_altered": "does not follow from the entry before it",
    "begins_late": "and what follows it are gone, and no anchor shows that their time was over",
    "cut_off": "and everything after it are gone",
    "head_altered": "is the last one, and the head of the chain says otherwise",
    "head_missing": "cannot be checked: nothing says how far the chain had come",
    "inserted": "stands where another entry stands, or where none can",
    "missing": "is gone",
    "not_as_anchored": "is not the one that was anchored",
    "of_another_chain": "belongs to another chain",
}


class UnreadableError(Exception):
    """A file does not hold an export; says where."""


@dataclass
class Export:
    """Everything the files say of one chain."""

    entries: dict[tuple[int, str, str], tuple[Entry, str]] = field(default_factory=dict)
    heads: set[Anchor] = field(default_factory=set)
    anchors: set[Anchor] = field(default_factory=set)
    exported_at: int | None = None
    whole: bool = False

    @property
    def head(self) -> Link | None:
        """How far the chain had come by the newest page; earlier ones are as good as anchors."""
        newest = max(self.heads, key=lambda one: (one.seq, one.at), default=None)
        return None if newest is None else Link(newest.seq, newest.link)


def read(files: Iterable[Path]) -> dict[str, Export]:
    """The exports by chain; a page that is there twice counts once. Raises UnreadableError."""
    found: dict[str, Export] = {}
    for file in files:
        try:
            lines = file.read_text(encoding="utf-8").splitlines()
        except (OSError, ValueError) as error:
            raise UnreadableError(f"{file}: {type(error).__name__}") from None
        for number, line in enumerate(lines, 1):
            if line.strip():
                try:
                    told = json.loads(line)
                    _take(found.setdefault(str(told["chain"]), Export()), told)
                except (AttributeError, KeyError, TypeError, ValueError) as error:
                    raise UnreadableError(f"{file}, line {number}: {type(error).__name__}") from None
    return found


def _take(export: Export, told: Mapping[str, Any]) -> None:
    for one in told["entries"]:
        entry, stored = evidence.from_json(one)
        # By hash as well: of two entries under one number both have to be seen.
        export.entries[entry.seq, entry.sk, evidence.link(entry) + stored] = entry, stored
    at = int(told["exported_at"])
    export.heads.add(Anchor(int(told["head"]["seq"]), str(told["head"]["link"]), at))
    export.anchors |= {Anchor(int(a["seq"]), str(a["link"]), int(a["at"])) for a in told["anchors"]}
    export.exported_at = at if export.exported_at is None else min(at, export.exported_at)
    export.whole = export.whole or told["next_cursor"] is None


def judge(chain: str, export: Export, now: int) -> Verdict:
    """Check one chain, as of the time it was exported: what expired later was there then."""
    at = now if export.exported_at is None else min(now, export.exported_at)
    earlier = {one for one in export.heads if one.seq and Link(one.seq, one.link) != export.head}
    return evidence.verify(chain, export.entries.values(), export.head, export.anchors | earlier, at)


def main(arguments: list[str]) -> int:
    """Check and tell."""
    if not arguments:
        print("usage: python -m tools.verify_evidence FILE...", file=sys.stderr)
        return 2
    try:
        found = read(Path(name) for name in arguments)
    except UnreadableError as error:
        print(f"cannot be read: {error}", file=sys.stderr)
        return 2
    sound = bool(found)
    for chain, export in sorted(found.items()):
        verdict = judge(chain, export, clock.now())
        sound = sound and verdict.sound
        if verdict.sound:
            last = 0 if export.head is None else export.head.seq
            print(f"{chain}: sound, {verdict.checked} entries up to number {last}")
        else:
            which = "the chain" if verdict.bad_seq is None else f"entry {verdict.bad_seq}"
            print(f"{chain}: BROKEN, {which} {MEANING[verdict.reason or '']} ({verdict.reason})")
            if not export.whole:
                print("  the last page of the export is not among the files")
        print(
            f"  anchored up to number {verdict.anchored}"
            if export.anchors
            else "  without anchors: a chain whose end was cut off together with its head looks the same"
        )
    return 0 if sound else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
