"""Making a contact of a revealed prospect: the company's own record from then on, with where it is from.

Repeatable: the reveal says which contact was made. Whom the company keeps already stays as they are, and is
not noted as received from the base: that copy is the company's own, whatever becomes of the prospect.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from chalicelib import store
from chalicelib.kernel import clock, ids
from chalicelib.kernel.errors import ConflictError, NotFoundError, UnavailableError
from chalicelib.privacy import transfers
from chalicelib.records.contacts import Contact
from chalicelib.services.accounts.sessions import Principal
from chalicelib.services.erasure import suppression
from chalicelib.services.prospects import known
from chalicelib.services.prospects.known import Known

TRIES: Final = 5
BASIS: Final = "legitimate_interest"
"""On which a company approaches people in business (GDPR 6(1)(f)); it can name another one in the contact."""
STOCKED: Final = "prospect base"
SHARED: Final = "shared by users"


def save(who: Principal, prospect: Known) -> str:
    """The id of the contact that the company has of this prospect, made now if there is none.

    Raises:
        NotFoundError: the company has not revealed it, they were withdrawn, or had themselves erased here: a
            company that knew a masked line by it would learn who did.
        UnavailableError: others changed it all the while; repeating is safe.
    """
    key = {"company_id": who.company_id, "prospect_id": prospect.prospect_id}
    for attempt in range(TRIES):
        reveal, holder = store.table.get_together(
            (store.prospects.REVEALS, key), (store.prospects.HOLDERS, key)
        )
        if reveal is None or holder is None:
            raise NotFoundError
        prospect = prospect.as_held(holder.value)
        if not prospect.found:
            raise NotFoundError
        there = reveal.value.contact_id
        if there is not None and store.contacts.get(who.company_id, there) is not None:
            return str(there)
        contact = _contact(who, prospect)
        if contact.person is not None:
            if suppression.suppressed(who.company_id, [contact.person]):
                raise NotFoundError
            own = store.contacts.of_person(who.company_id, contact.person, 1)
            if own:
                return own[0].value.contact_id
        transaction = store.transaction.Transaction(store.table.new_op())
        transaction.put_new(store.contacts.CONTACTS, contact)
        noted = {"contact_id": contact.contact_id}
        transaction.replace(store.prospects.REVEALS, reveal, replace(reveal.value, **noted))
        transaction.replace(store.prospects.HOLDERS, holder, replace(holder.value, **noted))
        prospect.check(transaction)
        try:
            transaction.commit()
        except ConflictError:
            # Perhaps it was the prospect that changed: only what it is now can still be made a contact of.
            store.failures.backoff(attempt)
            prospect = known.read(prospect.prospect_id)
            continue
        return contact.contact_id
    raise UnavailableError


def _contact(who: Principal, prospect: Known) -> Contact:
    now, canonical = clock.now(), prospect.canonical
    stocked = None if prospect.stocked is None else prospect.stocked.value
    added = None if prospect.added is None else prospect.added.value
    sources = [name for name, there in ((STOCKED, stocked), (SHARED, added)) if there is not None]
    country = prospect.origin
    contact = Contact(
        company_id=who.company_id,
        contact_id=ids.new("ct"),
        created_by=who.user_id,
        person=None if canonical is None else store.standing.person(who.company_id, canonical),
        prospect_id=prospect.prospect_id,
        created_at=now,
        updated_at=now,
        name="",
        email=prospect.email,
        country=country if transfers.is_known(country) else None,
        basis=BASIS,
        source=", ".join(sources),
    )
    if added is not None:
        contact = replace(
            contact,
            name=f"{added.first_name} {added.last_name}",
            position=added.current_position,
            social=added.social,
        )
    if stocked is not None:
        contact = replace(
            contact,
            name=stocked.name or contact.name or stocked.business_name,
            company=stocked.affiliation or stocked.business_name,
            position=stocked.position or contact.position,
            phone=stocked.phone,
        )
    return contact
