"""Which rows a hold reaches, or an explanation is about: walked unopened, to be continued anywhere.

A company: all that lies in its partitions. A user: all that names them in its key, and the messages they
wrote, and what they asked of AI. A person: the contacts, deliveries and AI jobs found by their keyed hash,
their opens, and the messages that went to them, also those that outlived their deliveries. What belongs to a
message (text, deliveries, opens, clicks) is always taken together.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from pynamodb.exceptions import PynamoDBException

from chalicelib.kernel import clock, ids
from chalicelib.privacy.retention import EMAIL_TRACKING, add_months
from chalicelib.records.holds import HoldScope
from chalicelib.store.ai import JOBS
from chalicelib.store.contacts import CONTACTS
from chalicelib.store.failures import translate
from chalicelib.store.items import AccountsRow, PersonIndex, WorkspaceRow
from chalicelib.store.leaving import LAST, OF_USER
from chalicelib.store.messages import DELIVERIES, MESSAGES
from chalicelib.store.table import person_key, query_rows
from chalicelib.store.tracking import OPENS

if TYPE_CHECKING:
    from chalicelib.records.holds import Hold

Found = AccountsRow | WorkspaceRow

HIGHEST: Final = "\U0010ffff"
PAGE: Final = 200


class Group(NamedTuple):
    """Rows that belong together, and the place in the walk after which it goes on."""

    stretch: int
    after: str
    rows: list[Found]


def walk(
    company_id: str, scope: HoldScope, target: str | None, stretch: int = 0, after: str = ""
) -> Iterator[Group]:
    """Everything in reach, from a place on; a hold's own rows and the company's rules are left out."""
    for number, (model, prefix) in enumerate(_stretches(scope, target)):
        if number < stretch:
            continue
        begin = after if number == stretch else ""
        if prefix == _BY_PERSON:
            yield from _of_person(company_id, str(target), number, begin)
        elif prefix == _WRITTEN:
            yield from _written_by(company_id, str(target), number, begin)
        elif prefix == _OLD:
            for row in old_messages(company_id, str(target), begin):
                rows = family(company_id, MESSAGES.key_of(row)["message_id"])
                yield Group(number, row.sk, list(rows))
        else:
            for row in _rows(model, company_id, prefix, begin):
                if not row.sk.startswith("hold#"):
                    yield Group(number, row.sk, [row])


def family(company_id: str, message_id: str) -> list[WorkspaceRow]:
    """A message's own row, if it is still there, and all that belongs to it. 3 queries, and one for each
    recipient whose delivery is still there.
    """
    found = list(query_rows(WorkspaceRow, company_id, f"message#{message_id}"))
    persons = [_fact(row, "person") for row in found if row.kind == DELIVERIES.kind]
    found += query_rows(WorkspaceRow, company_id, f"body#{message_id}")
    found += query_rows(WorkspaceRow, company_id, f"click#{message_id}#")
    for person in dict.fromkeys(persons):
        found += query_rows(WorkspaceRow, company_id, f"open#{person}#{message_id}#")
    return found


def envelope(company_id: str, message_id: str) -> list[WorkspaceRow]:
    """A message's own row and its deliveries, as far as they are still there: of its family they alone say
    whom it is about (``covers``). One query, however many it went to.
    """
    return list(query_rows(WorkspaceRow, company_id, f"message#{message_id}"))


def about(row: Found) -> tuple[str | None, str | None]:
    """Which user and which person a row is about, as far as it says so itself."""
    parts = row.sk.split("#")
    if isinstance(row, AccountsRow):
        return (parts[1] if row.sk.startswith((*OF_USER, LAST)) else None), None
    if row.kind == OPENS.kind:
        return None, parts[1]
    if row.kind == MESSAGES.kind:
        return _fact(row, "user_id"), None
    if row.kind == JOBS.kind:
        return parts[1], _fact(row, "person")
    return None, _fact(row, "person") if row.kind in {CONTACTS.kind, DELIVERIES.kind} else None


def covers(hold: Hold, rows: Iterable[Found]) -> bool:
    """Whether a hold keeps rows that belong together; of a message also by the recipients it names, since
    their deliveries are gone before it.
    """
    for row in rows:
        user_id, person = about(row)
        if hold.covers(user_id, person) or any(hold.covers(None, one) for one in written_to(row)):
            return True
    return False


def written_to(row: Found) -> tuple[str, ...]:
    """The persons a message's own row says it was written to; nobody for any other row."""
    return tuple(row.plain.get("persons") or ()) if row.kind == MESSAGES.kind else ()


def old_messages(company_id: str, person: str, after: str = "") -> Iterator[WorkspaceRow]:
    """A person's messages that are older than deliveries get: by what the messages say themselves, unopened.
    A query for each MB of old messages, whoever they went to.
    """
    horizon = add_months(datetime.fromtimestamp(clock.now(), UTC), -EMAIL_TRACKING.count)
    newest = f"message#{ids.from_raw('msg', int(horizon.timestamp() * 1000).to_bytes(6) + bytes(10))}"
    for row in _rows(WorkspaceRow, company_id, "message#", after):
        if row.sk >= newest:
            return
        if person in written_to(row):
            yield row


_BY_PERSON: Final = "<person>"
_WRITTEN: Final = "<written>"
_OLD: Final = "<old>"


def _stretches(scope: HoldScope, target: str | None) -> list[tuple[type[Any], str]]:
    """Tables and beginnings of sort keys, in the order in which they are walked."""
    if scope is HoldScope.COMPANY:
        return [(AccountsRow, ""), (WorkspaceRow, "")]
    if scope is HoldScope.USER:
        own: list[tuple[type[Any], str]] = [(AccountsRow, f"{begins}{target}") for begins in (*OF_USER, LAST)]
        return [*own, (WorkspaceRow, f"ai#{target}#"), (WorkspaceRow, _WRITTEN)]
    return [(WorkspaceRow, f"open#{target}#"), (WorkspaceRow, _BY_PERSON), (WorkspaceRow, _OLD)]


def _written_by(company_id: str, user_id: str, number: int, after: str) -> Iterator[Group]:
    for row in _rows(WorkspaceRow, company_id, "message#", after):
        if row.kind == MESSAGES.kind and _fact(row, "user_id") == user_id:
            rows = family(company_id, MESSAGES.key_of(row)["message_id"])
            yield Group(number, row.sk, list(rows))


def _of_person(company_id: str, person: str, number: int, after: str) -> Iterator[Group]:
    key = person_key(company_id, person)
    try:
        keys: list[Any] = list(
            WorkspaceRow.person.query(key, PersonIndex.sk > after if after else None, page_size=PAGE)
        )
    except PynamoDBException as error:
        raise translate(error) from None
    seen = set()
    for found in keys:
        if not found.sk.startswith("message#"):
            yield Group(number, found.sk, list(query_rows(WorkspaceRow, company_id, found.sk)))
            continue
        message_id = found.sk.split("#")[1]
        if message_id not in seen:
            seen.add(message_id)
            rows = family(company_id, message_id)
            yield Group(number, found.sk, list(rows))


def _rows(model: type[Any], pk: str, prefix: str, after: str) -> Iterator[Any]:
    """Rows under a prefix, after a sort key."""
    where = model.sk.between(max(prefix, after) or " ", prefix + HIGHEST)
    try:
        for row in model.query(pk, where, consistent_read=True, page_size=PAGE):
            if row.sk != after:
                yield row
    except PynamoDBException as error:
        raise translate(error) from None


def _fact(row: Found, name: str) -> str | None:
    value = row.plain.get(name)
    return None if value is None else str(value)
