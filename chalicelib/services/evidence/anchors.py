"""Anchors: once an hour the heads of all chains that moved go where nobody can rewrite them (4.3.1).

A table's owner could cut off the end of a chain and set its head back, or rewrite it whole; the anchor says
how far it had come and with which hash. Each document names the hash of the one before, so none goes missing
unseen. Documents of a day are summed up in one, and those of a month, so that somebody who checks six years
of a chain reads about a hundred of them and not fifty thousand; what they sum up stays.

Fails loudly: a run that could not write raises, and the next one begins where the last whole one did. A head
may so be anchored twice; none is left out. Cost of a run: about seven calls to S3, 16 queries, a read unit
for each chain that moved.
"""

from __future__ import annotations

import hashlib
import json
import secrets
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime
from itertools import islice
from typing import Any, Final, NamedTuple

from chalicelib import store
from chalicelib.gateways import archive
from chalicelib.kernel import clock, telemetry
from chalicelib.privacy.evidence import ANCHOR_SECONDS, Anchor

HOURS: Final = "hours/"
DAYS: Final = "days/"
MONTHS: Final = "months/"

HEADS_A_DOCUMENT: Final = 5000
"""About 700 KB; what is more goes into further documents of the same run."""
OVERLAP: Final = ANCHOR_SECONDS
"""Heads are looked for from so long before the last run on: an entry may have been stamped just before it and
written just after, and the index is a moment late.
"""


class _Last(NamedTuple):
    """The newest document of a run, and where it lies."""

    key: str
    content: bytes

    @property
    def day(self) -> str:
        """`2026/11/22`."""
        return self.key.removeprefix(HOURS)[:10]

    @property
    def next_since(self) -> int:
        """From when on the next run has to look, epoch seconds in full hours."""
        told = json.loads(self.content)
        if not told["last"]:  # that run died before it was through
            return int(told["since"])
        return int(told["at"]) // ANCHOR_SECONDS * ANCHOR_SECONDS - OVERLAP


def anchor() -> None:
    """Anchor every head that moved since the last run; a run without any says so as well.

    Raises:
        UnavailableError: not everything was anchored. Running it again is safe.
    """
    now = clock.now()
    last = _last()
    since, previous = 0, None
    if last is not None:
        since = min(last.next_since, now // ANCHOR_SECONDS * ANCHOR_SECONDS - OVERLAP)
        previous = hashlib.sha256(last.content).hexdigest()
        _sum_up(last.day, now)
    place = datetime.fromtimestamp(now, UTC).strftime("%Y/%m/%d/T%H%M%SZ") + f"-{secrets.token_hex(4)}"
    number = 0
    for page, (heads, more) in enumerate(_documents(store.ledger.moved(since))):
        content = _written(
            {
                "at": now,
                "since": since,
                "page": page,
                "last": not more,
                "previous": previous,
                "heads": heads,
            }
        )
        archive.put(f"{HOURS}{place}-{page:04d}.json", content)
        previous = hashlib.sha256(content).hexdigest()
        number += len(heads)
    telemetry.event("anchored", heads=number)


def of(chain: str) -> list[Anchor]:
    """What was anchored of one chain, the oldest first: for each month that is over its last, for each day
    of this month its last, and all of today. About a hundred calls after six years.

    Raises:
        UnavailableError: not everything could be read. Closed: an anchor left out could be the one that
        tells.
    """
    last = _last()
    if last is None:
        return []
    months = list(archive.keys(MONTHS))
    days = [key for key in archive.keys(DAYS) if _month_of(key) not in {_month_of(one) for one in months}]
    found = {
        (told["seq"], told["link"], told.get("at") or document["at"])
        for key in (*months, *days, *archive.keys(f"{HOURS}{last.day}/"))
        for document in (json.loads(archive.get(key)),)
        for told in document["heads"]
        if told["chain"] == chain
    }
    return sorted((Anchor(*one) for one in found), key=lambda one: (one.at, one.seq))


def _last() -> _Last | None:
    """The newest document there is; None before the first."""
    place = HOURS
    for _ in ("year", "month", "day"):
        inside = archive.folders(place)
        if not inside:
            return None
        place = inside[-1]
    *_, key = archive.keys(place)
    return _Last(key, archive.get(key))


def _documents(heads: Iterator[Any]) -> Iterator[tuple[list[dict[str, Any]], bool]]:
    """The heads of each document, and whether there is another one behind it. At least one document."""
    some = list(islice(heads, HEADS_A_DOCUMENT))
    while True:
        following = list(islice(heads, HEADS_A_DOCUMENT))
        yield [head._asdict() for head in some], bool(following)
        if not following:
            return
        some = following


def _sum_up(day: str, now: int) -> None:
    """Sum up the day of the last document if it is over, and its month. Done before the first document of
    another day is written, so the next run finds it undone if this one dies.
    """
    today = datetime.fromtimestamp(now, UTC).strftime("%Y/%m/%d")
    if day >= today:
        return
    _sum(f"{DAYS}{day}.json", archive.keys(f"{HOURS}{day}/"), now)
    if day[:7] < today[:7]:
        _sum(f"{MONTHS}{day[:7]}.json", archive.keys(f"{DAYS}{day[:7]}/"), now)


def _sum(key: str, sources: Iterable[str], now: int) -> None:
    """The last word on each chain in some documents, in one."""
    latest: dict[str, dict[str, Any]] = {}
    read = []
    for source in sources:
        content = archive.get(source)
        document = json.loads(content)
        read.append({"key": source, "sha256": hashlib.sha256(content).hexdigest()})
        for told in document["heads"]:
            known = latest.get(told["chain"])
            if known is None or told["seq"] >= known["seq"]:
                latest[told["chain"]] = {"at": document["at"], **told}
    archive.put(key, _written({"at": now, "sums_up": read, "heads": list(latest.values())}))


def _written(document: Mapping[str, Any]) -> bytes:
    return json.dumps(document, separators=(",", ":"), sort_keys=True).encode()


def _month_of(key: str) -> str:
    """`2026/11` of `months/2026/11.json` and of `days/2026/11/22.json`."""
    return key.partition("/")[2][:7]
