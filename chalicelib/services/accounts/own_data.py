"""Everything held about a user, for the user (5.1; GDPR 15): found in one place, shown by its declarations.

Never restricted: no setting of the company, no state it is in and no unanswered policy stands before it. Each
kind of record about users is either found here or named with the reason why not; a structure test sees to it
that a kind added later is one of the two.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from itertools import islice
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from chalicelib import store
from chalicelib.kernel import addresses, clock
from chalicelib.privacy import fields, held, policies
from chalicelib.privacy.register import Duty
from chalicelib.records.accounts import Login, Member, Session, User
from chalicelib.records.ai import AiJob
from chalicelib.records.companies import (
    Company,
    Department,
)
from chalicelib.records.consents import UserConsent, UserReceipt
from chalicelib.records.disclosures import (
    Disclosed,
    DisclosureQuestion,
    QuestionReceipt,
)
from chalicelib.records.mass import MassTold
from chalicelib.records.notifications import (
    Notification,
    NotificationChoices,
    NotificationReceipt,
    PushDevice,
)
from chalicelib.records.proofs import Device, SecondFactor
from chalicelib.records.requests import (
    Request,
)
from chalicelib.records.samples import AiSample
from chalicelib.records.wechat import (
    WechatLink,
    WechatNickname,
)
from chalicelib.services.accounts.not_shown import NOT_SHOWN
from chalicelib.services.accounts.sessions import Principal

if TYPE_CHECKING:
    from chalicelib.store.table import Rows, Stored

MAX_OF_A_KIND: Final = 500
"""Records of one kind in one answer, the newest first where a kind can have more: it must fit into 6 MB."""
MAX_TEXT: Final = 500_000
"""Characters of text in the records of one kind: long texts are cut off by their number, never inside."""
DOWNLOADS_PER_USER: Final = 10
"""In an hour."""

_USE: Final = Duty.ANSWER_REQUEST
_TIMES: Final = frozenset({"at", "since"})
_BEGINNINGS: Final = ("registered_at", "created_at", "first_seen_at", "since", "at", "confirmed_at")
"""What records call the moment they began."""

_Found = Iterable["Stored[Any] | None"]


class Whose(NamedTuple):
    """Whose data it is; a session is not needed, for somebody may ask who cannot log in (8)."""

    company_id: str
    user_id: str


def _one(rows: Rows[Any], **key: Any) -> _Found:
    yield rows.get(**key, use=_USE)


def _mine(rows: Rows[Any], who: Whose) -> _Found:
    return _one(rows, company_id=who.company_id, user_id=who.user_id)


def _under(rows: Rows[Any], who: Whose, begins: str) -> _Found:
    """All rows of the user under one beginning of the sort key, the newest first where keys have an order."""
    prefix = f"{begins}#{who.user_id}#"
    return rows.query(who.company_id, prefix, use=_USE, newest_first=True, page_size=100)


def _mailbox(who: Whose) -> str | None:
    user = store.accounts.USERS.get(company_id=who.company_id, user_id=who.user_id, use=_USE)
    if user is None:
        return None
    return store.accounts.mailbox_hash(addresses.parse(user.value.email).login)


def _login(who: Whose) -> _Found:
    mailbox = _mailbox(who)
    known = None if mailbox is None else store.accounts.LOGINS.get(mailbox=mailbox, use=_USE)
    yield known if known is not None and known.value.user_id == who.user_id else None


def _requests(who: Whose) -> _Found:
    """Those that led to this account: the mailbox may have been somebody else's before."""
    mailbox = _mailbox(who)
    found = [] if mailbox is None else store.requests.of_mailbox(mailbox)
    return [
        one for one in found if (one.value.company_id, one.value.user_id) == (who.company_id, who.user_id)
    ]


def _disclosed(who: Whose) -> _Found:
    """What an order of law keeps secret is told when that is over."""
    given = store.disclosures.of_subject(who.company_id, who.user_id, since=0)
    now = clock.now()
    return (one for one in given if one.value.may_be_told(now))


def _department(who: Whose) -> _Found:
    member = store.accounts.MEMBERS.get(company_id=who.company_id, user_id=who.user_id)
    if member is None or member.value.department_id is None:
        return []
    return _one(
        store.accounts.DEPARTMENTS, company_id=who.company_id, department_id=member.value.department_id
    )


FOUND: Final[Mapping[type[Any], Callable[[Whose], _Found]]] = MappingProxyType(
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
        MassTold: lambda who: _under(store.mass.TOLD, who, "mass"),
        PushDevice: lambda who: _under(store.notifications.DEVICES, who, "push"),
        Request: _requests,
        Disclosed: _disclosed,
        DisclosureQuestion: lambda who: _under(store.disclosures.QUESTIONS, who, "question"),
        AiJob: lambda who: _under(store.ai.JOBS, who, "ai"),
        QuestionReceipt: lambda who: _under(store.disclosures.RECEIPTS, who, "question"),
        AiSample: lambda who: store.samples.of_user(who.company_id, who.user_id, _USE),
    }
)
"""How the records of each kind are found for a user."""


def view(who: Principal) -> dict[str, Any]:
    """What is held about whoever asks: as `of_user`."""
    return of_user(who.company_id, who.user_id)


def of_user(company_id: str, user_id: str) -> dict[str, Any]:
    """What is held about a user, kind by kind and field by field, ready for JSON.

    Each record with the version of the policy it was made under; each field with category, value, source,
    purposes, legal bases, until when it is kept and why. ``complete`` is false where a kind has more records
    than one answer takes. About a dozen reads.
    """
    now, whose = clock.now(), Whose(company_id, user_id)
    return {
        "user_id": user_id,
        "at": clock.rfc3339(now),
        "policy_version": policies.current(now).version,
        "kinds": [shown(kind, find(whose)) for kind, find in FOUND.items()],
        "not_shown": [{"kind": fields.declaration(kind).kind, "why": why} for kind, why in NOT_SHOWN.items()],
    }


def download(who: Principal) -> dict[str, Any]:
    """The same, to take along.

    Raises:
        TooManyRequestsError: ten an hour.
    """
    store.limits.take("download", who.user_id, DOWNLOADS_PER_USER, clock.HOUR)
    return view(who)


def shown(kind: type[Any], found: _Found) -> dict[str, Any]:
    """Records of one kind as an access request shows them."""
    records: list[dict[str, Any]] = []
    size, complete = 0, True
    for one in islice((one for one in found if one is not None), MAX_OF_A_KIND + 1):
        made = _record(one)
        size += sum(len(field["value"]) for field in made["fields"] if isinstance(field["value"], str))
        if len(records) == MAX_OF_A_KIND or size > MAX_TEXT:
            complete = False
            break
        records.append(made)
    return {"kind": fields.declaration(kind).kind, "complete": complete, "records": records}


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
