"""What is the operator's own when the service ends: the base of prospects goes, record by record, with all
that finds them; so do shared ones that their companies left behind.

Loads stay on record with their ground and end by their own time, without anybody of whom they brought in.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from chalicelib import store
from chalicelib.kernel import clock
from chalicelib.records.loads import LoadAct, LoadState
from chalicelib.services.prospects import loading
from chalicelib.services.prospects.classes import LEVELS, SECTORS

STEP_SECONDS: Final = 30
PER_CALL: Final = 25
"""Lines of a list taken together."""
SHELVES: Final = (*(f"level.{one}" for one in LEVELS), *(f"sector.{one}" for one in SECTORS))
"""Every record stands in one list of levels, which empties the base, and in one of branches, which shows that
the first has missed nobody.
"""


def piece() -> tuple[int, bool]:
    """Delete the next records, for half a minute at most: how many rows went, and whether nothing is left.

    Raises:
        UnavailableError: what is gone stays gone.
    """
    until, gone = clock.elapsed() + STEP_SECONDS, 0
    for shelf in SHELVES:
        while some := store.discontinuation.empty(shelf, PER_CALL):
            gone += some
            if clock.elapsed() > until:
                return gone, False
    return gone, gone == 0


def stop_loads() -> None:
    """End every load that waits or runs: its next step finds that it is over. Repeatable."""
    for known in store.loads.LOADS.query("loads", "load#"):
        if known.value.state not in {LoadState.WAITING, LoadState.RUNNING}:
            continue
        load = replace(known.value, state=LoadState.CANCELLED, ended_at=clock.now())
        transaction = store.transaction.Transaction(store.table.new_op())
        transaction.replace(store.loads.LOADS, known, load)
        loading.prove(transaction, load, LoadAct.CANCELLED, None)
        transaction.commit()
