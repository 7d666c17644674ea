"""What a user wants to hear, and on which way (clause `notification`); the way out of a product mail.

Product notifications rest on consent: each change leaves a receipt, and advertising has a question of its
own, answered in the same transaction. Switching off needs no more than switching on: one request, or one
click in the mail.
"""

from __future__ import annotations

import base64
from collections.abc import Mapping
from hmac import compare_digest
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from chalicelib import store
from chalicelib.kernel import clock, ids, settings
from chalicelib.kernel.errors import ConflictError, FieldError, InvalidError
from chalicelib.privacy import notifications, policies
from chalicelib.privacy.consent import ConsentPurpose, ConsentState
from chalicelib.privacy.notifications import KINDS, Channel, ChoiceError, Group, Kind
from chalicelib.privacy.texts import Shown
from chalicelib.records.consents import UserConsent
from chalicelib.records.notifications import NotificationChoices, NotificationReceipt
from chalicelib.services.consent import consents

if TYPE_CHECKING:
    from chalicelib.store.table import Stored

TRIES: Final = 3
GRANTS_PER_USER: Final = 60
"""In an hour. Only what switches something on is counted: nobody is told to wait with a no."""

_ASKED: Final = {kind.value: row.consent for kind, row in KINDS.items()}
"""The consent that a kind asks besides, by the kind's name."""

Switched = dict[str, dict[str, bool]]


class Chosen(NamedTuple):
    """How a user stands: what they switched, and their word on what is asked besides."""

    switched: Mapping[str, Mapping[str, bool]]
    consents: Mapping[ConsentPurpose, ConsentState]
    receipt_id: str | None


class _Standing(NamedTuple):
    """What is on record, as it was read."""

    company_id: str
    user_id: str
    choices: Stored[NotificationChoices] | None
    words: Mapping[ConsentPurpose, Stored[UserConsent]]

    @property
    def switched(self) -> Mapping[str, Mapping[str, bool]]:
        return {} if self.choices is None else self.choices.value.switched

    @property
    def states(self) -> dict[ConsentPurpose, ConsentState]:
        now = clock.now()
        return {purpose: consents.state_now(word.value, now) for purpose, word in self.words.items()}

    def granted(self, purpose: ConsentPurpose) -> bool:
        return self.states.get(purpose) is ConsentState.GRANTED


def channels_of(company_id: str, user_id: str, kind: Kind, *, has_push: bool) -> frozenset[Channel]:
    """Where a notification of this kind goes now. One read, two where a consent is asked besides."""
    known = store.notifications.choices(company_id, user_id)
    purpose = KINDS[kind].consent
    agreed = purpose is not None and consents.live(company_id, user_id, purpose) is not None
    return notifications.channels(
        kind,
        {} if known is None else known.value.switched,
        has_push=has_push,
        marketing=ConsentState.GRANTED if agreed else ConsentState.UNKNOWN,
    )


def of(company_id: str, user_id: str) -> Chosen:
    """How the user stands."""
    standing = _standing(company_id, user_id)
    receipt = None if standing.choices is None else standing.choices.value.receipt_id
    return Chosen(standing.switched, standing.states, receipt)


def choose(
    company_id: str,
    user_id: str,
    changed: Mapping[str, Any],
    *,
    text_version: str | None = None,
    locale: str | None = None,
    method: str = consents.SETTINGS,
) -> Chosen:
    """Switch what is named; the rest stays. One transaction of 4 write units, 8 with a consent.

    ``text_version`` names the text that the user saw and agreed to, ``locale`` its language, where switching
    on needs a consent besides. Switching the last channel of such a kind off withdraws it.

    Raises:
        InvalidError: a kind, channel or value that is none; switching off what is always sent; a consent
            without its text, or with one that is not in force.
        TooManyRequestsError: too much switched on in this hour.
        ConflictError: too many changes at once.
    """
    for _ in range(TRIES):
        standing = _standing(company_id, user_id)
        wanted = _merged(standing, changed)
        if _on(wanted) - _on(standing.switched):
            store.limits.take("choices", user_id, GRANTS_PER_USER, clock.HOUR)
        words = _words(standing, changed, wanted, (text_version, locale), method)
        if not words and standing.choices is not None and wanted == standing.switched:
            return of(company_id, user_id)
        try:
            return _write(standing, wanted, words, method)
        except ConflictError:
            continue  # another request of the user's was faster: look again, both shall count
    raise ConflictError


def _merged(standing: _Standing, changed: Mapping[str, Any]) -> Switched:
    # What was on before a consent was withdrawn does not come back with a later yes to one channel.
    stored = {
        kind: said
        for kind, said in standing.switched.items()
        if (purpose := _ASKED.get(kind)) is None or standing.granted(purpose)
    }
    try:
        return notifications.merge(stored, changed)
    except ChoiceError as error:
        raise InvalidError(
            errors=[
                FieldError(f"choices.{place}" if place else "choices", code) for place, code in error.errors
            ]
        ) from None


def _on(switched: notifications.Choices) -> set[tuple[str, str]]:
    """Everything that is on, by default or by choice."""
    return {
        (row["kind"], channel)
        for row in notifications.shown(switched)
        for channel, said in row["channels"].items()
        if said["on"]
    }


def _words(
    standing: _Standing,
    changed: Mapping[str, Any],
    wanted: Switched,
    read: tuple[str | None, str | None],
    method: str,
) -> list[UserConsent]:
    """The consents that this change gives or withdraws."""
    words = []
    for kind, row in KINDS.items():
        if row.consent is None or kind.value not in changed:
            continue
        on = any(wanted.get(kind.value, {}).values())
        if on is standing.granted(row.consent):
            continue
        before = standing.words.get(row.consent)
        text = _text(row.consent, *read) if on or before is None else consents.text_of(before.value)
        state = ConsentState.GRANTED if on else ConsentState.DENIED
        whose = standing.company_id, standing.user_id
        words.append(consents.word(*whose, row.consent, state, text=text, method=method))
    return words


def _text(purpose: ConsentPurpose, named: str | None, locale: str | None) -> Shown:
    """The text that was agreed to: the one in force, or nothing was agreed to."""
    if named is None:
        raise InvalidError(errors=[FieldError("text_version", "required")])
    current = consents.current_text(purpose, clock.now())
    if current is None or current.id != named:
        raise InvalidError(errors=[FieldError("text_version", "stale_text")])
    return current.shown(locale)


def _write(standing: _Standing, wanted: Switched, words: list[UserConsent], method: str) -> Chosen:
    now, receipt_id = clock.now(), ids.new("rc")
    company_id, user_id = standing.company_id, standing.user_id
    row = NotificationChoices(
        company_id=company_id, user_id=user_id, at=now, receipt_id=receipt_id, switched=wanted
    )
    transaction = store.transaction.Transaction(store.table.new_op())
    if standing.choices is None:
        transaction.put_new(store.notifications.CHOICES, row)
    else:
        transaction.replace(store.notifications.CHOICES, standing.choices, row)
    receipt = NotificationReceipt(
        company_id=company_id,
        user_id=user_id,
        receipt_id=receipt_id,
        method=method,
        at=now,
        switched=wanted,
    )
    transaction.put_new(store.notifications.RECEIPTS, receipt)
    for word in words:
        # A yes comes after the word that was read, or not at all; a no comes after whatever there is.
        known = standing.words.get(word.purpose) if word.state is ConsentState.GRANTED else None
        first = word.state is ConsentState.GRANTED and known is None
        store.consents.record(word, policies.current(now).version, transaction, known=known, first=first)
    transaction.commit()
    return Chosen(wanted, {**standing.states, **{word.purpose: word.state for word in words}}, receipt_id)


# -- the way out of a mail ----------------------------------------------------------------------------


def way_out(company_id: str, user_id: str, kind: Kind) -> str:
    """The address in a product mail that stops this kind of mail; it opens nothing else."""
    where = base64.urlsafe_b64encode(ids.raw(company_id) + ids.raw(user_id)).rstrip(b"=").decode()
    token = f"{where}.{kind.value}.{_mac(company_id, user_id, kind)}"
    return f"{settings.api_url()}/v1/notifications/stop/{token}"


def read_token(token: str) -> tuple[str, str, Kind] | None:
    """Whose mail, and of which kind, a way out stops; None for one that is not ours."""
    where, _, rest = token.partition(".")
    name, _, mac = rest.partition(".")
    try:
        place = base64.b64decode(where + "=" * (-len(where) % 4), altchars=b"-_", validate=True)
        kind = Kind(name)
    except ValueError:
        return None
    if len(place) != 32 or KINDS[kind].group is not Group.PRODUCT:
        return None
    company_id, user_id = ids.from_raw("co", place[:16]), ids.from_raw("usr", place[16:])
    if not compare_digest(mac.encode(), _mac(company_id, user_id, kind).encode()):
        return None
    return company_id, user_id, kind


def stop(company_id: str, user_id: str, kind: Kind) -> None:
    """Stop the mails of a kind; advertising stops on every channel, as its consent is withdrawn. Stopping
    twice is fine, and so is stopping for somebody who has left.
    """
    try:
        known = store.notifications.choices(company_id, user_id)
    except store.vault.KeyMissingError:
        return  # the company is gone, and with it everything that could be sent
    if known is None:
        return
    every = KINDS[kind].consent is not None
    off = {channel.value: False for channel in Channel if every or channel is Channel.MAIL}
    choose(company_id, user_id, {kind.value: off}, method="link_in_mail")


def _mac(company_id: str, user_id: str, kind: Kind) -> str:
    return store.accounts.operator_hash("stop", f"{company_id}|{user_id}|{kind.value}")


# -- reading ------------------------------------------------------------------------------------------


def _standing(company_id: str, user_id: str) -> _Standing:
    asked = {purpose for purpose in _ASKED.values() if purpose is not None}
    found = {purpose: _word(company_id, user_id, purpose) for purpose in asked}
    return _Standing(
        company_id,
        user_id,
        store.notifications.choices(company_id, user_id),
        {purpose: word for purpose, word in found.items() if word is not None},
    )


def _word(company_id: str, user_id: str, purpose: ConsentPurpose) -> Stored[UserConsent] | None:
    return store.consents.CONSENTS.get(company_id=company_id, user_id=user_id, purpose=purpose)
