"""Sending one delivery: ask the rules, claim it, hand it to SES, note what SES said.

Marketing and business mail goes out at most once: when SES's answer is lost the delivery becomes UNKNOWN and
is never sent again; SES's own event may still turn it into SENT. Only what SES certainly did not take is
tried again. The rules are asked when the mail is about to leave, with consistent reads: a refusal recorded
before this moment holds, also for a message written long ago.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final, NamedTuple

from chalicelib import store
from chalicelib.gateways import mail, mime, secrets
from chalicelib.kernel import clock, settings, telemetry, tokens
from chalicelib.kernel.errors import ConflictError, RetryLaterError
from chalicelib.kernel.tokens import Kind, Token
from chalicelib.privacy import consent
from chalicelib.privacy.consent import ConsentPurpose, MessageKind, TrackingMode
from chalicelib.privacy.decisions import Refused
from chalicelib.privacy.register import Purpose
from chalicelib.records.messages import Body, Delivery, Message, OutboxState, Outcome
from chalicelib.records.standing import Informing
from chalicelib.services import wording
from chalicelib.services.mail import content, feedback
from chalicelib.services.mail.informing_words import SourceNotice
from chalicelib.services.prospects import informing

if TYPE_CHECKING:
    from chalicelib.store.table import Stored

LEASE_SECONDS: Final = 120
"""How long a claim holds; longer than the worker may run (30 s). After it, the mail may have gone out."""

SETTLE_SECONDS: Final = 900
"""How long an UNKNOWN delivery waits for SES's event before it is left alone."""

BUSY_SECONDS: Final = 60
TRIES: Final = 5

_SENDER_LOCAL_PART: Final = "outreach"


def deliver(company_id: str, message_id: str, number: int) -> None:
    """Bring one delivery a step on. Repeating it, or running it twice at once, sends nothing twice.

    Raises:
        RetryLaterError: too many writers at once; the queue brings it back.
    """
    known = store.messages.delivery(company_id, message_id, number)
    if known is None:
        return  # erased or expired since: nothing to send
    match known.value.state:
        case OutboxState.PENDING:
            _send(known)
        case OutboxState.SENDING | OutboxState.UNKNOWN:
            _settle(known)
        case OutboxState.SENT | OutboxState.REFUSED:
            pass


def _settle(known: Stored[Delivery]) -> None:
    """A worker died, or SES never answered: wait for SES's event, then leave it at UNKNOWN."""
    delivery, now = known.value, clock.now()
    if delivery.due_at is None or now < delivery.due_at:
        return
    final = delivery.state is OutboxState.UNKNOWN
    due_at = None if final else now + SETTLE_SECONDS
    try:
        settled = replace(delivery, state=OutboxState.UNKNOWN, due_at=due_at)
        store.messages.change_delivery(known, settled)
    except ConflictError:
        pass  # SES's event came just now


class Ready(NamedTuple):
    """A mail that may leave now."""

    raw: bytes
    recipient: str
    mode: TrackingMode
    informs: bool


def _send(known: Stored[Delivery]) -> None:
    ready = _prepare(known.value)
    if isinstance(ready, Refused):
        claim = replace(known.value, state=OutboxState.REFUSED, reason=ready.reason, due_at=None)
    else:
        claim = replace(
            known.value,
            state=OutboxState.SENDING,
            # Noted before the mail leaves: an open must be judged rightly even if we crash now.
            mode=ready.mode,
            informs=ready.informs or None,
            due_at=clock.now() + LEASE_SECONDS,
        )
    try:
        known = store.messages.change_delivery(known, claim)
    except ConflictError:
        return  # another worker has it
    if isinstance(ready, Refused):
        return
    result = mail.send(
        ready.raw,
        source=f"{_SENDER_LOCAL_PART}@{settings.mail_domain()}",
        recipient=ready.recipient,
        tags={
            "company": claim.company_id,
            "message": claim.message_id,
            "number": str(claim.number),
        },
    )
    if ready.informs and result.handover is mail.Handover.ACCEPTED:
        # Before the delivery says that it is sent: whoever takes it up again finds the duty done, or to do.
        informing.by_message(known.value)
    if (noted := _note(known, result)) and noted.informs and noted.outcome is Outcome.BOUNCED:
        informing.came_back(noted)  # SES's event was faster than we


def _prepare(delivery: Delivery) -> Ready | Refused:
    """Ask the rules with fresh reads, and put the mail into words; four reads."""
    sent = store.messages.get(delivery.company_id, delivery.message_id)
    body = store.messages.body(delivery.company_id, delivery.message_id)
    of_company = {"company_id": delivery.company_id}
    company, access = store.table.get_together(
        (store.accounts.COMPANIES, of_company),
        (store.accounts.ACCESS, of_company),
        use=Purpose.CREATE_AND_LOGIN,
    )
    if sent is None or body is None or company is None or access is None:
        return Refused("retention", "message_gone")
    message = sent.message.value
    standing = store.standing.of(delivery.company_id, delivery.person)
    marketing = standing.consent(ConsentPurpose.MARKETING)
    state = access.value.state_at(clock.now())
    decision = consent.may_send(message.kind, state, marketing, standing.stops)
    if isinstance(decision, Refused):
        return decision
    owed = standing.owed()
    if owed is not None and not message.inform:
        return Refused("joint-duties", "notice_due")
    mode = consent.tracking_mode(message.tracking, standing.consent(ConsentPurpose.TRACKING), standing.stops)
    keys = secrets.tracking_keys()
    try:
        raw = compose(
            keys,
            message=message,
            body=body.value,
            delivery=delivery,
            mode=mode,
            company=company.value.name,
            owed=owed,
        )
        return Ready(raw, mime.wire_address(delivery.email), mode, informs=owed is not None)
    except ValueError as error:
        # What cannot be put into words on the wire will not be better in five minutes.
        telemetry.event("not_composable", error=error, message_id=message.message_id)
        return Refused("communications", "not_composable")


def _note(known: Stored[Delivery], result: mail.Result) -> Delivery | None:
    """Write down what SES said; the delivery from then on, None once it is erased. Its event may have come
    first and knows better: then only what the event could not know is added.
    """
    now = clock.now()

    def noted(delivery: Delivery) -> Delivery:
        overtaken = delivery.state is not OutboxState.SENDING
        match result.handover:
            case mail.Handover.ACCEPTED:
                sent_at = delivery.sent_at or now
                return replace(
                    delivery,
                    state=OutboxState.SENT,
                    mail_id=result.mail_id,
                    sent_at=sent_at,
                    due_at=None,
                )
            case _ if overtaken:
                return delivery
            case mail.Handover.REJECTED:
                return replace(delivery, state=OutboxState.REFUSED, reason="not_accepted", due_at=None)
            case mail.Handover.BUSY:
                return replace(delivery, state=OutboxState.PENDING, due_at=now + BUSY_SECONDS)
            case mail.Handover.UNKNOWN:
                return replace(delivery, state=OutboxState.UNKNOWN, due_at=now + SETTLE_SECONDS)

    # Mail SES had no room for is PENDING again, for the sweep: retries in the queue would multiply.
    return _change(known, noted)


def _change(known: Stored[Delivery], change: Callable[[Delivery], Delivery]) -> Delivery | None:
    """Apply a change to the delivery as it is now, reading it again when others write it too."""
    for _ in range(TRIES):
        changed = change(known.value)
        if changed == known.value:
            return changed
        try:
            store.messages.change_delivery(known, changed)
        except ConflictError:
            delivery = known.value
            again = store.messages.delivery(delivery.company_id, delivery.message_id, delivery.number)
            if again is None:
                return None  # erased meanwhile
            known = again
        else:
            return changed
    raise RetryLaterError


def compose(
    keys: tokens.Keys,
    *,
    message: Message,
    body: Body,
    delivery: Delivery,
    mode: TrackingMode,
    company: str,
    owed: Informing | None = None,
) -> bytes:
    """The mail as this one recipient gets it: with a pixel only if opens may be recorded, with tracked
    links only under consent, with a way out whenever it is marketing or tracked, with the notice where their
    data came from if that is owed to them.
    """
    unsubscribe = _link(keys, delivery, Kind.UNSUBSCRIBE, person=delivery.person)
    pixel = _link(keys, delivery, Kind.OPEN) if mode is not TrackingMode.NONE else None
    rewrite = {}
    if mode is TrackingMode.FULL:
        rewrite = {
            link: _link(keys, delivery, Kind.CLICK, link=number, url=content.ascii_url(link))
            for number, link in enumerate(message.links)
        }
    marketing = message.kind is MessageKind.MARKETING
    footer = None
    if marketing or pixel is not None:
        footer = content.Footer(
            sender=f"{message.sender_name}, {company}",
            contact_email=message.sender,
            unsubscribe_url=unsubscribe,
            measured=mode.value,
            marketing=marketing,
        )
    notice = None
    if owed is not None:
        notice = SourceNotice(
            sender=f"{message.sender_name}, {company}",
            contact_email=message.sender,
            unsubscribe_url=unsubscribe,
            requests_url=f"{settings.api_url()}/v1/requests/page",
            stocked=owed.stocked,
            added=owed.added,
        )
    one_click = {}
    if marketing:
        one_click = mime.one_click(unsubscribe)
    locale = wording.locale_of(body.locale)
    to, cc = (body.to, body.cc) if not marketing else (((_name(body, delivery), delivery.email),), ())
    return mime.build(
        sender=(message.sender_name, f"{_SENDER_LOCAL_PART}@{settings.mail_domain()}"),
        reply_to=(message.sender_name, message.sender),
        to=to,
        cc=cc,
        subject=message.subject,
        html=content.personalise(
            body.html, rewrite=rewrite, pixel_url=pixel, footer=footer, locale=locale, notice=notice
        ),
        text=content.personalise_text(body.text, footer=footer, locale=locale, notice=notice),
        message_id=f"{message.message_id}.{delivery.number}@{settings.mail_domain()}",
        date=datetime.fromtimestamp(clock.now(), UTC),
        headers={feedback.HEADER: feedback.header(delivery), **one_click},
    )


def _name(body: Body, delivery: Delivery) -> str:
    return next((name for name, email in (*body.to, *body.cc) if email == delivery.email), "")


def _link(
    keys: tokens.Keys,
    delivery: Delivery,
    kind: Kind,
    *,
    link: int = 0,
    person: str = "",
    url: str = "",
) -> str:
    token = Token(
        kind=kind,
        company_id=delivery.company_id,
        message_id=delivery.message_id,
        number=delivery.number,
        link=link,
        person=person,
        url=url,
    )
    return f"{settings.edge_url()}/{kind.value}/{tokens.sign(keys, token)}"
