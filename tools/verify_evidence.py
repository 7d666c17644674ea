"""`python -m tools.verify_evidence [--anchors DIR] [--require-anchors] FILE...`: check exported chains of
evidence, without AWS and without us.

Takes what `GET /v1/staff/evidence/{company_id}` or `GET /v1/company/evidence` answered, one page a line, in
any order and in any number of files. Says for each chain whether it is whole, and if not, which entry is the
first bad one. An export of the staff brings anchors along, but from the same hands as the entries:
`--anchors` takes the bucket's documents from a folder into which the auditor copied them, and they are
checked among themselves as well. `--require-anchors` calls no chain sound that has entries and no anchor.

Needs this file, `chalicelib/privacy` and `chalicelib/kernel/clock.py`: Python's standard
library and no more. Ends with 0 if everything is sound, 1 if not, 2 if a file cannot be read. See
docs/runbooks/evidence.md.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from chalicelib.kernel import clock
from chalicelib.privacy import anchors, evidence
from chalicelib.privacy.anchors import Reading
from chalicelib.privacy.evidence import Anchor, Entry, Link, Verdict

MEANING = {
    "altered": "is not what it was when it was written",
    "anchors_disagree": "cannot be judged: somebody else wrote to the archive, and the anchors disagree",
    "before_altered": "does not follow from the entry before it",
    "begins_late": "and what follows it are gone, and no anchor shows that their time was over",
    "cut_off": "and everything after it are gone",
    "head_altered": "is the last one, and the head of the chain says otherwise",
    "head_missing": "cannot be checked: nothing says how far the chain had come",
    "inserted": "stands where another entry stands, or where none can",
    "missing": "is gone",
    "not_anchored": "is older than hours and above the newest anchor: nothing shows that it is genuine",
    "not_as_anchored": "is not the one that was anchored",
    "of_another_chain": "belongs to another chain",
}


RUN_SECONDS = 60
"""What was anchored within so long before an export may be ahead of it."""


class UnreadableError(Exception):
    """A file does not hold an export; says where."""


@dataclass
class Export:
    """Everything the files say of one chain."""

    entries: dict[tuple[int, str, str], tuple[Entry, str]] = field(default_factory=dict)
    heads: set[Anchor] = field(default_factory=set)
    anchors: set[Anchor] = field(default_factory=set)
    exported_at: int | None = None
    last_exported_at: int = 0
    archived_at: int | None = None
    whole: bool = False
    doubts: set[tuple[str, str]] = field(default_factory=set)
    ignored: set[str] = field(default_factory=set)
    newest: int | None = None

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
    export.last_exported_at = max(at, export.last_exported_at)
    archive = told.get("archive")
    if archive is not None:
        export.archived_at = max(at, export.archived_at or 0)
        export.doubts |= {(str(one["key"]), str(one["reason"])) for one in archive["doubts"]}
        export.ignored |= {str(key) for key in archive["ignored"]}
        if archive["newest"] is not None:
            export.newest = max(int(archive["newest"]), export.newest or 0)


def documents(folder: Path, now: int) -> Reading:
    """The bucket's documents from a folder: under their keys, each version a file whose name may go on with
    `@` and the version's id. Raises UnreadableError.
    """
    versions: dict[str, list[bytes]] = {}
    try:
        for file in sorted(file for file in folder.rglob("*") if file.is_file()):
            key = file.relative_to(folder).as_posix().partition("@")[0]
            versions.setdefault(key, []).append(file.read_bytes())
    except OSError as error:
        raise UnreadableError(f"{folder}: {type(error).__name__}") from None
    if not versions:
        raise UnreadableError(f"{folder}: nothing in it")
    return anchors.read(versions, now)


def join(chain: str, export: Export, reading: Reading) -> None:
    """Hold an export against the auditor's own copy as well. A document of after the export may be ahead of
    it and says nothing about it.
    """
    at = export.archived_at = export.last_exported_at
    export.anchors |= {one for one in reading.of(chain) if one.at <= at - RUN_SECONDS}
    export.doubts |= set(reading.doubts)
    export.ignored |= set(reading.ignored)
    if reading.newest is not None:
        export.newest = max(reading.newest, export.newest or 0)


def judge(chain: str, export: Export, now: int, *, required: bool = False) -> Verdict:
    """Check one chain, as of the time it was exported: what expired later was there then. Where the archive
    was looked at it has to be without doubts, and to hold whatever is older than a few hours.
    """
    at = now if export.exported_at is None else min(now, export.exported_at)
    earlier = {one for one in export.heads if one.seq and Link(one.seq, one.link) != export.head}
    seen = export.last_exported_at if required else export.archived_at
    entries, known = export.entries.values(), export.anchors | earlier
    verdict = evidence.verify(chain, entries, export.head, known, at)
    if seen is not None:
        verdict = anchors.covered(chain, verdict, (entry for entry, _ in entries), seen)
    if not verdict.sound:
        return verdict
    if export.doubts:
        return Verdict(verdict.checked, None, "anchors_disagree", verdict.anchored)
    last = 0 if export.head is None else export.head.seq
    # Whoever stops the anchors may give what they forge whatever age they like.
    limit = (seen or 0) - anchors.ANCHORED_WITHIN.total_seconds()
    stopped = seen is not None and export.newest is not None and export.newest < limit
    if last > verdict.anchored and (stopped or (required and not export.anchors)):
        return Verdict(verdict.checked, verdict.anchored + 1, "not_anchored", verdict.anchored)
    return verdict


def main(arguments: list[str]) -> int:
    """Check and tell."""
    parser = argparse.ArgumentParser(prog="python -m tools.verify_evidence")
    parser.add_argument("--anchors", type=Path, metavar="DIR", help="documents copied from the bucket")
    parser.add_argument("--require-anchors", action="store_true", help="no chain is sound without an anchor")
    parser.add_argument("files", nargs="+", type=Path, metavar="FILE")
    asked = parser.parse_args(arguments)
    now = clock.now()
    try:
        found = read(asked.files)
        if asked.anchors is not None:
            reading = documents(asked.anchors, now)
            for chain, export in found.items():
                join(chain, export, reading)
    except UnreadableError as error:
        print(f"cannot be read: {error}", file=sys.stderr)
        return 2
    sound = bool(found)
    required = asked.require_anchors or asked.anchors is not None
    for chain, export in sorted(found.items()):
        verdict = judge(chain, export, now, required=required)
        sound = sound and verdict.sound
        _tell(chain, export, verdict)
    return 0 if sound else 1


def _tell(chain: str, export: Export, verdict: Verdict) -> None:
    at = clock.rfc3339(export.last_exported_at)
    if verdict.sound:
        last = 0 if export.head is None else export.head.seq
        print(f"{chain}: sound, {verdict.checked} entries up to number {last}, as of {at}")
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
    if export.newest is not None:
        print(f"  the newest document of the archive is of {clock.rfc3339(export.newest)}")
    for key, reason in sorted(export.doubts):
        print(f"  in the archive: {key} ({reason})")
    for key in sorted(export.ignored):
        print(f"  in the archive, and ignored: {key}")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
