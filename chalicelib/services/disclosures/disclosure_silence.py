"""Telling when silence is over: whoever could not be told of a disclosure hears of it, and the company's
chain gets its entry (3.1(e)). An order's silence ends by itself; what went to a prescribed agency is released
by the staff (``disclosures.take``). Repeatable, and late rather than never: the row stays due until it is
done.
"""

from __future__ import annotations

from dataclasses import replace

from chalicelib import store
from chalicelib.kernel import clock
from chalicelib.privacy.notifications import Kind
from chalicelib.records.disclosures import Disclosed
from chalicelib.services.disclosures import disclosure_acts, telling
from chalicelib.services.disclosures.telling import Occasion
from chalicelib.services.notifications import notify


def made(disclosure_id: str) -> Occasion:
    """Data is given."""
    return Occasion(Kind.DISCLOSURE, "disclosure_made", f"disclosure_made-{disclosure_id}")


def end(company_id: str, disclosure_id: str) -> None:
    """Tell, and prove, unless it was done or is too early.

    Raises:
        ConflictError: the row has changed meanwhile; it stays due.
        UnavailableError: repeat it.
    """
    known = store.disclosures.disclosed(company_id, disclosure_id)
    if known is None or known.value.secret_until is None:
        return
    told, now = known.value, clock.now()
    if not told.may_be_told(now):
        return
    if told.told_at is not None:
        _finish(told)
        return
    transaction = store.transaction.Transaction(store.table.new_op())
    transaction.replace(store.disclosures.DISCLOSED, known, replace(told, told_at=now))
    disclosure_acts.note_late(transaction, told)
    if told.not_handed_over_at is not None:
        transaction.commit()  # nothing left us: it stands in the list and in the chain, and that is all
        return
    found = telling.add(transaction, told, made(disclosure_id))
    transaction.commit()
    notify.hint(found.notices)
    if found.unfinished:
        _finish(told)


def _finish(told: Disclosed) -> None:
    if told.not_handed_over_at is None:
        telling.finish(told, made(told.disclosure_id))
