"""Where a user has left something, beside what the company owns (clauses `requests`, `retention`).

In the company's partition every key names the user; what exists before or beside any company is found by the
hash of their mailbox, or by the index of what waits. A mailbox is free when its user leaves, so there only
what is older than that is theirs.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from datetime import timedelta
from types import MappingProxyType
from typing import TYPE_CHECKING, Final, NamedTuple

from chalicelib import store
from chalicelib.kernel import addresses
from chalicelib.privacy import retention
from chalicelib.privacy.register import Duty
from chalicelib.records.accounts import Notice, User
from chalicelib.records.announcements import NEVER
from chalicelib.services.erasure import letters
from chalicelib.services.erasure.redaction import Redactor

if TYPE_CHECKING:
    from chalicelib.records.notifications import Notification
    from chalicelib.services.keeping.keeping import Keeping
    from chalicelib.store.batches import Key
    from chalicelib.store.table import Stored

WAITING: Final = 2000
"""Unsent mails of the whole system that are looked through; more only wait when nothing at all leaves, and
then none lives longer than a week.
"""
_USE: Final = Duty.ERASE
_LIVES: Final = {"signup": retention.SIGNUP_PENDING, "reset": retention.MAIL_CODE}
"""What lies under a mailbox before anybody is let in, and for how long."""


class Traces(NamedTuple):
    """Rows of `accounts` that go, and what goes (some of it lies elsewhere: samples of AI, claims); and what
    stays but names the user: items in colleagues' inboxes, and messages they wrote that are to lose their
    name. ``kept`` of it a hold keeps as it is.
    """

    keys: tuple[Key, ...]
    counts: dict[str, int]
    user: User | None = None
    told: tuple[Stored[Notification], ...] = ()
    written: tuple[str, ...] = ()
    kept: Mapping[str, int] = MappingProxyType({})

    def and_elsewhere(self, company_id: str, user_id: str, keeping: Keeping, *, letters: bool) -> Traces:
        """The same with what names the user elsewhere, if anybody can still say what they are called; while
        something of it is kept, their own row, which says so, does not go. A query for each MB of inboxes,
        and with ``letters`` for each MB of messages.
        """
        user = named_in(company_id, user_id)
        if user is None:
            return self
        told, kept = _told(company_id, user, keeping)
        written: tuple[str, ...] = ()
        if letters:
            written, held = _written(company_id, user_id, keeping)
            kept += held
        keys, counts = self.keys, Counter(self.counts) + Counter(redacted=len(written))
        if kept:
            place = store.accounts.USERS.place(company_id=company_id, user_id=user_id)
            keys = tuple(key for key in keys if key != place)
            counts -= Counter(user=1)
        return Traces(keys, dict(counts), user, told, written, kept)


def of_user(company_id: str, user_id: str, mailbox: str, left_at: int) -> Traces:
    """Everything that is kept of a user but their place. About a dozen queries; nothing of the company's is
    opened. ``left_at`` is when the mailbox became anybody's, epoch seconds.
    """
    found = [
        *_own(company_id, user_id),
        *_under_mailbox(mailbox, left_at),
        *_waiting(company_id, user_id, mailbox, left_at),
        *_under_way(company_id, user_id),
    ]
    counts = Counter(kind for kind, _ in found)
    counts += Counter({store.prospects.CLAIMS.kind: len(store.prospects.claims_of(company_id, user_id))})
    counts += Counter({store.samples.SAMPLES.kind: store.samples.count(company_id, user_id)})
    counts += Counter({store.ai.JOBS.kind: len(store.ai.keys_of(company_id, user_id))})
    return Traces(tuple(key for _, key in found), dict(counts))


def _own(company_id: str, user_id: str) -> Iterator[tuple[str, Key]]:
    for prefix in store.leaving.OF_USER:
        for row in store.table.query_rows(store.erasure.ACCOUNTS, company_id, f"{prefix}{user_id}"):
            yield row.kind, (row.pk, row.sk)


def _under_mailbox(mailbox: str, left_at: int) -> Iterator[tuple[str, Key]]:
    for kind, lives in _LIVES.items():
        for row in store.table.query_rows(store.erasure.ACCOUNTS, f"mailbox#{mailbox}", f"{kind}#"):
            if _before(row.expires_at, lives, left_at):
                yield kind, (row.pk, row.sk)


def _waiting(company_id: str, user_id: str, mailbox: str, left_at: int) -> Iterator[tuple[str, Key]]:
    for key, known in unsent():
        if _is_to(known, company_id, user_id, mailbox, left_at):
            yield store.accounts.NOTICES.kind, key


def unsent() -> Iterator[tuple[Key, Stored[Notice]]]:
    """Mail and pushes of the whole system that have not left, those given up included. A query, and a read
    for each.
    """
    rows = store.accounts.NOTICES
    for key in store.due.notices(NEVER, WAITING):
        known = rows.get(notice_id=key["notice_id"], use=_USE, over=True)
        if known is not None:
            yield rows.place(**key), known


def _is_to(known: Stored[Notice], company_id: str, user_id: str, mailbox: str, left_at: int) -> bool:
    notice = known.value
    if notice.user_id is not None:
        return (notice.company_id, notice.user_id) == (company_id, user_id)
    return _before(known.expires_at, retention.NOTICE, left_at) and mailbox_of(notice) == mailbox


def mailbox_of(notice: Notice) -> str | None:
    """The keyed hash of the mailbox that a mail goes to; None where it names none."""
    if notice.email is None:
        return None
    try:
        return store.accounts.mailbox_hash(addresses.parse(notice.email).login)
    except ValueError:
        return None


def _under_way(company_id: str, user_id: str) -> Iterator[tuple[str, Key]]:
    kinds = (store.accounts.CHALLENGES, store.wechat.ATTEMPTS)
    for pk, sk in store.due.waiting_for(company_id, user_id):
        yield next((rows.kind for rows in kinds if rows.fits(pk, sk)), "other"), (pk, sk)


def _before(expires_at: float | None, lives: timedelta, moment: int) -> bool:
    """Whether a row was made at or before a moment; told by when it ends."""
    return expires_at is not None and int(expires_at) - int(lives.total_seconds()) <= moment


def named_in(company_id: str, user_id: str) -> User | None:
    """The user's own row, also when it was put away for a hold: it says what they are called. One query."""
    rows = store.accounts.USERS
    pk, sk = rows.place(company_id=company_id, user_id=user_id)
    for row in store.table.query_rows(rows.model, pk, sk):
        if row.sk == sk:
            return rows.decode(row, _USE).value
    return None


def _told(
    company_id: str, user: User, keeping: Keeping
) -> tuple[tuple[Stored[Notification], ...], Counter[str]]:
    by_address = Redactor([user.email], ())
    mine, kept = [], Counter[str]()
    for item in store.notifications.INBOX.query(company_id, "inbox#", use=_USE):
        # By their whole name as well: that is how colleagues are told of each other.
        named = user.name in item.value.values.values() or letters.quotes(item.value, by_address)
        if item.value.user_id == user.user_id or not named:
            continue
        if keeping.about(item.value.user_id, None):
            kept["inbox"] += 1
        else:
            mine.append(item)
    return tuple(mine), kept


def _written(company_id: str, user_id: str, keeping: Keeping) -> tuple[tuple[str, ...], Counter[str]]:
    rows = store.messages.MESSAGES
    mine, kept = [], Counter[str]()
    for row in store.table.query_rows(rows.model, company_id, "message#"):
        if row.kind != rows.kind or row.plain.get("user_id") != user_id:
            continue
        message_id = rows.key_of(row)["message_id"]
        if keeping.message(message_id):
            kept["redacted"] += 1
        else:
            mine.append(message_id)
    return tuple(mine), kept


def redact(company_id: str, found: Traces) -> None:
    """Take the user out of what colleagues were told, and their name out of what they have written.
    Repeatable.

    Raises:
        RetryLaterError, UnavailableError: to be done again.
    """
    if found.user is None:
        return
    clean = Redactor([found.user.email], [found.user.name])
    for item in found.told:
        letters.redact_inbox(item, clean)
    for message_id in found.written:
        letters.forget_sender(company_id, message_id, clean)
