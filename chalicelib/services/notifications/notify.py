"""Telling users something (clause `notification`): where it goes is the rules' decision, not the teller's.

The item of the inbox and what is to leave by mail or push are written in one transaction: nobody is told
half. What the law or somebody's safety needs goes out whatever was switched off; a product notification only
where it was switched on, and that is asked once more when it leaves. Codes do not pass through here: they
are mails to whoever asked, and never lie in an inbox.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Final

from chalicelib import store
from chalicelib.gateways import queues
from chalicelib.kernel import clock, ids, settings
from chalicelib.kernel.errors import ConflictError
from chalicelib.privacy.notifications import KINDS, Channel, Kind
from chalicelib.records.accounts import Notice, User
from chalicelib.records.announcements import Told
from chalicelib.records.notifications import Notification
from chalicelib.services.notifications import notification_choices

if TYPE_CHECKING:
    from chalicelib.store.transaction import Transaction

RETRY_SECONDS: Final = 300

_SECRETS: Final = frozenset({"code", "token"})
"""What mails call the secrets they carry."""


def tell(
    user: User,
    kind: Kind,
    template: str,
    values: Mapping[str, str] | None = None,
    *,
    key: str | None = None,
) -> bool:
    """Tell a user something; ``template`` names the text, ``values`` fill it. A read, a query, and a
    transaction of 2 write units for each way it goes. True if this call did tell.

    ``key`` names the occasion among everything the user is ever told, without `#`: of all calls that name
    it the first counts, so work that is repeated after a failure tells nobody twice. Remembered for a year.

    Raises:
        UnavailableError: nothing was written; telling again is safe.
    """
    transaction = store.transaction.Transaction(store.table.new_op())
    notices = add(transaction, user, kind, template, values, key=key)
    if notices is None:
        return False
    try:
        transaction.commit()
    except ConflictError:
        if key is None:
            raise
        return False  # told before; the sweeper finds what has not left since
    hint(notices)
    return True


def add(
    transaction: Transaction,
    user: User,
    kind: Kind,
    template: str,
    values: Mapping[str, str] | None = None,
    *,
    key: str | None = None,
) -> list[str] | None:
    """Let a transaction of the caller's tell the user: at most 13 rows. Returns the notices to be hinted once
    it is through, None when the user does not want to hear of this. With ``key`` it fails when told before.
    """
    filled = dict(values or {})
    if _SECRETS & filled.keys():
        raise ValueError("a secret is for one mailbox and is not kept in an inbox")
    where = user.company_id, user.user_id
    devices = store.notifications.devices(*where)
    wanted = notification_choices.channels_of(*where, kind, has_push=bool(devices))
    if not wanted:
        return None
    item = Notification(
        company_id=user.company_id,
        user_id=user.user_id,
        notification_id=ids.new("ntf"),
        about=kind,
        at=clock.now(),
        template=template,
        values=filled,
    )
    if key is not None:
        told = Told(company_id=user.company_id, topic=key, user_id=user.user_id, at=item.at)
        transaction.put_new(store.announcements.TOLD, told)
    if Channel.IN_APP in wanted:
        transaction.put_new(store.notifications.INBOX, item)
    notices = [_mail(user, item)] if Channel.MAIL in wanted else []
    if Channel.PUSH in wanted:
        notices += [_push(user, item, device.value.endpoint_id) for device in devices]
    for notice in notices:
        transaction.put_new(store.accounts.NOTICES, notice)
    return [notice.notice_id for notice in notices]


def hint(notices: Sequence[str]) -> None:
    """Let the worker know that these wait."""
    queues.hint(settings.QUEUE_NOTICES, [{"notice": notice_id} for notice_id in notices])


def letter(template: str, *, email: str, locale: str, values: Mapping[str, str]) -> Notice:
    """A mail to one mailbox that carries a secret; not stored yet. It never lies in an inbox."""
    return Notice(
        notice_id=ids.new("ntc"),
        template=template,
        due_at=clock.now() + RETRY_SECONDS,
        locale=locale,
        email=email,
        values=dict(values),
    )


def post(notice: Notice) -> None:
    """Store a letter and let the worker know; the sweeper finds it should the hint be lost. 1 write unit."""
    store.accounts.add_notice(notice)
    hint([notice.notice_id])


def _mail(user: User, item: Notification) -> Notice:
    return Notice(
        notice_id=ids.new("ntc"),
        template=item.template,
        due_at=item.at + RETRY_SECONDS,
        about=item.about,
        company_id=user.company_id,
        user_id=user.user_id,
        notification_id=item.notification_id,
        locale=user.locale,
        email=user.email,
        values=item.values,
    )


def _push(user: User, item: Notification, endpoint_id: str) -> Notice:
    """A push says of which group it is and no more: Apple or Google carry it (docs/decisions)."""
    return Notice(
        notice_id=ids.new("ntc"),
        template=f"push_{KINDS[item.about].group.value}",
        due_at=item.at + RETRY_SECONDS,
        channel=Channel.PUSH,
        about=item.about,
        company_id=user.company_id,
        user_id=user.user_id,
        notification_id=item.notification_id,
        endpoint_id=endpoint_id,
        locale=user.locale,
        values={},
    )
