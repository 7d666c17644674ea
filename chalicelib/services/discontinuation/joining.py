"""What the end of the service means for whoever comes: nobody joins who could not be told 30 full days ahead.

Closed, for their sake: somebody who joined a week before the end would lose their work after a week's notice,
or hold the end up for everybody. One read of half a unit for each signup and each invitation taken up.
"""

from __future__ import annotations

from chalicelib import store
from chalicelib.kernel import clock, settings
from chalicelib.kernel.errors import RefusedError


def check() -> None:
    """Let somebody join, unless the service ends within the time in which they would have to be told.

    Raises:
        RefusedError: ``service_ends``; with when it does, and where to read about it.
        UnavailableError: nobody could say, so nobody joins.
    """
    known = store.discontinuation.NOW.get(consistent=False)
    if known is None or clock.now() < known.value.joining_ends_at:
        return
    more = {
        "ends_at": clock.rfc3339(known.value.ends_at),
        "announcements": f"{settings.api_url()}/v1/announcements",
    }
    raise RefusedError(
        "service_ends", "The service ends; nobody can join any more.", clause="discontinuation", more=more
    )


def check_open() -> None:
    """Let the operator take in data of its own, unless the service has ended.

    Raises:
        RefusedError: ``service_ended``.
    """
    known = store.discontinuation.NOW.get()
    if known is not None and known.value.closed:
        raise RefusedError("service_ended", "The service has ended.", clause="discontinuation")
