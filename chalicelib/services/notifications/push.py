"""Devices that take pushes (clause `notification`): registering them, and letting them go.

SNS holds a device's token, we hold SNS' name for it. Whatever ends a device ends it at SNS first and here
last, so that a failure in between is mended by doing it again and no token outlives our knowing of it. A
device belongs to whoever registered it last: a telephone in new hands tells nothing about its last user.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

from chalicelib import store
from chalicelib.gateways import push
from chalicelib.kernel import clock, ids
from chalicelib.kernel.errors import ConflictError, NotFoundError, UnavailableError
from chalicelib.records.notifications import Platform, PushDevice, PushOwner

if TYPE_CHECKING:
    from chalicelib.store.table import Stored

MAX_DEVICES: Final = 10
"""Of one user; the one registered longest ago makes room."""
REGISTERED_PER_USER: Final = 60
"""In an hour: an app does so whenever it starts."""
TRIES: Final = 3


def register(company_id: str, user_id: str, platform: Platform, token: str) -> PushDevice:
    """Let a device take pushes for a user. Registering it again is the same device.

    Should our own write fail after SNS took the token, SNS holds an endpoint that nobody uses, until the app
    registers again with its next start.

    Raises:
        ConflictError: ``push_not_offered``, the operator has no application for this platform.
        InvalidError: SNS does not take it for a token.
        TooManyRequestsError, UnavailableError.
    """
    if platform not in push.offered():
        raise ConflictError("push_not_offered", "Pushes to such devices are not offered here.")
    store.limits.take("push", user_id, REGISTERED_PER_USER, clock.HOUR)
    token_hash = store.accounts.operator_hash("push", f"{platform.value}|{token}")
    endpoint = push.register(platform, token)
    for _ in range(TRIES):
        try:
            device = _keep(company_id, user_id, platform, token_hash, endpoint)
        except ConflictError:
            continue  # the same device twice at once: look again
        for surplus in store.notifications.devices(company_id, user_id)[MAX_DEVICES:]:
            forget(surplus)
        return device
    raise ConflictError


def _keep(company_id: str, user_id: str, platform: Platform, token_hash: str, endpoint: str) -> PushDevice:
    owner = store.notifications.OWNERS.get(token_hash=token_hash)
    before = None if owner is None else _device(owner.value)
    transaction = store.transaction.Transaction(store.table.new_op())
    if owner is not None and before is not None and _is_of(owner.value, company_id, user_id):
        device = replace(before.value, endpoint=endpoint, registered_at=clock.now())
        transaction.check(store.notifications.OWNERS, owner)
        transaction.replace(store.notifications.DEVICES, before, device)
        transaction.commit()
        return device
    device = PushDevice(
        company_id=company_id,
        user_id=user_id,
        endpoint_id=ids.new("psh"),
        platform=platform,
        token_hash=token_hash,
        registered_at=clock.now(),
        endpoint=endpoint,
    )
    mine = PushOwner(
        token_hash=token_hash, company_id=company_id, user_id=user_id, endpoint_id=device.endpoint_id
    )
    transaction.put_new(store.notifications.DEVICES, device)
    if owner is None:
        transaction.put_new(store.notifications.OWNERS, mine)
    else:
        transaction.replace(store.notifications.OWNERS, owner, mine)
    if before is not None:
        transaction.delete(store.notifications.DEVICES, before)
    transaction.commit()
    return device


def remove(company_id: str, user_id: str, endpoint_id: str) -> None:
    """Let one device of the user go.

    Raises:
        NotFoundError: none of theirs.
        UnavailableError: SNS could not say; asking again is safe.
    """
    known = find(company_id, user_id, endpoint_id)
    if known is None:
        raise NotFoundError
    forget(known)


def forget_user(company_id: str, user_id: str) -> None:
    """Let all devices of a user go who leaves. May be repeated; nothing is left when it returns.

    Raises:
        UnavailableError: SNS could not say; doing it again is safe.
    """
    for known in store.notifications.devices(company_id, user_id):
        forget(known)
    if store.notifications.devices(company_id, user_id):
        raise UnavailableError  # registered again at this moment


def of_user(company_id: str, user_id: str) -> list[PushDevice]:
    """The user's devices, the last registered first; one query."""
    return [known.value for known in store.notifications.devices(company_id, user_id)]


def find(company_id: str, user_id: str, endpoint_id: str) -> Stored[PushDevice] | None:
    """A device of the user."""
    return store.notifications.DEVICES.get(
        company_id=company_id, user_id=user_id, endpoint_id=endpoint_id, use=store.notifications.USE
    )


def forget(known: Stored[PushDevice]) -> None:
    """Delete a device at SNS, then here. At SNS it stays when somebody else has registered it since."""
    try:
        let_go(known.value)
        store.notifications.DEVICES.delete(known)
    except ConflictError:
        return  # registered again at this moment: then it is wanted


def let_go(device: PushDevice) -> None:
    """Delete a device at SNS, unless somebody else has registered it since; our own row of it stays.

    Raises:
        ConflictError: it is registered again at this moment.
        UnavailableError: SNS could not say; doing it again is safe.
    """
    owner = store.notifications.OWNERS.get(token_hash=device.token_hash)
    if owner is None or owner.value.endpoint_id == device.endpoint_id:
        push.delete(device.endpoint)
        if owner is not None:
            store.notifications.OWNERS.delete(owner)


def _device(owner: PushOwner) -> Stored[PushDevice] | None:
    """The row of a device's owner; None when it is gone, or its company's key is."""
    try:
        return find(owner.company_id, owner.user_id, owner.endpoint_id)
    except store.vault.KeyMissingError:
        return None


def _is_of(owner: PushOwner, company_id: str, user_id: str) -> bool:
    return (owner.company_id, owner.user_id) == (company_id, user_id)
