"""How far announcements are, with the operator, and who was told what, with the company: `accounts`."""

from __future__ import annotations

from chalicelib.kernel import ids
from chalicelib.records.announcements import Announcement, Told
from chalicelib.store.table import Due, Rows

ANNOUNCEMENTS_DUE = "announcements"
"""The index partition of all announcements there ever were, finished ones with a due time that never comes:
so the sweep knows in one query what has to go on and what has not even begun.
"""

ANNOUNCEMENTS = Rows(
    Announcement,
    pk=ids.OPERATOR,
    sk="announcement#{version}",
    owner=ids.OPERATOR,
    due=lambda one: Due(ANNOUNCEMENTS_DUE, one.due_at),
)
TOLD = Rows(Told, pk="{company_id}", sk="told#{user_id}#{topic}")
