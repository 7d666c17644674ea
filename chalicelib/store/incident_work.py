"""How far the workflow of an incident is, in the `operator` table beside what belongs to the incident; and
finding whom it concerns: counted by keys and open facts, nothing of a client's is opened for it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Final, NamedTuple

from pynamodb.exceptions import PynamoDBException

from chalicelib.kernel import clock, ids
from chalicelib.privacy import fields, retention
from chalicelib.records.incident_work import IncidentWork
from chalicelib.records.incidents import IncidentCompany, IncidentPerson
from chalicelib.store import batches, expiry
from chalicelib.store.agreements import SHARINGS
from chalicelib.store.failures import translate
from chalicelib.store.incidents import COMPANIES, PEOPLE
from chalicelib.store.prospects import REVEALS
from chalicelib.store.table import Rows, Stored, expiry_of, get_together, new_op, policy_now, query_rows

_OWNER: Final = ids.OPERATOR
_LAST: Final = "\uffff"
_SHARED: Final = "shared"
_REVEALED: Final = "revealed"
TOGETHER: Final = 100
"""Keys in one BatchGetItem; DynamoDB takes no more."""

WORK = Rows(IncidentWork, pk="incident#{incident_id}", sk="work", owner=_OWNER)


class Held(NamedTuple):
    """What a company keeps of some kinds: rows by kind, and how many people they are about. ``whole`` False:
    there is more than was looked at.
    """

    rows: Counter[str]
    people: int
    whole: bool


def companies(incident_id: str, after: str = "") -> Iterator[Stored[IncidentCompany]]:
    """The companies of an incident in the order of their ids, behind one of them; pages as they are read."""
    yield from _behind(COMPANIES, incident_id, "company#", f"company#{after}")


def people(incident_id: str, after: str = "") -> Iterator[tuple[str, IncidentPerson]]:
    """Sort keys and people of an incident, behind a sort key; pages as they are read."""
    for one in _behind(PEOPLE, incident_id, "person#", after or "person#"):
        value = one.value
        yield f"person#{value.company_id}#{value.person_id}", value


def companies_of(incident_id: str, company_ids: Sequence[str]) -> list[Stored[IncidentCompany] | None]:
    """What is known of these companies, in their order; a call for each hundred."""
    known: list[Stored[IncidentCompany] | None] = []
    for start in range(0, len(company_ids), TOGETHER):
        keys = [
            {"incident_id": incident_id, "company_id": one} for one in company_ids[start : start + TOGETHER]
        ]
        known += get_together(*((COMPANIES, key) for key in keys))
    return known


def add_people(found: Sequence[IncidentPerson]) -> int:
    """Put people on the list of an incident who are not on it; how many. Whoever is keeps the look that found
    them first. Repeatable. A read unit each, a hundred a call; a write unit for each new one, 25 a call.
    """
    until, policy, op = expiry_of(IncidentPerson), policy_now(), new_op()
    added = 0
    for start in range(0, len(found), TOGETHER):
        some = found[start : start + TOGETHER]
        known = get_together(*((PEOPLE, _key(one)) for one in some))
        new = [one for one, there in zip(some, known, strict=True) if there is None]
        rows = [
            PEOPLE.encode(one, op=op, version=1, expires_at=until, due=None, policy=policy) for one in new
        ]
        added += batches.put(PEOPLE.model.Meta.table_name, rows)
    return added


def _key(one: IncidentPerson) -> dict[str, str]:
    return {"incident_id": one.incident_id, "company_id": one.company_id, "person_id": one.person_id}


def shared_or_received(company_id: str, after: str = "") -> Iterator[tuple[str, str]]:
    """People a company shared, and then those that were revealed to it, whether that still holds or not, each
    with the place behind which to go on; pages as they are read. Some are named twice.
    """
    part, passed, begun, number = (*after.split(" "), "", "", "", "")[:4]
    if part != _REVEALED:
        for sharing in _in(SHARINGS, f"{company_id}#shares", "shr_", passed):
            share_id = sharing.value.share_id
            first = int(number) if share_id == begun else 0
            for at, named in enumerate(sharing.value.prospects[first:], first + 1):
                yield f"{_SHARED} {passed} {share_id} {at}", named.partition(":")[2]
            passed = share_id
        passed = ""
    for reveal in _in(REVEALS, f"{company_id}#revealed", "pr_", passed):
        yield f"{_REVEALED} {reveal.value.prospect_id}", reveal.value.prospect_id


def held(company_id: str, kinds: Iterable[str], most: int) -> Held:
    """What a company keeps of these kinds, up to ``most`` rows: by keys and the keyed hash of the person.

    A query for each MB. Texts of messages are counted by their messages: their rows are too big to be read
    for a number.
    """
    rows: Counter[str] = Counter()
    persons: set[str] = set()
    without = 0
    places = {place for kind in kinds if (place := _place(kind)) is not None}
    for table, pk, prefix in sorted(places):
        for kind, person in _sifted(company_id, table, pk, prefix):
            if sum(rows.values()) == most:
                return Held(rows, len(persons) + without, whole=False)
            rows[kind] += 1
            if person is not None:
                persons.add(person)
            elif kind == "contact":
                without += 1  # somebody without an address
    return Held(rows, len(persons) + without, whole=True)


def kinds_of_companies() -> frozenset[str]:
    """Kinds of record that lie in partitions of companies."""
    return frozenset(one.kind for one in expiry.keepers() if one.partition.startswith("{company_id}"))


def has_any(company_id: str, kinds: Iterable[str]) -> bool:
    """Whether a company has a row of any of these kinds; a query for each until one is found. Closed for
    kinds that lie under more than the company's id: they count as there.
    """
    keepers: Mapping[str, Rows[Any]] = {one.kind: one for one in expiry.keepers()}
    for rows in (keepers[kind] for kind in sorted(kinds)):
        if rows.partition != "{company_id}":
            return True
        if next(iter(query_rows(rows.model, company_id, rows.beginning, page_size=1)), None) is not None:
            return True
    return False


def _place(kind: str) -> tuple[str, str, str] | None:
    """Table, partition and the beginning of the sort keys under which a company's rows of a kind lie."""
    keepers: Mapping[str, Rows[Any]] = {one.kind: one for one in expiry.keepers()}
    rows = keepers["message" if kind == "body" else kind]
    made = fields.declaration(rows.cls)
    if made.table != "workspace":
        return None
    return rows.model.Meta.table_name, rows.partition, rows.beginning


def _sifted(company_id: str, table: str, pk: str, prefix: str) -> Iterator[tuple[str, str | None]]:
    wanted: dict[str, Any] = {
        "TableName": table,
        "KeyConditionExpression": "pk = :p AND begins_with(sk, :s)",
        "ExpressionAttributeValues": {":p": {"S": pk.format(company_id=company_id)}, ":s": {"S": prefix}},
        "ProjectionExpression": "kind, expires_at, facts.person",
    }
    while True:
        answer = batches.call("query", **wanted)
        for row in answer["Items"]:
            until = row.get("expires_at", {}).get("N")
            if not retention.expired_epoch(until and int(until), clock.now()):
                yield row["kind"]["S"], row.get("facts", {}).get("M", {}).get("person", {}).get("S")
        if "LastEvaluatedKey" not in answer:
            return
        wanted["ExclusiveStartKey"] = answer["LastEvaluatedKey"]


def _behind(rows: Rows[Any], incident_id: str, prefix: str, after: str) -> Iterator[Stored[Any]]:
    yield from _in(rows, f"incident#{incident_id}", prefix, after)


def _in(rows: Rows[Any], pk: str, prefix: str, after: str) -> Iterator[Stored[Any]]:
    """Live rows of a kind in a partition, behind a sort key; nothing personal is opened."""
    where = rows.model.sk.between(after or prefix, prefix + _LAST)
    try:
        for row in rows.model.query(pk, where, consistent_read=True):
            if row.sk != after and row.kind == rows.kind and (found := rows.live(row, None)) is not None:
                yield found
    except PynamoDBException as error:
        raise translate(error) from None
