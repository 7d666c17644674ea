"""What a load of the pixel or a click may leave behind (clauses `tracking`, `consent`).

Asked at the moment of the hit, not of sending: no consent, no record. Each event is one row keyed by its own
id; counts derive from the rows, so a redelivered or reordered hit counts once and a crash between row and
count is mended by the next delivery of the same hit. The user agent is judged here and dropped.

Costs, in write units: one open 2; a hundred opens of one message in a batch 100 and one per recipient.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final, Literal, NamedTuple, cast

from chalicelib import store
from chalicelib.kernel import telemetry
from chalicelib.kernel.errors import ConflictError, RetryLaterError
from chalicelib.privacy import consent
from chalicelib.privacy.consent import ConsentPurpose, TrackingMode
from chalicelib.records.messages import Delivery
from chalicelib.records.tracking import Click, Open
from chalicelib.services.mail.verdict import Judgement, Verdict, classify

if TYPE_CHECKING:
    from chalicelib.store.table import Stored

OPENS_KEPT: Final = 1000
"""Opens kept per mail and reader; a page that reloads the image for ever must not fill a table."""

CLICKS_KEPT: Final = 10_000
"""Clicks counted per link, for the same reason."""

TRIES: Final = 5


class Hit(NamedTuple):
    """One request to the edge that carried a genuine token."""

    kind: str
    company_id: str
    message_id: str
    number: int
    link: int
    hit: str
    at: int
    ip: str
    user_agent: str
    signals: Mapping[str, str]


def record(hits: Iterable[Hit]) -> set[str]:
    """Account for hits; returns the ids of those that must be delivered again.

    One failing mail does not hold up the others of the batch.
    """
    again: set[str] = set()
    clicks: list[Hit] = []
    for group in _grouped(hits, lambda hit: (hit.company_id, hit.message_id, hit.number)):
        try:
            clicks += _record_reader(group)
        except Exception as error:
            telemetry.event("hits_put_back", error=error, count=len(group))
            again |= {hit.hit for hit in group}
    for group in _grouped(clicks, lambda hit: (hit.company_id, hit.message_id)):
        try:
            _record_clicks(group)
        except Exception as error:
            telemetry.event("hits_put_back", error=error, count=len(group))
            again |= {hit.hit for hit in group}
    return again


def _grouped(hits: Iterable[Hit], key: Callable[[Hit], Hashable]) -> list[list[Hit]]:
    groups: dict[Hashable, list[Hit]] = defaultdict(list)
    for hit in hits:
        groups[key(hit)].append(hit)
    return list(groups.values())


def _record_reader(hits: Sequence[Hit]) -> list[Hit]:
    """Record one reader's opens of one mail as far as consent goes; returns the clicks to be counted."""
    first = hits[0]
    known = store.messages.delivery(first.company_id, first.message_id, first.number)
    if known is None:
        return []  # erased or expired: nobody to record anything about
    mode = _mode(known.value)
    opens = [hit for hit in hits if hit.kind == "open"]
    if mode is TrackingMode.HYGIENE and opens:
        _record_day(known, max(hit.at for hit in opens))
    if mode is not TrackingMode.FULL:
        return []
    if opens:
        _record_opens(known, opens)
    sent_at = known.value.sent_at
    return [h for h in hits if h.kind == "click" and _judge(h, sent_at).verdict is not Verdict.MACHINE]


def _mode(delivery: Delivery) -> TrackingMode:
    """What may be recorded now. A mail that left without a pixel stays unrecorded whatever happens."""
    standing = store.standing.of(delivery.company_id, delivery.person)
    return consent.tracking_mode(
        delivery.mode is not TrackingMode.NONE,
        standing.consent(ConsentPurpose.TRACKING),
        standing.stops,
    )


def _judge(hit: Hit, sent_at: int | None) -> Judgement:
    return classify(
        hit.user_agent,
        hit.signals,
        kind=cast("Literal['open', 'click']", hit.kind),
        seconds_since_sent=None if sent_at is None else hit.at - sent_at,
        ip=hit.ip,
    )


def _record_day(known: Stored[Delivery], at: int) -> None:
    """Without an answer from the recipient: the day of the last open, overwritten, and nothing else."""
    day = datetime.fromtimestamp(at, UTC).date().isoformat()
    for _ in range(TRIES):
        if known.value.opened_on is not None and known.value.opened_on >= day:
            return
        try:
            store.messages.change_delivery(known, replace(known.value, opened_on=day))
        except ConflictError:
            known = _reread(known)
        else:
            return
    raise RetryLaterError


def _record_opens(known: Stored[Delivery], hits: Sequence[Hit]) -> None:
    delivery = known.value
    room = OPENS_KEPT - delivery.opens - delivery.machine_opens
    fresh: list[Open] = []
    repeated = False
    for hit in hits[: max(room, 0)]:
        judged = _judge(hit, delivery.sent_at)
        opened = Open(
            company_id=hit.company_id,
            person=delivery.person,
            message_id=hit.message_id,
            number=hit.number,
            hit=hit.hit,
            verdict=judged.verdict.value,
            opened_at=hit.at,
            ip=hit.ip if judged.ip_is_recipients else None,
        )
        if store.tracking.add_open(opened):
            fresh.append(opened)
        else:
            repeated = True
    if not fresh and not repeated:
        return
    for attempt in range(TRIES):
        # A repeated event may have been stored without being counted, and a conflict means that others
        # count too: then the rows are counted anew instead of adding to what we know.
        anew = repeated or attempt > 0
        counted = _from_rows(known.value) if anew else _added(known.value, fresh)
        if counted == known.value:
            return
        try:
            store.messages.change_delivery(known, counted)
        except ConflictError:
            known = _reread(known)
        else:
            return
    raise RetryLaterError


def _from_rows(delivery: Delivery) -> Delivery:
    rows = store.tracking.opens_of(delivery.company_id, delivery.person, delivery.message_id)
    none = replace(delivery, opens=0, machine_opens=0, first_opened_at=None, last_opened_at=None, ip=None)
    return _added(none, [opened for opened in rows if opened.number == delivery.number])


def _added(delivery: Delivery, opens: Iterable[Open]) -> Delivery:
    """The delivery with these opens counted in, in whatever order they come. What a machine fetched was not
    read: it has a count of its own and changes nothing else.
    """
    machines = delivery.machine_opens
    count, first, last, ip = (
        delivery.opens,
        delivery.first_opened_at,
        delivery.last_opened_at,
        delivery.ip,
    )
    for opened in sorted(opens, key=lambda one: one.opened_at):
        if opened.verdict == Verdict.MACHINE:
            machines += 1
            continue
        count += 1
        first = opened.opened_at if first is None else min(first, opened.opened_at)
        if last is None or opened.opened_at >= last:
            last = opened.opened_at
            ip = opened.ip or ip
    return replace(
        delivery,
        opens=count,
        machine_opens=machines,
        first_opened_at=first,
        last_opened_at=last,
        ip=ip,
    )


def _record_clicks(hits: Sequence[Hit]) -> None:
    first = hits[0]
    known = store.tracking.message(first.company_id, first.message_id)
    if known is None:
        return
    counts = known.value.clicks
    hits = [hit for hit in hits if counts.get(str(hit.link), 0) < CLICKS_KEPT]
    if not hits:
        return
    fresh = Counter(hit.link for hit in hits if store.tracking.add_click(_click(hit)))
    # As with opens: whoever is not sure that adding is right counts anew.
    anew = fresh.total() < len(hits)
    for _ in range(TRIES):
        clicks = {**known.value.clicks}
        for link in {hit.link for hit in hits}:
            clicks[str(link)] = (
                store.tracking.clicks_of(first.company_id, first.message_id, link)
                if anew
                else clicks.get(str(link), 0) + fresh[link]
            )
        try:
            store.tracking.change_message(known, replace(known.value, clicks=clicks))
        except ConflictError:
            anew = True
            known = store.tracking.message(first.company_id, first.message_id)
            if known is None:
                return
        else:
            return
    raise RetryLaterError


def _click(hit: Hit) -> Click:
    return Click(company_id=hit.company_id, message_id=hit.message_id, link=hit.link, hit=hit.hit)


def _reread(known: Stored[Delivery]) -> Stored[Delivery]:
    delivery = known.value
    found = store.messages.delivery(delivery.company_id, delivery.message_id, delivery.number)
    if found is None:
        raise RetryLaterError  # erased meanwhile: next time nothing will be recorded
    return found
