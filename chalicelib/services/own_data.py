"""Everything held about a user, for the user (5.1; GDPR 15): found in one place, shown by its declarations.

Never restricted: no setting of the company, no state it is in and no unanswered policy stands before it. Each
kind of record about users is either found here or named with the reason why not; a structure test sees to it
that a kind added later is one of the two.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from itertools import islice
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final

from chalicelib import store
from chalicelib.kernel import clock
from chalicelib.privacy import fields, held, policies
from chalicelib.privacy.register import Duty
from chalicelib.records.accounts import Login, Member, Notice, Session, Signup, User
from chalicelib.records.announcements import Announcement, Told
from chalicelib.records.companies import (
    Access,
    AiSettings,
    Company,
    Department,
    Invitation,
    Invited,
)
from chalicelib.records.consents import UserConsent, UserReceipt
from chalicelib.records.cookies import CookieChoice, CookieReceipt
from chalicelib.records.idempotency import Done
from chalicelib.records.messages import Message
from chalicelib.records.notifications import (
    Notification,
    NotificationChoices,
    NotificationReceipt,
    PushDevice,
    PushOwner,
)
from chalicelib.records.proofs import Challenge, Device, Reset, SecondFactor
from chalicelib.records.subscriptions import Order
from chalicelib.records.wechat import (
    WechatAttempt,
    WechatIdentity,
    WechatLink,
    WechatNickname,
    WechatTicket,
)
from chalicelib.services import credentials, profile
from chalicelib.services.sessions import Principal

if TYPE_CHECKING:
    from chalicelib.store.table import Rows, Stored

MAX_OF_A_KIND: Final = 500
"""Records of one kind in one answer, the newest first where a kind can have more: it must fit into 6 MB."""
DOWNLOADS_PER_USER: Final = 10
"""In an hour."""

_USE: Final = Duty.ANSWER_REQUEST
_TIMES: Final = frozenset({"at", "since"})
_BEGINNINGS: Final = ("registered_at", "created_at", "first_seen_at", "since", "at", "confirmed_at")
"""What records call the moment they began."""

_Found = Iterable["Stored[Any] | None"]


def _one(rows: Rows[Any], **key: Any) -> _Found:
    yield rows.get(**key, use=_USE)


def _mine(rows: Rows[Any], who: Principal) -> _Found:
    return _one(rows, company_id=who.company_id, user_id=who.user_id)


def _under(rows: Rows[Any], who: Principal, begins: str) -> _Found:
    """All rows of the user under one beginning of the sort key, the newest first where keys have an order."""
    prefix = f"{begins}#{who.user_id}#"
    return rows.query(who.company_id, prefix, use=_USE, newest_first=True, page_size=100)


def _login(who: Principal) -> _Found:
    user, _ = profile.read(who)
    yield credentials.login_of(user.value)


def _department(who: Principal) -> _Found:
    if who.session.department_id is None:
        return []
    return _one(
        store.accounts.DEPARTMENTS, company_id=who.company_id, department_id=who.session.department_id
    )


FOUND: Final[Mapping[type[Any], Callable[[Principal], _Found]]] = MappingProxyType(
    {
        User: lambda who: _mine(store.accounts.USERS, who),
        Company: lambda who: _one(store.accounts.COMPANIES, company_id=who.company_id),
        Member: lambda who: _mine(store.accounts.MEMBERS, who),
        Department: _department,
        Login: _login,
        SecondFactor: lambda who: _mine(store.accounts.SECOND_FACTORS, who),
        Device: lambda who: _under(store.accounts.DEVICES, who, "device"),
        Session: lambda who: _under(store.accounts.SESSIONS, who, "session"),
        UserConsent: lambda who: _under(store.consents.CONSENTS, who, "consent"),
        UserReceipt: lambda who: _under(store.consents.RECEIPTS, who, "user"),
        WechatLink: lambda who: _under(store.wechat.LINKS, who, "wechat"),
        WechatNickname: lambda who: _under(store.wechat.NICKNAMES, who, "wechat"),
        NotificationChoices: lambda who: _mine(store.notifications.CHOICES, who),
        NotificationReceipt: lambda who: _under(store.notifications.RECEIPTS, who, "notification"),
        Notification: lambda who: _under(store.notifications.INBOX, who, "inbox"),
        PushDevice: lambda who: _under(store.notifications.DEVICES, who, "push"),
    }
)
"""How the records of each kind are found for a user."""

NOT_SHOWN: Final[Mapping[type[Any], str]] = MappingProxyType(
    {
        Access: "the company's rules; of its people they hold one id, that of the main account",
        AiSettings: "the company's settings, with the id of the admin who changed them last",
        Invitation: "about somebody who has not joined yet; it goes when they do",
        Invited: "leads to an invitation by the hash of its secret",
        Signup: "a signup nobody has proved is nobody's yet; it goes when it is proved, or within a day",
        Challenge: "a second proof that is waited for; found by its own id only, and gone within ten minutes",
        Reset: "a hash of a mailbox and of a code; gone within a quarter of an hour",
        Notice: "a mail on its way to the user; it is gone when it has been sent",
        Order: "what the company ordered; GET /v1/company/subscription shows it to those who may see it",
        WechatAttempt: "hashes of a sign-in on its way to WeChat and back; gone within ten minutes",
        WechatIdentity: "leads to the linked account by a keyed hash; the account itself is shown",
        WechatTicket: "somebody who has no account yet; gone within half an hour",
        PushOwner: "leads to the device by a keyed hash; the device itself is shown",
        Announcement: "how far everybody has been told of a version of the policy",
        Told: "that something was told, so that nobody is told twice; the inbox shows what it was",
        CookieChoice: "an answer of a browser, noted with no account; GET /v1/cookies/choices shows it there",
        CookieReceipt: "proof of such an answer, noted with no account",
        Message: "the company's correspondence: the company answers for it; GET /v1/messages shows it",
        Done: "hashes that recognise a repeated request; gone within a day",
    }
)
"""Kinds that are about users and not shown, each with the reason that the answer gives."""


def view(who: Principal) -> dict[str, Any]:
    """What is held about the user, kind by kind and field by field, ready for JSON.

    Each record with the version of the policy it was made under; each field with category, value, source,
    purposes, legal bases, until when it is kept and why. ``complete`` is false where a kind has more records
    than one answer takes. About a dozen reads.
    """
    now = clock.now()
    return {
        "user_id": who.user_id,
        "at": clock.rfc3339(now),
        "policy_version": policies.current(now).version,
        "kinds": [_kind(kind, find(who)) for kind, find in FOUND.items()],
        "not_shown": [{"kind": fields.declaration(kind).kind, "why": why} for kind, why in NOT_SHOWN.items()],
    }


def download(who: Principal) -> dict[str, Any]:
    """The same, to take along.

    Raises:
        TooManyRequestsError: ten an hour.
    """
    store.limits.take("download", who.user_id, DOWNLOADS_PER_USER, clock.HOUR)
    return view(who)


def _kind(kind: type[Any], found: _Found) -> dict[str, Any]:
    records = list(islice((one for one in found if one is not None), MAX_OF_A_KIND + 1))
    return {
        "kind": fields.declaration(kind).kind,
        "complete": len(records) <= MAX_OF_A_KIND,
        "records": [_record(one) for one in records[:MAX_OF_A_KIND]],
    }


def _record(one: Stored[Any]) -> dict[str, Any]:
    since = next(
        (value for name in _BEGINNINGS if (value := getattr(one.value, name, None)) is not None), None
    )
    until, why = held.kept(
        fields.declaration(type(one.value)).retention, since=since, expires_at=one.expires_at
    )
    shown = held.view(one.value, since=since, expires_at=one.expires_at)
    return {
        "policy_version": one.policy,
        "kept_until": until,
        "why": why,
        "fields": [{**field, "value": _time(field["field"], field["value"])} for field in shown],
    }


def _time(field: str, value: Any) -> Any:
    """A moment that a record keeps as epoch seconds, as people read it; the names tell which ones are."""
    if isinstance(value, int) and not isinstance(value, bool) and (field.endswith("_at") or field in _TIMES):
        return clock.rfc3339(value)
    return value
