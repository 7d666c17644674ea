"""Several rows or none: DynamoDB transactions that survive lost replies and busy rows.

The client token makes a resent request harmless for ten minutes; after that, for what is linked into a chain
anew, and wherever a token is not honoured, one row is the witness: if it carries this operation's id, the
transaction went through. Best an entry of the ledger, which nobody overwrites. A transaction costs twice the
write units of its rows.

Evidence is written here and nowhere else: rows of the ledger become links of their chain as they are
committed (``store.chain``), and somebody else's link in between is waited out, not reported.
"""

from __future__ import annotations

import secrets
from functools import cache
from typing import Any, TypeVar

from pynamodb.connection import Connection
from pynamodb.exceptions import TransactWriteError
from pynamodb.transactions import TransactWrite

from chalicelib.kernel import aws, clock, settings, telemetry
from chalicelib.kernel.errors import ConflictError, UnavailableError
from chalicelib.privacy.gate import Consented
from chalicelib.store import chain
from chalicelib.store.failures import CONFLICT_TRIES, backoff
from chalicelib.store.items import LedgerRow, Row
from chalicelib.store.table import (
    Due,
    Rows,
    Stored,
    absent,
    expiry_of,
    policy_now,
    written_by,
)

R = TypeVar("R")

MAX_ROWS = 100
"""DynamoDB's limit of actions in one transaction; a message with its 25 deliveries stays far below."""

CHAIN_TRIES = 14
"""A chain takes one link at a time: with 20 writers at once each waits for some of the others, at most 3 s.
"""

_BUSY = {"None", "TransactionConflict", "ThrottlingError", "ProvisionedThroughputExceeded"}


class Transaction:
    """Collects writes; ``commit`` makes all of them or none."""

    def __init__(self, op: str) -> None:
        self.op = op
        self._saves: list[tuple[Row, Any]] = []
        self._deletes: list[tuple[Row, Any]] = []
        self._checks: list[tuple[type[Row], Row, Any]] = []
        self._witness: Row | None = None

    def put_new(
        self,
        rows: Rows[R],
        record: R,
        *,
        expires_at: int | None = None,
        due: Due | None = None,
        consent: Consented | None = None,
    ) -> None:
        """Create a row that must not exist (or has expired); the ledger's become links of their chain."""
        until = expires_at or expiry_of(rows.cls)
        row = rows.encode(
            record, op=self.op, version=1, expires_at=until, due=due, policy=policy_now(), consent=consent
        )
        self._saves.append((row, absent(rows.model)))
        self._see(row)

    def replace(
        self,
        rows: Rows[R],
        known: Stored[R],
        record: R,
        *,
        due: Due | None = None,
        used_again: bool = False,
    ) -> None:
        """Change a row that must still be the version that was read; ``used_again`` as in `Rows.replace`."""
        _not_evidence(rows)
        row = rows.encode(
            record,
            op=self.op,
            version=known.version + 1,
            expires_at=expiry_of(rows.cls) if used_again else known.expires_at,
            due=due,
            policy=known.policy,
            held=known.held,
        )
        self._saves.append((row, rows.model.version == known.version))
        self._see(row)

    def put(self, rows: Rows[R], record: R, *, expires_at: int | None = None) -> None:
        """Write the latest word, whatever was there: see ``Rows.put``."""
        _not_evidence(rows)
        until, version = expires_at or expiry_of(rows.cls), clock.now_ms()
        row = rows.encode(
            record, op=self.op, version=version, expires_at=until, due=None, policy=policy_now()
        )
        self._saves.append((row, None))
        self._see(row)

    def delete(self, rows: Rows[R], known: Stored[R]) -> None:
        """Remove a row that must still be the version that was read; what a hold covers is put away."""
        _not_evidence(rows)
        if rows.waits(known.value):
            row = rows.put_away(known, self.op)
            self._saves.append((row, rows.model.version == known.version))
            self._see(row)
            return
        self._deletes.append((rows.keyed(known.value), rows.model.version == known.version))

    def remove(self, row: Row) -> None:
        """Remove a row as it was read, unopened; it must still be that version."""
        if isinstance(row, LedgerRow):
            raise TypeError("evidence is added, never deleted")
        self._deletes.append((row, type(row).version == row.version))

    def clear(self, rows: Rows[Any], pk: str, sk: str) -> None:
        """Remove whatever lies under a key, unread; nothing there is fine. Only for rows that say nothing of
        their own.
        """
        if issubclass(rows.model, LedgerRow):
            raise TypeError("evidence is added, never deleted")
        self._deletes.append((rows.model(pk, sk), None))

    def check(self, rows: Rows[R], known: Stored[R]) -> None:
        """Let everything depend on a row that must still be the version that was read; it stays as it is."""
        self._checks.append((rows.model, rows.keyed(known.value), rows.model.version == known.version))

    def check_absent(self, rows: Rows[Any], **key: Any) -> None:
        """Let everything depend on there being no such row, or only one whose time is over."""
        self._checks.append((rows.model, rows.model(*rows.place(**key)), absent(rows.model)))

    def _see(self, row: Row) -> None:
        """The first row is the witness, or the first of the ledger: others may be somebody else's by now."""
        if self._witness is None or (isinstance(row, LedgerRow) and not isinstance(self._witness, LedgerRow)):
            self._witness = row

    def commit(self) -> None:
        """Write everything.

        Raises:
            ConflictError: one of the rows is not what it had to be; nothing was written.
            UnavailableError: DynamoDB could not say; repeating the operation with its id is safe.
        """
        evidence = [row for row, _ in self._saves if isinstance(row, LedgerRow)]
        tries = CHAIN_TRIES if evidence else CONFLICT_TRIES
        for attempt in range(tries):
            heads = chain.link(evidence, self.op)
            try:
                self._write(heads)
            except TransactWriteError as error:
                # In the order of the parts: PynamoDB sends checks, deletes, then saves, ours before the
                # heads.
                codes = [None if r is None else r.code for r in error.cancellation_reasons]
                own, reasons = codes[: len(codes) - len(heads)], {code for code in codes if code is not None}
                if "ConditionalCheckFailed" in reasons:
                    if self._witness is not None and written_by(self._witness, self.op):
                        return
                    if "ConditionalCheckFailed" in own:
                        raise ConflictError("changed") from None
                    reasons.discard("ConditionalCheckFailed")  # somebody else's link came first: link anew
                elif not reasons:
                    reasons = {"unknown"}
                if not reasons <= _BUSY or attempt == tries - 1:
                    telemetry.event("transaction_error", error=error, reasons=len(reasons))
                    raise UnavailableError from None
                backoff(min(attempt, CONFLICT_TRIES))
            else:
                return

    def _write(self, heads: list[chain.Head]) -> None:
        # Linked anew it is another request, and DynamoDB refuses another one under the same token; a
        # repetition of the whole operation is linked anew as well. The conditions and the witness do the
        # rest.
        token = secrets.token_hex(16) if heads else self.op
        with TransactWrite(connection=_connection(), client_request_token=token) as transaction:
            for model, row, condition in self._checks:
                transaction.condition_check(model, row.pk, row.sk, condition=condition)
            for row, condition in self._deletes:
                transaction.delete(row, condition=condition)
            for row, condition in [*self._saves, *heads]:
                transaction.save(row, condition=condition)


def _not_evidence(rows: Rows[Any]) -> None:
    if issubclass(rows.model, LedgerRow):
        raise TypeError("evidence is added, never changed")


@cache
def _connection() -> Connection:
    return Connection(
        region=settings.REGION,
        connect_timeout_seconds=aws.CONNECT_SECONDS,
        read_timeout_seconds=aws.READ_SECONDS,
        retry_configuration={"total_max_attempts": aws.TRIES, "mode": "standard"},
    )
