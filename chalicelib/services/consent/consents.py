"""What a user agrees to towards us, and whether somebody agrees to something now (clause `consent`).

A word and its receipt are written together; taking it back is one request, asks nothing, and holds as soon as
it is answered.

``live``, ``live_of_person`` and ``live_of_visitor`` say whether there is a yes now, whoever asks for whatever
purpose, in the form in which the purpose gate takes it.
"""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, Final, NamedTuple

from chalicelib import store
from chalicelib.gateways import queues
from chalicelib.kernel import clock, ids, settings
from chalicelib.kernel.errors import ConflictError, FieldError, InvalidError
from chalicelib.privacy import clocks, consent, policies, texts
from chalicelib.privacy.consent import ConsentPurpose, ConsentState
from chalicelib.privacy.cookies import CookieCategory
from chalicelib.privacy.gate import Consented
from chalicelib.privacy.register import Purpose
from chalicelib.privacy.texts import NOTHING, ConsentText, Shown
from chalicelib.records.consents import UserConsent, UserReceipt
from chalicelib.services import repeats
from chalicelib.services.accounts.sessions import Principal
from chalicelib.services.companies import rules
from chalicelib.services.consent import cookies
from chalicelib.services.repeats import Repeat

if TYPE_CHECKING:
    from chalicelib.store.idempotency import Once
    from chalicelib.store.receipts import Placed
    from chalicelib.store.table import Stored

CHOICES: Final = (ConsentPurpose.AI_IMPROVEMENT, ConsentPurpose.LONGER_RETENTION, ConsentPurpose.MARKETING)
"""What a user may say yes or no to while the account goes on. Sharing is not among it: it is asked about case
by case (``services.disclosures.questions``), since a yes to sharing with anybody would be no consent.
"""
SHOWN: Final = (ConsentPurpose.ACCOUNT, *CHOICES)

GRANTS_PER_USER: Final = 60
"""In an hour. Only the yes is counted: nobody is told to wait with a no."""

SETTINGS: Final = "personal_settings"
WITHDRAWAL: Final = "withdrawal"
"""How a word was given."""

_PURPOSES: Final = MappingProxyType(
    {
        ConsentPurpose.AI_IMPROVEMENT: Purpose.IMPROVE_PRODUCTS,
        ConsentPurpose.MARKETING: Purpose.USAGE_INFORMATION,
    }
)
"""The purpose of the policy that a question is about, where a version may change it."""

_FOLLOWED: Final = MappingProxyType(
    {
        ConsentPurpose.LONGER_RETENTION: "keep_as_wanted",
        ConsentPurpose.AI_IMPROVEMENT: "forget_samples",
    }
)
"""The task that brings what is kept into line with a word, whichever it was: what an earlier yes covered goes
even if the next yes comes at once.
"""

TRIES: Final = 5


class Word(NamedTuple):
    """How a user stands on one question: the latest word, today's text, and whether to ask (again)."""

    purpose: ConsentPurpose
    said: UserConsent | None
    current: ConsentText | None
    ask_again: bool


def live(company_id: str, user_id: str, purpose: ConsentPurpose) -> Consented | None:
    """The user's yes to a question, if there is one now; one read. Closed: no word, a no, a yes to another
    text than today's are none. Nobody keeps the answer: what waits asks again when its turn comes.
    """
    known = store.consents.CONSENTS.get(company_id=company_id, user_id=user_id, purpose=purpose)
    if known is None or state_now(known.value, clock.now()) is not ConsentState.GRANTED:
        return None
    return Consented(purpose, known.value.receipt_id, user_id)


def live_of_person(company_id: str, person: str, purpose: ConsentPurpose) -> Consented | None:
    """The yes of a prospect, known by the keyed hash of their address, to a company; one query. Closed, and
    closed as well where the person refused themselves, whatever the company recorded.
    """
    known = store.standing.of(company_id, person)
    said = known.consents.get(purpose)
    if said is None or not consent.stands(said.state, purpose, known.stops):
        return None
    return Consented(purpose, said.receipt_id, person)


def live_of_visitor(value: str | None, category: CookieCategory, *, gpc: bool) -> Consented | None:
    """The yes of the visitor with this cookie to a category of cookies; one read. ``gpc``: their browser
    sends Global Privacy Control now.
    """
    known = cookies.standing(value, gpc=gpc)
    if known.receipt_id is None or value is None or category not in known.granted:
        return None
    return Consented(ConsentPurpose.COOKIES, known.receipt_id, cookies.visitor(value))


def words(who: Principal) -> list[Word]:
    """The user's words on every question there is; one query."""
    said = store.consents.words(who.company_id, who.user_id)
    now = clock.now()
    found = []
    for purpose in SHOWN:
        word, current = said.get(purpose), current_text(purpose, now)
        if purpose is ConsentPurpose.ACCOUNT:
            again = policies.consent_needed(who.session.policy_version, clocks.day(now))
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
    since, today = clocks.day(word.at), clocks.day(now)
    changed = any(
        _PURPOSES.get(word.purpose) in policy.purposes_changed
        for policy in policies.versions().all
        if since < policy.effective_on <= today
    )
    if changed or current is None or current.id != word.text_version:
        return ConsentState.UNKNOWN
    return word.state


def history(who: Principal, limit: int, before: str | None) -> list[Placed[UserReceipt]]:
    """The receipts of all the user ever said, newest first, with their places in the chain; one query."""
    return store.consents.receipts(who.company_id, who.user_id, limit, before)


def give(
    who: Principal,
    purpose: ConsentPurpose,
    state: ConsentState,
    text_version: str,
    repeat: Repeat | None,
    *,
    locale: str,
) -> UserReceipt:
    """Note a yes or a no to today's text as it reads in a language. Repeating with the same key returns the
    first receipt.

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
        return _deny(who, purpose, current.shown(locale), SETTINGS)
    store.limits.take("consents", who.user_id, GRANTS_PER_USER, clock.HOUR)

    def again(receipt_id: str) -> UserReceipt:
        found = store.consents.receipt(who.company_id, who.user_id, receipt_id)
        if found is None:
            raise ConflictError("gone", "What this key made has been deleted since.")
        return found

    def make(once: Once | None) -> UserReceipt:
        text = current.shown(locale)
        said = word(who.company_id, who.user_id, purpose, state, text=text, method=SETTINGS)
        known = _known(who, purpose)
        for _ in range(TRIES):
            try:
                return _write(said, known, once)
            except ConflictError:
                before, known = known, _known(who, purpose)
                if not _same_word(before, known):
                    raise
        raise ConflictError

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
    return _deny(who, purpose, NOTHING if known is None else text_of(known.value), WITHDRAWAL)


def current_text(purpose: ConsentPurpose, now: int) -> ConsentText | None:
    """The text in force at an epoch time: texts change with the day of the policy, as its versions do."""
    return texts.current_text(purpose, clocks.day(now))


def word(
    company_id: str,
    user_id: str,
    purpose: ConsentPurpose,
    state: ConsentState,
    *,
    text: Shown,
    method: str,
) -> UserConsent:
    """What a user says now about one question; not stored yet."""
    return UserConsent(
        company_id=company_id,
        user_id=user_id,
        purpose=purpose,
        state=state,
        text_version=text.version,
        locale=text.locale,
        text_sha256=text.sha256,
        method=method,
        at=clock.now(),
        receipt_id=ids.new("rc"),
    )


def text_of(said: UserConsent) -> Shown:
    """The text that a word was given to: taking it back is about the same one."""
    return Shown(said.text_version, said.locale, said.text_sha256)


def account_word(company_id: str, user_id: str, method: str, locale: str) -> UserConsent:
    """The yes of somebody who opens an account, or agrees to a version of the policy: to today's text."""
    text = current_text(ConsentPurpose.ACCOUNT, clock.now())
    shown = NOTHING if text is None else text.shown(locale)
    return word(company_id, user_id, ConsentPurpose.ACCOUNT, ConsentState.GRANTED, text=shown, method=method)


def _deny(who: Principal, purpose: ConsentPurpose, text: Shown, method: str) -> UserReceipt:
    """Write a no over whatever is there; one that stands already is answered with its own receipt."""
    for attempt in range(TRIES):
        known = _known(who, purpose)
        if known is not None and known.value.state is ConsentState.DENIED:
            stands = store.consents.receipt(who.company_id, who.user_id, known.value.receipt_id)
            if stands is not None:
                return stands
        said = word(who.company_id, who.user_id, purpose, ConsentState.DENIED, text=text, method=method)
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
    if said.purpose in _FOLLOWED:
        # What is kept follows the word; a lost hint is made good by the sweeper.
        whose = {"company": said.company_id, "user": said.user_id}
        queues.hint(settings.QUEUE_TASKS, [{"task": _FOLLOWED[said.purpose], **whose}])
    return receipt


def _same_word(before: Stored[UserConsent] | None, now: Stored[UserConsent] | None) -> bool:
    """Whether a row has changed and its word has not: it was noted that what it took back is gone."""
    if before is None or now is None or before.version == now.version:
        return False
    return before.value.receipt_id == now.value.receipt_id


def _known(who: Principal, purpose: ConsentPurpose) -> Stored[UserConsent] | None:
    return store.consents.CONSENTS.get(company_id=who.company_id, user_id=who.user_id, purpose=purpose)
