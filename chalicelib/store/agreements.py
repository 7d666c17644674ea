"""The agreement's acceptances, what was shared under it, complaints, withdrawals, and the proof of all these.

Acceptances lie with the company in `accounts`, withdrawals with the operator there, because that table's
index says what is overdue; complaints as well, for it is the operator who answers for them, also when the
company has left, and a line for each that is open. A company's list of its own shares lies in `prospects`.
"""

from __future__ import annotations

from chalicelib.kernel import ids
from chalicelib.records.agreements import (
    Acceptance,
    OpenProspectComplaint,
    ProspectComplaint,
    ProspectEvidence,
    Sharing,
    Withdrawal,
)
from chalicelib.store.table import Due, Rows

WITHDRAWALS_DUE = "withdrawals"
"""The index partition of withdrawals that are not over."""


def _due(one: Withdrawal) -> Due | None:
    return None if one.due_at is None else Due(WITHDRAWALS_DUE, one.due_at)


ACCEPTANCES = Rows(Acceptance, pk="{company_id}", sk="agreement")
SHARINGS = Rows(Sharing, pk="{company_id}#shares", sk="{share_id}")
COMPLAINTS = Rows(
    ProspectComplaint, pk="prospect-complaint#{complaint_id}", sk="complaint", owner=ids.OPERATOR
)
OPEN_COMPLAINTS = Rows(
    OpenProspectComplaint,
    pk="prospect-complaints",
    sk="open#{due_at:012d}#{complaint_id}",
    owner=ids.OPERATOR,
)
WITHDRAWALS = Rows(Withdrawal, pk="withdrawal#{prospect_id}", sk="withdrawal", owner=ids.OPERATOR, due=_due)
EVIDENCE = Rows(ProspectEvidence, pk="{company_id}", sk="prospects#{entry_id}")


def open_complaints(limit: int, after: tuple[int, str] | None) -> list[OpenProspectComplaint]:
    """Up to ``limit`` complaints that wait for staff, the first due first, behind the one named by its due
    time and id. One query: what waits is little, and has to be.
    """
    found: list[OpenProspectComplaint] = []
    for one in OPEN_COMPLAINTS.query("prospect-complaints", "open#"):
        if after is not None and (one.value.due_at, one.value.complaint_id) <= after:
            continue
        found.append(one.value)
        if len(found) == limit:
            break
    return found
