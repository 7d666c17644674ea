"""What a company keeps about its buyers and prospects (category `stored`); the company is the controller."""

from __future__ import annotations

from chalicelib.privacy.fields import opaque, personal, record
from chalicelib.privacy.register import Category, Purpose, Role, Subject
from chalicelib.privacy.retention import Retention


@record(
    kind="contact",
    table="workspace",
    subject=Subject.PROSPECT,
    role=Role.PROCESSOR,
    retention=Retention.SERVICE_TERM,
    collected_for=Purpose.PROVIDE_FUNCTIONS,
)
class Contact:
    """A person a company writes to."""

    company_id: str = opaque()
    contact_id: str = opaque()
    created_by: str = opaque()
    person: str | None = opaque(why="keyed hash of the address; None without one", default=None)
    prospect_id: str | None = opaque(
        why="who it was revealed as; None for no prospect of the base", default=None
    )
    created_at: int = opaque()
    updated_at: int = opaque()
    name: str = personal(Category.STORED, "name")
    email: str | None = personal(Category.STORED, "email", default=None)
    company: str | None = personal(Category.STORED, "company", default=None)
    position: str | None = personal(Category.STORED, "position", default=None)
    country: str | None = personal(Category.STORED, "country", default=None)
    phone: str | None = personal(Category.STORED, "phone", default=None)
    social: tuple[str, ...] = personal(Category.STORED, "social", default=())
    basis: str = personal(Category.STORED, "basis")
    source: str = personal(Category.STORED, "source")
