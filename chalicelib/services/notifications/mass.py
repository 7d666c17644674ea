"""One notice to many people: beginning it, and what staff see and do of it. The work is in ``mass_work``.

A notice is a row; a piece of work takes it, tells the next people, and puts it back. Once per person comes
from the person's own row, not from the queue: a piece that dies, comes twice or loses its message is done
again. What the law asks us to tell goes out whatever was switched off, and rather twice than never; anything
else goes out once at most.

    mass_id = mass.begin(transaction, kind=..., about=..., audience=..., template=..., texts=...)
    transaction.commit()
    mass.add(mass_id, [(company_id, user_id), ...])    # LISTED; MAIN_ADMINS: (company_id, "")
    mass.start(mass_id)
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from chalicelib import store
from chalicelib.gateways import queues
from chalicelib.kernel import clock, ids, settings
from chalicelib.kernel.errors import ConflictError, NotFoundError
from chalicelib.privacy.notifications import KINDS, Kind
from chalicelib.records.announcements import NEVER
from chalicelib.records.mass import (
    DAY,
    Audience,
    Mass,
    MassState,
    MassStep,
    MassText,
)
from chalicelib.services import wording
from chalicelib.services.notifications import mass_acts, mass_progress, mass_work
from chalicelib.services.notifications.mass_progress import Progress

if TYPE_CHECKING:
    from chalicelib.store.table import Stored
    from chalicelib.store.transaction import Transaction

PER_SECOND: Final = 7
"""SES takes 14 mails a second from a new account, and login codes need some of them: half is theirs."""
FASTEST: Final = 200
"""People a second that staff may set, once SES allows so many."""
TRIES: Final = 8


def begin(
    transaction: Transaction,
    *,
    kind: Kind,
    about: str,
    audience: Audience,
    template: str,
    texts: Mapping[str, Mapping[str, str]],
    rounds_until: int | None = None,
    round_every: int | None = DAY,
    paused: bool = False,
) -> str:
    """Let a transaction of the caller's begin a notice; its id. Nobody is told before `start`, once the
    transaction is through; should that be lost, the sweep starts one that is for everybody.

    ``template`` names the mail (`templates/<locale>/<template>.txt`), ``texts`` fill it for `en` and `zh`:
    words of ours about nobody in particular, for they lie unsealed; `$api_url` is filled in when it is read.
    ``about`` is an id of ours. Who joins later is told in further rounds, one every ``round_every`` seconds
    and the last at ``rounds_until``; None for ``round_every``: in the last one only. 10 write units, and 2
    for each further KB of texts.

    Raises:
        KeyError: a template that is none, or a value that it needs and nobody gave.
        ValueError: a language is missing; advertising.
    """
    if audience is Audience.EVERYBODY:
        _check(template, texts, {})
    elif set(texts) != {"en", "zh"}:
        raise ValueError("both languages are needed")
    now = clock.now()
    if KINDS[kind].consent is not None:
        raise ValueError("what asks for a consent of its own is not told this way")
    state = MassState.RUNNING if audience is Audience.EVERYBODY else MassState.LISTING
    made = Mass(
        mass_id=ids.new("mass"),
        kind=kind,
        about=about,
        audience=audience,
        template=template,
        state=MassState.PAUSED if paused else state,
        resumes=state if paused else None,
        due_at=NEVER if paused or state is MassState.LISTING else now + mass_work.LEASE_SECONDS,
        per_second=PER_SECOND,
        rounds_until=rounds_until,
        round_every=round_every,
        began_at=now,
    )
    filled = {locale: dict(values) for locale, values in texts.items()}
    transaction.put_new(store.mass.MASSES, made)
    transaction.put_new(store.mass.TEXTS, MassText(mass_id=made.mass_id, template=template, texts=filled))
    mass_acts.note(transaction, made, MassStep.BEGUN)
    return made.mass_id


def add(mass_id: str, people: Iterable[tuple[str, str]], values: Mapping[str, str] | None = None) -> None:
    """Put people on the list: pairs of company and user; for MAIN_ADMINS the user is not looked at. Adding
    somebody twice is fine and tells nobody twice. ``values`` are said to these companies besides the text:
    numbers and words of ours. Who is added after the start is told all the same, in another pass.

    Raises:
        NotFoundError: no such notice. KeyError: the template needs a value that nobody gave.
        ValueError: it is for everybody. ConflictError: as `recount`.
        UnavailableError: not all are on the list; adding them again is safe.
    """
    known = _find(mass_id)
    if known.value.audience is Audience.EVERYBODY:
        raise ValueError("everybody is told already")
    text = store.mass.TEXTS.get(mass_id=mass_id)
    if text is not None:
        _check(text.value.template, text.value.texts, values or {})
    admins = known.value.audience is Audience.MAIN_ADMINS
    listed = ((company_id, "" if admins else user_id) for company_id, user_id in people)
    store.mass.add(mass_id, listed, dict(values or {}))
    if known.value.state is not MassState.LISTING:
        _change(mass_id, _once_more)
        _hint(mass_id)


def start(mass_id: str) -> None:
    """Begin to tell people. Repeating it is harmless, also when the notice is done.

    Raises:
        NotFoundError, ConflictError, UnavailableError: starting it again is safe.
    """
    made = _change(mass_id, _started)
    if made.state is MassState.RUNNING:
        _hint(mass_id)


def start_with(transaction: Transaction, mass_id: str) -> None:
    """Let a transaction of the caller's start a notice, or neither happens. `start` it afterwards, so that
    the work begins before the sweep looks. Raises NotFoundError; the transaction conflicts as for `stop`.
    """
    known = _find(mass_id)
    made = _started(known.value)
    if made != known.value:
        transaction.replace(store.mass.MASSES, known, made)


def go_on(mass_id: str) -> None:
    """Tell the next people, and let the next piece follow. Nothing when another worker is at it.

    Raises:
        UnavailableError: the piece will be done again.
    """
    mass_work.go_on(mass_id)


def progress(mass_id: str) -> Progress:
    """How far a notice is; one read unit. Raises NotFoundError."""
    return mass_progress.of(_find(mass_id).value)


def pause(mass_id: str, staff_id: str | None = None) -> Progress:
    """Stop telling people, within seconds. Who was told stays told.

    Raises:
        NotFoundError; ConflictError: ``done`` already, or it moved on several times meanwhile.
    """
    return mass_progress.of(_change(mass_id, _paused, MassStep.PAUSED, staff_id))


def stop(transaction: Transaction, mass_id: str) -> None:
    """Let a transaction of the caller's pause a notice, with the evidence of it: what it says is not true any
    more once the transaction is through. Nothing for one that is done, paused or gone.

    The transaction's ConflictError may be a piece of work that ended just now: the caller looks again.
    """
    known = store.mass.MASSES.get(mass_id=mass_id)
    if known is None or known.value.state in {MassState.DONE, MassState.PAUSED}:
        return
    made = _paused(known.value)
    transaction.replace(store.mass.MASSES, known, made)
    mass_acts.note(transaction, made, MassStep.PAUSED)


def resume(mass_id: str, staff_id: str | None = None) -> Progress:
    """Go on where it stopped. Raises as `pause`."""
    made = _change(mass_id, _resumed, MassStep.RESUMED, staff_id)
    _hint(mass_id)
    return mass_progress.of(made)


def set_pace(mass_id: str, per_second: int, staff_id: str | None = None) -> Progress:
    """How many people are told in a second at most, from the next ones on; 1 to ``FASTEST``. As `pause`."""
    if not 1 <= per_second <= FASTEST:
        raise ValueError("no such pace")

    def paced(one: Mass) -> Mass:
        return replace(one, per_second=per_second)

    return mass_progress.of(_change(mass_id, paced, MassStep.PACED, staff_id))


def recount(mass_id: str, staff_id: str | None = None) -> Progress:
    """Pass everybody once more: tells those who were missed, and counts what came back since. As `pause`;
    ConflictError ``too_old`` as well: eleven months later nobody knows for sure whom it told, so it would
    tell people again.
    """
    made = _change(mass_id, _once_more, MassStep.RECOUNTED, staff_id)
    _hint(mass_id)
    return mass_progress.of(made)


def _check(template: str, texts: Mapping[str, Mapping[str, str]], values: Mapping[str, str]) -> None:
    if set(texts) != {"en", "zh"}:
        raise ValueError("both languages are needed")
    for locale in ("en", "zh"):
        wording.notice(template, wording.locale_of(locale), {"api_url": "", **texts[locale], **values})


def _find(mass_id: str) -> Stored[Mass]:
    known = store.mass.MASSES.get(mass_id=mass_id)
    if known is None:
        raise NotFoundError
    return known


def _hint(mass_id: str) -> None:
    queues.hint(settings.QUEUE_MASS, [{"mass": mass_id}])


def _change(
    mass_id: str,
    change: Callable[[Mass], Mass],
    step: MassStep | None = None,
    staff_id: str | None = None,
) -> Mass:
    """Change a notice as it is now, with the evidence of it; nothing is written that changes nothing."""
    for _ in range(TRIES):
        known = _find(mass_id)
        made = change(known.value)
        if made == known.value:
            return made
        try:
            if step is None:
                store.mass.MASSES.replace(known, made, op=store.table.new_op())
            else:
                transaction = store.transaction.Transaction(store.table.new_op())
                transaction.replace(store.mass.MASSES, known, made)
                mass_acts.note(transaction, made, step, staff_id)
                transaction.commit()
        except ConflictError:
            continue  # a piece of work ended just now
        return made
    raise ConflictError


def _started(one: Mass) -> Mass:
    if one.state is MassState.PAUSED and one.resumes is MassState.LISTING:
        return replace(one, resumes=MassState.RUNNING)
    if one.state is not MassState.LISTING:
        return one
    return replace(one, state=MassState.RUNNING, due_at=clock.now() + mass_work.LEASE_SECONDS)


def _once_more(one: Mass) -> Mass:
    match one.state:
        case MassState.LISTING:
            return one
        case _ if mass_work.is_too_old(one.began_at):
            raise ConflictError("too_old", "It is too old to pass everybody once more.")
        case MassState.RUNNING | MassState.PAUSED:
            return replace(one, again=True)
        case _:
            return replace(one, state=MassState.SETTLING, due_at=clock.now(), finished_at=None)


def _paused(one: Mass) -> Mass:
    if one.state is MassState.DONE:
        raise ConflictError("done")
    if one.state is MassState.PAUSED:
        return one
    return replace(one, state=MassState.PAUSED, resumes=one.state, due_at=NEVER)


def _resumed(one: Mass) -> Mass:
    if one.state is MassState.DONE:
        raise ConflictError("done")
    if one.state is not MassState.PAUSED or one.resumes is None:
        return one
    due_at = NEVER if one.resumes is MassState.LISTING else clock.now()
    return replace(one, state=one.resumes, resumes=None, due_at=due_at)
