"""Account mail: codes and replies to a second signup. Sent at least once, whatever marketing choices say.

This is where a known mailbox is told apart from an unknown one (clause `signup`): by mail to its owner,
never in an answer to whoever typed it.
"""

from __future__ import annotations

from datetime import UTC, datetime

from chalicelib import store
from chalicelib.gateways import mail, mime
from chalicelib.kernel import addresses, clock, settings
from chalicelib.kernel.errors import RetryLaterError
from chalicelib.privacy.register import Purpose
from chalicelib.records.accounts import Notice
from chalicelib.services import signup, wording

_USE = Purpose.CREATE_AND_LOGIN
_SENDER = "OKKI Leads AI"


def send(notice_id: str) -> None:
    """Send one notice and delete it.

    Raises:
        RetryLaterError: not certainly sent; it will be sent again.
    """
    known = store.accounts.NOTICES.get(notice_id=notice_id, use=_USE)
    if known is None:
        return  # sent already
    notice = known.value
    text = _text(notice)
    if text is None:
        store.accounts.NOTICES.delete(known)  # overtaken by time
        return
    sender = f"no-reply@{settings.mail_domain()}"
    raw = mime.build(
        sender=(_SENDER, sender),
        to=(("", notice.email),),
        subject=text.subject,
        html=text.html,
        text=text.text,
        message_id=f"{notice_id}@{settings.mail_domain()}",
        date=datetime.fromtimestamp(clock.now(), UTC),
        headers={"Auto-Submitted": "auto-generated"},
    )
    result = mail.send(
        raw,
        source=sender,
        recipient=mime.wire_address(notice.email),
        tags={"notice": notice_id},
    )
    if result.handover is not mail.Handover.ACCEPTED:
        # Also when SES rejects it: that may be our account's fault, and it ends with the code.
        raise RetryLaterError
    store.accounts.NOTICES.delete(known)


def _text(notice: Notice) -> wording.Notice | None:
    """What to write; None when the code in it has died meanwhile, or its signup is done."""
    locale = wording.locale_of(notice.locale)
    mailbox = store.accounts.mailbox_hash(addresses.parse(notice.email).login)
    code = signup.code_hash(mailbox, notice.values["code"])
    pending = store.accounts.SIGNUPS.get(mailbox=mailbox, code_hash=code, use=_USE)
    left = 0 if pending is None else pending.value.code_until - clock.now()
    if pending is None or left <= 0:
        return None
    if store.accounts.LOGINS.get(mailbox=mailbox, use=_USE) is None:
        minutes = str(-(-left // 60))
        return wording.notice(notice.template, locale, {**notice.values, "minutes": minutes})
    # The mailbox has an account: its owner learns that somebody typed it. The signup stays until it expires,
    # so that this mail can be repeated; its code is in no mail.
    sign_in = f"{settings.api_url()}/docs"
    return wording.notice("already_registered", locale, {"sign_in_url": sign_in})
