"""The ledger as a hash chain: each entry names the one before it, so none can be changed, dropped or slipped
in.

Promise: what a chain proves follows from the entries alone and can be checked by anybody, offline, with
SHA-256 and this file. One chain per partition of the ledger (a company's, the operator's). An entry holds
ids, numbers and keyed hashes; where it holds a sealed message, the chain covers the message's digest, so
deleting a company's key breaks nothing. Cost: entries of one chain are written one after the other. A tail
that was cut off together with the head shows only against an anchor. Sources: policy 4.3.1, 4.3.2; GDPR 5(2).
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from chalicelib.privacy.retention import COOKIE_CHOICE, EVIDENCE, Period, after

HEAD: Final = "head"
"""Sort key of the row that says how far a chain has come."""
FIRST: Final = "0" * 64
"""What the first entry names as the one before it."""
LANES: Final = "0123456789abcdef"
ANCHOR_SECONDS: Final = 3600
"""Heads that moved are looked for by the hour in which they did."""
ANCHORED_LATE: Final = timedelta(days=7)
"""How long after it was written an entry may have been anchored. By so much, and no more, somebody who cuts
off the beginning of a chain before its time can pass it off as expired.
"""

COOKIES: Final = "#cookies#"
"""In the names of the chains of cookie receipts, which are kept shorter than all other evidence."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One row of the ledger as the chain covers it. ``sealed`` is the digest of its sealed message."""

    pk: str
    sk: str
    kind: str
    policy: str | None
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
class Anchor:
    """How far a chain had come at ``at`` (epoch seconds), by what was put where nobody can rewrite it."""

    seq: int
    link: str
    at: int


@dataclass(frozen=True, slots=True)
class Verdict:
    """What checking a chain found: the number of good entries, and the first bad one with what is wrong.

    ``anchored`` is the last number up to which an anchor vouches for what is there. Of a chain that was
    rewritten with all its links, the bad entry named is the first that an anchor contradicts; everything
    between the two is in doubt.
    """

    checked: int
    bad_seq: int | None = None
    reason: str | None = None
    anchored: int = 0

    @property
    def sound(self) -> bool:
        """Whether nothing is wrong."""
        return self.reason is None


def lane(chain: str) -> str:
    """Index partition in which the chain's head is found after it moved: 16 of them, so none runs hot."""
    return f"heads#{LANES[hashlib.sha256(chain.encode()).digest()[0] % len(LANES)]}"


def kept(chain: str) -> Period:
    """How long the entries of a chain are kept: all of one chain equally long, so that it goes from its
    beginning and never gets a hole.
    """
    return COOKIE_CHOICE if COOKIES in chain else EVIDENCE


def canonical(entry: Entry) -> bytes:
    """The bytes that are hashed: JSON, keys in order, no spaces, UTF-8. TypeError for a float."""
    content = {
        "expires_at": entry.expires_at,
        "facts": dict(entry.facts),
        "kind": entry.kind,
        "pk": entry.pk,
        "policy": entry.policy,
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
    chain: str,
    entries: Iterable[tuple[Entry, str]],
    head: Link | None,
    anchors: Iterable[Anchor] = (),
    now: int | None = None,
) -> Verdict:
    """Check a chain: its entries with the hashes stored beside them, in any order, against its head and what
    was anchored of it; ``now`` in epoch seconds.

    Entries at the beginning may be gone when their time was over: an anchor has to show that it was. Without
    one, or without ``now``, closed: nobody can tell an expired beginning from one that was cut off.
    Everything else has to be there up to the head, and the head not behind an anchor.
    """
    ordered = sorted(entries, key=lambda pair: pair[0].seq)
    known: dict[int, str] = {}
    expired = 0
    for anchor in anchors:
        if known.setdefault(anchor.seq, anchor.link) != anchor.link:
            return Verdict(0, anchor.seq, "anchors_disagree")
        if now is not None and _over(chain, anchor, now):
            expired = max(expired, anchor.seq)
    if head is None and (ordered or known):
        return Verdict(0, None, "head_missing")
    before = _beginning(ordered, known, expired)
    return before if isinstance(before, Verdict) else _followed(chain, ordered, before, head or START, known)


def _followed(
    chain: str,
    ordered: Sequence[tuple[Entry, str]],
    before: Link,
    head: Link,
    known: Mapping[int, str],
) -> Verdict:
    """Go through the entries from the first to the head."""
    vouched = before.seq if before.seq in known else 0
    for checked, (entry, stored) in enumerate(ordered):
        wrong = _wrong(chain, entry, stored, before)
        if wrong == "before_altered" and checked and vouched != before.seq:
            mended = link(replace(entry, prev=before.link))
            if mended != _named_later(ordered, checked, head, known):
                # It is not this one that forgot whom it follows: the one before gave itself a new hash.
                return Verdict(checked - 1, before.seq, "altered", vouched)
        if wrong is None and known.get(entry.seq, stored) != stored:
            wrong = "not_as_anchored"
        if wrong is not None:
            bad = before.seq + 1 if wrong == "missing" else entry.seq
            return Verdict(checked, bad, wrong, vouched)
        before = Link(entry.seq, stored)
        vouched = entry.seq if entry.seq in known else vouched
    if max([*known, head.seq], default=0) > before.seq:
        return Verdict(len(ordered), before.seq + 1, "cut_off", vouched)
    if head != before:
        return Verdict(len(ordered), before.seq, "head_altered", vouched)
    return Verdict(len(ordered), anchored=vouched)


def _beginning(
    ordered: Sequence[tuple[Entry, str]], known: Mapping[int, str], expired: int
) -> Link | Verdict:
    """What the first entry left has to name, or what is wrong with where the chain begins."""
    if not ordered:
        return Link(expired, known[expired]) if expired else START
    first = ordered[0][0]
    before = Link(first.seq - 1, first.prev)
    if before.seq < 0:
        return Verdict(0, first.seq, "inserted")
    if before.seq == 0:
        return before if before == START else Verdict(0, first.seq, "before_altered")
    if before.seq > expired:
        return Verdict(0, 1, "begins_late")
    if known.get(before.seq, before.link) != before.link:
        return Verdict(0, first.seq, "before_altered")
    return before


def _wrong(chain: str, entry: Entry, stored: str, before: Link) -> str | None:
    """What is wrong with one entry by itself and after the one before it."""
    if entry.pk != chain:
        return "of_another_chain"
    if entry.seq <= before.seq:
        return "inserted"
    if entry.seq != before.seq + 1:
        return "missing"
    if link(entry) != stored:
        return "altered"
    return None if entry.prev == before.link else "before_altered"


def _named_later(
    ordered: Sequence[tuple[Entry, str]], place: int, head: Link, known: Mapping[int, str]
) -> str | None:
    """The hash that everything later knows an entry by."""
    seq = ordered[place][0].seq
    if seq in known:
        return known[seq]
    if place + 1 < len(ordered):
        return ordered[place + 1][0].prev
    return head.link if head.seq == seq else None


def _over(chain: str, anchor: Anchor, now: int) -> bool:
    """Whether everything that was anchored then may have expired by now."""
    until = after(datetime.fromtimestamp(anchor.at, UTC), kept(chain)) - ANCHORED_LATE
    return now >= int(until.timestamp())


def as_json(entry: Entry, stored: str) -> dict[str, Any]:
    """An entry with its hash, as it is exported."""
    return {
        "seq": entry.seq,
        "prev": entry.prev,
        "link": stored,
        "pk": entry.pk,
        "sk": entry.sk,
        "kind": entry.kind,
        "policy": entry.policy,
        "facts": dict(entry.facts),
        "expires_at": entry.expires_at,
        "sealed": entry.sealed,
    }


def from_json(told: Mapping[str, Any]) -> tuple[Entry, str]:
    """What ``as_json`` wrote.

    Raises:
        KeyError, TypeError, ValueError: it is not of that form.
    """
    entry = Entry(
        pk=str(told["pk"]),
        sk=str(told["sk"]),
        kind=str(told["kind"]),
        policy=told["policy"],
        facts=dict(told["facts"]),
        expires_at=told["expires_at"],
        sealed=told["sealed"],
        seq=int(told["seq"]),
        prev=str(told["prev"]),
    )
    canonical(entry)
    return entry, str(told["link"])


def _no_floats(value: Any) -> None:
    if isinstance(value, float):
        raise TypeError("a float has more than one spelling")
    if isinstance(value, Mapping):
        for inner in value.values():
            _no_floats(inner)
    elif isinstance(value, list | tuple):
        for inner in value:
            _no_floats(inner)
