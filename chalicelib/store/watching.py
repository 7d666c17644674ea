"""What the look at the access log keeps, in the `operator` table: hours by actor, all findings together."""

from __future__ import annotations

from itertools import islice

from chalicelib.kernel import ids
from chalicelib.privacy.watching import PAST
from chalicelib.records.watching import Finding, FindingAct, ReadingHour, Watched
from chalicelib.store.table import Rows, Stored, new_op
from chalicelib.store.transaction import Transaction

READINGS = Rows(ReadingHour, pk="reading#{actor_id}", sk="hour#{hour}", owner=ids.OPERATOR)
FINDINGS = Rows(Finding, pk="findings", sk="finding#{finding_id}", owner=ids.OPERATOR)
ACTS = Rows(FindingAct, pk="{company_id}", sk="finding#{finding_id}#{state}")
WATCHED = Rows(Watched, pk="watch#{watch}", sk="watch", owner=ids.OPERATOR)


def upto() -> int | None:
    """Up to which hour the log was looked through; None before the first time. One read unit."""
    known = WATCHED.get(watch="reading")
    return None if known is None else known.value.upto


def go_on(hour: int) -> None:
    """All hours before this one are done; one write."""
    WATCHED.put(Watched(upto=hour), op=new_op())


def past(actor_id: str, hour: int) -> list[ReadingHour]:
    """An actor's noted hours before this one, as far back as they are compared. One query."""
    since = hour - int(PAST.total_seconds())
    return [
        one.value for one in READINGS.query(f"reading#{actor_id}", "hour#") if since <= one.value.hour < hour
    ]


def note(reading: ReadingHour) -> None:
    """Keep an hour; the same one again replaces itself. One write."""
    READINGS.put(reading, op=new_op())


def find(finding: Finding, act: FindingAct) -> None:
    """Put a finding and its proof on record together.

    Raises:
        ConflictError: it is already there.
    """
    transaction = Transaction(new_op())
    transaction.put_new(FINDINGS, finding)
    transaction.put_new(ACTS, act)
    transaction.commit()


def close(known: Stored[Finding], finding: Finding, act: FindingAct) -> None:
    """Put an answer to a finding on record with its proof.

    Raises:
        ConflictError: it has been answered meanwhile.
    """
    transaction = Transaction(new_op())
    transaction.replace(FINDINGS, known, finding)
    transaction.put_new(ACTS, act)
    transaction.commit()


def finding(finding_id: str) -> Stored[Finding] | None:
    """One finding; one read unit."""
    return FINDINGS.get(finding_id=finding_id)


def findings(limit: int, before: str | None) -> list[Finding]:
    """Up to ``limit`` findings, newest hour first, from before the one with id ``before``. One query."""
    rows = FINDINGS.query(
        "findings",
        "finding#",
        before=None if before is None else f"finding#{before}",
        newest_first=True,
        page_size=limit,
    )
    return [one.value for one in islice(rows, limit)]
