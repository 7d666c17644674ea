"""How far the workflow of an incident is, in the `operator` table beside what belongs to the incident; and
finding whom it concerns: counted by keys and open facts, nothing of a client's is opened for it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final, NamedTuple

from pynamodb.exceptions import PynamoDBException

from chalicelib.kernel import clock, ids
from chalicelib.privacy import fields, retention
from chalicelib.records.incident_work import IncidentOpening, IncidentWork
from chalicelib.records.incidents import IncidentCompany, IncidentPerson
from chalicelib.store import batches, expiry
from chalicelib.store.failures import translate
from chalicelib.store.incidents import COMPANIES, PEOPLE
from chalicelib.store.table import Rows, Stored, expiry_of, new_op, policy_now, query_rows

_OWNER: Final = ids.OPERATOR
_LAST: Final = "\uffff"

WORK = Rows(IncidentWork, pk="incident#{incident_id}", sk="work", owner=_OWNER)
OPENINGS = Rows(IncidentOpening, pk="incidents", sk="opening#{key}", owner=_OWNER)


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


def people_of(incident_id: str, company_id: str) -> set[str]:
    """Ids of the people an incident concerns under one company; a query for each MB."""
    found = PEOPLE.query(f"incident#{incident_id}", f"person#{company_id}#")
    return {one.value.person_id for one in found}


def add_people(found: Iterable[IncidentPerson]) -> int:
    """Put people on the list of an incident, 25 a call, 1 write unit each; those that are on it are written
    over. How many. Repeatable.
    """
    until, policy, op = expiry_of(IncidentPerson), policy_now(), new_op()
    rows = [PEOPLE.encode(one, op=op, version=1, expires_at=until, due=None, policy=policy) for one in found]
    return batches.put(PEOPLE.model.Meta.table_name, rows)


def held(company_id: str, kinds: Iterable[str], most: int) -> Held:
    """What a company keeps of these kinds, up to ``most`` rows: by keys and the keyed hash of the person.

    A query for each MB. Texts of messages are counted by their messages: their rows are too big to be read
    for a number.
    """
    rows: Counter[str] = Counter()
    persons: set[str] = set()
    without = 0
    for place in sorted({_place(kind) for kind in kinds} - {None}):  # type: ignore[type-var]  # None is taken out
        for kind, person in _sifted(company_id, *place):  # type: ignore[misc]
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
    where = rows.model.sk.between(after, prefix + _LAST)
    try:
        for row in rows.model.query(f"incident#{incident_id}", where, consistent_read=True):
            if row.sk != after and row.kind == rows.kind and (found := rows.live(row, None)) is not None:
                yield found
    except PynamoDBException as error:
        raise translate(error) from None
