"""Signing in through WeChat (2.2.1(b)): attempts on their way, linked accounts, and what is shown of them.

Of what WeChat says about a person only Open ID and nickname have a field here; the rest is kept nowhere. The
nickname has a row of its own, because it goes sooner than the link it belongs to.
"""

from __future__ import annotations

from enum import StrEnum

from chalicelib.privacy.fields import opaque, personal, record
from chalicelib.privacy.register import Category, Purpose, Role, Subject
from chalicelib.privacy.retention import Retention


class WechatIntent(StrEnum):
    """What somebody went to WeChat for. A way begun for one thing never ends in the other."""

    LOGIN = "login"
    LINK = "link"


class WechatStage(StrEnum):
    """How far an attempt has come."""

    WAITING = "waiting"
    EXCHANGING = "exchanging"
    """Somebody is asking WeChat about a code; no other code counts from here on."""
    SETTLED = "settled"


class WechatOutcome(StrEnum):
    """How an attempt ended. What follows from it (a session) is not kept here."""

    CANCELLED = "cancelled"
    IDENTIFIED = "identified"
    """A login: WeChat has said who it is."""
    LINKED = "linked"
    ELSEWHERE = "elsewhere"
    AGAIN = "again"
    PREVIEW = "preview"


@record(
    kind="wechat_attempt",
    table="accounts",
    subject=Subject.USER,
    role=Role.CONTROLLER,
    retention=Retention.WECHAT_STATE,
    collected_for=Purpose.CREATE_AND_LOGIN,
)
class WechatAttempt:
    """One way to WeChat and back, found by the hash of its state. Hashes and ids only."""

    state_hash: str = opaque()
    browser_hash: str = opaque(why="of the secret in the cookie of the browser that began")
    intent: WechatIntent = opaque()
    flow: str = opaque(why="the app at WeChat that was asked: qr or in_app")
    stage: WechatStage = opaque()
    company_id: str | None = opaque(why="who links; none for a login", default=None)
    user_id: str | None = opaque(default=None)
    session_id: str | None = opaque(default=None)
    generation: int | None = opaque(why="of the member who links; another one by now refuses", default=None)
    code_hash: str | None = opaque(why="of the one code that counts", default=None)
    claimed_at: int | None = opaque(default=None)
    settled_at: int | None = opaque(default=None)
    outcome: WechatOutcome | None = opaque(default=None)
    identity: str | None = opaque(why="keyed hash of who it was", default=None)


@record(
    kind="wechat_identity",
    table="accounts",
    subject=Subject.USER,
    role=Role.CONTROLLER,
    retention=Retention.SERVICE_TERM,
    collected_for=Purpose.CREATE_AND_LOGIN,
)
class WechatIdentity:
    """From a WeChat account, as one of our apps knows it, to its user; what makes it unique."""

    identity: str = opaque(why="keyed hash of app id and Open ID")
    company_id: str = opaque()
    user_id: str = opaque()


@record(
    kind="wechat_link",
    table="accounts",
    subject=Subject.USER,
    role=Role.CONTROLLER,
    retention=Retention.SERVICE_TERM,
    collected_for=Purpose.CREATE_AND_LOGIN,
)
class WechatLink:
    """A WeChat account that logs a user in, at the user's side."""

    company_id: str = opaque()
    user_id: str = opaque()
    identity: str = opaque(why="keyed hash of app id and Open ID")
    link_id: str = opaque(export=True)
    flow: str = opaque(why="the app at WeChat it is known to: qr or in_app", export=True)
    linked_at: int = opaque(export=True)
    used_at: int = opaque(export=True)
    open_id: str = personal(Category.AUTHENTICATION, "open_id")


@record(
    kind="wechat_nickname",
    table="accounts",
    subject=Subject.USER,
    role=Role.CONTROLLER,
    retention=Retention.WECHAT_NICKNAME,
    collected_for=Purpose.CREATE_AND_LOGIN,
)
class WechatNickname:
    """What a linked account is called, for display. Written anew at each login, gone without one."""

    company_id: str = opaque()
    user_id: str = opaque()
    identity: str = opaque(why="keyed hash of app id and Open ID")
    nickname: str = personal(Category.AUTHENTICATION, "nickname")


@record(
    kind="wechat_ticket",
    table="accounts",
    subject=Subject.USER,
    role=Role.CONTROLLER,
    retention=Retention.WECHAT_TICKET,
    collected_for=Purpose.CREATE_AND_LOGIN,
)
class WechatTicket:
    """Somebody whom WeChat knows and we do not: not an account yet (2.2.1(a) asks for company and mailbox).
    Found by the hash of a secret that only that browser was told.
    """

    ticket_hash: str = opaque()
    identity: str = opaque(why="keyed hash of app id and Open ID")
    flow: str = opaque(why="the app at WeChat it is known to: qr or in_app")
    until: int = opaque()
    open_id: str = personal(Category.AUTHENTICATION, "open_id")
    nickname: str | None = personal(Category.AUTHENTICATION, "nickname", default=None)
