"""Rate limits: how often something happened in a window of time, per keyed hash of whom it concerns.

Fails closed: if the count cannot be taken, the attempt is refused, for the sake of the account's owner.
A reply lost on the way counts an attempt twice, which errs on the same side. One write unit per attempt.
"""

from __future__ import annotations

from pynamodb.attributes import NumberAttribute
from pynamodb.exceptions import PynamoDBException

from chalicelib.kernel import clock, telemetry
from chalicelib.kernel.errors import TooManyRequestsError, UnavailableError
from chalicelib.store.accounts import operator_hash
from chalicelib.store.failures import refused
from chalicelib.store.items import AccountsRow


class _LimitRow(AccountsRow):
    class Meta(AccountsRow.Meta):
        pass

    attempts = NumberAttribute(null=True)


def take(scope: str, whom: str, allowed: int, window: int) -> None:
    """Count one attempt; at most ``allowed`` in each ``window`` seconds.

    Raises:
        TooManyRequestsError: the window is full; says for how many seconds.
        UnavailableError: the count could not be taken.
    """
    now = clock.now()
    began = now - now % window
    row = _LimitRow(f"limit#{scope}#{operator_hash('limit', whom)}", str(began))
    below = _LimitRow.attempts.does_not_exist() | (_LimitRow.attempts < allowed)
    try:
        row.update(
            # An upsert on purpose: the first attempt of a window creates its row.
            actions=[
                _LimitRow.attempts.add(1),
                _LimitRow.kind.set("limit"),
                _LimitRow.expires_at.set(began + window),
            ],
            condition=below,
        )
    except PynamoDBException as error:
        if refused(error):
            raise TooManyRequestsError(retry_after=began + window - now) from None
        telemetry.event("limit_error", error=error)
        raise UnavailableError from None
