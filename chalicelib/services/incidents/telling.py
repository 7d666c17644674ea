"""Telling those whom an incident concerns (4.3.4): in which words, when, and who.

Ours are told themselves, by mail, push and in the product, whatever they switched off. What we keep for a
client is told to its main administrator, with the numbers of its own share, and never to the people in it:
the client decides about them. For what companies shared, the agreement (appendix 2) has us tell those who
shared and those who received; they answer to the people. Clients need no assessment of ours and are told as
soon as they are found.

People are told by two of the staff, one who found the words and one who sends them; and not while an
authority comes first or forbids it, also when that turns up on the way: the notice stops then, and goes on
afterwards (``holding``).

Whom staff wanted told stays wanted: whoever a later look finds is told the same words without being asked
for again. Nobody gets the same words twice; other words are another notice. A crash anywhere ends alike,
because lists are added to under ids, and a notice that was started twice is one.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from chalicelib import store
from chalicelib.kernel import clock, telemetry
from chalicelib.kernel.errors import ConflictError, FieldError, InvalidError, RefusedError
from chalicelib.privacy import incident_contents
from chalicelib.privacy.notifications import Kind
from chalicelib.records.incident_work import IncidentWork
from chalicelib.records.incidents import Incident, IncidentAct
from chalicelib.records.mass import Audience
from chalicelib.services.incidents import changing, course, holding, listing, opening
from chalicelib.services.incidents.course import CLIENTS, JOINT, LISTED, PEOPLE
from chalicelib.services.notifications import mass
from chalicelib.services.workflows import engine

if TYPE_CHECKING:
    from chalicelib.records.workflows import Workflow
    from chalicelib.store.table import Stored
    from chalicelib.store.transaction import Transaction

PIECE_SECONDS: Final = 20
TEMPLATES: Final = {
    PEOPLE: "incident_people",
    CLIENTS: "incident_client",
    JOINT: "incident_joint",
}


def word(by: str, incident_id: str, contents: Mapping[str, Mapping[str, str]]) -> None:
    """Say what everybody concerned is told: the four contents, in both languages. Nobody is told by this.

    Raises:
        NotFoundError; ConflictError: ``closed``; RefusedError: ``about_yourself``.
        InvalidError: a content that is missing in a language, or is no content.
    """
    faults = incident_contents.faults(contents)
    if faults:
        raise InvalidError(clause="incidents", errors=[FieldError(place, code) for place, code in faults])
    opening.find_open(incident_id, by)
    said = {locale: dict(texts) for locale, texts in contents.items()}
    changing.change(
        incident_id,
        lambda one: replace(one, contents=said, worded_by=by),
        IncidentAct.CONTENTS_SET,
        by,
        words=_all_words(said),
    )


def tell(by: str, incident_id: str, whom: tuple[str, ...]) -> None:
    """Have everybody concerned told the words on record; ``whom``: of ``course.AUDIENCES``.

    Raises:
        NotFoundError; RefusedError: ``contents_missing``: not all four contents; ``telling_forbidden``: an
            authority forbids it; ``second_person``: who found the words does not send them;
            ``about_yourself``.
        ConflictError: ``closed``; ``being_counted``: nobody knows yet whom; ``authority_first``: the PDPC
            hears of it before people do (PDPA s26D(2)); ``told_already``: these words.
    """
    incident = opening.find_open(incident_id, by).value
    _check(by, incident, whom)
    words = store.incidents.words_hash(_all_words(incident.contents or {}))

    def edit(one: Incident) -> Incident:
        _check(by, one, whom)  # an order, or other words, may have come this moment
        if one.contents != incident.contents:
            raise ConflictError("changed")
        return replace(one, changes=one.changes + 1)

    def also(transaction: Transaction, _: Incident) -> None:
        known = opening.find_work(incident_id)
        work = known.value
        if work.looked < work.look:
            raise ConflictError("being_counted", "It is not known yet whom this incident concerns.")
        fresh = [one for one in whom if work.asked.get(one) != words]
        if not fresh:
            raise ConflictError("told_already", "They have been told in these words.")
        asked = {**work.asked, **dict.fromkeys(fresh, words)}
        said = {**work.said, words: incident.contents or {}}
        made = replace(
            work,
            asked=asked,
            said={one: texts for one, texts in said.items() if one in asked.values()},
            told={**work.told, **dict.fromkeys(fresh, 0)},
            # Who is reached by these words is counted anew.
            accepted=0 if PEOPLE in fresh else work.accepted,
            unreachable=0 if PEOPLE in fresh else work.unreachable,
            clients_unreached=0 if CLIENTS in fresh else work.clients_unreached,
        )
        transaction.replace(store.incident_work.WORK, known, made)

    changing.change(
        incident_id,
        edit,
        IncidentAct.TELLING_BEGAN,
        by,
        said={"whom": " ".join(whom)},
        words=_all_words(incident.contents or {}),
        wakes=True,
        also=also,
    )


def go_on(workflow: Stored[Workflow], incident: Incident, known: Stored[IncidentWork]) -> None:
    """Begin the notices, or put the next people on their lists; the last piece starts them all.

    Raises:
        ConflictError, UnavailableError: repeated.
    """
    work = known.value
    if not work.under_way:
        _begin(incident, known)
        return
    until = clock.elapsed() + PIECE_SECONDS
    for place in listing.fill(incident, work):
        if clock.elapsed() > until:
            made = replace(work, listed=place)
            store.incident_work.WORK.replace(known, made, op=store.table.new_op())
            return
    if work.aside:
        start(work)
        holding.resume(work)
    made = replace(work, listed=LISTED, aside="")
    transaction = store.transaction.Transaction(store.table.new_op())
    transaction.replace(store.incident_work.WORK, known, made)
    engine.move(workflow, course.stage_of(incident, made), why="telling", transaction=transaction)
    transaction.commit()
    start(made)


def start(work: IncidentWork) -> None:
    """Let the notices under way leave. Repeatable."""
    for mass_id in work.under_way.values():
        mass.start(mass_id)


def _check(by: str, incident: Incident, whom: tuple[str, ...]) -> None:
    if faults := incident_contents.faults(incident.contents):
        errors = [FieldError(f"contents.{place}", code) for place, code in faults]
        raise RefusedError(
            "contents_missing",
            "The four contents of 4.3.4 are not all there.",
            clause="incidents",
            errors=errors,
        )
    held = course.held_back(incident) if PEOPLE in whom else None
    if held == "telling_forbidden":
        raise RefusedError(held, "An authority forbids telling people.", clause="incidents")
    if held is not None:
        raise ConflictError(held, "The PDPC has to be notified first (PDPA s26D(2)).")
    if by == incident.worded_by:
        raise RefusedError("second_person", "Somebody else sends words that are yours.", clause="incidents")


def _begin(incident: Incident, known: Stored[IncidentWork]) -> None:
    """Begin a notice for each audience that is owed one; none of them leaves yet. One for nobody is begun
    only where there is no other to prove that those concerned were told. One that waited for an authority
    goes on, for whoever was found meanwhile as well; with other words by now, or too old for another pass, it
    stays where it stopped and another begins.
    """
    work = known.value
    wanted = course.wanted(incident, work)
    back = holding.waited(work) if PEOPLE in wanted else {}
    nobody = _without_anybody(incident, work, wanted)
    transaction = store.transaction.Transaction(store.table.new_op())
    begun = {
        whom: mass.begin(
            transaction,
            kind=Kind.INCIDENT,
            about=incident.incident_id,
            audience=Audience.LISTED if whom == PEOPLE else Audience.MAIN_ADMINS,
            template=TEMPLATES[whom],
            texts=work.said[work.asked[whom]],
        )
        for whom in wanted
        if whom not in nobody and whom not in back
    }
    begun |= back
    made = replace(
        work,
        under_way=begun,
        aside="" if PEOPLE in wanted and not back else work.aside,
        sent={whom: work.asked[whom] for whom in begun},
        told={**work.told, **dict.fromkeys(nobody, work.looked)},
        listed="",
        listed_look=work.looked,
    )
    transaction.replace(store.incident_work.WORK, known, made)
    transaction.commit()
    telemetry.event("incident_telling", incident_id=incident.incident_id, notices=len(begun))


def _without_anybody(incident: Incident, work: IncidentWork, wanted: tuple[str, ...]) -> list[str]:
    """Which of the notices to companies would be for none. Reads until each has found one."""
    empty = [whom for whom in listing.ROLES if whom in wanted]
    for one in store.incident_work.companies(incident.incident_id):
        empty = [whom for whom in empty if not listing.is_new(work, one.value, whom, work.looked)]
        if not empty:
            return []
    return empty if len(empty) < len(listing.ROLES.keys() & set(wanted)) else empty[1:]


def _all_words(contents: Mapping[str, Mapping[str, str]]) -> str:
    return "\0".join(
        f"{locale}\0{name}\0{words}"
        for locale, texts in sorted(contents.items())
        for name, words in sorted(texts.items())
    )
