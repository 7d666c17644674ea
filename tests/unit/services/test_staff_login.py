"""From where somebody of the staff logs in: remembered for as long as stated, and no longer."""

from __future__ import annotations

import pytest

from chalicelib.privacy.retention import STAFF_NETWORKS
from chalicelib.records.staff import StaffLogin
from chalicelib.services.staff import login

pytestmark = pytest.mark.clause("access", "retention")

NOW = 1_800_000_000
PERIOD = int(STAFF_NETWORKS.total_seconds())


def test_a_network_is_forgotten_thirty_days_after_the_last_login_from_it() -> None:
    known = StaffLogin(mailbox="m", staff_id="stf_1", networks={"old": NOW - PERIOD, "new": NOW - PERIOD + 1})
    assert login._remembered(known, NOW) == {"new": NOW - PERIOD + 1}
