"""Notifications: what one wants to hear on which way, devices for pushes, the inbox."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from chalice import Blueprint, Response
from pydantic import Field, StringConstraints

from chalicelib.api.endpoint import Call, html, page, respond, route
from chalicelib.api.forms import Form, Version
from chalicelib.gateways import push as carriers
from chalicelib.kernel import clock, settings
from chalicelib.privacy import notifications
from chalicelib.privacy.clauses import CLAUSES
from chalicelib.privacy.consent import ConsentPurpose, ConsentState
from chalicelib.privacy.notifications import KINDS
from chalicelib.privacy.permissions import Permission
from chalicelib.records.notifications import Platform, PushDevice
from chalicelib.services import wording
from chalicelib.services.consent import consents
from chalicelib.services.mail import pages
from chalicelib.services.notifications import inbox, notification_choices, push
from chalicelib.services.notifications.inbox import Item
from chalicelib.services.notifications.notification_choices import Chosen

bp = Blueprint(__name__)

_OWN = Permission.OWN_SETTINGS


class NotificationsChosen(Form):
    """What to switch, by kind and channel; what is not named stays as it is."""

    choices: Annotated[dict[str, Any], Field(max_length=50)]
    text_version: Version | None = None


class NewPushDevice(Form):
    """A device as its platform names it."""

    platform: Literal["apns", "fcm"]
    token: Annotated[
        str,
        StringConstraints(
            strip_whitespace=True, min_length=32, max_length=4096, pattern=r"^[A-Za-z0-9_:-]+$"
        ),
    ]


@route(
    bp,
    "GET",
    "/v1/me/notifications",
    summary="What I am told, and on which way",
    permission=_OWN,
    clauses=("notification",),
    answer="NotificationSettings",
)
def read_notifications(call: Call) -> dict[str, Any]:
    """`fixed` is sent whatever is chosen: the law, or the account's safety, asks for it."""
    who = call.who
    return _settings(call, notification_choices.of(who.company_id, who.user_id))


@route(
    bp,
    "PUT",
    "/v1/me/notifications",
    summary="Switch notifications on and off",
    body=NotificationsChosen,
    permission=_OWN,
    clauses=("notification", "consent"),
    answer="NotificationSettings",
    errors=(409, 429),
)
def choose_notifications(call: Call) -> dict[str, Any]:
    """Holds at once, also for what waits to be sent; leaves a receipt. Switching on what asks for a consent
    needs `text_version`, the text that was shown; switching the last channel of it off withdraws it.
    """
    who, form = call.who, call.body
    chosen = notification_choices.choose(
        who.company_id,
        who.user_id,
        form.choices,
        text_version=form.text_version,
        locale=wording.locale_of(call.accept_language),
    )
    return _settings(call, chosen)


@route(
    bp,
    "POST",
    "/v1/me/push",
    summary="Let a device take pushes; repeating it is the same device",
    status=201,
    body=NewPushDevice,
    permission=_OWN,
    clauses=("notification",),
    answer="PushDevice",
    errors=(409, 429),
)
def register_push(call: Call) -> dict[str, Any]:
    """A device belongs to whoever registered it last. 409 `push_not_offered` where the operator has no
    application for its platform.
    """
    who, form = call.who, call.body
    return _device(push.register(who.company_id, who.user_id, Platform(form.platform), form.token))


@route(
    bp,
    "DELETE",
    "/v1/me/push/{endpoint_id}",
    summary="Let a device go",
    status=204,
    permission=_OWN,
    clauses=("notification",),
)
def remove_push(call: Call) -> Response:
    """Its token is deleted where it is kept, and then here."""
    push.remove(call.who.company_id, call.who.user_id, call.path["endpoint_id"])
    return respond(204, None)


@route(
    bp,
    "GET",
    "/v1/me/inbox",
    summary="What I was told, newest first",
    paged="ntf",
    permission=_OWN,
    clauses=("notification", "policy-updates"),
    answer="Inbox",
)
def read_inbox(call: Call) -> dict[str, Any]:
    """Kept for a year. `unread` counts among the newest hundred. Each item names the promise it rests on."""
    found = inbox.page(call.who, call.limit + 1, call.cursor)
    shown = page(call, found, lambda one: one.notification.notification_id, _item)
    return {**shown, "unread": inbox.unread(call.who)}


@route(
    bp,
    "POST",
    "/v1/me/inbox/read",
    summary="Note that all was read that is there now",
    permission=_OWN,
    clauses=("notification",),
    answer="Unread",
)
def mark_all_read(call: Call) -> dict[str, int]:
    """A hundred at once; `unread` says how many are left of the newest hundred."""
    return {"unread": inbox.read_all(call.who)}


@route(
    bp,
    "POST",
    "/v1/me/inbox/{notification_id}/read",
    summary="Note that an item was read",
    status=204,
    permission=_OWN,
    clauses=("notification",),
)
def mark_read(call: Call) -> Response:
    """The first time counts."""
    inbox.read(call.who, call.path["notification_id"])
    return respond(204, None)


@route(
    bp,
    "GET",
    "/v1/notifications/stop/{token}",
    summary="The page behind the way out in a mail",
    public=True,
    clauses=("notification", "consent"),
)
def show_stop(call: Call) -> Response:
    """Changes nothing: scanners follow links, too."""
    locale = wording.locale_of(call.accept_language)
    if notification_choices.read_token(call.path["token"]) is None:
        return html(pages.gone_page(locale), status=404)
    here = f"{settings.api_url()}/v1/notifications/stop/{call.path['token']}"
    return html(pages.stop_page(locale, here))


@route(
    bp,
    "POST",
    "/v1/notifications/stop/{token}",
    summary="Stop this kind of mail, without logging in",
    public=True,
    clauses=("notification", "consent"),
)
def stop_by_mail(call: Call) -> Response:
    """From the page or by a mail program's one click (RFC 8058): no cookie, no question, no redirect; the
    body does not matter. Stops this kind for this user, and can do nothing else.
    """
    locale = wording.locale_of(call.accept_language)
    found = notification_choices.read_token(call.path["token"])
    if found is None:
        return html(pages.gone_page(locale), status=404)
    notification_choices.stop(*found)
    return html(pages.stopped_page(locale))


def _settings(call: Call, chosen: Chosen) -> dict[str, Any]:
    who, locale = call.who, wording.locale_of(call.accept_language)
    devices = push.of_user(who.company_id, who.user_id)
    return {
        "kinds": [_kind(row, chosen, locale) for row in notifications.shown(chosen.switched)],
        "receipt_id": chosen.receipt_id,
        "push": {
            "offered": [platform.value for platform in carriers.offered()],
            "devices": [_device(device) for device in devices],
        },
    }


def _kind(row: dict[str, Any], chosen: Chosen, locale: wording.Locale) -> dict[str, Any]:
    """A kind as it works: without its consent nothing of it is on, whatever was switched."""
    asked = None if row["consent"] is None else ConsentPurpose(row["consent"])
    state = ConsentState.GRANTED if asked is None else chosen.consents.get(asked, ConsentState.UNKNOWN)
    channels = {
        name: {"on": said["on"] and state is ConsentState.GRANTED, "fixed": said["fixed"]}
        for name, said in row["channels"].items()
    }
    consent = None
    if asked is not None:
        text = consents.current_text(asked, clock.now())
        consent = {
            "purpose": asked.value,
            "state": state.value,
            "text_version": None if text is None else text.id,
            "text": None if text is None else text.in_language(locale),
        }
    return {**row, "clause": _clause(row["clause"]), "consent": consent, "channels": channels}


def _item(item: Item) -> dict[str, Any]:
    told = item.notification
    row = KINDS[told.about]
    return {
        "id": told.notification_id,
        "kind": told.about.value,
        "group": row.group.value,
        "clause": _clause(row.clause),
        "subject": item.subject,
        "text": item.text,
        "at": clock.rfc3339(told.at),
        "read_at": clock.rfc3339(told.read_at),
    }


def _clause(name: str) -> dict[str, str]:
    return {"id": name, "section": CLAUSES[name].section}


def _device(device: PushDevice) -> dict[str, Any]:
    return {
        "id": device.endpoint_id,
        "platform": device.platform.value,
        "registered_at": clock.rfc3339(device.registered_at),
    }
