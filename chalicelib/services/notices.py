"""Account mail: codes and replies to a second signup. Sent at least once, whatever marketing choices say.

This is where a known mailbox is told apart from an unknown one (clause `signup`): by mail to its owner,
never in an answer to whoever typed it.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Final

from chalicelib import store
from chalicelib.gateways import mail, mime
from chalicelib.kernel import addresses, clock, settings
from chalicelib.kernel.errors import RetryLaterError
from chalicelib.privacy.register import Purpose
from chalicelib.records.accounts import Notice
from chalicelib.services import address, credentials, invitations, signup, wording

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
    """What to write; None when it is overtaken: a code has died, an account is gone."""
    locale = wording.locale_of(notice.locale)
    if (check := _CHECKS.get(notice.template)) is not None:
        return check(notice, locale)
    return wording.notice(notice.template, locale, notice.values)


def _signup(notice: Notice, locale: wording.Locale) -> wording.Notice | None:
    mailbox = _mailbox(notice)
    code = signup.code_hash(mailbox, notice.values["code"])
    pending = store.accounts.SIGNUPS.get(mailbox=mailbox, code_hash=code, use=_USE)
    left = 0 if pending is None else pending.value.code_until - clock.now()
    if pending is None or left <= 0:
        return None
    if store.accounts.LOGINS.get(mailbox=mailbox, use=_USE) is None:
        return _with_minutes(notice, locale, left)
    # The mailbox has an account: its owner learns that somebody typed it. The signup stays until it expires,
    # so that this mail can be repeated; its code is in no mail.
    sign_in = f"{settings.api_url()}/docs"
    return wording.notice("already_registered", locale, {"sign_in_url": sign_in})


def _reset(notice: Notice, locale: wording.Locale) -> wording.Notice | None:
    """Nobody is written to who has no account: a stranger's typing must not become mail to a third person."""
    mailbox = _mailbox(notice)
    code = credentials.reset_hash(mailbox, notice.values["code"])
    asked = store.accounts.RESETS.get(mailbox=mailbox, code_hash=code)
    left = 0 if asked is None else asked.value.until - clock.now()
    if left <= 0 or store.accounts.LOGINS.get(mailbox=mailbox, use=_USE) is None:
        return None
    return _with_minutes(notice, locale, left)


def _proof(notice: Notice, locale: wording.Locale) -> wording.Notice | None:
    known = store.accounts.CHALLENGES.get(challenge_id=notice.values["challenge"], use=_USE)
    left = 0 if known is None else known.value.until - clock.now()
    return None if left <= 0 else _with_minutes(notice, locale, left)


def _with_minutes(notice: Notice, locale: wording.Locale, left: int) -> wording.Notice:
    """How long a code still works, as of now: a mail may leave late."""
    return wording.notice(notice.template, locale, {**notice.values, "minutes": str(-(-left // 60))})


def _mailbox(notice: Notice) -> str:
    return store.accounts.mailbox_hash(addresses.parse(notice.email).login)


_CHECKS: Final = {
    "signup_code": _signup,
    "reset_code": _reset,
    "login_code": _proof,
    "fresh_code": _proof,
    "address_code": address.letter,
    "invitation": invitations.letter,
}
"""Mails that say something which may have ended since; all others always go."""
