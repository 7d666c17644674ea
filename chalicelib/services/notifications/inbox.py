"""A user's inbox (clause `notification`): what they were told, to be read again for a year.

Texts are made when they are read, from the templates of the mails, in the language of the user's account.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final, NamedTuple

from chalicelib import store
from chalicelib.kernel import clock
from chalicelib.kernel.errors import ConflictError, NotFoundError
from chalicelib.records.notifications import Notification
from chalicelib.services import wording
from chalicelib.services.accounts import sessions
from chalicelib.services.accounts.sessions import Principal

if TYPE_CHECKING:
    from chalicelib.store.table import Stored

COUNTED: Final = 100
"""Unread items are counted among so many of the newest, and as many are read at once."""
TRIES: Final = 3


class Item(NamedTuple):
    """An item and its text; none of it when the text has been withdrawn since."""

    notification: Notification
    subject: str | None
    text: str | None


def page(who: Principal, limit: int, before: str | None) -> list[Item]:
    """Items, newest first, older than the one with id ``before``. Two reads and a query."""
    found = store.notifications.newest(who.company_id, who.user_id, limit, before)
    if not found:
        return []
    user, _ = sessions.profile(who.company_id, who.user_id)
    locale = wording.locale_of(user.locale)
    return [_item(known.value, locale) for known in found]


def unread(who: Principal) -> int:
    """How many of the newest hundred items nobody has read."""
    return len(store.notifications.unread(who.company_id, who.user_id, COUNTED))


def read(who: Principal, notification_id: str) -> None:
    """Note that an item was read; the first time counts.

    Raises:
        NotFoundError: none of theirs.
    """
    for _ in range(TRIES):
        known = _find(who, notification_id)
        if known is None:
            raise NotFoundError
        if known.value.read_at is not None:
            return
        try:
            changed = replace(known.value, read_at=clock.now())
            store.notifications.INBOX.replace(known, changed, op=store.table.new_op())
        except ConflictError:
            continue  # read on another device at the same moment
        return
    raise ConflictError


def read_all(who: Principal) -> int:
    """Note that all was read that is there now, a hundred at once; returns how many are left."""
    for notification_id in store.notifications.unread(who.company_id, who.user_id, COUNTED):
        try:
            read(who, notification_id)
        except NotFoundError:
            continue  # its time ended in between
    return unread(who)


def _find(who: Principal, notification_id: str) -> Stored[Notification] | None:
    return store.notifications.INBOX.get(
        company_id=who.company_id,
        user_id=who.user_id,
        notification_id=notification_id,
        use=store.notifications.USE,
    )


def _item(notification: Notification, locale: wording.Locale) -> Item:
    try:
        made = wording.notice(notification.template, locale, notification.values)
    except KeyError:
        return Item(notification, None, None)
    return Item(notification, made.subject, made.text)
