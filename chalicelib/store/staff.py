"""The operator's own people and their grants: the `operator` table, out of reach of the companies' function.

Everything is sealed under the operator's key. All people lie in one partition, all grants in another: there
are hundreds of the one and a few a day of the other, and lists of them are one query.
"""

from __future__ import annotations

from collections.abc import Iterable
from itertools import islice

from chalicelib.kernel import ids
from chalicelib.privacy.register import Duty
from chalicelib.records.grants import Grant, StaffAccess
from chalicelib.records.staff import (
    FormerStaff,
    Roster,
    Staff,
    StaffAct,
    StaffDone,
    StaffLogin,
    StaffPaper,
    StaffSession,
    StaffSetup,
)
from chalicelib.store.accounts import operator_hash
from chalicelib.store.table import Rows, Stored, get_together

_USE = Duty.CONTROL_STAFF
_OWNER = ids.OPERATOR

PEOPLE = Rows(Staff, pk="staff", sk="person#{staff_id}", owner=_OWNER)
FORMER = Rows(FormerStaff, pk="staff", sk="former#{staff_id}", owner=_OWNER)
ROSTER = Rows(Roster, pk="{roster}", sk="roster", owner=_OWNER)
PAPERS = Rows(StaffPaper, pk="staff", sk="paper#{staff_id}#{paper_id}", owner=_OWNER)
SESSIONS = Rows(StaffSession, pk="staff", sk="session#{staff_id}#{token_hash}", owner=_OWNER)
LOGINS = Rows(StaffLogin, pk="mailbox#{mailbox}", sk="login", owner=_OWNER)
SETUPS = Rows(StaffSetup, pk="setup#{token_hash}", sk="setup", owner=_OWNER)
DONE = Rows(StaffDone, pk="repeats", sk="done#{key}", owner=_OWNER)
GRANTS = Rows(Grant, pk="grants", sk="grant#{grant_id}", owner=_OWNER)
ACTS = Rows(StaffAct, pk="{company_id}", sk="staff#{act_id}")
ACCESSES = Rows(StaffAccess, pk="{company_id}", sk="access#{act_id}")


def mailbox_hash(login_name: str) -> str:
    """What a mailbox of the staff is looked up by; another hash than the same mailbox has as a user's."""
    return operator_hash("staff-mailbox", login_name)


def network_hash(login_name: str, network: str) -> str:
    """What a network is known by from which somebody of the staff logged in: one for each."""
    return operator_hash("staff-network", f"{login_name}|{network}")


def authority(staff_id: str, token_hash: str) -> tuple[Stored[StaffSession] | None, Stored[Staff] | None]:
    """What a request is judged by: the session and its person, as they are now. One call, two read units."""
    session, person = get_together(
        (SESSIONS, {"staff_id": staff_id, "token_hash": token_hash}),
        (PEOPLE, {"staff_id": staff_id}),
        use=_USE,
    )
    return session, person


def people(staff_ids: Iterable[str]) -> dict[str, Stored[Staff]]:
    """Those of the ids who are on the staff now, by id. One call, a read unit each."""
    wanted = [(PEOPLE, {"staff_id": staff_id}) for staff_id in dict.fromkeys(staff_ids)]
    found = get_together(*wanted, use=_USE) if wanted else []
    return {one.value.staff_id: one for one in found if one is not None}


def person(staff_id: str) -> Stored[Staff] | None:
    """One person of the staff; one read unit."""
    return PEOPLE.get(staff_id=staff_id, use=_USE)


def roster() -> Stored[Roster] | None:
    """Who runs the staff; None before the first person."""
    return ROSTER.get(roster="staff")


def grants(limit: int, before: str | None) -> list[Stored[Grant]]:
    """Up to ``limit`` grants, newest first, asked for before the one with id ``before``. One query."""
    found = GRANTS.query(
        "grants",
        "grant#",
        before=None if before is None else f"grant#{before}",
        newest_first=True,
        page_size=limit,
    )
    return list(islice(found, limit))


def accesses(company_id: str, limit: int, before: str | None) -> list[StaffAccess]:
    """What the ledger of one company says about the staff's looking at it, newest first. One query."""
    found = ACCESSES.query(
        company_id,
        "access#",
        before=None if before is None else f"access#{before}",
        newest_first=True,
        page_size=limit,
    )
    return [one.value for one in islice(found, limit)]
