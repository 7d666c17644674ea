"""What the gate leaves to `make deep`: the further points of a matrix whose first points it runs.

A workflow that is killed after each of its states, or a database that fails at each of its calls, is one promise
shown at many places; all of them together take three quarters of an hour of two cores. The gate runs some of
each, so that no promise goes without; `make deep` runs everything, before a release and after a change to what
is listed here. A test that shows something of its own is never listed.
"""

from __future__ import annotations

from fnmatch import fnmatchcase
from typing import Final

DEEP: Final = (
    "test_archive.py::test_what_is_planted_in_the_future_*",
    "test_archive.py::test_a_sum_that_somebody_put_there_first_*",
    "test_archive.py::test_an_anchor_that_was_written_over_*",
    "test_cancellation_killed.py::*[[]4]",
    "test_cancellation_killed.py::*[[]6]",
    "test_cancellation_killed.py::*[[]8]",
    "test_cancellation_killed.py::*[[]3-False]",
    "test_cancellation_killed.py::*[[]9-True]",
    "test_cancellation_killed.py::*[[]60-True]",
    "test_company_erasure_faults.py::*[[]throttle]",
    "test_company_erasure_faults.py::*[[]leave_over]",
    "test_company_erasure_faults.py::*[[]conflict]",
    "test_discontinuation_killed.py::*[[]1-False]",
    "test_discontinuation_killed.py::*[[]4-False]",
    "test_discontinuation_killed.py::*[[]4-True]",
    "test_discontinuation_killed.py::*[[]5-True]",
    "test_drill.py::*",  # `make drill` by another name: its steps have tests of their own
    "test_engine.py::test_killed_after_any_state_*[[]?]",
    "test_engine.py::test_cut_off_inside_a_task_*[[][02345]-*]",
    "test_erased_holds.py::test_who_was_held_*[[]after a failure]",
    "test_erased_users.py::*[[]removed]",
    "test_incident_faults.py::test_killed_after_*[[][1234678]]",
    "test_incident_faults.py::test_killed_after_*telling*[[]1[012]]",
    "test_incident_faults.py::test_cut_off_*[[][023469]-*]",
    "test_incident_faults.py::test_cut_off_*search*[[]1[048]-*]",
    "test_incident_faults.py::test_cut_off_*telling*[[]1[29]-*]",
    "test_incident_faults.py::test_cut_off_*telling*[[][23][0-9]-*]",
    "test_incident_faults.py::test_cut_off_*-not done]",
    "test_requests_base.py::*[[]complaint]",
    "test_restore_drill.py::test_an_erasure_that_was_half_done_*",
    "test_streams.py::*[[]workspace]",
    "test_withdrawal_faults.py::test_a_reply_lost_at_any_step_*",
)
"""By file and name; `[[]` is a bracket, as `fnmatch` writes it."""


def is_deep(place: str) -> bool:
    """Whether a test, `tests/integration/file.py::name[point]`, is left to `make deep`."""
    return any(fnmatchcase(place, f"*/{pattern}") for pattern in DEEP)
