"""The payload of a disclosure: exactly the fields that were found necessary, from the rows of now.

What can be in it follows from the register twice: a field must be declared as an item that its kind of
recipient may receive (``privacy.disclosure_kinds``), and it must have been asked for. Records come through
the purpose gate; no id of ours goes along. Kept in memory only. Refused rather than cut when it is too large:
half an answer would be taken for a whole one.
"""

from __future__ import annotations

import base64
import hashlib
import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from chalicelib import store
from chalicelib.kernel import clock
from chalicelib.kernel.errors import ConflictError, FieldError, InvalidError, RefusedError, TooLargeError
from chalicelib.privacy import fields
from chalicelib.privacy.consent import MessageKind
from chalicelib.privacy.decisions import Refused
from chalicelib.privacy.disclosure_kinds import Concerns, DisclosureKind, may_receive
from chalicelib.privacy.register import Duty
from chalicelib.records.accounts import User
from chalicelib.records.companies import Company
from chalicelib.records.contacts import Contact
from chalicelib.records.disclosures import Disclosure
from chalicelib.records.messages import Body, Delivery, Message
from chalicelib.records.proofs import Device
from chalicelib.records.subscriptions import Order
from chalicelib.records.wechat import WechatLink, WechatNickname
from chalicelib.services.disclosures import envelope

if TYPE_CHECKING:
    from chalicelib.store.table import Stored

FORMAT: Final = "okki-leads-disclosure-payload-1"
MAX_BYTES: Final = 200_000
"""Of one payload: sealed twice and in base64 it has to fit into one row of 400 KB."""

_SOURCE: Final = 8
_KEYS: Final = (
    "company_id",
    "user_id",
    "contact_id",
    "message_id",
    "device_id",
    "order_id",
    "number",
    "identity",
)
"""The fields that the keys of all these rows are made of."""

_USE: Final = Duty.DISCLOSE
_Found = Iterable["Stored[Any] | None"]


class Payload(NamedTuple):
    """What leaves: its bytes, their SHA-256 and what it is made of. The random value inside keeps the hash
    from telling anything to somebody who guesses.
    """

    content: bytes
    sha256: str
    records: tuple[str, ...]
    number: int
    sources: str
    """Hashes of the keys of its rows, to find out later whether one of them is gone."""


def _company(case: Disclosure) -> _Found:
    yield store.accounts.COMPANIES.get(company_id=case.company_id, use=_USE)


def _user(case: Disclosure) -> _Found:
    yield store.accounts.USERS.get(company_id=case.company_id, user_id=case.user_id, use=_USE)


def _users(case: Disclosure) -> _Found:
    return store.accounts.USERS.query(case.company_id, "user#", use=_USE)


def _devices(case: Disclosure) -> _Found:
    return store.accounts.DEVICES.query(case.company_id, f"device#{case.user_id}#", use=_USE)


def _links(case: Disclosure) -> _Found:
    return store.wechat.LINKS.query(case.company_id, f"wechat#{case.user_id}#", use=_USE)


def _nicknames(case: Disclosure) -> _Found:
    return store.wechat.NICKNAMES.query(case.company_id, f"wechat#{case.user_id}#", use=_USE)


def _orders(case: Disclosure) -> _Found:
    return store.subscriptions.ORDERS.query(case.company_id, "order#", use=_USE)


def _contact(case: Disclosure) -> _Found:
    yield store.contacts.CONTACTS.get(company_id=case.company_id, contact_id=case.contact_id, use=_USE)


def _contacts(case: Disclosure) -> _Found:
    return store.contacts.CONTACTS.query(case.company_id, "contact#", use=_USE)


def _message(case: Disclosure) -> _Found:
    yield store.messages.MESSAGES.get(company_id=case.company_id, message_id=case.message_id, use=_USE)


def _body(case: Disclosure) -> _Found:
    yield store.messages.BODIES.get(company_id=case.company_id, message_id=case.message_id, use=_USE)


def _deliveries(case: Disclosure) -> _Found:
    return store.messages.DELIVERIES.query(case.company_id, f"message#{case.message_id}#", use=_USE)


SOURCES: Final[Mapping[Concerns, Mapping[type[Any], Callable[[Disclosure], _Found]]]] = MappingProxyType(
    {
        Concerns.USER: {
            User: _user,
            Company: _company,
            Device: _devices,
            WechatLink: _links,
            WechatNickname: _nicknames,
        },
        Concerns.CONTACT: {Contact: _contact},
        Concerns.MESSAGE: {
            User: _user,
            Company: _company,
            Message: _message,
            Body: _body,
            Delivery: _deliveries,
        },
        Concerns.COMPANY: {Company: _company, Order: _orders, User: _users, Contact: _contacts},
    }
)
"""Which records there are for what a case is about, and how they are found. Nothing else is in a payload."""


def check_fields(kind: DisclosureKind, concerns: Concerns, wanted: Iterable[str]) -> None:
    """Whether all of these may be asked for: known, exportable, and of an item this kind may receive.

    Raises:
        InvalidError: a field nobody declared, or not one of what the case is about.
        RefusedError: ``field_not_allowed``, with the clause of the kind.
    """
    known = _fields(concerns)
    for number, name in enumerate(wanted):
        said = known.get(name)
        if said is None:
            raise InvalidError(errors=[FieldError(f"fields.{number}", "unknown_field")])
        decision = may_receive(kind, said.category, said.item)
        if isinstance(decision, Refused):
            raise RefusedError(decision.reason, clause=decision.clause)


def categories(concerns: Concerns, wanted: Iterable[str]) -> list[str]:
    """The categories of 2.2 that these fields belong to, by name."""
    known = _fields(concerns)
    return sorted({known[name].category.value for name in wanted})


def check_message(kind: DisclosureKind, message: Message) -> None:
    """3.1(c) is about marketing mail; a business letter is nothing to assess a vendor's delivery by.

    Raises:
        RefusedError: ``not_marketing_mail``.
    """
    if kind is DisclosureKind.VENDOR and message.kind is not MessageKind.MARKETING:
        raise RefusedError("not_marketing_mail", clause="email-vendors")


def compile_for(case: Disclosure) -> Payload:
    """The payload of a case as its rows are now.

    Raises:
        ConflictError: ``nothing_left``: whom it is about is gone.
        TooLargeError: ask for less, or for fewer people at a time.
    """
    check_fields(case.kind, case.concerns, case.wanted)
    records, sources, size = [], [], 0
    for source, record in _records(case):
        size += len(envelope.canonical(record))
        if size > MAX_BYTES:
            raise TooLargeError  # before the rest is read: a company may have any number of contacts
        records.append(record)
        sources.append(source)
    if not records:
        raise ConflictError("nothing_left")
    content = envelope.canonical(
        {
            "format": FORMAT,
            "disclosure_id": case.disclosure_id,
            "made_at": clock.rfc3339(clock.now()),
            "kind": case.kind.value,
            "only_for": case.purpose.value,
            "records": records,
            "random": os.urandom(16).hex(),
        }
    )
    if len(content) > MAX_BYTES:
        raise TooLargeError
    kinds = tuple(sorted({one["record"] for one in records}))
    return Payload(content, hashlib.sha256(content).hexdigest(), kinds, len(records), "".join(sources))


def still_there(case: Disclosure, sources: str) -> bool:
    """Whether everything a payload was compiled from is still there, and whom it is about: somebody who was
    erased since has a right not to be in a file that leaves afterwards.
    """
    if case.user_id is not None and next(iter(_user(case))) is None:
        return False
    missing = {sources[at : at + _SOURCE] for at in range(0, len(sources), _SOURCE)}
    for source, _ in _records(case):
        missing.discard(source)
        if not missing:
            return True
    return False


def _records(case: Disclosure) -> Iterator[tuple[str, dict[str, Any]]]:
    for record, find in SOURCES[case.concerns].items():
        kind = fields.declaration(record).kind
        names = [name for name in fields.personal_fields(record) if f"{kind}.{name}" in case.wanted]
        if not names:
            continue
        for known in find(case):
            if known is None:
                continue
            if isinstance(known.value, Message):
                check_message(case.kind, known.value)
            found = {name: _plain(getattr(known.value, name)) for name in names}
            yield _source(kind, known.value), {"record": kind, "fields": found}


def _source(kind: str, value: Any) -> str:
    """What a row is recognised by: 48 bits of its key's hash, in 8 characters."""
    key = "\0".join([kind, *(str(getattr(value, name, "")) for name in _KEYS)])
    return base64.b64encode(hashlib.sha256(key.encode()).digest()[:6]).decode()


def _plain(value: Any) -> Any:
    return [_plain(one) for one in value] if isinstance(value, tuple | list) else value


def _fields(concerns: Concerns) -> dict[str, fields.Personal]:
    return {
        f"{fields.declaration(record).kind}.{name}": said
        for record in SOURCES[concerns]
        for name, said in fields.personal_fields(record).items()
        if said.export
    }
