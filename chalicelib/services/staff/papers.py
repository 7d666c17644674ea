"""The personnel record: who has signed the confidentiality agreement, who was trained when (4.3.2).

Entered by an admin about somebody else, kept entry by entry and proven in the operator's ledger. What counts
is copied to the person, so that every request is judged by it at no further cost.
"""

from __future__ import annotations

from dataclasses import replace

from chalicelib import store
from chalicelib.kernel import clock, ids
from chalicelib.kernel.errors import FieldError, InvalidError
from chalicelib.privacy import personnel
from chalicelib.privacy.personnel import Paper
from chalicelib.records.staff import Act, Staff, StaffPaper
from chalicelib.services.staff import acts, roster
from chalicelib.services.staff.roster import Way


def enter(staff_id: str, paper: Paper, version: str, at: int, *, by: str | None) -> Staff:
    """Put an agreement or a training on record. ``at`` is when it was signed or completed, epoch seconds.

    An earlier one than is on record already is kept, and changes nothing about what counts.

    Raises:
        NotFoundError: nobody.
        InvalidError: not a version or course there is; a day to come.
        ConflictError: ``yourself``.
        RefusedError: ``not_permitted``, whoever asks is no admin any more.
    """
    if version != personnel.ACCEPTED[paper]:
        raise InvalidError(errors=[FieldError("version", "unknown")])
    if at > clock.now():
        raise InvalidError(errors=[FieldError("on", "in_the_future")])

    def edit(way: Way) -> Staff:
        person = way.known.value
        entry = StaffPaper(
            staff_id=staff_id,
            paper_id=ids.new("ppr"),
            paper=paper,
            version=version,
            at=at,
            entered_by=by,
            entered_at=clock.now(),
        )
        changed = _with(person, entry)
        way.transaction.replace(store.staff.PEOPLE, way.known, changed)
        way.transaction.put_new(store.staff.PAPERS, entry)
        acts.note(way.transaction, Act.PAPER_ENTERED, changed, by=by, paper=entry)
        return changed

    return roster.change(staff_id, by, edit)


def read(staff_id: str) -> list[StaffPaper]:
    """The personnel record of somebody, entered last first; also of those who have left. One query."""
    found = store.staff.PAPERS.query("staff", f"paper#{staff_id}#", newest_first=True)
    return [one.value for one in found]


def _with(person: Staff, entry: StaffPaper) -> Staff:
    """The person with the newest of each kind copied."""
    if entry.paper is Paper.AGREEMENT:
        later = person.agreement != entry.version or entry.at >= (person.agreed_at or 0)
        return replace(person, agreement=entry.version, agreed_at=entry.at) if later else person
    later = person.course != entry.version or entry.at >= (person.trained_at or 0)
    return replace(person, course=entry.version, trained_at=entry.at) if later else person
