"""Contacts, and when they opened mail."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from chalice import Blueprint, Response
from pydantic import Field

from chalicelib.api.endpoint import Call, page, respond, route
from chalicelib.api.forms import Country, Form, Line, Link, Mailbox, Telephone
from chalicelib.kernel import clock, ids
from chalicelib.kernel.errors import FieldError, InvalidError
from chalicelib.privacy.permissions import Permission
from chalicelib.records.contacts import Contact
from chalicelib.records.tracking import Open
from chalicelib.services.contacts import contacts
from chalicelib.services.contacts.matching import IfExists

bp = Blueprint(__name__)


class LawfulBasis(Form):
    """On which ground the company keeps this person, and where the data came from (GDPR Art. 6 and 14)."""

    basis: Literal[
        "consent",
        "contract",
        "legal_obligation",
        "vital_interests",
        "public_task",
        "legitimate_interest",
    ]
    source: Line


class NewContact(Form):
    """A person the company writes to."""

    name: Line
    lawful_basis: LawfulBasis
    email: Mailbox | None = None
    company: Line | None = None
    position: Line | None = None
    country: Country | None = None
    phone: Telephone | None = None
    social: Annotated[list[Link], Field(max_length=10)] = Field(default_factory=list)
    if_exists: Literal["ask", "create", "update"] = "ask"


class ChangedContact(Form):
    """The fields to change, and the version they were read in."""

    version: int
    name: Line | None = None
    lawful_basis: LawfulBasis | None = None
    email: Mailbox | None = None
    company: Line | None = None
    position: Line | None = None
    country: Country | None = None
    phone: Telephone | None = None
    social: Annotated[list[Link], Field(max_length=10)] | None = None


@route(
    bp,
    "POST",
    "/v1/contacts",
    summary="Store a contact",
    status=201,
    body=NewContact,
    repeatable=True,
    clauses=("stored",),
    permission=Permission.CONTACTS_WRITE,
    answer="Contact",
    errors=(409,),
)
def create_contact(call: Call) -> Any:
    """With an Idempotency-Key, repeating returns what the first request made.

    409 `duplicate` with `candidates` when this person is a contact already, in whatever spelling of the
    address: then say `if_exists`: `create` for another contact, `update` to put the given fields into the
    newest one (200).
    """
    form: NewContact = call.body
    made = contacts.create(call.who, _fields(form), IfExists(form.if_exists), call.repeat)
    answer = _contact(made.contact, made.version)
    return answer if made.new else respond(200, answer)


@route(
    bp,
    "GET",
    "/v1/contacts",
    summary="Contacts, newest first",
    paged="ct",
    clauses=("stored",),
    permission=Permission.CONTACTS_READ,
    answer="ContactPage",
)
def list_contacts(call: Call) -> dict[str, Any]:
    """The cursor is a place in the company's own list and good for nothing else."""
    found = contacts.page(call.who, call.limit + 1, call.cursor)
    return page(call, found, lambda one: one[0].contact_id, lambda one: _contact(*one))


@route(
    bp,
    "GET",
    "/v1/contacts/{contact_id}",
    summary="One contact",
    clauses=("stored",),
    permission=Permission.CONTACTS_READ,
    answer="Contact",
)
def read_contact(call: Call) -> dict[str, Any]:
    """With its version, which a change must name."""
    return _contact(*contacts.read(call.who, call.path["contact_id"]))


@route(
    bp,
    "PATCH",
    "/v1/contacts/{contact_id}",
    summary="Change a contact",
    body=ChangedContact,
    clauses=("stored", "self-service"),
    permission=Permission.CONTACTS_WRITE,
    answer="Contact",
)
def change_contact(call: Call) -> dict[str, Any]:
    """Only the fields sent are changed; null empties one. 409 if somebody changed it in between."""
    form: ChangedContact = call.body
    for field in ("name", "lawful_basis"):
        if field in form.model_fields_set and getattr(form, field) is None:
            raise InvalidError(errors=[FieldError(field, "required")])
    changes = _fields(form)
    return _contact(*contacts.change(call.who, call.path["contact_id"], form.version, changes))


@route(
    bp,
    "DELETE",
    "/v1/contacts/{contact_id}",
    summary="Delete a contact",
    status=204,
    clauses=("stored",),
    permission=Permission.CONTACTS_DELETE,
)
def delete_contact(call: Call) -> Response:
    """What the person refused stays known, without their address."""
    contacts.delete(call.who, call.path["contact_id"])
    return respond(204, None)


@route(
    bp,
    "GET",
    "/v1/contacts/{contact_id}/opens",
    summary="When this contact opened mail",
    paged=True,
    clauses=("tracking",),
    permission=Permission.CONTACTS_READ,
    answer="OpenPage",
    errors=(409,),
)
def list_opens(call: Call) -> dict[str, Any]:
    """Everything kept about a person's opens over all messages, in one query."""
    found = contacts.opens(call.who, call.path["contact_id"], call.limit + 1, _place(call))
    return page(call, found, lambda one: f"{one.message_id}.{one.hit}", _open)


def _open(opened: Open) -> dict[str, Any]:
    return {
        "message_id": opened.message_id,
        "opened_at": clock.rfc3339(opened.opened_at),
        "ip": opened.ip,
        "verdict": opened.verdict,
    }


def _place(call: Call) -> str | None:
    if call.cursor is None:
        return None
    message_id, _, hit = call.cursor.partition(".")
    if not (ids.is_id(message_id, "msg") and hit.isalnum() and hit.isascii()):
        raise InvalidError(errors=[FieldError("cursor", "malformed")])
    return f"{message_id}#{hit}"


def _fields(form: NewContact | ChangedContact) -> dict[str, Any]:
    """The record's fields that the form sets."""
    sent = form.model_dump(exclude_unset=isinstance(form, ChangedContact), exclude={"version", "if_exists"})
    if "lawful_basis" in sent:
        sent.update(sent.pop("lawful_basis"))
    if "social" in sent:
        sent["social"] = tuple(sent["social"] or ())
    return sent


def _contact(contact: Contact, version: int) -> dict[str, Any]:
    return {
        "id": contact.contact_id,
        "version": version,
        "name": contact.name,
        "email": contact.email,
        "company": contact.company,
        "position": contact.position,
        "country": contact.country,
        "phone": contact.phone,
        "social": list(contact.social),
        "lawful_basis": {"basis": contact.basis, "source": contact.source},
        "created_at": clock.rfc3339(contact.created_at),
        "updated_at": clock.rfc3339(contact.updated_at),
    }
