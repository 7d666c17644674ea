"""Taking out once more whom a restored backup has put back into the base, or into a company that had received
them from it (clauses `requests`, `joint-duties`; docs/runbooks/restore.md).

The evidence of withdrawals says who went, and which companies it was done in. Works on tables at rest, for an
operator at their desk; repeatable. What somebody shared anew after a share had been taken back is nobody's
objection and stays; so does what a backup brings back of a share that its company took back: that company
takes it back again.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from chalicelib import store
from chalicelib.privacy.register import Duty
from chalicelib.records.agreements import ProspectEvidence, ProspectStep, WithdrawalWhy
from chalicelib.services.erasure import suppression
from chalicelib.services.keeping.keeping import Keeping
from chalicelib.services.prospects import withdrawal
from chalicelib.services.requests import objections


def again(entries: Iterable[ProspectEvidence]) -> Counter[str]:
    """Do what these entries prove once more; what was found, by kind. The notes come first: nobody may come
    in by another door while the rest is done. What is under a hold is left, and counted as ``held``.

    Raises:
        UnavailableError: to be repeated.
    """
    known = [one for one in entries if one.why is not None and one.why is not WithdrawalWhy.TAKEN_BACK]
    begun = [one for one in known if one.act is ProspectStep.BEGUN]
    found: Counter[str] = Counter()
    for entry in known:
        if entry.act in {ProspectStep.BEGUN, ProspectStep.COMPLAINED}:
            found["objection"] += _note(entry)
    for entry in begun:
        found["prospect"] += _withdraw(entry)
    for entry in known:
        if entry.act is ProspectStep.WITHDRAWN:
            found.update(_take_from(entry))
    return +found


def _note(entry: ProspectEvidence) -> int:
    """Write the note that keeps them out, if it is lost."""
    if entry.person is None or entry.wish is None:
        return 0
    return int(objections.keep_out(entry.person, entry.at, entry.wish))


def _withdraw(entry: ProspectEvidence) -> int:
    """Withdraw whoever is there. The records are gone when this returns; what companies hold is the work of
    the queue, which the workers take up before anybody is served.
    """
    if entry.prospect_id is None or entry.why is None:
        return 0
    if not any(store.prospects.both(entry.prospect_id, Duty.ERASE)) and not withdrawal.companies(
        entry.prospect_id, limit=1
    ):
        return 0
    withdrawal.begin(entry.prospect_id, entry.why, matter=entry.matter_id)
    return 1


def _take_from(entry: ProspectEvidence) -> Counter[str]:
    """The contact that a company had made of them, and the stop that kept it from coming back."""
    found: Counter[str] = Counter()
    company_id, own = entry.company_id, (entry.counts or {}).get("own_copies", 0)
    for row in store.erasure.under(store.contacts.CONTACTS.model, company_id, "contact#"):
        facts = row.plain
        if entry.prospect_id is None or facts.get("prospect_id") != entry.prospect_id:
            continue
        person = facts.get("person")
        if Keeping(company_id).about(None, person):
            found["held"] += 1
            continue
        if person is not None and not own:
            transaction = store.transaction.Transaction(store.table.new_op())
            suppression.add(transaction, company_id, str(person), entry.at)
            transaction.commit()
        store.erasure.delete(store.erasure.WORKSPACE, [(row.pk, row.sk)])
        found["contact"] += 1
    return found
