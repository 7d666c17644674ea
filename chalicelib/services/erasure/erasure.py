"""Erasing somebody (clauses `requests`, `retention`): what is asked for, what is remembered of it, how far it
is.

Asking is one transaction: from then on the person is suppressed under the keyed hash of their address, the
work is written down, and so is, in the company's chain, that it has begun. The work is done by jobs
(``services.erasure.erasing`` for people a company wrote to, ``leavers`` for its users), in steps that may
die, repeat themselves and overlap. Whatever arrives late finds the suppression, or nothing to attach itself
to.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Final, NamedTuple

from chalicelib import store
from chalicelib.gateways import queues
from chalicelib.kernel import clock, ids, settings
from chalicelib.kernel.errors import ConflictError
from chalicelib.records.erasures import Erasing, Erasure, Step, Why
from chalicelib.services.erasure import leavers, prospects, suppression

LEASE_SECONDS: Final = 300
"""The sweep takes work up again that nobody has moved on for so long: five times what a job may run."""


class Erased(NamedTuple):
    """How far an erasure is. ``counts`` are rows by kind, ``held`` those that holds keep out of sight."""

    erasure_id: str
    done: bool
    counts: Mapping[str, int]
    held: Mapping[str, int]


def of_person(company_id: str, canonical_address: str, *, why: Why, matter: str | None = None) -> Erased:
    """Erase what a company holds of somebody it wrote to; ``canonical_address`` is ``Address.person``.

    They are suppressed when this returns; what there is goes within seconds, page by page (``find`` tells how
    far that is). Asking again while it goes on is the same erasure. 10 write units.

    Raises:
        UnavailableError: nothing was written, or nobody knows; asking again is safe.
        KeyMissingError: the company's key is gone, and with it what anybody could read.
    """
    person = store.standing.person(company_id, canonical_address)
    known = store.erasure.ERASING.get(company_id=company_id, person=person, use=prospects.USE)
    if known is None:
        _begin(company_id, person, canonical_address, why, matter)
        known = store.erasure.ERASING.get(company_id=company_id, person=person, use=prospects.USE)
    if known is None:
        raise ConflictError
    hint(company_id, person)
    return _of_work(known.value)


def _begin(company_id: str, person: str, address: str, why: Why, matter: str | None) -> None:
    now, erasure_id = clock.now(), ids.new("era")
    work = Erasing(
        company_id=company_id,
        person=person,
        erasure_id=erasure_id,
        why=why,
        matter=matter,
        due_at=now + LEASE_SECONDS,
        begun_at=now,
        mailboxes=(address,),
    )
    begun = Erasure(
        company_id=company_id,
        erasure_id=erasure_id,
        part=0,
        step=Step.BEGUN,
        why=why,
        at=now,
        matter=matter,
        person=person,
    )
    transaction = store.transaction.Transaction(store.table.new_op())
    transaction.put_new(store.erasure.ERASING, work)
    suppression.add(transaction, company_id, person, now)
    transaction.put_new(store.erasure.ERASURES, begun)
    try:
        transaction.commit()
    except ConflictError:
        return  # somebody else began this moment: theirs goes on


def hint(company_id: str, person: str) -> None:
    """Let the job know."""
    queues.hint(settings.QUEUE_TASKS, [{"task": "erase_person", "company": company_id, "person": person}])


def of_user(
    company_id: str, user_id: str, *, why: Why, matter: str | None = None, letters: bool = False
) -> Erased:
    """Erase a user: every way in ends here and now, the rest goes after it. The mailbox is free.

    What they made for the company (contacts, messages) is the company's and stays; with ``letters``, which is
    the company's to decide, their name leaves the messages they wrote. Receipts stay as proof.

    Raises:
        NotFoundError: nobody here, or nobody any more.
        ConflictError: ``main_account``, it has to be handed over first.
        UnavailableError: nothing was written, or nobody knows.
    """
    erasure_id = leavers.begin(company_id, user_id, why=why, matter=matter, letters=letters)
    return Erased(erasure_id, False, {}, {})


def find(company_id: str, erasure_id: str) -> Erased | None:
    """How far an erasure is, by the evidence; None when there is none of this id. One query. Of what is held
    the last account counts: each look after a release counts anew.
    """
    counts: Counter[str] = Counter()
    held: Counter[str] = Counter()
    found, done = False, False
    for known in store.erasure.ERASURES.query(company_id, f"erasure#{erasure_id}#"):
        entry, found = known.value, True
        if entry.step is Step.PART:
            counts.update(entry.counts)
            held.update(entry.held)
        if entry.step is Step.HELD:
            held = Counter(entry.held)
        done = done or entry.step is Step.DONE
    return Erased(erasure_id, done, counts, held) if found else None


def holds_anything(company_id: str, canonical_address: str) -> bool:
    """Whether a company holds anything about somebody, beside the refusals that keep them from coming
    back: contacts, deliveries, what users asked AI about them, opens, consents, rows of an import, or
    messages that outlived their deliveries. Nothing is opened; at most six queries, the first three read a
    moment late, and one for each MB of old messages when those six find nothing.
    """
    person = store.standing.person(company_id, canonical_address)
    if any(
        store.erasure.of_person(company_id, person, prefix, limit=1)
        for prefix in ("contact#", "message#", "ai#")
    ):
        return True
    opens = store.erasure.under(store.tracking.OPENS.model, company_id, f"open#{person}#", limit=1)
    if opens:
        return True
    standing = f"{company_id}#standing"
    if store.erasure.under(store.standing.CONSENTS.model, standing, f"{person}#consent#", limit=1):
        return True
    if store.imports.chunks_with(company_id, person, "", None, 1):
        return True
    return any(store.reach.old_messages(company_id, person))


def _of_work(work: Erasing) -> Erased:
    return Erased(work.erasure_id, False, work.counts, work.held)
