"""Messages: write one, see what became of it."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from chalice import Blueprint
from pydantic import Field

from chalicelib.api.endpoint import Call, page, route
from chalicelib.api.forms import Form, Language, Line, Mailbox, Text
from chalicelib.kernel import addresses, clock
from chalicelib.privacy.consent import MessageKind
from chalicelib.privacy.permissions import Permission
from chalicelib.records.messages import Delivery
from chalicelib.services import wording
from chalicelib.services.mail import messages
from chalicelib.services.mail.messages import MAX_RECIPIENTS, Draft, Report

bp = Blueprint(__name__)


class Recipient(Form):
    """A mailbox, and the name to write before it."""

    email: Mailbox
    name: Line | None = None


class NewMessage(Form):
    """A mail to send. Marketing mail carries an unsubscribe link; `tracking` asks for opens and clicks as far
    as each recipient allows; `inform` tells those who came from the base of prospects where their data is
    from, each in their own copy, if nobody has yet.
    """

    to: Annotated[list[Recipient], Field(min_length=1, max_length=MAX_RECIPIENTS)]
    cc: Annotated[list[Recipient], Field(max_length=MAX_RECIPIENTS)] = Field(default_factory=list)
    subject: Line
    html: Text
    text: Text | None = None
    kind: Literal["marketing", "business"]
    tracking: bool = False
    inform: bool = False
    locale: Language | None = None


@route(
    bp,
    "POST",
    "/v1/messages",
    summary="Send a message",
    status=202,
    body=NewMessage,
    repeatable=True,
    clauses=("communications", "tracking", "joint-duties"),
    permission=Permission.MESSAGES_SEND,
    answer="Accepted",
)
def write_message(call: Call) -> dict[str, str]:
    """Accepted, not sent yet: whether each recipient may be written to is decided when it leaves."""
    form: NewMessage = call.body
    draft = Draft(
        to=[(one.name or "", addresses.parse(one.email)) for one in form.to],
        cc=[(one.name or "", addresses.parse(one.email)) for one in form.cc],
        subject=form.subject,
        html=form.html,
        text=form.text,
        kind=MessageKind(form.kind),
        tracking=form.tracking,
        locale=form.locale or wording.locale_of(call.accept_language),
        inform=form.inform,
    )
    return {"id": messages.write(call.who, draft, call.repeat), "status": "queued"}


@route(
    bp,
    "GET",
    "/v1/messages",
    summary="Messages, newest first, with who read them",
    paged="msg",
    clauses=("communications", "tracking"),
    permission=Permission.MESSAGES_READ,
    answer="MessagePage",
)
def list_messages(call: Call) -> dict[str, Any]:
    """One query a page, recipients included."""
    found = messages.page(call.who, call.limit + 1, call.cursor)
    return page(call, found, lambda one: one.message.message_id, _report)


@route(
    bp,
    "GET",
    "/v1/messages/{message_id}",
    summary="One message: sent, delivered, read, clicked",
    clauses=("communications", "tracking"),
    permission=Permission.MESSAGES_READ,
    answer="Message",
)
def read_message(call: Call) -> dict[str, Any]:
    """Per recipient: delivery, and as much about opens as that person consented to."""
    return _report(messages.read(call.who, call.path["message_id"]))


def _report(report: Report) -> dict[str, Any]:
    message = report.message
    return {
        "id": message.message_id,
        "subject": message.subject,
        "sender": message.sender,
        "kind": message.kind.value,
        "status": report.status,
        "created_at": clock.rfc3339(message.created_at),
        "recipients": [_recipient(delivery) for delivery in report.deliveries],
        "inform": message.inform,
        "links": [
            {"url": url, "clicks": message.clicks.get(str(number), 0)}
            for number, url in enumerate(message.links)
        ],
    }


def _recipient(delivery: Delivery) -> dict[str, Any]:
    return {
        "email": delivery.email,
        "delivery": delivery.outcome.value if delivery.outcome else delivery.state.value,
        "reason": delivery.reason,
        "sent_at": clock.rfc3339(delivery.sent_at),
        "informed": delivery.informs is True and delivery.sent_at is not None,
        "tracking": {
            "mode": delivery.mode.value,
            "read": delivery.opens > 0,
            "first_opened_at": clock.rfc3339(delivery.first_opened_at),
            "last_opened_at": clock.rfc3339(delivery.last_opened_at),
            "last_opened_on": delivery.opened_on,
            "opens": delivery.opens,
            "machine_opens": delivery.machine_opens,
            "ip": delivery.ip,
        },
    }
