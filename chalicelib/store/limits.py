"""Rate limits: how often something happened in a window of time, per keyed hash of whom it concerns.

Fails closed: if the count cannot be taken, the attempt is refused, for the sake of the account's owner.
A reply lost on the way counts an attempt twice, which errs on the same side. One write unit per attempt.
"""

from __future__ import annotations

from typing import Any

from pynamodb.attributes import NumberAttribute
from pynamodb.exceptions import PynamoDBException

from chalicelib.kernel import clock, telemetry
from chalicelib.kernel.errors import TooManyRequestsError, UnavailableError
from chalicelib.store.accounts import operator_hash
from chalicelib.store.failures import refused
from chalicelib.store.items import AccountsRow, OperatorRow


class _LimitRow(AccountsRow):
    class Meta(AccountsRow.Meta):
        pass

    attempts = NumberAttribute(null=True)


class _StaffLimitRow(OperatorRow):
    class Meta(OperatorRow.Meta):
        pass

    attempts = NumberAttribute(null=True)


def take(scope: str, whom: str, allowed: int, window: int) -> None:
    """Count one attempt; at most ``allowed`` in each ``window`` seconds.

    Raises:
        TooManyRequestsError: the window is full; says for how many seconds.
        UnavailableError: the count could not be taken.
    """
    _count(_LimitRow, scope, whom, allowed, window)


def take_of_staff(scope: str, whom: str, allowed: int, window: int) -> None:
    """The same for what is done to the staff's door: counted where the companies' function cannot reach."""
    _count(_StaffLimitRow, scope, whom, allowed, window)


def _count(model: type[Any], scope: str, whom: str, allowed: int, window: int) -> None:
    now = clock.now()
    began = now - now % window
    row = model(f"limit#{scope}#{operator_hash('limit', whom)}", str(began))
    below = model.attempts.does_not_exist() | (model.attempts < allowed)
    try:
        row.update(
            # An upsert on purpose: the first attempt of a window creates its row.
            actions=[
                model.attempts.add(1),
                model.kind.set("limit"),
                model.expires_at.set(began + window),
                model.ttl.set(began + window),
            ],
            condition=below,
        )
    except PynamoDBException as error:
        if refused(error):
            raise TooManyRequestsError(retry_after=began + window - now) from None
        telemetry.event("limit_error", error=error)
        raise UnavailableError from None
