"""Taking a person out of the base, and from every company that received them through it (appendix 2.1.3, GDPR
17(2), 19, 21).

One transaction ends it: the note that they objected, the end of both records, the work that is left and its
evidence. From then on nobody finds, reads or reveals them, and neither a share nor a load brings them back.
What companies hold goes after it (``withdrawing``). Closed for the person's sake: whatever cannot be read is
done again, never skipped.
"""

from __future__ import annotations

from collections.abc import Iterable
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from chalicelib import store
from chalicelib.gateways import queues
from chalicelib.kernel import addresses, clock, ids, settings
from chalicelib.kernel.errors import ConflictError, UnavailableError
from chalicelib.privacy.register import Duty
from chalicelib.privacy.requests import RequestKind
from chalicelib.records.agreements import ProspectEvidence, ProspectStep, Withdrawal, WithdrawalWhy
from chalicelib.records.requests import Objection
from chalicelib.services.requests import objections

if TYPE_CHECKING:
    from chalicelib.store.table import Stored

LEASE_SECONDS: Final = 120
TRIES: Final = 5

_USE: Final = Duty.ERASE
WISH: Final = MappingProxyType(
    {
        WithdrawalWhy.OBJECTION: RequestKind.OBJECT,
        WithdrawalWhy.COMPLAINT: RequestKind.OBJECT,
        WithdrawalWhy.ERASURE: RequestKind.ERASE,
    }
)
"""What the note says that keeps them out. A complaint is heard as an objection: it is the milder wish that
still keeps them out, and they may ask for more."""


def begin(
    prospect_id: str,
    why: WithdrawalWhy,
    *,
    email: str | None = None,
    by: str | None = None,
    matter: str | None = None,
    company_id: str | None = None,
) -> str | None:
    """Withdraw a person from this moment on; the id of the withdrawal, None when nobody has anything of them.
    Repeatable: while one is under way it is that one.

    ``email`` is the person's address where the caller knows it: the record may be over while companies still
    hold them. ``by`` is the user who passed it on, ``company_id`` the company: it gets no credit back for
    them, or a complaint would be a way to reveal for nothing; ``matter`` the complaint or request, for the
    evidence. Four reads, a query, and a transaction of at most six rows.

    Without an address the objection is noted under the prospect's id, which is a hash of the person as well:
    whoever lets people into the base asks for both (``requests.objections.any_of``).

    Raises:
        ValueError: a share taken back is no wish of the person (see ``taking_back``); or the address is
            somebody else's.
        UnavailableError: nobody knows; to be done again.
    """
    if why is WithdrawalWhy.TAKEN_BACK:
        raise ValueError("not the person's wish")
    if email is not None and store.prospects.prospect_id(addresses.parse(email).person) != prospect_id:
        raise ValueError("the address of somebody else")
    for _ in range(TRIES):
        known = store.agreements.WITHDRAWALS.get(prospect_id=prospect_id, use=Duty.ANSWER_REQUEST)
        found = records(prospect_id)
        address = email or _address(found) or (None if known is None else known.value.email)
        if not found and not anybody(prospect_id):
            # All the same nobody may put them into the base from now on.
            objections.keep_out(_noted_under(prospect_id, address), clock.now(), WISH[why])
            return None if known is None or known.value.why is WithdrawalWhy.TAKEN_BACK else _id(known)
        if not found and known is not None and under_way(known.value):
            hint(prospect_id)
            return _id(known)
        try:
            begun = _begin(_Start(prospect_id, why, address, by, matter, company_id), found, known)
        except ConflictError:
            continue
        hint(prospect_id)
        return begun.withdrawal_id
    raise UnavailableError


def _id(known: Stored[Withdrawal]) -> str:
    return known.value.withdrawal_id


def under_way(work: Withdrawal) -> bool:
    """Whether companies may still have something of the person, who wants them not to."""
    return work.why is not WithdrawalWhy.TAKEN_BACK and work.due_at is not None and work.done_at is None


class _Start(NamedTuple):
    """Whose withdrawal begins, and whence."""

    prospect_id: str
    why: WithdrawalWhy
    address: str | None
    by: str | None
    matter: str | None
    company_id: str | None


def _begin(start: _Start, found: list[Any], known: Stored[Withdrawal] | None) -> Withdrawal:
    now = clock.now()
    before = known.value if known is not None and under_way(known.value) else None
    complained = {*(() if before is None else before.complained), *filter(None, [start.company_id])}
    begun = Withdrawal(
        prospect_id=start.prospect_id,
        withdrawal_id=ids.new("wdr") if before is None else before.withdrawal_id,
        why=start.why,
        began_at=now,
        due_at=now + LEASE_SECONDS,
        postings=tuple(sorted({key for one in found for key in one.value.postings})),
        email=start.address,
        complained=tuple(sorted(complained)),
        called=_called(found) or (() if before is None else before.called),
    )
    transaction = store.transaction.Transaction(store.table.new_op())
    person = _noted_under(start.prospect_id, start.address)
    entry = ProspectEvidence(
        company_id=ids.OPERATOR,
        entry_id=ids.new("evd"),
        act=ProspectStep.BEGUN,
        at=now,
        matter_id=start.matter or begun.withdrawal_id,
        by_id=start.by,
        prospect_id=start.prospect_id,
        person=person,
        why=start.why,
        wish=WISH[start.why],
        counts={"records": len(found)},
    )
    transaction.put_new(store.agreements.EVIDENCE, entry)
    if known is None:
        transaction.put_new(store.agreements.WITHDRAWALS, begun)
    else:
        transaction.replace(store.agreements.WITHDRAWALS, known, begun)
    if store.requests.OBJECTIONS.get(person=person) is None:
        note = Objection(person=person, at=now, wish=WISH[start.why])
        transaction.put_new(store.requests.OBJECTIONS, note)
    for one in found:
        transaction.delete(rows_of(one), one)
    transaction.commit()
    return begun


def _noted_under(prospect_id: str, address: str | None) -> str:
    """What their objection is found by: the hash of the address, and where nobody knows that the prospect's
    id.
    """
    if address is None:
        return prospect_id
    return store.requests.person_hash(addresses.parse(address).person)


def name_hash(name: str) -> str:
    """A name as a withdrawal remembers it, to know a contact again whose address was changed since."""
    return store.accounts.operator_hash("prospect-name", " ".join(name.casefold().split()))


def _called(found: Iterable[Stored[Any]]) -> tuple[str, ...]:
    """What a contact made of these records is named: as `saving` names it."""
    names = set()
    for one in found:
        if isinstance(one.value, store.prospects.ADDED.cls):
            names.add(f"{one.value.first_name} {one.value.last_name}")
        else:
            names.add(one.value.name or one.value.business_name)
    return tuple(sorted(name_hash(name) for name in names))


def records(prospect_id: str) -> list[Any]:
    """The stocked and the shared record, as far as there are any. One call."""
    return [one for one in store.prospects.both(prospect_id, _USE) if one is not None]


def rows_of(one: Stored[Any]) -> Any:
    """The rows that one of the two records belongs to."""
    added = isinstance(one.value, store.prospects.ADDED.cls)
    return store.prospects.ADDED if added else store.prospects.STOCKED


def _address(found: Iterable[Stored[Any]]) -> str | None:
    return next((one.value.email for one in found if one.value.email is not None), None)


def anybody(prospect_id: str) -> bool:
    """Whether any company shared or received them."""
    return bool(companies(prospect_id, limit=1))


def companies(prospect_id: str, *, limit: int | None = None) -> list[str]:
    """The companies that shared or received a person, in the order of their ids. Two queries for each MB."""
    found: set[str] = set()
    for rows, prefix in ((store.prospects.SHARES, "share#"), (store.prospects.HOLDERS, "holder#")):
        under = store.erasure.under(rows.model, prospect_id, prefix, limit=limit)
        found |= {row.sk.removeprefix(prefix) for row in under}
    return sorted(found)


def hint(prospect_id: str) -> None:
    """Let the worker know. The sweep finds it should this be lost."""
    queues.hint(settings.QUEUE_TASKS, [{"task": "withdraw", "prospect": prospect_id}])
