"""Known devices (clause `automatic`): what a user has logged in with, and whether this is one of them.

A device is known by the token it was given, or, where a client keeps none, by its kind in its network. What
is recorded is what 2.2.1(c) names: model, system, browser type, language and address, as of the last login.
"""

from __future__ import annotations

import base64
import hashlib
from dataclasses import replace
from datetime import UTC, datetime
from hmac import compare_digest
from typing import TYPE_CHECKING, Final, NamedTuple

from chalicelib import store
from chalicelib.kernel import clock, ids, networks, telemetry
from chalicelib.kernel.errors import ConflictError, UnavailableError
from chalicelib.privacy import retention
from chalicelib.privacy.register import Purpose
from chalicelib.records.accounts import Member
from chalicelib.records.proofs import Device
from chalicelib.services.accounts import clients, countries
from chalicelib.services.accounts.clients import Client

if TYPE_CHECKING:
    from chalicelib.store.table import Stored

MAX_DEVICES: Final = 20
"""Of one user; the one not used for longest makes room."""

_USE: Final = Purpose.SECURITY_AND_FAULTS


class Visit(NamedTuple):
    """Where a request comes from, as far as a login looks at it."""

    ip: str
    user_agent: str | None
    accept_language: str | None
    device_token: str | None = None

    @property
    def client(self) -> Client:
        """What kind of client this is."""
        return clients.describe(self.user_agent, self.accept_language)


def by_token(token: str | None) -> Stored[Device] | None:
    """The device a token was given to, whoever's it is; one read when there is a token of our shape."""
    place, _, secret = (token or "").partition(".")
    try:
        where = base64.b64decode(place + "=" * (-len(place) % 4), altchars=b"-_", validate=True)
    except ValueError:
        return None
    if len(where) != 48 or not secret:
        return None
    known = store.accounts.DEVICES.get(
        company_id=ids.from_raw("co", where[:16]),
        user_id=ids.from_raw("usr", where[16:32]),
        device_id=ids.from_raw("dev", where[32:]),
        use=_USE,
    )
    if known is None or not compare_digest(known.value.token_hash, _hash(secret)):
        return None
    return known


def alike(member: Member, visit: Visit) -> Stored[Device] | None:
    """A device of the user of the same kind in the same network; one query. What says nothing about itself is
    like nothing: any script in the same building would be.
    """
    if not visit.client.kind:
        return None
    looks = _looks(member.company_id, visit)
    found = of_user(member.company_id, member.user_id)
    return next((one for one in found if one.value.looks == looks and is_known(one, member)), None)


def is_known(device: Stored[Device], member: Member) -> bool:
    """Whether a device is the member's, and not of a time before they ended everything: a new password, a new
    mailbox or one-time codes make strangers of all devices in the very transaction.
    """
    return device.value.user_id == member.user_id and device.value.generation == member.generation


def of_user(company_id: str, user_id: str) -> list[Stored[Device]]:
    """The user's devices, the last used first; one query."""
    found = store.accounts.DEVICES.query(company_id, f"device#{user_id}#", use=_USE)
    return sorted(found, key=lambda one: one.value.last_seen_at, reverse=True)


def unusual(device: Device, visit: Visit, now: int) -> bool:
    """Whether even a known device proves itself again: another country than last time, or a long absence.

    Countries are derived from the two addresses and dropped; where one is not known, nothing is unusual.
    """
    last = datetime.fromtimestamp(device.last_seen_at, UTC)
    if datetime.fromtimestamp(now, UTC) >= retention.after(last, retention.ABSENCE):
        return True
    if networks.prefix(device.ip) == networks.prefix(visit.ip):
        return False
    before, here = countries.country(device.ip), countries.country(visit.ip)
    return before is not None and here is not None and before != here


def make_room(company_id: str, user_id: str) -> None:
    """Let the device go that was not used for longest, should there be no room for another. One query."""
    for old in of_user(company_id, user_id)[MAX_DEVICES - 1 :]:
        store.accounts.DEVICES.delete(old)


def made(member: Member, visit: Visit) -> tuple[Device, str]:
    """A new device, not stored yet, and its token."""
    company_id, user_id = member.company_id, member.user_id
    now, secret = clock.now(), ids.secret()
    client = visit.client
    device = Device(
        company_id=company_id,
        user_id=user_id,
        device_id=ids.new("dev"),
        token_hash=_hash(secret),
        looks=_looks(company_id, visit),
        generation=member.generation,
        first_seen_at=now,
        last_seen_at=now,
        ip=visit.ip,
        device_model=client.device_model,
        os_version=client.os_version,
        browser_type=client.browser_type,
        language=client.language,
    )
    where = ids.raw(company_id) + ids.raw(user_id) + ids.raw(device.device_id)
    return device, f"{base64.urlsafe_b64encode(where).rstrip(b'=').decode()}.{secret}"


def seen(device: Device, visit: Visit) -> Device:
    """A known device as of this visit, not stored yet; what it looked like last time is overwritten."""
    client = visit.client
    return replace(
        device,
        looks=_looks(device.company_id, visit),
        last_seen_at=clock.now(),
        ip=visit.ip,
        device_model=client.device_model,
        os_version=client.os_version,
        browser_type=client.browser_type,
        language=client.language,
    )


def forget(company_id: str, user_id: str) -> None:
    """Delete all devices of a user that the generation has made strangers already. What cannot be deleted now
    opens nothing and expires: open, for the sake of whoever has just changed their password.
    """
    try:
        for known in of_user(company_id, user_id):
            store.accounts.DEVICES.delete(known)
    except (ConflictError, UnavailableError) as error:
        telemetry.event("devices_left", error=error)


def _looks(company_id: str, visit: Visit) -> str:
    looks = f"{visit.client.kind}|{networks.prefix(visit.ip)}"
    return store.vault.index(company_id, "looks", looks)


def _hash(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()
