"""The ledger as a hash chain: each entry names the one before it, so none can be changed, dropped or slipped
in.

Promise: what a chain proves follows from the entries alone and can be checked by anybody, offline, with
SHA-256 and this file. One chain per partition of the ledger (a company's, the operator's). An entry holds
ids, numbers and keyed hashes; where it holds a sealed message, the chain covers the message's digest, so
deleting a company's key breaks nothing. Cost: entries of one chain are written one after the other. Sources:
policy 4.3.1, 4.3.2; GDPR 5(2).
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

HEAD: Final = "head"
"""Sort key of the row that says how far a chain has come."""
FIRST: Final = "0" * 64
"""What the first entry names as the one before it."""
LANES: Final = "0123456789abcdef"
ANCHOR_SECONDS: Final = 3600
"""Heads that moved are looked for by the hour in which they did."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One row of the ledger as the chain covers it. ``sealed`` is the digest of its sealed message."""

    pk: str
    sk: str
    kind: str
    facts: Mapping[str, Any]
    expires_at: int | None
    sealed: str | None
    seq: int
    prev: str


@dataclass(frozen=True, slots=True)
class Link:
    """How far a chain has come: the number of its last entry and that entry's hash."""

    seq: int
    link: str


START: Final = Link(0, FIRST)


@dataclass(frozen=True, slots=True)
class Verdict:
    """What checking a chain found: the number of good entries, and the first bad one with what is wrong."""

    checked: int
    bad_seq: int | None = None
    reason: str | None = None

    @property
    def sound(self) -> bool:
        """Whether nothing is wrong."""
        return self.reason is None


def lane(chain: str) -> str:
    """Index partition in which the chain's head is found after it moved: 16 of them, so none runs hot."""
    return f"heads#{LANES[hashlib.sha256(chain.encode()).digest()[0] % len(LANES)]}"


def canonical(entry: Entry) -> bytes:
    """The bytes that are hashed: JSON, keys in order, no spaces, UTF-8. TypeError for a float."""
    content = {
        "expires_at": entry.expires_at,
        "facts": dict(entry.facts),
        "kind": entry.kind,
        "pk": entry.pk,
        "prev": entry.prev,
        "sealed": entry.sealed,
        "seq": entry.seq,
        "sk": entry.sk,
    }
    _no_floats(content)
    return json.dumps(content, sort_keys=True, ensure_ascii=False, separators=(",", ":")).encode()


def link(entry: Entry) -> str:
    """The entry's hash, 64 hex digits: what the next one names."""
    return hashlib.sha256(canonical(entry)).hexdigest()


def digest(sealed: bytes | None) -> str | None:
    """What the chain covers of a sealed message."""
    return None if sealed is None else hashlib.sha256(sealed).hexdigest()


def verify(
    entries: Iterable[tuple[Entry, str]],
    head: Link | None,
    anchors: Mapping[int, str] | None = None,
) -> Verdict:
    """Check a chain: its entries with the hashes stored beside them, in any order, against its head and what
    was anchored of it (hash by number).

    Entries at the beginning may be gone, because their time was over; then the anchors have to know the hash
    that the first one left names. Everything else has to be there up to the head, and the head not behind an
    anchor.
    """
    known = dict(anchors or {})
    ordered = sorted(entries, key=lambda pair: pair[0].seq)
    before = START if not ordered else Link(ordered[0][0].seq - 1, ordered[0][0].prev)
    if before.seq > 0 and known.get(before.seq) != before.link:
        return Verdict(0, ordered[0][0].seq, "begins_late")
    if before.seq <= 0 and before != START:
        return Verdict(0, ordered[0][0].seq, "before_altered")
    for checked, (entry, stored) in enumerate(ordered):
        if entry.seq != before.seq + 1:
            repeated = entry.seq <= before.seq
            return Verdict(checked, before.seq + 1 if not repeated else entry.seq, _GAP[repeated])
        if entry.prev != before.link:
            return Verdict(checked, entry.seq, "before_altered")
        if link(entry) != stored:
            return Verdict(checked, entry.seq, "altered")
        if known.get(entry.seq, stored) != stored:
            return Verdict(checked, entry.seq, "not_as_anchored")
        before = Link(entry.seq, stored)
    last = max([*known, head.seq if head is not None else 0], default=0)
    if last > before.seq:
        return Verdict(len(ordered), before.seq + 1, "cut_off")
    if head is not None and head != before:
        return Verdict(len(ordered), before.seq, "head_altered")
    return Verdict(len(ordered))


_GAP: Final = {False: "missing", True: "inserted"}


def _no_floats(value: Any) -> None:
    if isinstance(value, float):
        raise TypeError("a float has more than one spelling")
    if isinstance(value, Mapping):
        for inner in value.values():
            _no_floats(inner)
    elif isinstance(value, list | tuple):
        for inner in value:
            _no_floats(inner)
