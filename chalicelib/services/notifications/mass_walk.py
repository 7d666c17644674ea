"""Passing everybody whom a notice is for: company after company, their people in the order of their ids.

Memory holds one page of people, however many there are.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import TYPE_CHECKING, Final

from chalicelib import store
from chalicelib.kernel import clock, telemetry
from chalicelib.kernel.errors import ConflictError, UnavailableError
from chalicelib.privacy.consent import CompanyState
from chalicelib.privacy.notifications import Kind
from chalicelib.records.mass import Audience, Mass, MassState, MassTold, Outcome
from chalicelib.services.notifications import mass_people
from chalicelib.services.notifications.mass_people import Notice, Told

if TYPE_CHECKING:
    from chalicelib.store.mass import Place
    from chalicelib.store.table import Stored

STEP_SECONDS: Final = 40
"""A piece ends with the person during whom this has passed: two thirds of what the function has."""
PAGE: Final = 25
"""People, or companies, read at once."""

UNREADABLE: Final = "unreadable_companies"
SENT: Final = "sent"
PASSED_BY: Final = "passed_by"
"""In a tally beside the outcomes: companies that could not be opened, mails handed over in this pass, and who
is on the list and was not written to: gone, or in a company that is gone or could not be opened.
"""

_STATES: Final = frozenset(CompanyState) - {CompanyState.PENDING, CompanyState.CANCELLED}
"""Companies whose people use the product, or may again when the term is renewed."""
_AS_LONG_AS_HELD: Final = frozenset({Kind.INCIDENT, Kind.CANCELLATION})
"""Kinds that concern the data itself: people of a company whose doors are closed hear of it too, for as long
as their rows are there. A hold keeps those for years.
"""


class End(StrEnum):
    """Why a piece ended."""

    TIME = "time"
    BUSY = "busy"
    STOPPED = "stopped"
    """Paused, or gone."""
    OVER = "over"
    """Everybody was passed."""


@dataclass
class Piece:
    """One piece of work as it goes. ``mass`` is the row as it was taken, with how far we are."""

    mass: Mass
    notice: Notice
    tally: Counter[str] = field(default_factory=Counter)
    passed: int = 0
    sent: int = 0
    began: float = field(default_factory=clock.elapsed)
    end: End | None = None

    def note(self, told: Told) -> None:
        """Count one person."""
        self.passed += 1
        if told.outcome is not None:
            self.tally[told.outcome] += 1
        elif self.counts_gone and not told.sent:
            self.tally[PASSED_BY] += 1
        if told.accepted_at is not None:
            last = max(told.accepted_at, self.mass.last_accepted_at or 0)
            self.mass = replace(self.mass, last_accepted_at=last)
        if told.sent:
            self.sent += 1
            self.tally[SENT] += 1

    def keep_pace(self) -> None:
        """Wait until the next mail may leave. Never longer than for one mail: tests move the clock."""
        turn = self.began + self.sent / self.mass.per_second - clock.elapsed()
        if turn > 0:
            clock.sleep(min(turn, 1 / self.mass.per_second))

    @property
    def counts_gone(self) -> bool:
        """Whether it matters who was not written to: somebody listed them, because we owe them this."""
        return self.notice.owed and self.mass.audience is not Audience.EVERYBODY

    @property
    def is_full(self) -> bool:
        """Whether it has lasted long enough."""
        lasted = clock.elapsed() - self.began
        return lasted > STEP_SECONDS or self.sent >= STEP_SECONDS * self.mass.per_second


def walk(piece: Piece) -> None:
    """Tell people from where the notice stands until the piece is full, or everybody was passed.

    Raises:
        UnavailableError, ConflictError: it ended early; ``piece`` says how far it came.
    """
    for company_id, came_at, listed in _companies(piece):
        if not _pass_company(piece, company_id, listed):
            return
        piece.mass = replace(
            piece.mass, cursor_at=came_at, cursor_id=company_id, within_id=None, within_user=None
        )
    piece.end = End.OVER


def _companies(piece: Piece) -> Iterator[tuple[str, int | None, list[str] | None]]:
    """The companies to pass, after the last one passed: when each came, and who of it is listed."""
    one = piece.mass
    if one.audience is not Audience.EVERYBODY:
        for company_id, users in store.mass.lists(one.mass_id, one.cursor_id):
            piece.notice.for_company(store.mass.values(one.mass_id, company_id))
            yield company_id, None, users
        return
    after = None if one.cursor_id is None or one.cursor_at is None else (one.cursor_id, one.cursor_at)
    while found := store.due.companies(after, PAGE):
        for company_id, came_at in found:
            yield company_id, came_at, None
        after = found[-1]


def _pass_company(piece: Piece, company_id: str, listed: list[str] | None) -> bool:
    """Pass the people of one company; False when the piece ended among them."""
    try:
        access = store.accounts.ACCESS.get(company_id=company_id)
        if access is not None and piece.mass.audience is Audience.MAIN_ADMINS:
            listed = [access.value.main_user_id]
        if access is not None and (access.value.state in _STATES or piece.mass.kind in _AS_LONG_AS_HELD):
            return _pass_people(piece, company_id, listed)
    except (ConflictError, UnavailableError):
        raise  # nobody's fault: the piece is gone on with
    except Exception as error:
        # One company that cannot be opened must not keep the news from all that come after it.
        telemetry.event("mass_error", error=error, mass_id=piece.mass.mass_id, company_id=company_id)
        piece.tally[UNREADABLE] += 1
    _pass_by(piece, company_id, listed)
    return True


def _pass_by(piece: Piece, company_id: str, listed: list[str] | None) -> None:
    """Count whoever is listed of a company and cannot be told: by what is on record of their mail, which is
    not sealed. Closed: whoever it does not show as told counts as not told, so that it is said in public.
    """
    if not piece.counts_gone:
        return
    after = _after(piece, company_id)
    people = [user_id for user_id in listed or () if user_id > after]
    known = store.mass.told(piece.mass.mass_id, company_id, people)
    for user_id in people:
        told = known.get(user_id)
        open_still = told is None or told.value.outcome in {Outcome.CLAIMED, Outcome.BUSY}
        piece.note(Told(None if told is None or open_still else told.value.outcome))
    if not listed:
        piece.note(Told(None))  # a company's main administrator, whoever that was


def _after(piece: Piece, company_id: str) -> str:
    """Whom of a company the notice has passed last; everybody comes after the empty name."""
    return (piece.mass.within_user or "") if piece.mass.within_id == company_id else ""


def _pass_people(piece: Piece, company_id: str, listed: list[str] | None) -> bool:
    """As `_pass_company`, of one that is there."""
    after = _after(piece, company_id)
    while page := _page(company_id, listed, after):
        if not _still(piece):
            return False
        known = store.mass.told(piece.mass.mass_id, company_id, [user_id for user_id, _ in page])
        for user_id, place in page:
            told = _pass_safely(piece, company_id, (user_id, place), known.get(user_id))
            if told is None:
                return False
            piece.note(told)
            piece.mass = replace(piece.mass, within_id=company_id, within_user=user_id)
            after = user_id
            if piece.is_full:
                piece.end = End.TIME
                return False
    return True


def _page(company_id: str, listed: list[str] | None, after: str) -> list[Place]:
    """The next people of a company, in the order of their ids."""
    if listed is None:
        return store.mass.members(company_id, after, PAGE)
    return store.mass.places(company_id, [user_id for user_id in listed if user_id > after][:PAGE])


def _still(piece: Piece) -> bool:
    """Whether the notice is still ours and not paused; at what pace."""
    known = store.mass.MASSES.get(mass_id=piece.mass.mass_id)
    ours = known is not None and known.value.step_id == piece.mass.step_id
    if known is None or not ours or known.value.state is not MassState.RUNNING:
        piece.end = End.STOPPED
        return False
    piece.mass = replace(piece.mass, per_second=known.value.per_second)
    return True


def _pass_safely(piece: Piece, company_id: str, person: Place, known: Stored[MassTold] | None) -> Told | None:
    """As `_pass_one`; one person's damaged row must not keep the news from their colleagues."""
    try:
        return _pass_one(piece, company_id, person, known)
    except (ConflictError, UnavailableError, store.vault.KeyMissingError):
        raise
    except Exception as error:
        telemetry.event("mass_error", error=error, company_id=company_id, user_id=person[0])
        return Told(Outcome.REFUSED)


def _pass_one(piece: Piece, company_id: str, person: Place, known: Stored[MassTold] | None) -> Told | None:
    """Tell one person, or count what is on record of them; None when SES has no room."""
    user_id, place = person
    if not mass_people.wanted(piece.notice, place, known):
        return Told(None) if known is None else Told(known.value.outcome, accepted_at=known.value.accepted_at)
    piece.keep_pace()
    told = mass_people.tell(piece.notice, (company_id, user_id), known)
    if told.outcome is Outcome.BUSY:
        piece.end = End.BUSY
        return None
    return told
