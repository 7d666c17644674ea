"""Single events behind the counts: what makes counting safe to repeat, and a person's history one query."""

from __future__ import annotations

from chalicelib.privacy.fields import opaque, personal, record
from chalicelib.privacy.register import Category, Purpose, Role, Subject
from chalicelib.privacy.retention import Retention


@record(
    kind="open",
    table="workspace",
    subject=Subject.PROSPECT,
    role=Role.PROCESSOR,
    retention=Retention.EMAIL_TRACKING,
    collected_for=Purpose.PROVIDE_FUNCTIONS,
)
class Open:
    """A mail was displayed, or fetched by a machine. Kept only under the recipient's consent."""

    company_id: str = opaque()
    person: str = opaque(why="keyed hash of the address")
    message_id: str = opaque()
    number: int = opaque()
    hit: str = opaque(why="random, made at the edge: one per load of the image")
    verdict: str = opaque(why="person, machine or unknown: all that is left of the user agent")
    opened_at: int = personal(Category.EMAIL_TRACKING, "opened_at")
    ip: str | None = personal(Category.EMAIL_TRACKING, "ip", default=None)


@record(
    kind="click",
    table="workspace",
    subject=Subject.PROSPECT,
    role=Role.PROCESSOR,
    retention=Retention.EMAIL_TRACKING,
)
class Click:
    """A link of a message was followed. By whom is not kept: 2.2.1(d) does not list clicks."""

    company_id: str = opaque()
    message_id: str = opaque()
    link: int = opaque(why="which link of the message, from 0")
    hit: str = opaque(why="random, made at the edge")
