"""Opening a case of the register of disclosures: by whom, about whom, for whom, what for (policy 3)."""

from __future__ import annotations

from dataclasses import replace
from typing import NamedTuple

from chalicelib import store
from chalicelib.kernel import clock, ids
from chalicelib.kernel.errors import ConflictError, FieldError, InvalidError, NotFoundError, RefusedError
from chalicelib.privacy.decisions import Refused
from chalicelib.privacy.disclosure_kinds import Concerns, DisclosureKind, DisclosurePurpose, may_open
from chalicelib.privacy.register import Duty
from chalicelib.records.disclosures import Disclosure, DisclosureOpening
from chalicelib.services.disclosures import disclosure_acts, payload
from chalicelib.services.repeats import Repeat

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
    opening = None if repeat is None else _opening(staff_id, repeat)
    if opening is not None and (done := _opened(opening)) is not None:
        return done
    case = _case(staff_id, wish, whose)
    transaction = store.transaction.Transaction(store.table.new_op())
    transaction.put_new(store.disclosures.CASES, case)
    if opening is not None:
        made = replace(opening, disclosure_id=case.disclosure_id)
        transaction.put_new(store.disclosures.OPENINGS, made)
    disclosure_acts.note(transaction, case, staff_id, None)
    try:
        transaction.commit()
    except ConflictError:
        done = None if opening is None else _opened(opening)
        if done is None:
            raise
        return done
    return case


def _opening(staff_id: str, repeat: Repeat) -> DisclosureOpening:
    """What remembers the client's key: in `operator`, for the company must not see that there is a case."""
    return DisclosureOpening(
        key=store.accounts.operator_hash("idempotency", f"{staff_id}\0{repeat.route}\0{repeat.key}"),
        body_hash=store.accounts.operator_hash("body", repeat.body),
        disclosure_id="",
    )


def _opened(opening: DisclosureOpening) -> Disclosure | None:
    """The case an earlier request with this key opened. Raises InvalidError: it came with another body."""
    known = store.disclosures.OPENINGS.get(key=opening.key)
    if known is None:
        return None
    if known.value.body_hash != opening.body_hash:
        raise InvalidError(errors=[FieldError("Idempotency-Key", "used_with_another_body")])
    case = store.disclosures.case(known.value.disclosure_id)
    return None if case is None else case.value


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
