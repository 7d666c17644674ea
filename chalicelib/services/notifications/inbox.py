"""A user's inbox (clause `notification`): what they were told, to be read again for a year.

Texts are made when they are read, from the templates of the mails, in the language of the user's account.
What was told to many lies in no inbox of its own: the row that says what became of the mail is the item, and
the notice has the text.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from chalicelib import store
from chalicelib.kernel import clock, ids, settings
from chalicelib.kernel.errors import ConflictError, NotFoundError
from chalicelib.records.mass import MassTold
from chalicelib.records.notifications import Notification
from chalicelib.services import wording
from chalicelib.services.accounts import sessions
from chalicelib.services.accounts.sessions import Principal

if TYPE_CHECKING:
    from chalicelib.store.table import Rows, Stored

COUNTED: Final = 100
"""Unread items are counted among so many of the newest, and as many are read at once."""
TRIES: Final = 3
_ITEM: Final = "ntf"
_MASS: Final = "mass"


class Item(NamedTuple):
    """An item and its text; none of it when the text has been withdrawn since."""

    notification: Notification
    subject: str | None
    text: str | None


def page(who: Principal, limit: int, before: str | None) -> list[Item]:
    """Items, newest first, older than the one with id ``before``. Two queries and two reads, and another two
    for what was told to many.
    """
    whose = who.company_id, who.user_id
    own = [known.value for known in store.notifications.newest(*whose, limit, before)]
    many = store.mass.inbox(*whose, limit, None if before is None else _as(_MASS, before))
    if not own and not many:
        return []
    user, _ = sessions.profile(*whose)
    locale = wording.locale_of(user.locale)
    found = own + _of_many([known.value for known in many], locale)
    found.sort(key=lambda one: one.notification_id, reverse=True)
    return [_item(one, locale) for one in found[:limit]]


def unread(who: Principal) -> int:
    """How many of the newest hundred items nobody has read."""
    return len(_unread(who))


def read(who: Principal, notification_id: str) -> None:
    """Note that an item was read; the first time counts.

    Raises:
        NotFoundError: none of theirs.
    """
    for _ in range(TRIES):
        own = _find(who, notification_id)
        many = None if own is not None else _find_of_many(who, notification_id)
        try:
            if own is not None:
                _note_read(store.notifications.INBOX, own)
            elif many is not None:
                _note_read(store.mass.TOLD, many)
            else:
                raise NotFoundError
        except ConflictError:
            continue  # read on another device at the same moment
        return
    raise ConflictError


def read_all(who: Principal) -> int:
    """Note that all was read that is there now, a hundred at once; returns how many are left."""
    for notification_id in _unread(who):
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


def _find_of_many(who: Principal, notification_id: str) -> Stored[MassTold] | None:
    if not ids.is_id(notification_id):
        return None
    mass_id = _as(_MASS, notification_id)
    return store.mass.TOLD.get(company_id=who.company_id, user_id=who.user_id, mass_id=mass_id)


def _note_read(rows: Rows[Any], known: Stored[Any]) -> None:
    if known.value.read_at is None:
        rows.replace(known, replace(known.value, read_at=clock.now()), op=store.table.new_op())


def _unread(who: Principal) -> list[str]:
    """Ids of the newest items that nobody has read, at most ``COUNTED``; two queries."""
    whose = who.company_id, who.user_id
    many = [_as(_ITEM, mass_id) for mass_id in store.mass.unread(*whose, COUNTED)]
    found = [*store.notifications.unread(*whose, COUNTED), *many]
    return sorted(found, reverse=True)[:COUNTED]


def _of_many(found: Sequence[MassTold], locale: wording.Locale) -> list[Notification]:
    """Notices to many as items of an inbox."""
    made = []
    always = {"api_url": settings.api_url()}
    texts = store.mass.texts([(one.mass_id, one.company_id) for one in found])
    for one, (text, values) in zip(found, texts, strict=True):
        made.append(
            Notification(
                company_id=one.company_id,
                user_id=one.user_id,
                notification_id=_as(_ITEM, one.mass_id),
                about=one.about,
                at=one.at,
                read_at=one.read_at,
                template="" if text is None else text.template,
                values={} if text is None else {**always, **text.texts[locale], **values},
            )
        )
    return made


def _as(prefix: str, identifier: str) -> str:
    """The same id under another prefix: a notice to many is one item in each inbox, with one id."""
    return ids.from_raw(prefix, ids.raw(identifier))


def _item(notification: Notification, locale: wording.Locale) -> Item:
    try:
        made = wording.notice(notification.template, locale, notification.values)
    except KeyError:
        return Item(notification, None, None)
    return Item(notification, made.subject, made.text)
