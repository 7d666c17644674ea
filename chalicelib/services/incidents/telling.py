"""Telling those whom an incident concerns (4.3.4): in which words, when, and who.

Ours are told themselves, by mail, push and in the product, whatever they switched off. What we keep for a
client is told to its main administrator, with the numbers of its own share, and never to the people in it:
the client decides about them. For what companies shared, the agreement (appendix 2) has us tell those who
shared and those who received; they answer to the people. Clients need no assessment of ours and are told as
soon as they are found.

Whom staff wanted told stays wanted: whoever a later look finds is told the same words without being asked
for again. Nobody gets the same words twice; other words are another notice. A crash anywhere ends alike,
because lists are added to under ids, and a notice that was started twice is one.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from chalicelib import store
from chalicelib.kernel import clock, ids, telemetry
from chalicelib.kernel.errors import ConflictError, FieldError, InvalidError, RefusedError
from chalicelib.privacy import incident_contents, incidents
from chalicelib.privacy.incident_facts import Authority
from chalicelib.privacy.notifications import Kind
from chalicelib.privacy.register import Role, Subject
from chalicelib.records.incident_work import IncidentWork
from chalicelib.records.incidents import Incident, IncidentAct, IncidentCompany
from chalicelib.records.mass import Audience
from chalicelib.services.incidents import changing, course, opening
from chalicelib.services.incidents.course import CLIENTS, JOINT, LISTED, PEOPLE
from chalicelib.services.notifications import mass
from chalicelib.services.workflows import engine

if TYPE_CHECKING:
    from chalicelib.records.workflows import Workflow
    from chalicelib.store.table import Stored
    from chalicelib.store.transaction import Transaction

PIECE_SECONDS: Final = 20
TOGETHER: Final = 200
"""People put on a list at once."""
ROLES: Final = {CLIENTS: Role.PROCESSOR, JOINT: Role.JOINT_CONTROLLER}
TEMPLATES: Final = {
    PEOPLE: "incident_people",
    CLIENTS: "incident_client",
    JOINT: "incident_joint",
}


def word(by: str, incident_id: str, contents: Mapping[str, Mapping[str, str]]) -> None:
    """Say what everybody concerned is told: the four contents, in both languages. Nobody is told by this.

    Raises:
        NotFoundError; ConflictError: ``closed``.
        InvalidError: a content that is missing in a language, or is no content.
    """
    faults = incident_contents.faults(contents)
    if faults:
        raise InvalidError(clause="incidents", errors=[FieldError(place, code) for place, code in faults])
    opening.find_open(incident_id)
    said = {locale: dict(texts) for locale, texts in contents.items()}
    changing.change(
        incident_id,
        lambda one: replace(one, contents=said),
        IncidentAct.CONTENTS_SET,
        by,
        words=_all_words(said),
    )


def tell(by: str, incident_id: str, whom: tuple[str, ...]) -> None:
    """Have everybody concerned told the words on record; ``whom``: of ``course.AUDIENCES``.

    Raises:
        NotFoundError; RefusedError: ``contents_missing``: not all four contents; ``telling_forbidden``: an
            authority forbids it.
        ConflictError: ``closed``; ``being_counted``: nobody knows yet whom; ``authority_first``: the PDPC
            hears of it before people do (PDPA s26D(2)); ``told_already``: these words.
    """
    incident = opening.find_open(incident_id).value
    _check(incident, whom)
    words = store.incidents.words_hash(_all_words(incident.contents or {}))

    def also(transaction: Transaction, _: Incident) -> None:
        known = opening.find_work(incident_id)
        work = known.value
        if work.looked < work.look:
            raise ConflictError("being_counted", "It is not known yet whom this incident concerns.")
        fresh = [one for one in whom if work.asked.get(one) != words]
        if not fresh:
            raise ConflictError("told_already", "They have been told in these words.")
        made = replace(
            work,
            asked={**work.asked, **dict.fromkeys(fresh, words)},
            said=incident.contents or {},
            told={**work.told, **dict.fromkeys(fresh, 0)},
            # Who is reached by these words is counted anew.
            accepted=0 if PEOPLE in fresh else work.accepted,
            unreachable=0 if PEOPLE in fresh else work.unreachable,
            clients_unreached=0 if CLIENTS in fresh else work.clients_unreached,
        )
        transaction.replace(store.incident_work.WORK, known, made)

    changing.change(
        incident_id,
        lambda one: replace(one, changes=one.changes + 1),
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
    for place in _list(incident, work):
        if clock.elapsed() > until:
            made = replace(work, listed=place)
            store.incident_work.WORK.replace(known, made, op=store.table.new_op())
            return
    made = replace(work, listed=LISTED)
    transaction = store.transaction.Transaction(store.table.new_op())
    transaction.replace(store.incident_work.WORK, known, made)
    engine.move(workflow, course.stage_of(incident, made), why="telling", transaction=transaction)
    transaction.commit()
    start(made)


def start(work: IncidentWork) -> None:
    """Let the notices under way leave. Repeatable."""
    for mass_id in work.under_way.values():
        mass.start(mass_id)


def share(company: IncidentCompany) -> dict[str, str]:
    """What a client is told of its own share: numbers alone."""
    return {"records": str(company.records), "people": str(company.prospects)}


def _check(incident: Incident, whom: tuple[str, ...]) -> None:
    if faults := incident_contents.faults(incident.contents):
        errors = [FieldError(f"contents.{place}", code) for place, code in faults]
        raise RefusedError(
            "contents_missing",
            "The four contents of 4.3.4 are not all there.",
            clause="incidents",
            errors=errors,
        )
    if PEOPLE not in whom:
        return
    if incident.telling_forbidden:
        raise RefusedError("telling_forbidden", "An authority forbids telling people.", clause="incidents")
    owed = incidents.obligations(incident.facts(), incident.moments())
    if any(one.open and one.authority is Authority.PDPC for one in owed):
        raise ConflictError("authority_first", "The PDPC has to be notified first (PDPA s26D(2)).")


def _begin(incident: Incident, known: Stored[IncidentWork]) -> None:
    """Begin a notice for each audience that is owed one; none of them leaves yet. One for nobody is begun
    only where there is no other to prove that those concerned were told.
    """
    work = known.value
    wanted = course.untold(work)
    nobody = _without_anybody(incident, work, wanted)
    transaction = store.transaction.Transaction(store.table.new_op())
    begun = {
        whom: mass.begin(
            transaction,
            kind=Kind.INCIDENT,
            about=incident.incident_id,
            audience=Audience.LISTED if whom == PEOPLE else Audience.MAIN_ADMINS,
            template=TEMPLATES[whom],
            texts=work.said,
        )
        for whom in wanted
        if whom not in nobody
    }
    made = replace(
        work,
        under_way=begun,
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
    empty = [whom for whom in ROLES if whom in wanted]
    for one in store.incident_work.companies(incident.incident_id):
        empty = [whom for whom in empty if not _is_new(work, one.value, whom, work.looked)]
        if not empty:
            return []
    return empty if len(empty) < len(ROLES.keys() & set(wanted)) else empty[1:]


def _is_new(work: IncidentWork, company: IncidentCompany, whom: str, upto: int) -> bool:
    """Whether a company that was found by some look up to this one has not been told."""
    return work.told.get(whom, 0) < company.found.get(ROLES[whom].value, 0) <= upto


def _list(incident: Incident, work: IncidentWork) -> Iterator[str]:
    """Put those on the lists whom nobody has told these words; yields where it is, to go on from there."""
    part, _, after = work.listed.partition("|")
    if PEOPLE in work.under_way and part in {"", PEOPLE}:
        yield from _list_people(incident, work, after if part == PEOPLE else "")
    start_at = after if part == CLIENTS else ""
    for one in store.incident_work.companies(incident.incident_id, start_at):
        company = one.value
        for whom in ROLES:
            if whom in work.under_way and _is_new(work, company, whom, work.listed_look):
                mass.add(work.under_way[whom], [(company.company_id, "")], _values(whom, company))
                _prove_told(incident, company, whom, work)
        yield f"{CLIENTS}|{company.company_id}"


def _list_people(incident: Incident, work: IncidentWork, after: str) -> Iterator[str]:
    batch: list[tuple[str, str]] = []
    place = after
    for place, one in store.incident_work.people(incident.incident_id, after):
        if one.whose is Subject.USER and work.told.get(PEOPLE, 0) < one.look <= work.listed_look:
            batch.append((one.company_id, one.person_id))
        if len(batch) == TOGETHER:
            mass.add(work.under_way[PEOPLE], batch)
            batch = []
            yield f"{PEOPLE}|{place}"
    if batch:
        mass.add(work.under_way[PEOPLE], batch)
        yield f"{PEOPLE}|{place}"


def _values(whom: str, company: IncidentCompany) -> dict[str, str]:
    return share(company) if whom == CLIENTS else {}


def _prove_told(incident: Incident, company: IncidentCompany, whom: str, work: IncidentWork) -> None:
    """Note in the company's own chain that its main administrator is told, and of how much; once for each
    notice. 6 write units.
    """
    step_id = _step_id(work.under_way[whom], company.company_id)
    known = store.incidents.STEPS.get(
        company_id=company.company_id, incident_id=incident.incident_id, step_id=step_id
    )
    if known is not None:
        return
    transaction = store.transaction.Transaction(store.table.new_op())
    opening.prove(
        transaction,
        incident,
        IncidentAct.CLIENTS_TOLD,
        chain=company.company_id,
        concerns=work.under_way[whom],
        said=share(company) if whom == CLIENTS else {"role": Role.JOINT_CONTROLLER.value},
        number=company.prospects if whom == CLIENTS else None,
        step_id=step_id,
    )
    try:
        transaction.commit()
    except ConflictError:
        return  # another run did this moment


def _step_id(mass_id: str, company_id: str) -> str:
    """The same for the same notice to the same company, so that it is proven once."""
    mixed = bytes(a ^ b for a, b in zip(ids.raw(mass_id), ids.raw(company_id), strict=True))
    return ids.from_raw("ist", mixed)


def _all_words(contents: Mapping[str, Mapping[str, str]]) -> str:
    return "\0".join(
        f"{locale}\0{name}\0{words}"
        for locale, texts in sorted(contents.items())
        for name, words in sorted(texts.items())
    )
