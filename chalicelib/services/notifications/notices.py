"""Mail and pushes to users: codes, warnings, legal notices, and what they switched on. Sent at least once.

This is where a known mailbox is told apart from an unknown one (clause `signup`): by mail to its owner,
never in an answer to whoever typed it. And where a product notification is asked about once more (clause
`notification`): what was switched off while it waited is not sent.
"""

from __future__ import annotations

from typing import Final

from chalicelib import store
from chalicelib.gateways import mail
from chalicelib.gateways import push as pushes
from chalicelib.kernel import addresses, clock, settings
from chalicelib.kernel.errors import RetryLaterError
from chalicelib.privacy.notifications import FIXED, KINDS, Channel
from chalicelib.privacy.register import Purpose
from chalicelib.records.accounts import Notice
from chalicelib.services import wording
from chalicelib.services.accounts import address, credentials, signup
from chalicelib.services.companies import invitations
from chalicelib.services.notifications import letters, notification_choices, push
from chalicelib.services.requests import requests

_USE = Purpose.CREATE_AND_LOGIN


def send(notice_id: str) -> None:
    """Send one notice and delete it.

    Raises:
        RetryLaterError: not certainly sent; it will be sent again.
    """
    known = store.accounts.NOTICES.get(notice_id=notice_id, use=_USE)
    if known is None:
        return  # sent already
    notice = known.value
    if not _wanted(notice):
        store.accounts.NOTICES.delete(known)
        return
    sent = _push(notice) if notice.channel is Channel.PUSH else _mail(notice)
    if not sent:
        raise RetryLaterError
    store.accounts.NOTICES.delete(known)


def _wanted(notice: Notice) -> bool:
    """Whether it may still go. What is fixed always may; what rests on a choice, as the choice is now: closed
    when its company is gone, for then nobody can have switched it on.
    """
    if notice.about is None or notice.channel in FIXED[KINDS[notice.about].group]:
        return True
    where = str(notice.company_id), str(notice.user_id)
    try:
        return notice.channel in notification_choices.channels_of(*where, notice.about, has_push=True)
    except store.vault.KeyMissingError:
        return False


def _mail(notice: Notice) -> bool:
    """Send a mail; True when it is done with."""
    text = _text(notice)
    if text is None or notice.email is None:
        return True  # overtaken by time
    whose = str(notice.company_id), str(notice.user_id)
    result = letters.hand_over(
        text,
        notice.email,
        name=notice.notice_id,
        tags={"notice": notice.notice_id},
        headers=letters.leaving(notice.about, whose),
    )
    # Also repeated when SES rejects it: that may be our account's fault, and it ends with the notice.
    return result.handover is mail.Handover.ACCEPTED


def _push(notice: Notice) -> bool:
    """Push to one device; True when it is done with. A device that takes none any more is let go."""
    try:
        known = push.find(str(notice.company_id), str(notice.user_id), str(notice.endpoint_id))
    except store.vault.KeyMissingError:
        return True
    if known is None:
        return True
    text = wording.fill_text(f"{notice.template}.txt", wording.locale_of(notice.locale), {}).strip()
    outcome = pushes.publish(known.value.endpoint, text, notice.notification_id)
    if outcome is pushes.Outcome.GONE:
        push.forget(known)
    return outcome is not pushes.Outcome.LATER


def _text(notice: Notice) -> wording.Notice | None:
    """What to write; None when it is overtaken: a code has died, an account is gone."""
    locale = wording.locale_of(notice.locale)
    if (check := _CHECKS.get(notice.template)) is not None:
        return check(notice, locale)
    whose = str(notice.company_id), str(notice.user_id)
    closing = "" if notice.about is None else letters.closing(notice.about, locale, whose)
    return wording.notice(notice.template, locale, notice.values, closing=closing)


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
    return store.accounts.mailbox_hash(addresses.parse(notice.email or "").login)


_CHECKS: Final = {
    "signup_code": _signup,
    "reset_code": _reset,
    "login_code": _proof,
    "fresh_code": _proof,
    "address_code": address.letter,
    "invitation": invitations.letter,
    "request_code": requests.letter,
}
"""Mails that say something which may have ended since; all others always go."""
