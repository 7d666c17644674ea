"""What a user agrees to towards us, and which version of the policy (clauses `consent`, `policy-updates`).

A word and its receipt are written together; taking it back is one request, asks nothing, and holds as soon as
it is answered. The policy itself is agreed to through ``services.membership``, so that every session of the
user knows with its next request.
"""

from __future__ import annotations

from dataclasses import replace
from types import MappingProxyType
from typing import TYPE_CHECKING, Final, NamedTuple

from chalicelib import store
from chalicelib.kernel import clock, ids
from chalicelib.kernel.errors import ConflictError, FieldError, InvalidError
from chalicelib.privacy import policies, texts
from chalicelib.privacy.consent import ConsentPurpose, ConsentState
from chalicelib.privacy.policies import Policy
from chalicelib.privacy.register import Purpose
from chalicelib.privacy.texts import ConsentText
from chalicelib.records.consents import UserConsent, UserReceipt
from chalicelib.services import membership, repeats, rules
from chalicelib.services.membership import Place
from chalicelib.services.repeats import Repeat
from chalicelib.services.sessions import Principal

if TYPE_CHECKING:
    from chalicelib.store.idempotency import Once
    from chalicelib.store.table import Stored
    from chalicelib.store.transaction import Transaction

CHOICES: Final = (ConsentPurpose.AI_IMPROVEMENT, ConsentPurpose.LONGER_RETENTION, ConsentPurpose.MARKETING)
"""What a user may say yes or no to while the account goes on."""
SHOWN: Final = (ConsentPurpose.ACCOUNT, *CHOICES)

GRANTS_PER_USER: Final = 60
"""In an hour. Only the yes is counted: nobody is told to wait with a no."""

SETTINGS: Final = "personal_settings"
WITHDRAWAL: Final = "withdrawal"
POLICY: Final = "policy_agreement"
"""How a word was given."""

_PURPOSES: Final = MappingProxyType(
    {
        ConsentPurpose.AI_IMPROVEMENT: Purpose.IMPROVE_PRODUCTS,
        ConsentPurpose.MARKETING: Purpose.USAGE_INFORMATION,
    }
)
"""The purpose of the policy that a question is about, where a version may change it."""

TRIES: Final = 5


class Word(NamedTuple):
    """How a user stands on one question: the latest word, today's text, and whether to ask (again)."""

    purpose: ConsentPurpose
    said: UserConsent | None
    current: ConsentText | None
    ask_again: bool


class Standing(NamedTuple):
    """How a user stands to the policy: the version agreed to, the one in force, the next announced one."""

    agreed: str
    in_force: Policy
    consent_needed: bool
    next: Policy | None


def standing(agreed: str) -> Standing:
    """Where somebody stands who agreed to a version; reads nothing."""
    today = policies.day(clock.now())
    coming = policies.announced(today)
    return Standing(
        agreed,
        policies.in_force(today),
        policies.consent_needed(agreed, today),
        coming[0] if coming else None,
    )


def words(who: Principal) -> list[Word]:
    """The user's words on every question there is; one query."""
    said = store.consents.words(who.company_id, who.user_id)
    now = clock.now()
    found = []
    for purpose in SHOWN:
        word, current = said.get(purpose), current_text(purpose, now)
        if purpose is ConsentPurpose.ACCOUNT:
            again = standing(who.session.policy_version).consent_needed
        else:
            again = word is not None and state_now(word, now) is not word.state
        found.append(Word(purpose, word, current, again))
    return found


def state_now(word: UserConsent | None, now: int) -> ConsentState:
    """What a word is worth now. Closed: a yes to another text than today's, or from before the purpose
    itself changed, is no yes to what is done today, so nothing rests on it until the person was asked again
    (7). A no stays a no.
    """
    if word is None:
        return ConsentState.UNKNOWN
    if word.state is not ConsentState.GRANTED:
        return word.state
    current = current_text(word.purpose, now)
    since, today = policies.day(word.at), policies.day(now)
    changed = any(
        _PURPOSES.get(word.purpose) in policy.purposes_changed
        for policy in policies.versions().all
        if since < policy.effective_on <= today
    )
    if changed or current is None or current.id != word.text_version:
        return ConsentState.UNKNOWN
    return word.state


def history(who: Principal, limit: int, before: str | None) -> list[UserReceipt]:
    """The receipts of everything the user ever said, newest first; one query."""
    return store.consents.receipts(who.company_id, who.user_id, limit, before)


def give(
    who: Principal, purpose: ConsentPurpose, state: ConsentState, text_version: str, repeat: Repeat | None
) -> UserReceipt:
    """Note a yes or a no to today's text. Repeating with the same key returns the first receipt.

    Raises:
        InvalidError: ``stale_text``, the text is not the one in force: nobody agrees to what was not shown.
        ConflictError: ``changed``, the user said something else at the same moment; a yes does not win then.
        TooManyRequestsError: too many, for a yes.
    """
    now = clock.now()
    current = current_text(purpose, now)
    if current is None or current.id != text_version:
        raise InvalidError(errors=[FieldError("text_version", "stale_text")])
    if state is ConsentState.DENIED:
        return _deny(who, purpose, text_version, SETTINGS)
    store.limits.take("consents", who.user_id, GRANTS_PER_USER, clock.HOUR)

    def again(receipt_id: str) -> UserReceipt:
        found = store.consents.receipt(who.company_id, who.user_id, receipt_id)
        if found is None:
            raise ConflictError("gone", "What this key made has been deleted since.")
        return found

    def make(once: Once | None) -> UserReceipt:
        said = word(who.company_id, who.user_id, purpose, state, text_version=text_version, method=SETTINGS)
        return _write(said, _known(who, purpose), once)

    return repeats.once(who, repeat, again, make)


def withdraw(who: Principal, purpose: ConsentPurpose) -> UserReceipt:
    """Take a yes back, or say no before anybody asked. It holds when this returns; saying it twice is fine.

    Raises:
        ConflictError: ``ends_the_account``, for the consent that the account itself rests on.
    """
    if purpose is ConsentPurpose.ACCOUNT:
        raise ConflictError(
            "ends_the_account",
            "The account cannot go on without this. To end it, ask your company's administrator.",
            clause="cancellation",
            more={"cancellation": "/v1/company/cancellation", **rules.administrator(who.access)},
        )
    known = _known(who, purpose)
    current = current_text(purpose, clock.now())
    text = known.value.text_version if known is not None else current.id if current is not None else ""
    return _deny(who, purpose, text, WITHDRAWAL)


def agree(who: Principal, version: str) -> Standing:
    """Agree to the version of the policy in force, or to the announced next one before its day.

    Agreeing again, or to an earlier one than already agreed to, changes nothing. The one in force comes first
    while it is unanswered: an early yes to the next one is none to what is done today.

    Raises:
        InvalidError: ``not_in_force``, also for a version nobody published.
        ConflictError: ``answer_the_one_in_force_first``.
    """
    now = clock.now()
    today = policies.day(now)
    open_now = standing(who.session.policy_version)
    wanted = policies.get(version, today)
    if wanted is None or wanted not in (open_now.in_force, open_now.next):
        raise InvalidError(errors=[FieldError("version", "not_in_force")])
    if wanted is not open_now.in_force and open_now.consent_needed:
        raise ConflictError("answer_the_one_in_force_first")
    agreed = policies.get(who.session.policy_version, today)
    if agreed is not None and agreed.effective_on >= wanted.effective_on:
        return open_now
    said = account_word(who.company_id, who.user_id, POLICY)

    def edit(place: Place) -> Place:
        return place._replace(member=replace(place.member, policy_version=version))

    def also(transaction: Transaction) -> None:
        store.consents.record(said, version, transaction)

    place = membership.change(who.company_id, who.user_id, edit, also=also)
    return standing(place.member.policy_version)


def current_text(purpose: ConsentPurpose, now: int) -> ConsentText | None:
    """The text in force at an epoch time: texts change with the day of the policy, as its versions do."""
    return texts.current_text(purpose, policies.day(now))


def word(
    company_id: str,
    user_id: str,
    purpose: ConsentPurpose,
    state: ConsentState,
    *,
    text_version: str,
    method: str,
) -> UserConsent:
    """What a user says now about one question; not stored yet."""
    return UserConsent(
        company_id=company_id,
        user_id=user_id,
        purpose=purpose,
        state=state,
        text_version=text_version,
        method=method,
        at=clock.now(),
        receipt_id=ids.new("rc"),
    )


def account_word(company_id: str, user_id: str, method: str) -> UserConsent:
    """The yes of somebody who opens an account, or agrees to a version of the policy: to today's text."""
    text = current_text(ConsentPurpose.ACCOUNT, clock.now())
    shown = text.id if text is not None else ""
    return word(
        company_id, user_id, ConsentPurpose.ACCOUNT, ConsentState.GRANTED, text_version=shown, method=method
    )


def _deny(who: Principal, purpose: ConsentPurpose, text_version: str, method: str) -> UserReceipt:
    """Write a no over whatever is there; one that stands already is answered with its own receipt."""
    for attempt in range(TRIES):
        known = _known(who, purpose)
        if known is not None and known.value.state is ConsentState.DENIED:
            stands = store.consents.receipt(who.company_id, who.user_id, known.value.receipt_id)
            if stands is not None:
                return stands
        said = word(
            who.company_id,
            who.user_id,
            purpose,
            ConsentState.DENIED,
            text_version=text_version,
            method=method,
        )
        try:
            return _write(said, known, None)
        except ConflictError:
            if attempt == TRIES - 1:
                raise  # another word came in between each time
    raise ConflictError


def _write(said: UserConsent, known: Stored[UserConsent] | None, once: Once | None) -> UserReceipt:
    """The word after the one that was read, with its receipt; nothing if another word came in between."""
    transaction = store.transaction.Transaction(store.table.new_op())
    policy = policies.current(said.at).version
    receipt = store.consents.record(said, policy, transaction, known=known, first=known is None)
    if once is not None:
        once.add_to(transaction, receipt.receipt_id)
    transaction.commit()
    return receipt


def _known(who: Principal, purpose: ConsentPurpose) -> Stored[UserConsent] | None:
    return store.consents.CONSENTS.get(company_id=who.company_id, user_id=who.user_id, purpose=purpose)
