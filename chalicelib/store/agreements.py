"""The agreement's acceptances, what was shared under it, complaints, withdrawals, and the proof of all these.

Acceptances and complaints lie with the company in `accounts`, withdrawals with the operator there, because
that table's index says what is overdue; a company's list of its own shares lies in `prospects`.
"""

from __future__ import annotations

from chalicelib.kernel import ids
from chalicelib.records.agreements import (
    Acceptance,
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
COMPLAINTS = Rows(ProspectComplaint, pk="{company_id}", sk="complaint#{complaint_id}", owner=ids.OPERATOR)
WITHDRAWALS = Rows(Withdrawal, pk="withdrawal#{prospect_id}", sk="withdrawal", owner=ids.OPERATOR, due=_due)
EVIDENCE = Rows(ProspectEvidence, pk="{company_id}", sk="prospects#{entry_id}")
