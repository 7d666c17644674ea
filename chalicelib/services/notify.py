"""Telling users something: account mail that always goes, whatever somebody switched off."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from chalicelib import store
from chalicelib.gateways import queues
from chalicelib.kernel import clock, ids, settings
from chalicelib.privacy.notifications import Kind
from chalicelib.records.accounts import Notice, User
from chalicelib.records.proofs import Device

RETRY_SECONDS: Final = 300


def tell(user: User, kind: Kind, template: str, values: Mapping[str, str] | None = None) -> None:
    """Tell a user something; ``template`` names the mail's text."""
    notice = Notice(
        notice_id=ids.new("ntc"),
        template=template,
        due_at=clock.now() + RETRY_SECONDS,
        locale=user.locale,
        email=user.email,
        values=dict(values or {}),
    )
    store.accounts.add_notice(notice)
    queues.hint(settings.QUEUE_NOTICES, [{"notice": notice.notice_id}])


def device_values(device: Device) -> dict[str, str]:
    """What a mail says about a device."""
    looks = (device.browser_type, device.os_version, device.device_model)
    return {"device": " · ".join(part for part in looks if part) or "-", "ip": device.ip}
