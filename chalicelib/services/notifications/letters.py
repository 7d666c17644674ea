"""One mail of ours to a user, made and handed to SES: account mail and notices to many look the same."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Final

from chalicelib.gateways import mail, mime
from chalicelib.kernel import clock, settings
from chalicelib.privacy.clauses import CLAUSES
from chalicelib.privacy.notifications import KINDS, Group, Kind
from chalicelib.services import wording
from chalicelib.services.notifications import notification_choices

_SENDER: Final = "OKKI Leads AI"

Whose = tuple[str, str]
"""A company's id and a user's."""


def hand_over(
    text: wording.Notice,
    email: str,
    *,
    name: str,
    tags: Mapping[str, str],
    headers: Mapping[str, str] | None = None,
) -> mail.Result:
    """Send one mail to one mailbox. ``name`` makes the id of the mail; ``tags`` come back with SES's events.

    Raises:
        ValueError: the address or the subject cannot stand in a mail.
    """
    sender = f"no-reply@{settings.mail_domain()}"
    raw = mime.build(
        sender=(_SENDER, sender),
        to=(("", email),),
        subject=text.subject,
        html=text.html,
        text=text.text,
        message_id=f"{name}@{settings.mail_domain()}",
        date=datetime.fromtimestamp(clock.now(), UTC),
        headers={"Auto-Submitted": "auto-generated", **(headers or {})},
    )
    return mail.send(raw, source=sender, recipient=mime.wire_address(email), tags=tags)


def closing(kind: Kind, locale: wording.Locale, whose: Whose) -> str:
    """Why the user gets this: the promise it rests on, or that they switched it on, with the way out."""
    row = KINDS[kind]
    if row.group is Group.PRODUCT:
        way_out = notification_choices.way_out(*whose, kind)
        return wording.fill_text("closing_product.txt", locale, {"stop_url": way_out})
    values = {"section": CLAUSES[row.clause].section}
    return wording.fill_text(f"closing_{row.group.value}.txt", locale, values)


def leaving(kind: Kind | None, whose: Whose) -> dict[str, str]:
    """The one-click headers of RFC 8058, for what a click may stop."""
    if kind is None or KINDS[kind].group is not Group.PRODUCT:
        return {}
    return mime.one_click(notification_choices.way_out(*whose, kind))
