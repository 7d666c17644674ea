"""Opening a case of the register of disclosures: by whom, about whom, for whom, what for (policy 3)."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from chalicelib import store
from chalicelib.kernel import clock, ids
from chalicelib.kernel.errors import FieldError, InvalidError, NotFoundError, RefusedError
from chalicelib.privacy.decisions import Refused
from chalicelib.privacy.disclosure_kinds import Concerns, DisclosureKind, DisclosurePurpose, may_open
from chalicelib.privacy.register import Duty
from chalicelib.records.disclosures import Disclosure
from chalicelib.services.disclosures import disclosure_acts, payload
from chalicelib.services.staff import repeats

if TYPE_CHECKING:
    from chalicelib.services.repeats import Repeat
    from chalicelib.services.staff.repeats import StaffOnce

_USE = Duty.DISCLOSE


class Wish(NamedTuple):
    """What somebody outside wants. Of ``user_id``, ``contact_id`` and ``message_id`` at most one is given;
    with none of them it is about the company.
    """

    kind: DisclosureKind
    purpose: DisclosurePurpose
    company_id: str
    recipient_name: str
    recipient_contact: str
    fields: tuple[str, ...]
    recipient_country: str
    user_id: str | None = None
    contact_id: str | None = None
    message_id: str | None = None

    @property
    def concerns(self) -> Concerns:
        """What it is about."""
        if self.user_id is not None:
            return Concerns.USER
        if self.contact_id is not None:
            return Concerns.CONTACT
        return Concerns.COMPANY if self.message_id is None else Concerns.MESSAGE


class _Whose(NamedTuple):
    user_id: str | None = None
    person: str | None = None


def open_case(staff_id: str, wish: Wish, repeat: Repeat | None) -> Disclosure:
    """Open a case. Nothing is given yet, and nobody told.

    Raises:
        RefusedError: the policy does not name this purpose, or this data, for this kind of recipient.
        InvalidError: more than one subject, or fields nobody declared.
        NotFoundError: no such company, user, contact or message.
    """
    if [wish.user_id, wish.contact_id, wish.message_id].count(None) < 2:
        raise InvalidError(errors=[FieldError("user_id", "one_subject_only")])
    decision = may_open(wish.kind, wish.purpose, wish.concerns)
    if isinstance(decision, Refused):
        raise RefusedError(decision.reason, clause=decision.clause)
    payload.check_fields(wish.kind, wish.concerns, wish.fields)
    whose = _whose(wish)

    def make(guard: StaffOnce | None) -> Disclosure:
        case = _case(staff_id, wish, whose)
        transaction = store.transaction.Transaction(store.table.new_op())
        transaction.put_new(store.disclosures.CASES, case)
        if guard is not None:
            guard.add_to(transaction, case.disclosure_id)
        disclosure_acts.note(transaction, case, staff_id, None)
        transaction.commit()
        return case

    return repeats.once(staff_id, repeat, _opened, make)


def _opened(disclosure_id: str) -> Disclosure:
    """The case an earlier request with the same key opened. Raises NotFoundError."""
    case = store.disclosures.case(disclosure_id)
    if case is None:
        raise NotFoundError
    return case.value


def _case(staff_id: str, wish: Wish, whose: _Whose) -> Disclosure:
    recipient = f"{wish.recipient_name}\0{wish.recipient_contact.lower()}"
    return Disclosure(
        disclosure_id=ids.new("dis"),
        kind=wish.kind,
        purpose=wish.purpose,
        concerns=wish.concerns,
        company_id=wish.company_id,
        user_id=whose.user_id,
        contact_id=wish.contact_id,
        message_id=wish.message_id,
        person=whose.person,
        recipient=store.accounts.operator_hash("recipient", recipient),
        wanted=tuple(dict.fromkeys(wish.fields)),
        opened_by=staff_id,
        started_at=clock.now(),
        recipient_name=wish.recipient_name,
        recipient_contact=wish.recipient_contact,
        recipient_country=wish.recipient_country,
    )


def _whose(wish: Wish) -> _Whose:
    """Whose data it is; everything asked about has to exist."""
    company_id = wish.company_id
    if store.accounts.COMPANIES.get(company_id=company_id, use=_USE) is None:
        raise NotFoundError
    if wish.user_id is not None:
        return _Whose(user_id=_user(company_id, wish.user_id))
    if wish.contact_id is not None:
        contact = store.contacts.CONTACTS.get(company_id=company_id, contact_id=wish.contact_id, use=_USE)
        if contact is None:
            raise NotFoundError
        return _Whose(person=contact.value.person)
    if wish.message_id is not None:
        message = store.messages.MESSAGES.get(company_id=company_id, message_id=wish.message_id, use=_USE)
        if message is None:
            raise NotFoundError
        payload.check_message(wish.kind, message.value)
        author = message.value.user_id
        known = store.accounts.USERS.get(company_id=company_id, user_id=author, use=_USE)
        return _Whose(user_id=None if known is None else author)
    return _Whose()


def _user(company_id: str, user_id: str) -> str:
    if store.accounts.USERS.get(company_id=company_id, user_id=user_id, use=_USE) is None:
        raise NotFoundError
    return user_id
