"""Rows: one way to read and write every record, whatever its table.

A record's personal fields travel as one sealed message, its other fields as a plain map; what is not declared
cannot be stored. Every write is conditional and carries the id of its operation, so a reply lost on the way
back is recognised instead of being reported as a conflict. Expired rows are invisible before DynamoDB gets
round to deleting them (its TTL takes up to two days). Changes are whole-row replacements of a known version.
Every row names the version of the privacy policy it was made under (7); a change does not lift it to a later
one, which may promise its person less.

Costs: a put is 1 write unit per KB, in a transaction 2; a get is half a read unit, consistent 1.
"""

from __future__ import annotations

import json
import re
import zlib
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from types import MappingProxyType
from typing import Any, Generic, NamedTuple, TypeVar, cast, get_type_hints

from pynamodb.exceptions import DoesNotExist, PynamoDBException
from pynamodb.expressions.condition import Condition

from chalicelib.kernel import clock, ids
from chalicelib.privacy import fields, policies, retention
from chalicelib.privacy.gate import Consented
from chalicelib.privacy.register import Use
from chalicelib.store import gate, suspended, vault
from chalicelib.store.failures import call, refused, translate
from chalicelib.store.items import TABLES, LedgerRow, Row
from chalicelib.store.values import pattern, plain, typed

R = TypeVar("R")


class Stored(NamedTuple, Generic[R]):
    """A record as it was read, with what is needed to change it safely."""

    value: R
    version: int
    expires_at: int | None
    policy: str | None = None
    """The version of the privacy policy in force when the row was made; None before that was noted."""
    held: bool = False
    """It has an end, and a hold keeps DynamoDB from deleting it then: a change must not undo that."""


class Due(NamedTuple):
    """When the sweeper must look at a row again: an index partition and epoch seconds."""

    partition: str
    at: int


class Rows(Generic[R]):
    """All rows of one record type.

    `pk` and `sk` are templates over the record's opaque fields; those fields are read back from the keys.
    `owner` is whose key seals the rows: by default the record's own company. `due` says of a record when
    the sweeper must look at it: asked at every write, so that no writer can drop a row from the index by
    forgetting. ``findable`` rows are found by their person as well (the index ``person``): 1 write unit more.
    ``swept`` says of a record and its end when the sweeper has to see about that end: 1 write unit more, for
    roots only, which take what belongs to them along.
    """

    def __init__(
        self,
        cls: type[R],
        *,
        pk: str,
        sk: str,
        owner: str | None = None,
        due: Callable[[R], Due | None] | None = None,
        findable: bool = False,
        swept: Callable[[R, int], int] | None = None,
    ) -> None:
        self.cls = cls
        self.swept = swept
        self._findable = findable
        self._due = due
        self.kind = fields.declaration(cls).kind
        self.model = TABLES[fields.declaration(cls).table]
        self._pk, self._sk, self._owner = pk, sk, owner
        self._keyed = set(re.findall(r"{(\w+)", pk + sk))
        self._parse = re.compile(pattern(pk) + "\0" + pattern(sk), re.DOTALL)
        self._hints = get_type_hints(cls)
        self._sealed = fields.sealed_fields(cls)
        self._open_facts = tuple(n for n in self._hints if n not in {*self._keyed, *self._sealed})
        fields.check_attributes(cls, {*self._open_facts, *self._keyed})  # keys are clear text as well

    @property
    def partition(self) -> str:
        """The template of its partition key."""
        return self._pk

    @property
    def beginning(self) -> str:
        """How its sort keys begin."""
        return self._sk.partition("{")[0]

    # -- reading ------------------------------------------------------------------------------

    def get(
        self,
        *,
        use: Use | None = None,
        consent: Consented | None = None,
        consistent: bool = True,
        over: bool = False,
        **key: Any,
    ) -> Stored[R] | None:
        """The live row with this key, or None; one read unit. ``use`` says what it is opened for (2.3),
        ``consent`` is the live yes where that use needs one of its own. ``over``: also one whose time is
        over, for those who erase: DynamoDB takes days to remove it.
        """
        pk, sk = self.place(**key)
        try:
            row = call(lambda: self.model.get(pk, sk, consistent_read=consistent))
        except DoesNotExist:
            return None
        except PynamoDBException as error:
            raise translate(error) from None
        return self.decode(row, use, consent) if over else self.live(row, use, consent)

    def query(
        self,
        pk: str,
        prefix: str,
        *,
        use: Use | None = None,
        consent: Consented | None = None,
        before: str | None = None,
        newest_first: bool = False,
        consistent: bool = True,
        page_size: int | None = None,
    ) -> Iterator[Stored[R]]:
        """Live rows of this type in one partition whose sort key starts with ``prefix``, in key order.

        ``before`` continues a newest-first reading strictly below that sort key. Pages are fetched as
        they are consumed; nothing is scanned.
        """
        for row in query_rows(
            self.model,
            pk,
            prefix,
            before=before,
            newest_first=newest_first,
            consistent=consistent,
            page_size=page_size,
        ):
            if row.kind == self.kind and (found := self.live(row, use, consent)) is not None:
                yield found

    def live(self, row: Row, use: Use | None, consent: Consented | None = None) -> Stored[R] | None:
        """The record in a row, or None when its time is over."""
        if retention.expired_epoch(row.expires_at, clock.now()):
            return None
        return self.decode(row, use, consent)

    def decode(self, row: Row, use: Use | None, consent: Consented | None = None) -> Stored[R]:
        """The record in a row of ours.

        Raises:
            RefusedError: its category may not be opened for this use.
        """
        values = row.plain
        values.update(self.key_of(row))
        gate.open_for(self.kind, use, consent, values)
        if row.sealed is not None:
            owner = self._owner or values["company_id"]
            opened = vault.unseal(owner, _place(row), row.sealed, int(row.sealed_with or 0))
            values.update(json.loads(opened))
        record = self.cls(**{name: typed(self._hints[name], v) for name, v in values.items()})
        expires_at = None if row.expires_at is None else int(row.expires_at)
        held = expires_at is not None and row.ttl is None
        return Stored(record, int(row.version), expires_at, row.policy, held)

    def fits(self, pk: str, sk: str) -> bool:
        """Whether a row of this type would lie under such a key."""
        return self._parse.fullmatch(f"{pk}\0{sk}") is not None

    def key_of(self, row: Row) -> dict[str, str]:
        """The fields that a row's keys are made of."""
        parts = self._parse.fullmatch(f"{row.pk}\0{row.sk}")
        if parts is None:
            raise LookupError("row under a foreign key")
        return parts.groupdict()

    # -- writing ------------------------------------------------------------------------------

    def encode(
        self,
        record: R,
        *,
        op: str,
        version: int,
        expires_at: int | None,
        due: Due | None,
        policy: str | None,
        consent: Consented | None = None,
        held: bool = False,
    ) -> Row:
        """The row for a record, sealed; ``policy`` is the version it was made under. One that is ``held`` is
        neither deleted by DynamoDB nor looked at by the sweeper.

        Raises:
            RefusedError: what it is collected for needs a live yes.
        """
        values = {name: getattr(record, name) for name in self._hints}
        gate.store_for(self.kind, consent, values)
        if due is None and self._due is not None:
            due = self._due(record)
        if due is None and self.swept is not None and expires_at is not None:
            due = Due(expiry_lane(values["company_id"]), self.swept(record, expires_at))
        if held and (due is None or due.partition.startswith(EXPIRY)):
            due = None
        index: dict[str, Any] = {} if due is None else {"due_pk": due.partition, "due_at": due.at}
        if self._findable and values["person"] is not None:
            index["person_key"] = person_key(values["company_id"], values["person"])
        row = self.model(
            self._pk.format(**values),
            self._sk.format(**values),
            kind=self.kind,
            op=op,
            version=version,
            policy=policy,
            expires_at=expires_at,
            ttl=None if held else expires_at,
            **index,
        )
        row.facts = {name: plain(values[name]) for name in self._open_facts if values[name] is not None}
        if self._sealed:
            secret = {n: plain(values[n]) for n in self._sealed if values[n] is not None}
            content = json.dumps(secret, ensure_ascii=False, separators=(",", ":")).encode()
            owner = self._owner or values["company_id"]
            row.sealed, row.sealed_with = vault.seal(owner, _place(row), content)
        return row

    def place(self, **key: Any) -> tuple[str, str]:
        """Partition and sort key of the row with these fields."""
        return self._pk.format(**key), self._sk.format(**key)

    def keyed(self, record: R) -> Row:
        """The row's keys alone, for deleting it."""
        values = {name: getattr(record, name) for name in self._keyed}
        return self.model(self._pk.format(**values), self._sk.format(**values))

    def put_new(
        self,
        record: R,
        *,
        op: str,
        expires_at: int | None = None,
        due: Due | None = None,
        consent: Consented | None = None,
    ) -> None:
        """Create a row; an expired leftover counts as absent.

        Raises:
            ConflictError: it exists already, written by another operation.
        """
        until = expires_at or expiry_of(self.cls)
        row = self.encode(
            record, op=op, version=1, expires_at=until, due=due, policy=policy_now(), consent=consent
        )
        self._save(row, absent(self.model), op)

    def replace(
        self, known: Stored[R], record: R, *, op: str, due: Due | None = None, used_again: bool = False
    ) -> Stored[R]:
        """Put ``record`` in the place of the version that was read. Its expiry stays: a change never
        renews retention. ``used_again`` is for records whose rule counts from their last use.

        Raises:
            ConflictError: the row has changed or gone since.
        """
        version = known.version + 1
        until = expiry_of(self.cls) if used_again else known.expires_at
        row = self.encode(
            record,
            op=op,
            version=version,
            expires_at=until,
            due=due,
            policy=known.policy,
            held=known.held,
        )
        self._save(row, self.model.version == known.version, op)
        return Stored(record, version, until, known.policy, known.held)

    def put(self, record: R, *, op: str) -> None:
        """Write whatever was there before; for facts where the latest word counts. Its version is the time in
        milliseconds: whoever had read an earlier word does not replace this one by mistake.
        """
        until, version = expiry_of(self.cls), clock.now_ms()
        row = self.encode(record, op=op, version=version, expires_at=until, due=None, policy=policy_now())
        _not_evidence(row)
        try:
            call(row.save)
        except PynamoDBException as error:
            raise translate(error) from None

    def delete(self, known: Stored[R]) -> None:
        """Remove the version that was read; gone already is fine. What a hold covers is put away instead.

        Raises:
            ConflictError: it has changed since.
        """
        if self.waits(known.value):
            op = new_op()
            self._save(self.put_away(known, op), self.model.version == known.version, op)
            return
        row = self.keyed(known.value)
        _not_evidence(row)
        gone_or_same = self.model.pk.does_not_exist() | (self.model.version == known.version)
        try:
            call(lambda: row.delete(condition=gone_or_same))
        except PynamoDBException as error:
            raise translate(error) from None

    def waits(self, record: R) -> bool:
        """Whether a hold keeps a record that somebody deletes. What lies outside the company's own partition
        (a login, a look-up) opens doors and tells nothing: it is deleted.
        """
        return self._pk == "{company_id}" and suspended.waits(record)

    def put_away(self, known: Stored[R], op: str) -> Row:
        """The row as it is kept for a hold alone: over for every reader, and for nobody to delete."""
        row: Any = self.encode(
            known.value,
            op=op,
            version=known.version + 1,
            expires_at=clock.now(),
            due=None,
            policy=known.policy,
            held=True,
        )
        row.due_pk = row.due_at = None
        return cast("Row", row)

    def _save(self, row: Row, condition: Condition, op: str) -> None:
        _not_evidence(row)
        try:
            call(lambda: row.save(condition=condition))
        except PynamoDBException as error:
            if not (refused(error) and written_by(row, op)):
                raise translate(error) from None


def _not_evidence(row: Row) -> None:
    if isinstance(row, LedgerRow):
        raise TypeError("evidence is added in a transaction, where it joins its chain, and never changed")


def query_rows(
    model: type[Row],
    pk: str,
    prefix: str,
    *,
    before: str | None = None,
    newest_first: bool = False,
    consistent: bool = True,
    page_size: int | None = None,
) -> Iterator[Any]:
    """Rows of any kind under a prefix, expired ones included; callers decode and filter."""
    where: Condition = model.sk.startswith(prefix)
    if before is not None:
        where = model.sk.between(prefix, before)
        page_size = None if page_size is None else page_size + 1  # the row it starts at is not shown again
    try:
        for row in model.query(
            pk,
            where,
            scan_index_forward=not newest_first,
            consistent_read=consistent,
            page_size=page_size,
        ):
            if row.sk != before:
                yield row
    except PynamoDBException as error:
        raise translate(error) from None


def get_together(
    *wanted: tuple[Rows[Any], dict[str, Any]],
    use: Use | None = None,
    uses: Mapping[str, Use] = MappingProxyType({}),
) -> list[Any]:
    """Rows of one table by their keys in one call (BatchGetItem), consistent, in the order asked; None for
    what is not there. One read unit each. ``uses`` says by kind what a row is opened for where the kinds
    differ in that.

    PynamoDB asks again for keys that DynamoDB left over.

    Raises:
        UnavailableError: DynamoDB could not say.
    """
    model = wanted[0][0].model
    keys = [rows.place(**key) for rows, key in wanted]
    try:
        found = {
            (row.pk, row.sk): row for row in model.batch_get(list(dict.fromkeys(keys)), consistent_read=True)
        }
    except PynamoDBException as error:
        raise translate(error) from None
    return [
        rows.live(found[place], uses.get(rows.kind, use)) if place in found else None
        for (rows, _), place in zip(wanted, keys, strict=True)
    ]


def absent(model: type[Row]) -> Condition:
    """True for no row, and for one whose time is over but which DynamoDB has not removed yet."""
    free: Condition = model.pk.does_not_exist() | (model.expires_at <= clock.now())
    return free


def expiry_of(cls: type[Any]) -> int | None:
    """When a record made now expires by its own rule, epoch seconds."""
    until = fields.expires_at(cls, datetime.fromtimestamp(clock.now(), UTC))
    return None if until is None else int(until.timestamp())


def policy_now() -> str:
    """The version of the privacy policy that what is made now is made under (7)."""
    return policies.current(clock.now()).version


def written_by(row: Row, op: str) -> bool:
    """True when the row in the table is the one this operation wrote: its reply was lost, no more."""
    try:
        found = call(lambda: type(row).get(row.pk, row.sk, consistent_read=True))
    except DoesNotExist:
        return False
    except PynamoDBException as error:
        raise translate(error) from None
    return bool(found.op == op)


EXPIRY = "expiry#"
"""Index partitions of rows whose end the sweeper has to see about."""
LANES = 4
"""So many of them for each table, so that none takes more writes than an index key can."""


def expiry_lane(company_id: str) -> str:
    """The one of a company."""
    return f"{EXPIRY}{zlib.crc32(company_id.encode()) % LANES}"


def person_key(company_id: str, person: str) -> str:
    """Partition of the index ``person``: what a company holds of one person, by keyed hash."""
    return f"{company_id}#{person}"


def _place(row: Row) -> str:
    return f"{type(row).Meta.table_name}\0{row.pk}\0{row.sk}"


def new_op() -> str:
    """An id for one logical write, the same through all its retries."""
    return ids.new("op")
