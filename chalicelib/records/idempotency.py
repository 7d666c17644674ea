"""What makes a repeated request harmless: which thing a request with an Idempotency-Key already made."""

from __future__ import annotations

from chalicelib.privacy.fields import opaque, record
from chalicelib.privacy.register import Role, Subject
from chalicelib.privacy.retention import Retention


@record(
    kind="idempotency",
    table="workspace",
    subject=Subject.USER,
    role=Role.PROCESSOR,
    retention=Retention.IDEMPOTENCY,
)
class Done:
    """A POST that carried an Idempotency-Key took effect: which thing it made, from which body."""

    company_id: str = opaque()
    key: str = opaque(why="keyed hash of user, route and the client's key")
    body_hash: str = opaque(why="keyed hash of the request body")
    made_id: str = opaque()
