"""Rate limits: how often something happened in a window of time, per keyed hash of whom it concerns.

Fails closed: if the count cannot be taken, the attempt is refused, for the sake of the account's owner.
A reply lost on the way counts an attempt twice, which errs on the same side; where the limit is somebody
else's, repetitions of one attempt are told apart (`take_once`). One write unit per attempt.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pynamodb.attributes import NumberAttribute, UnicodeSetAttribute
from pynamodb.exceptions import PynamoDBException
from pynamodb.expressions.condition import size

from chalicelib.kernel import clock, telemetry
from chalicelib.kernel.errors import TooManyRequestsError, UnavailableError
from chalicelib.store.accounts import operator_hash
from chalicelib.store.failures import refused
from chalicelib.store.items import AccountsRow, OperatorRow

if TYPE_CHECKING:
    from pynamodb.expressions.condition import Condition
    from pynamodb.expressions.update import Action


class _LimitRow(AccountsRow):
    class Meta(AccountsRow.Meta):
        pass

    attempts = NumberAttribute(null=True)
    told_apart = UnicodeSetAttribute(null=True)


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
    _count(_LimitRow, scope, whom, window, _one_more(_LimitRow.attempts, allowed))


def take_once(scope: str, whom: str, attempt: str, allowed: int, window: int) -> None:
    """As `take`, but the same attempt counts once however often it comes. The row keeps each attempt's name:
    for limits of a few. Raises as `take`.
    """
    seen = _LimitRow.told_apart
    below = seen.does_not_exist() | seen.contains(attempt) | (size(seen) < allowed)
    _count(_LimitRow, scope, whom, window, (seen.add({attempt}), below))


def take_of_staff(scope: str, whom: str, allowed: int, window: int) -> None:
    """The same for what is done to the staff's door: counted where the companies' function cannot reach."""
    _count(_StaffLimitRow, scope, whom, window, _one_more(_StaffLimitRow.attempts, allowed))


def _one_more(attempts: NumberAttribute, allowed: int) -> tuple[Action, Condition]:
    return attempts.add(1), attempts.does_not_exist() | (attempts < allowed)


def _count(
    model: type[AccountsRow | OperatorRow],
    scope: str,
    whom: str,
    window: int,
    counted: tuple[Action, Condition],
) -> None:
    """Upsert the row of a window: what counts one more, unless what must hold beforehand does not."""
    count, below = counted
    now = clock.now()
    began = now - now % window
    row = model(f"limit#{scope}#{operator_hash('limit', whom)}", str(began))
    try:
        row.update(
            # An upsert on purpose: the first attempt of a window creates its row.
            actions=[
                count,
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
