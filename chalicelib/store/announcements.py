"""Which versions are announced, with the operator, and who was told what, with the company: `accounts`."""

from __future__ import annotations

from chalicelib.kernel import ids
from chalicelib.records.announcements import NEVER, Announcement, Told
from chalicelib.store.table import Due, Rows

ANNOUNCEMENTS_DUE = "announcements"
"""The index partition of all announcements there ever were: so the sweep knows in one query which version has
not even begun.
"""

ANNOUNCEMENTS = Rows(
    Announcement,
    pk=ids.OPERATOR,
    sk="announcement#{version}",
    owner=ids.OPERATOR,
    due=lambda _: Due(ANNOUNCEMENTS_DUE, NEVER),
)
TOLD = Rows(Told, pk="{company_id}", sk="told#{user_id}#{topic}")
