"""Anchors: once an hour the heads of all chains that moved go where nobody can rewrite them (4.3.1).

A table's owner could cut off the end of a chain and set its head back, or rewrite it whole; the anchor says
how far it had come and with which hash. Each document names the hash of the one before. Documents of a day
are summed up in one, and those of a month, so that somebody who checks six years of a chain reads about two
hundred of them and not fifty thousand; what they sum up stays. What is read is judged by
``privacy.anchors``, which trusts nobody who can write to the bucket.

Fails loudly: a run that could not write raises, and the next one begins where the last whole one did. A head
may so be anchored twice; none is left out. Cost of a run: about fifteen calls to S3, 16 queries, a read unit
for each chain that moved.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import islice
from typing import Any, Final

from chalicelib import store
from chalicelib.gateways import archive
from chalicelib.kernel import clock, telemetry
from chalicelib.kernel.errors import ConflictError
from chalicelib.privacy import anchors as documents
from chalicelib.privacy.anchors import DAYS, HOURS, MONTHS, Document, Reading
from chalicelib.privacy.evidence import ANCHOR_SECONDS

HEADS_A_DOCUMENT: Final = 5000
"""About 700 KB; what is more goes into further documents of the same run."""
OVERLAP: Final = ANCHOR_SECONDS
"""Heads are looked for from so long before the last run on: an entry may have been stamped just before it and
written just after, and the index is a moment late.
"""


def anchor() -> None:
    """Anchor every head that moved since the last run; a run without any says so as well.

    Raises:
        UnavailableError: not everything was anchored. Running it again is safe.
    """
    now = clock.now()
    last = _last(now)
    since, previous = 0, None
    if last is not None:
        since = min(_next_since(last), now // ANCHOR_SECONDS * ANCHOR_SECONDS - OVERLAP)
        previous = last.sha256
        _sum_up(_day_of(last.key), now)
    place = datetime.fromtimestamp(now, UTC).strftime("%Y/%m/%d/T%H%M%SZ") + f"-{secrets.token_hex(4)}"
    number = 0
    for page, (heads, more) in enumerate(_documents(store.ledger.moved(since))):
        told = {"at": now, "since": since, "page": page, "last": not more, "previous": previous}
        key = f"{HOURS}{place}-{page:04d}.json"
        content = documents.written({**told, "heads": heads})
        _keep(key, content)
        previous = documents.digest(content)
        number += len(heads)
    telemetry.event("anchored", heads=number)


def read() -> Reading:
    """What the bucket says of all chains: for each month that is over its sum, for each day of this month its
    sum, and the hours of the last two days. The newest sum of each kind is read together with what it sums
    up; of the others it is known that they name whatever lies there. About 150 calls after six years.

    Raises:
        UnavailableError: not everything could be read. Closed: an anchor left out could be the one that
        tells.
    """
    now = clock.now()
    months, days = dict(archive.versions(MONTHS)), dict(archive.versions(DAYS))
    closed = {_month_of(key) for key in months if documents.begins(key, now)}
    recent = [place.removeprefix(HOURS)[:10] for place in islice(_days(now), 2)]
    open_months = {_month_of(key) for key in days if documents.begins(key, now)} | {day[:7] for day in recent}
    open_months = (open_months - closed) | {day[:7] for day in recent} | {max(closed, default="")}
    hours = {
        key: found
        for month in sorted(open_months - {""})
        for key, found in archive.versions(f"{HOURS}{month}/")
    }
    unsummed = {_day_of(key) for key in hours if documents.begins(key, now)} - {
        _day_of(key) for key in days if documents.begins(key, now)
    }
    first = min({*recent, *(day for day in unsummed if day[:7] not in closed)}, default="")
    wanted = {
        **months,
        **{key: found for key, found in days.items() if _month_of(key) in open_months},
        **{key: found for key, found in hours.items() if _day_of(key) >= first},
    }
    contents = {key: archive.get(key, found) for key, found in wanted.items() if documents.begins(key, now)}
    odd = {key: [b""] for key in (*months, *days, *hours) if not documents.begins(key, now)}
    reading = documents.read({**contents, **odd}, now, [*days, *hours])
    reading = replace(reading, ignored=(*_not_yet(now), *reading.ignored))
    if reading.doubts or reading.ignored:
        telemetry.event("anchors_odd", doubts=len(reading.doubts), ignored=len(reading.ignored))
    return reading


def _last(now: int) -> Document | None:
    """The newest document there is; None before the first. What is no document, or of the future, is none:
    whoever plants one cannot stop the anchors.
    """
    for place in _days(now):
        for key, found in reversed(list(archive.versions(place))):
            if documents.begins(key, now):
                told = documents.read({key: archive.get(key, found[:1])}, now).documents.get(key)
                if told is not None:
                    return told
    return None


def _days(now: int) -> Iterator[str]:
    """Where the hours of each day lie, the newest first; none of the future, and none that is no date."""
    today = _today(now)
    for year in reversed(archive.folders(HOURS)):
        for month in reversed(archive.folders(year)) if _is_date(year, today) else ():
            for day in reversed(archive.folders(month)) if _is_date(month, today) else ():
                if _is_date(day, today):
                    yield day


def _not_yet(now: int) -> Iterator[str]:
    """Years and months in the hours' place that are of the future, or none."""
    today = _today(now)
    for above in (HOURS, f"{HOURS}{today[:4]}/"):
        yield from (place for place in archive.folders(above) if not _is_date(place, today))


def _is_date(place: str, today: str) -> bool:
    date = place.removeprefix(HOURS).rstrip("/")
    return date.replace("/", "").isdecimal() and date <= today[: len(date)]


def _next_since(last: Document) -> int:
    """From when on the next run has to look, epoch seconds in full hours."""
    if not last.told["last"]:  # that run died before it was through
        return int(last.told["since"])
    return last.at // ANCHOR_SECONDS * ANCHOR_SECONDS - OVERLAP


def _documents(heads: Iterator[Any]) -> Iterator[tuple[list[dict[str, Any]], bool]]:
    """The heads of each document, and whether there is another one behind it. At least one document."""
    some = list(islice(heads, HEADS_A_DOCUMENT))
    while True:
        following = list(islice(heads, HEADS_A_DOCUMENT))
        yield [head._asdict() for head in some], bool(following)
        if not following:
            return
        some = following


def _sum_up(last: str, now: int) -> None:
    """Sum up what is over of this month, the one before, and that of the last document. Done before the first
    document of another day is written, so the next run finds it undone if this one dies. The last document's
    own day and month are summed up even if a sum lies there already: somebody may have put it there.
    """
    today = _today(now)
    before = (datetime.fromtimestamp(now, UTC).replace(day=1) - timedelta(days=1)).strftime("%Y/%m")
    summed = {key for key, _ in archive.versions(MONTHS)}
    for month in sorted({last[:7], before, today[:7]}):
        there = {key for key, _ in archive.versions(f"{DAYS}{month}/")}
        for day in (place.removeprefix(HOURS)[:10] for place in archive.folders(f"{HOURS}{month}/")):
            if day < today and (day == last or f"{DAYS}{day}.json" not in there):
                _sum(f"{DAYS}{day}.json", f"{HOURS}{day}/", now)
        place = f"{MONTHS}{month}.json"
        if month < today[:7] and (month == last[:7] or place not in summed):
            _sum(place, f"{DAYS}{month}/", now)


def _sum(key: str, sources: str, now: int) -> None:
    """Sum up all documents under a prefix, if there are any."""
    found = {
        source: archive.get(source, ids[:1])
        for source, ids in archive.versions(sources)
        if documents.begins(source, now)
    }
    good = documents.read(found, now).documents
    if good:
        _keep(key, documents.written(documents.summed(good.values())))


def _keep(key: str, content: bytes) -> None:
    """Put a document where nothing lies. Where something else does, somebody was there before us: ours goes
    over it, and the two versions tell every reader that one is false.
    """
    try:
        archive.put(key, content)
    except ConflictError:
        there = [one for place, ids in archive.versions(key) if place == key for one in archive.get(key, ids)]
        if content not in there:
            telemetry.event("anchors_differ")
            archive.put(key, content, over=True)


def _today(now: int) -> str:
    return datetime.fromtimestamp(now, UTC).strftime("%Y/%m/%d")


def _day_of(key: str) -> str:
    """`2026/11/22` of `hours/2026/11/22/...` and of `days/2026/11/22.json`."""
    return key.partition("/")[2][:10]


def _month_of(key: str) -> str:
    """`2026/11` of `months/2026/11.json` and of `days/2026/11/22.json`."""
    return key.partition("/")[2][:7]
