"""What we say in public: to everybody, with an account or without. No word in it is about one person."""

from __future__ import annotations

from enum import StrEnum

from chalicelib.privacy.fields import opaque, record
from chalicelib.privacy.notifications import Kind
from chalicelib.privacy.register import Role, Subject
from chalicelib.privacy.retention import Retention


class PublicAct(StrEnum):
    """What was done about a public notice."""

    PUBLISHED = "published"
    CHANGED = "changed"
    WITHDRAWN = "withdrawn"


@record(
    kind="public_notice",
    table="accounts",
    subject=Subject.USER,
    role=Role.CONTROLLER,
    retention=Retention.WORKFLOW,
)
class PublicNotice:
    """One announcement (4.1.3, 4.3.4, 7) as everybody reads it."""

    announcement_id: str = opaque()
    about: Kind = opaque()
    cause_id: str = opaque(why="id of the incident or the end it is about; never shown")
    title_en: str = opaque(why="public words of ours, about nobody in particular")
    text_en: str = opaque(why="as the title")
    title_zh: str = opaque(why="as the title")
    text_zh: str = opaque(why="as the title")
    published_at: int = opaque()
    changed_at: int | None = opaque(default=None)
    withdrawn_at: int | None = opaque(why="from then on nobody is shown it", default=None)


@record(
    kind="public_notice_act",
    table="ledger",
    subject=Subject.USER,
    role=Role.CONTROLLER,
    retention=Retention.EVIDENCE,
)
class PublicNoticeAct:
    """Proof of what was said in public and when, word for word, in the operator's chain."""

    company_id: str = opaque(why="the operator's chain")
    act_id: str = opaque()
    act: PublicAct = opaque()
    announcement_id: str = opaque()
    about: Kind = opaque()
    cause_id: str = opaque()
    at: int = opaque()
    title_en: str = opaque(why="as in the notice")
    text_en: str = opaque(why="as in the notice")
    title_zh: str = opaque(why="as in the notice")
    text_zh: str = opaque(why="as in the notice")
