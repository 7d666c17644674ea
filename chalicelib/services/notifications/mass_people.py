"""One notice to one person: claim, look once more, send, note what SES said.

The row of person and notice is written before the mail leaves, so two workers never send the same. Where
the answer was lost, SES's event decides (``mass_answers``). If there is none, what the law asks us to tell is
sent again: rather twice than never, for the sake of the person who must know; anything else is not, for the
sake of the person who was to be told once.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Final, NamedTuple

from chalicelib import store
from chalicelib.gateways import mail
from chalicelib.gateways import push as pushes
from chalicelib.kernel import clock, ids, settings, telemetry
from chalicelib.kernel.errors import ConflictError, UnavailableError
from chalicelib.privacy import notifications
from chalicelib.privacy.notifications import KINDS, Channel, Group, Kind
from chalicelib.privacy.register import Duty, Purpose, Use
from chalicelib.records.accounts import Member, MemberState, User
from chalicelib.records.mass import Mass, MassText, MassTold, Outcome
from chalicelib.services import wording
from chalicelib.services.notifications import letters, mass_answers, push

if TYPE_CHECKING:
    from chalicelib.store.table import Stored

DOUBT_SECONDS: Final = 300
"""So long after a claim SES's event is waited for before a mail counts as never sent."""
MAX_TRIES: Final = 4
TRIES: Final = 5
BUSY_PAUSES: Final = (0.25, 0.5, 1.0, 2.0)
"""Seconds to wait while SES says that it is too much at once, before the work is put off."""

_USES: Final[Mapping[Kind, Use]] = {
    Kind.POLICY: Duty.NOTIFY_POLICY,
    Kind.INCIDENT: Duty.NOTIFY_INCIDENT,
    Kind.DISCONTINUATION: Duty.NOTIFY_DISCONTINUATION,
}
"""What an address is opened for (2.3); other kinds are part of running the account."""


@dataclass
class Notice:
    """A notice as one piece of work tells it."""

    mass: Mass
    text: MassText
    values: Mapping[str, str] = field(default_factory=dict)
    """What is said to the present company besides."""
    mails: dict[wording.Locale, wording.Notice] = field(default_factory=dict)
    """Made once for each company and language."""

    def for_company(self, values: Mapping[str, str]) -> None:
        """Go on to the next company."""
        if values != self.values:
            self.values, self.mails = values, {}

    @property
    def owed(self) -> bool:
        """Whether the law, or somebody's safety, asks for it: then it is rather sent twice than never."""
        return KINDS[self.mass.kind].group in {Group.LEGAL, Group.SECURITY}


class Told(NamedTuple):
    """What became of one person. ``outcome`` None: not to be told, or gone."""

    outcome: Outcome | None
    sent: bool = False
    """A mail was handed over just now."""
    accepted_at: int | None = None


class _Fresh(NamedTuple):
    user: User
    channels: frozenset[Channel]


def wanted(notice: Notice, place: Stored[Member] | None, known: Stored[MassTold] | None) -> bool:
    """Whether something is to be sent to a person, by what a page of rows says."""
    if known is None:
        return place is not None and _concerned(notice.mass, place.value)
    told, mass = known.value, notice.mass
    match told.outcome:
        case Outcome.BUSY:
            return True
        case Outcome.REFUSED:
            return told.tried_in < mass.passes and told.tries < MAX_TRIES
        case Outcome.CLAIMED:
            return clock.now() >= told.tried_at + DOUBT_SECONDS
        case _:
            return False


def tell(notice: Notice, whose: letters.Whose, known: Stored[MassTold] | None) -> Told:
    """Tell one person, once. 2 write units; 1 more if SES reports that it came back.

    Raises:
        KeyMissingError: the company's rows cannot be opened any more; nothing was sent.
        UnavailableError: telling again is safe.
    """
    if known is not None and _given_up(notice, known.value):
        return Told(_note(known, Outcome.UNKNOWN))
    claim = _claim(notice.mass, whose, known)
    if claim is None:
        return Told(Outcome.CLAIMED)  # somebody else has it: looked at once more in the next pass
    try:
        # After the claim: whoever is being removed from here on has our row among what is erased with them.
        fresh = _fresh(notice, whose)
    except Exception:
        if known is None:
            store.mass.TOLD.delete(claim)
        else:  # what an earlier try left, and that the person has read it, is not lost with this one
            store.mass.TOLD.replace(claim, known.value, op=store.table.new_op())
        raise
    if fresh is None:
        store.mass.TOLD.delete(claim)
        return Told(None)
    return _answered(notice, claim, fresh)


def _answered(notice: Notice, claim: Stored[MassTold], fresh: _Fresh) -> Told:
    """Send, and note what SES said."""
    try:
        result = _send(notice, fresh.user)
    except (KeyError, ValueError) as error:
        mass_id, user_id = notice.mass.mass_id, fresh.user.user_id
        telemetry.event("mass_not_composable", error=error, mass_id=mass_id, user_id=user_id)
        return Told(_note(claim, Outcome.REFUSED))
    if result.handover is mail.Handover.BUSY:
        return Told(_note(claim, Outcome.BUSY))
    if claim.value.tries == 1 and Channel.PUSH in fresh.channels:
        _push(notice.mass, fresh.user)
    match result.handover:
        case mail.Handover.ACCEPTED:
            now = clock.now()
            return Told(_note(claim, Outcome.ACCEPTED, now), sent=True, accepted_at=now)
        case mail.Handover.REJECTED:
            return Told(_note(claim, Outcome.REFUSED), sent=True)
        case _:
            return Told(Outcome.CLAIMED, sent=True)  # its answer was lost: SES's event may tell


def _given_up(notice: Notice, told: MassTold) -> bool:
    """Whether a mail in doubt stays so: what is not owed is sent once at most."""
    return told.outcome is Outcome.CLAIMED and (not notice.owed or told.tries >= MAX_TRIES)


def _concerned(mass: Mass, member: Member) -> bool:
    """Whose data we hold hears of it. Of a policy only who can use the product, and has not agreed to this
    very version.
    """
    if mass.kind is Kind.POLICY:
        return member.state is MemberState.ACTIVE and member.policy_version != mass.about
    return member.state in {MemberState.ACTIVE, MemberState.SUSPENDED}


def _claim(mass: Mass, whose: letters.Whose, known: Stored[MassTold] | None) -> Stored[MassTold] | None:
    now, op = clock.now(), store.table.new_op()
    try:
        if known is not None:
            again = replace(
                known.value,
                outcome=Outcome.CLAIMED,
                tried_at=now,
                tried_in=mass.passes,
                tries=known.value.tries + (known.value.outcome is not Outcome.BUSY),
            )
            return store.mass.TOLD.replace(known, again, op=op)
        until = store.table.expiry_of(MassTold)
        made = MassTold(
            company_id=whose[0],
            user_id=whose[1],
            mass_id=mass.mass_id,
            about=mass.kind,
            at=now,
            outcome=Outcome.CLAIMED,
            tried_at=now,
            tried_in=mass.passes,
        )
        store.mass.TOLD.put_new(made, op=op, expires_at=until)
        return store.table.Stored(made, 1, until, store.table.policy_now())
    except ConflictError:
        return None


def _fresh(notice: Notice, whose: letters.Whose) -> _Fresh | None:
    """The person as they are now; None for who is gone, or has a choice and does not want to hear of this."""
    key, kind = {"company_id": whose[0], "user_id": whose[1]}, notice.mass.kind
    user, place, choices = store.table.get_together(
        (store.accounts.USERS, key),
        (store.accounts.MEMBERS, key),
        (store.notifications.CHOICES, key),
        uses={
            store.accounts.USERS.kind: _USES.get(kind, Purpose.CREATE_AND_LOGIN),
            store.notifications.CHOICES.kind: store.notifications.USE,
        },
    )
    if user is None or place is None or not _concerned(notice.mass, place.value):
        return None
    switched = {} if choices is None else choices.value.switched
    channels = notifications.channels(kind, switched, has_push=True)
    return _Fresh(user.value, channels) if Channel.MAIL in channels else None


def _send(notice: Notice, user: User) -> mail.Result:
    mass, whose = notice.mass, (user.company_id, user.user_id)
    tags = {"mass": mass.mass_id, "company": user.company_id, "user": user.user_id}
    headers = {
        mass_answers.HEADER: mass_answers.header(*whose, mass.mass_id),
        **letters.leaving(mass.kind, whose),
    }
    text = _text(notice, user)
    name = f"{mass.mass_id}.{user.user_id}"
    result = letters.hand_over(text, user.email, name=name, tags=tags, headers=headers)
    for pause in BUSY_PAUSES:
        if result.handover is not mail.Handover.BUSY:
            break
        clock.sleep(pause)
        result = letters.hand_over(text, user.email, name=name, tags=tags, headers=headers)
    return result


def _text(notice: Notice, user: User) -> wording.Notice:
    locale, kind = wording.locale_of(user.locale), notice.mass.kind
    own = KINDS[kind].group is Group.PRODUCT  # carries the person's own way out
    if (made := notice.mails.get(locale)) is not None and not own:
        return made
    values = {"api_url": settings.api_url(), **notice.text.texts[locale], **notice.values}
    closing = letters.closing(kind, locale, (user.company_id, user.user_id))
    made = wording.notice(notice.text.template, locale, values, closing=closing)
    notice.mails[locale] = made
    return made


def _push(mass: Mass, user: User) -> None:
    """To the person's devices, beside the mail: it repeats that there is something to read. Fails open: the
    mail is what we owe.
    """
    template = f"push_{KINDS[mass.kind].group.value}.txt"
    text = wording.fill_text(template, wording.locale_of(user.locale), {}).strip()
    for device in store.notifications.devices(user.company_id, user.user_id):
        outcome = pushes.publish(device.value.endpoint, text, ids.from_raw("ntf", ids.raw(mass.mass_id)))
        if outcome is pushes.Outcome.GONE:
            try:
                push.forget(device)
            except UnavailableError as error:
                telemetry.event("push_not_forgotten", error=error)


def _note(known: Stored[MassTold], outcome: Outcome, accepted_at: int | None = None) -> Outcome | None:
    """Write down what is known of a mail now; what SES's event has said meanwhile stays. None: erased."""
    for _ in range(TRIES):
        made = replace(known.value, outcome=outcome, accepted_at=accepted_at)
        try:
            store.mass.TOLD.replace(known, made, op=store.table.new_op())
        except ConflictError:
            one = known.value
            found = store.mass.TOLD.get(company_id=one.company_id, user_id=one.user_id, mass_id=one.mass_id)
            if found is None or found.value.outcome is not Outcome.CLAIMED:
                return None if found is None else found.value.outcome
            known = found  # only read meanwhile
        else:
            return outcome
    raise UnavailableError
