"""Who may not be used by us: to be asked before an address enters or leaves a base of ours (GDPR 21(2)-(3)).

Each client's own refusals are in ``services.mail.standing``; this is the operator's, for what is our own.
Asked before anybody enters the base of prospects (when a load is taken in, when a company shares) and before
anybody is revealed. Who is in it already is taken out with the objection itself (``requests.prospects``).
Not asked, on purpose: for an invitation or a message, which is a company's act and meets the company's own
stops; for the product news of a user, which the objection itself has switched off and only the user can
switch on again.
"""

from __future__ import annotations

from collections.abc import Iterable

from chalicelib import store
from chalicelib.kernel import addresses
from chalicelib.privacy.requests import RequestKind
from chalicelib.records.requests import Objection, RequestAct, RequestEvidence


def stands(email: str) -> bool:
    """Whether the person behind an address objected to our own use of it, or had it erased. One read unit.

    Raises:
        UnavailableError: it could not be read; then the address is not to be used either.
        ValueError: it is no address.
    """
    return store.requests.objection(addresses.parse(email).person) is not None


def any_of(people: Iterable[str]) -> set[str]:
    """Those of these people who objected to our own use of their address, or had it erased. ``people`` are
    canonical addresses (``addresses.Address.person``), or what a business without one is known by in the
    base. One call for each fifty, two read units each.

    Raises:
        UnavailableError: nobody could say; then none of them is to be used.
    """
    by_note = {note: one for one in people for note in store.requests.noted_under(one)}
    rows = store.requests.OBJECTIONS
    found = store.table.get_together(*((rows, {"person": one}) for one in by_note)) if by_note else []
    return {by_note[one.value.person] for one in found if one is not None}


def again(entries: Iterable[RequestEvidence]) -> int:
    """Write the notes anew that these entries of the operator's chain prove, after a restored backup has lost
    them; how many were missing. Repeatable.

    Raises:
        UnavailableError: to be repeated.
    """
    missing = 0
    for entry in entries:
        if entry.act is not RequestAct.VERIFIED or entry.person is None:
            continue
        missing += keep_out(entry.person, entry.at, entry.wish)
    return missing


def keep_out(person: str, at: int, wish: RequestKind) -> bool:
    """Note that nobody may put a person into a base of ours from now on; False when it is noted already.
    ``person`` as objections are found by it, ``at`` epoch seconds.

    Raises:
        UnavailableError: to be repeated.
    """
    if store.requests.OBJECTIONS.get(person=person) is not None:
        return False
    store.requests.OBJECTIONS.put(Objection(person=person, at=at, wish=wish), op=store.table.new_op())
    return True
