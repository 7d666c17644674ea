"""Documents of the evidence bucket, read as by somebody who trusts nobody who can write to it.

Object Lock keeps what was written; it stops neither a second version under the same key nor a marker that
hides the first, nor a document under a key that nobody has used yet. So all versions of a key are looked
at and the oldest one counts; the documents of the hours have to name each other; a sum has to follow from
what it sums up. Whatever does not fit is a doubt, and with a doubt no chain is called sound: closed, for the
sake of those whom the hidden entry is about. What claims to be of the future, and what is under no key of
ours, counts as not there, and is told: otherwise one object could stop the anchors.

Used by the staff's export, which reads some of the documents, and by `tools/verify_evidence.py`, which can
read all. Standard library only. Source: policy 4.3.1.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Final, NamedTuple

from chalicelib.privacy.evidence import Anchor, Entry, Verdict, kept
from chalicelib.privacy.retention import after

HOURS: Final = "hours/"
DAYS: Final = "days/"
MONTHS: Final = "months/"

TOLERANCE: Final = timedelta(minutes=15)
"""By so much the clocks of two machines may differ."""

ANCHORED_WITHIN: Final = timedelta(hours=3)
"""How long after it was written an entry has to be anchored: an hour until the next run, and two runs that
may fail. What is older and lies above the newest anchor was kept from it, or the anchors have stopped.
"""

_HOUR_KEY: Final = re.compile(r"hours/(\d{4}/\d{2}/\d{2}/T\d{6}Z)-[0-9a-f]{8}-\d{4}\.json")
_DAY_KEY: Final = re.compile(r"days/(\d{4}/\d{2}/\d{2})\.json")
_MONTH_KEY: Final = re.compile(r"months/(\d{4}/\d{2})\.json")
_DAY: Final = 86_400
_HASH: Final = re.compile(r"[0-9a-f]{64}")


class Doubt(NamedTuple):
    """An object that cannot have come about as it should have. ``reason``: ``versions_differ``,
    ``unreadable``, ``misplaced``, ``unlinked`` (names a document before it that is not there),
    ``not_as_summed`` (a sum that does not follow from its sources), ``left_out`` (there is a source that the
    sum does not name).
    """

    key: str
    reason: str


class Document(NamedTuple):
    """One document that counts: the oldest version under its key."""

    key: str
    sha256: str
    at: int
    told: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Reading:
    """What some documents say, and what is wrong with them. ``ignored``: keys that count as not there."""

    documents: Mapping[str, Document] = field(default_factory=dict)
    doubts: tuple[Doubt, ...] = ()
    ignored: tuple[str, ...] = ()

    @property
    def newest(self) -> int | None:
        """When the last document was written, epoch seconds."""
        return max((one.at for one in self.documents.values()), default=None)

    def of(self, chain: str) -> list[Anchor]:
        """What was anchored of one chain, the oldest first."""
        found = {
            Anchor(head["seq"], head["link"], head.get("at", one.at))
            for one in self.documents.values()
            for head in one.told["heads"]
            if head["chain"] == chain
        }
        return sorted(found, key=lambda anchor: (anchor.at, anchor.seq, anchor.link))


def covered(chain: str, verdict: Verdict, entries: Iterable[Entry], at: int) -> Verdict:
    """The verdict on a sound chain, if by ``at`` (epoch seconds) everything that has to be anchored was.

    Nothing but its expiry says how old an entry is, whatever its kind; of one without, nobody knows: closed.
    """
    until = int(after(datetime.fromtimestamp(at, UTC) - ANCHORED_WITHIN, kept(chain)).timestamp())
    due = [
        entry.seq
        for entry in entries
        if entry.seq > verdict.anchored and (entry.expires_at is None or entry.expires_at <= until)
    ]
    if not (verdict.sound and due):
        return verdict
    return Verdict(verdict.checked, min(due), "not_anchored", verdict.anchored)


def begins(key: str, now: int) -> bool:
    """Whether a key is one of ours, of a time that has come: an hour's document once its second has, a sum
    once its day or month is over.
    """
    when = _earliest(key)
    return when is not None and when <= now + int(TOLERANCE.total_seconds())


def read(versions: Mapping[str, Sequence[bytes]], now: int, listed: Iterable[str] = ()) -> Reading:
    """Judge documents: for each key all its versions, the oldest first. ``listed`` are keys that are known
    to exist without having been read: a sum has to name those of its time as well.
    """
    documents: dict[str, Document] = {}
    doubts: list[Doubt] = []
    ignored: list[str] = []
    for key, contents in sorted(versions.items()):
        if not begins(key, now):
            ignored.append(key)
            continue
        if len(set(contents)) > 1:
            doubts.append(Doubt(key, "versions_differ"))
        found = parse(key, contents[0])
        if isinstance(found, Doubt):
            doubts.append(found)
        elif found.at > now + int(TOLERANCE.total_seconds()):
            ignored.append(key)
        else:
            documents[key] = found
    known = {key for key in listed if begins(key, now)} | documents.keys()
    doubts += [*_unlinked(documents), *_sums(documents, known)]
    return Reading(documents, tuple(doubts), tuple(ignored))


def parse(key: str, content: bytes) -> Document | Doubt:
    """A document, or why it is none."""
    try:
        told = json.loads(content)
        heads = told["heads"]
        good = _whole(told["at"]) and all(_is_head(head) for head in heads)
        if key.startswith(HOURS):
            good = good and _whole(told["since"]) and isinstance(told["last"], bool)
            good = good and (told["previous"] is None or bool(_HASH.fullmatch(told["previous"])))
        else:
            good = good and all(
                isinstance(one["key"], str) and _HASH.fullmatch(one["sha256"]) for one in told["sums_up"]
            )
    except (AttributeError, KeyError, TypeError, ValueError, RecursionError):
        good = False
    if not good:
        return Doubt(key, "unreadable")
    if key.startswith(HOURS) and told["at"] != _earliest(key):
        return Doubt(key, "misplaced")
    return Document(key, digest(content), told["at"], told)


def summed(documents: Iterable[Document]) -> dict[str, Any]:
    """The last word on each chain in some documents, in one, with the hash of each. Follows from them alone:
    whoever sums up the same gets the same. Two last words that disagree are both kept.
    """
    sources = sorted(documents)
    latest: dict[str, dict[str, dict[str, Any]]] = {}
    for document in sources:
        for head in document.told["heads"]:
            said = latest.setdefault(head["chain"], {})
            if said and next(iter(said.values()))["seq"] < head["seq"]:
                said.clear()
            if not said or next(iter(said.values()))["seq"] == head["seq"]:
                said.setdefault(head["link"], {"at": document.at, **head})
    return {
        "at": max((document.at for document in sources), default=0),
        "sums_up": [{"key": document.key, "sha256": document.sha256} for document in sources],
        "heads": [latest[chain][link] for chain in sorted(latest) for link in sorted(latest[chain])],
    }


def written(document: Mapping[str, Any]) -> bytes:
    """The bytes of a document."""
    return json.dumps(document, separators=(",", ":"), sort_keys=True).encode()


def digest(content: bytes) -> str:
    """What the next document and the sum name it by: SHA-256, 64 hex digits."""
    return hashlib.sha256(content).hexdigest()


def place_of_sum(key: str) -> str | None:
    """The key of the sum that has to name a document; None for a month's."""
    if key.startswith(HOURS):
        return f"{DAYS}{key.removeprefix(HOURS)[:10]}.json"
    return f"{MONTHS}{key.removeprefix(DAYS)[:7]}.json" if key.startswith(DAYS) else None


def _unlinked(documents: Mapping[str, Document]) -> list[Doubt]:
    """Each hour's document names one that is there. The first one's is not among those that were read, and
    two runs at once may both name it.
    """
    hours = [document for key, document in sorted(documents.items()) if key.startswith(HOURS)]
    if not hours:
        return []
    there = {document.sha256 for document in hours} | {hours[0].told["previous"]}
    return [Doubt(one.key, "unlinked") for one in hours if one.told["previous"] not in there]


def _sums(documents: Mapping[str, Document], known: set[str]) -> list[Doubt]:
    """Each sum names all of its sources that exist, says their hashes, and of those that were all read, what
    follows from them.
    """
    due: dict[str, set[str]] = {}
    for key in known:
        due.setdefault(place_of_sum(key) or "", set()).add(key)
    found = []
    for key, one in documents.items():
        if key.startswith(HOURS):
            continue
        named = {source["key"] for source in one.told["sums_up"]}
        sources = [documents[source] for source in named if source in documents]
        if due.get(key, set()) - named:
            found.append(Doubt(key, "left_out"))
        elif not _follows(one, sources, whole=len(sources) == len(named)):
            found.append(Doubt(key, "not_as_summed"))
    return found


def _follows(total: Document, sources: Sequence[Document], *, whole: bool) -> bool:
    """Whether a sum says of its sources what they are; with ``whole``, all of them were read."""
    named = {source["key"]: source["sha256"] for source in total.told["sums_up"]}
    fit = all(named[one.key] == one.sha256 and place_of_sum(one.key) == total.key for one in sources)
    return fit and (not whole or summed(sources)["heads"] == total.told["heads"])


def _is_head(head: Mapping[str, Any]) -> bool:
    return (
        isinstance(head["chain"], str)
        and _whole(head["seq"])
        and bool(_HASH.fullmatch(head["link"]))
        and _whole(head.get("at", 0))
    )


def _whole(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0


def _earliest(key: str) -> int | None:
    """When an object under this key can exist at the earliest, epoch seconds; None for a key not of ours."""
    try:
        if found := _HOUR_KEY.fullmatch(key):
            return _epoch(found[1], "%Y/%m/%d/T%H%M%SZ")
        if found := _DAY_KEY.fullmatch(key):
            return _epoch(found[1], "%Y/%m/%d") + _DAY
        if found := _MONTH_KEY.fullmatch(key):
            year, month = found[1].split("/")
            following = f"{int(year) + int(month) // 12:04d}/{int(month) % 12 + 1:02d}"
            return _epoch(following, "%Y/%m") if 1 <= int(month) <= 12 else None
    except ValueError:
        return None
    return None


def _epoch(text: str, form: str) -> int:
    return int(datetime.strptime(text, form).replace(tzinfo=UTC).timestamp())
