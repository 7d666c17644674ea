"""The purpose gate where it stands: no record is opened or stored past it, and a yes ends where its person ends
it.

The records are invented here; the product's own, which rests on a yes as well, is `test_ai_samples`'s.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from typing import Any

import pytest

from chalicelib.kernel import clock, ids, settings
from chalicelib.kernel.errors import RefusedError
from chalicelib.privacy import clocks, fields, policies, texts
from chalicelib.privacy.consent import ConsentPurpose, ConsentState, Stop
from chalicelib.privacy.cookies import REVISION, CookieAnswer, CookieCategory
from chalicelib.privacy.fields import opaque, personal, record
from chalicelib.privacy.gate import Consented
from chalicelib.privacy.register import Category, Duty, Purpose, Role, Subject
from chalicelib.privacy.retention import Retention
from chalicelib.privacy.texts import NOTHING, TEXTS, Shown
from chalicelib.services.consent import consents, cookies
from chalicelib.store import consents as words
from chalicelib.store import standing
from chalicelib.store.items import AccountsRow
from chalicelib.store.table import Rows, get_together, new_op
from chalicelib.store.transaction import Transaction
from tests.conformance import samples
from tests.conformance.engine import Engine

pytestmark = pytest.mark.clause("purposes")

IMPROVE = Purpose.IMPROVE_PRODUCTS


@record(
    kind="test_prompt",
    table="accounts",
    subject=Subject.USER,
    role=Role.CONTROLLER,
    retention=Retention.MESSAGE,
    collected_for=IMPROVE,
)
class Prompt:
    """What somebody wrote to an AI function, kept to improve it."""

    company_id: str = opaque()
    user_id: str = opaque()
    prompt_id: str = opaque()
    text: str = personal(Category.AI, "input")


@record(
    kind="test_place",
    table="accounts",
    subject=Subject.USER,
    role=Role.CONTROLLER,
    retention=Retention.MESSAGE,
    collected_for=Purpose.SECURITY_AND_FAULTS,
)
class Place:
    """From where somebody logged in, kept for their safety."""

    company_id: str = opaque()
    user_id: str = opaque()
    ip: str = personal(Category.AUTOMATIC, "ip")


fields.RECORDS.pop("test_prompt")
fields.RECORDS.pop("test_place")
PROMPTS = Rows(Prompt, pk="{company_id}", sk="prompt#{user_id}#{prompt_id}")
PLACES = Rows(Place, pk="{company_id}", sk="place#{user_id}")


@pytest.fixture(autouse=True)
def own_records() -> Iterator[None]:
    """The types of this file are known while it is tested and no longer."""
    mine = {"test_prompt": Prompt, "test_place": Place}
    fields.RECORDS.update(mine)
    yield
    for kind in mine:
        fields.RECORDS.pop(kind)


class Lines(logging.Handler):
    """What was written to the log."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[logging.LogRecord] = []

    def emit(self, line: logging.LogRecord) -> None:
        """Keep a line."""
        self.found.append(line)

    def refusals(self) -> list[dict[str, object]]:
        told = [line for line in self.found if line.getMessage() == "purpose_refused"]
        return [{k: v for k, v in vars(one).items() if k == "use" or k.startswith("n_")} for one in told]


@pytest.fixture
def lines() -> Iterator[Lines]:
    logger, handler = logging.getLogger(settings.APP), Lines()
    logger.addHandler(handler)
    level = logger.level
    logger.setLevel(logging.INFO)
    yield handler
    logger.removeHandler(handler)
    logger.setLevel(level)


def say(company: str, user: str, purpose: ConsentPurpose, state: str = "granted") -> None:
    """The user's word, as a request of theirs leaves it."""
    text = texts.current_text(purpose, clocks.day(clock.now()))
    said = consents.word(
        company,
        user,
        purpose,
        ConsentState(state),
        text=NOTHING if text is None else text.shown("en"),
        method=consents.SETTINGS,
    )
    transaction = Transaction(new_op())
    words.record(said, policies.current(said.at).version, transaction)
    transaction.commit()


def prompt(company: str, user: str) -> Prompt:
    return Prompt(company_id=company, user_id=user, prompt_id=ids.new("req"), text="dear Bob")


def kept(company: str, user: str) -> Prompt:
    """A prompt on record, of somebody who agreed."""
    say(company, user, ConsentPurpose.AI_IMPROVEMENT)
    made = prompt(company, user)
    PROMPTS.put_new(made, op=new_op(), consent=live(company, user))
    return made


def live(
    company: str, user: str, purpose: ConsentPurpose = ConsentPurpose.AI_IMPROVEMENT
) -> Consented | None:
    return consents.live(company, user, purpose)


def key(made: Prompt) -> dict[str, Any]:
    return {"company_id": made.company_id, "user_id": made.user_id, "prompt_id": made.prompt_id}


def opened(made: Prompt, consent: Consented | None) -> str | None:
    found = PROMPTS.get(**key(made), use=IMPROVE, consent=consent)
    return None if found is None else found.value.text


# ---------------------------------------------------------------- forgetting


def test_a_call_site_that_says_no_purpose_opens_nothing(company: str) -> None:
    made = kept(company, ids.new("usr"))
    with pytest.raises(TypeError):
        PROMPTS.get(**key(made))
    with pytest.raises(TypeError):
        list(PROMPTS.query(company, "prompt#"))
    with pytest.raises(TypeError):
        get_together((PROMPTS, key(made)))


@pytest.mark.clause("consent")
def test_what_needs_a_yes_is_not_even_stored_without_one(engine: Engine, company: str) -> None:
    made = prompt(company, ids.new("usr"))
    with pytest.raises(RefusedError) as refused:
        PROMPTS.put_new(made, op=new_op())
    assert (refused.value.code, refused.value.clause) == ("no_live_consent", "consent")
    with pytest.raises(RefusedError):
        Transaction(new_op()).put_new(PROMPTS, made)
    assert engine.items(AccountsRow, company) == []


# ---------------------------------------------------------------- a yes, and its end


@pytest.mark.clause("consent", "ai")
def test_a_withdrawal_closes_what_is_already_kept_to_the_very_next_look(company: str) -> None:
    user = ids.new("usr")
    made = kept(company, user)
    assert opened(made, live(company, user)) == "dear Bob"
    say(company, user, ConsentPurpose.AI_IMPROVEMENT, "denied")
    assert live(company, user) is None
    with pytest.raises(RefusedError):
        opened(made, live(company, user))
    with pytest.raises(RefusedError):
        PROMPTS.put_new(prompt(company, user), op=new_op(), consent=live(company, user))
    assert PROMPTS.get(**key(made), use=Duty.ANSWER_REQUEST) is not None, "the user can still ask for it"
    say(company, user, ConsentPurpose.AI_IMPROVEMENT)
    assert opened(made, live(company, user)) == "dear Bob"


@pytest.mark.clause("consent")
def test_technical_data_kept_for_safety_is_not_used_to_improve_without_a_yes(company: str) -> None:
    user = ids.new("usr")
    PLACES.put_new(Place(company_id=company, user_id=user, ip="203.0.113.9"), op=new_op())
    where: dict[str, Any] = {"company_id": company, "user_id": user}
    assert PLACES.get(**where, use=Purpose.SECURITY_AND_FAULTS) is not None
    with pytest.raises(RefusedError):
        PLACES.get(**where, use=IMPROVE, consent=live(company, user))
    say(company, user, ConsentPurpose.AI_IMPROVEMENT)
    assert PLACES.get(**where, use=IMPROVE, consent=live(company, user)) is not None
    say(company, user, ConsentPurpose.AI_IMPROVEMENT, "denied")
    with pytest.raises(RefusedError):
        PLACES.get(**where, use=IMPROVE, consent=live(company, user))


@pytest.mark.clause("consent")
def test_one_persons_yes_opens_nobody_elses_data(company: str) -> None:
    anna, bea = ids.new("usr"), ids.new("usr")
    hers = kept(company, bea)
    say(company, anna, ConsentPurpose.AI_IMPROVEMENT)
    with pytest.raises(RefusedError) as refused:
        opened(hers, live(company, anna))
    assert refused.value.code == "somebody_elses_consent"
    with pytest.raises(RefusedError):
        PROMPTS.put_new(prompt(company, bea), op=new_op(), consent=live(company, anna))
    with pytest.raises(RefusedError):
        list(PROMPTS.query(company, "prompt#", use=IMPROVE, consent=live(company, anna)))


@pytest.mark.clause("consent")
@pytest.mark.parametrize(
    "purpose",
    sorted({*ConsentPurpose} - {ConsentPurpose.AI_IMPROVEMENT}),
)
def test_a_yes_to_one_question_is_none_to_another(company: str, purpose: ConsentPurpose) -> None:
    user = ids.new("usr")
    made = kept(company, user)
    say(company, user, purpose)
    with pytest.raises(RefusedError):
        opened(made, live(company, user, purpose))


@pytest.mark.parametrize("use", [p for p in Purpose if p is not IMPROVE])
def test_what_was_written_to_the_ai_serves_no_other_purpose(company: str, use: Purpose) -> None:
    made = kept(company, ids.new("usr"))
    with pytest.raises(RefusedError) as refused:
        PROMPTS.get(**key(made), use=use, consent=live(company, made.user_id))
    # Writing with AI is done for the client, improving it for ourselves: one category, two roles.
    assert refused.value.clause == ("roles" if use is Purpose.GENERATE_WITH_AI else "purposes")


def test_a_refusal_is_counted_and_says_what_and_why_but_not_whose(lines: Lines, company: str) -> None:
    made = kept(company, ids.new("usr"))
    assert lines.refusals() == []
    for use in (Purpose.AFTER_SALES, IMPROVE):
        with pytest.raises(RefusedError):
            PROMPTS.get(**key(made), use=use)
    assert lines.refusals() == [
        {"use": "after_sales", "n_test_prompt": 1, "n_category_outside_purpose": 1},
        {"use": "improve_products", "n_test_prompt": 1, "n_no_live_consent": 1},
    ]


# ---------------------------------------------------------------- the one service


@pytest.mark.clause("consent")
@pytest.mark.parametrize("purpose", consents.CHOICES)
def test_a_users_yes_lives_until_the_no_and_proves_itself(company: str, purpose: ConsentPurpose) -> None:
    user = ids.new("usr")
    assert live(company, user, purpose) is None, "never asked is no yes"
    say(company, user, purpose)
    found = live(company, user, purpose)
    assert found is not None
    assert (found.purpose, found.whose) == (purpose, user)
    receipt = words.receipt(company, user, found.receipt_id)
    assert receipt is not None
    assert receipt.text_sha256 == texts.sha256(TEXTS[receipt.text_version].en)
    assert live(company, ids.new("usr"), purpose) is None
    say(company, user, purpose, "denied")
    assert live(company, user, purpose) is None


@pytest.mark.clause("consent", "tracking")
@pytest.mark.parametrize(
    ("stop", "tracking", "marketing"),
    [
        (None, True, True),
        (Stop.TRACKING_REFUSED, False, True),
        (Stop.UNSUBSCRIBED, False, False),
        (Stop.COMPLAINED, False, False),
        (Stop.ERASED, False, False),
        (Stop.BOUNCED, True, True),
    ],
)
def test_what_a_person_refused_themselves_is_stronger_than_what_a_company_recorded(
    company: str, stop: Stop | None, tracking: bool, marketing: bool
) -> None:
    person = standing.person(company, "bob@buyer.example")
    for purpose in (ConsentPurpose.TRACKING, ConsentPurpose.MARKETING):
        assert consents.live_of_person(company, person, purpose) is None
        said = samples.consent(company, person)
        made = {name: getattr(said, name) for name in fields.opaque_fields(type(said))}
        standing.record_consent(type(said)(**{**made, "purpose": purpose}), "usr_1")
    if stop is not None:
        standing.record_refusals(
            company, person, frozenset({stop}), active=True, at=clock.now(), method="test"
        )
    found = [
        consents.live_of_person(company, person, purpose)
        for purpose in (ConsentPurpose.TRACKING, ConsentPurpose.MARKETING)
    ]
    assert [one is not None for one in found] == [tracking, marketing]
    assert all(one.whose == person for one in found if one is not None)


@pytest.mark.clause("consent", "cookies")
def test_a_visitors_yes_is_theirs_for_the_picked_categories_and_ends_with_their_next_answer(
    engine: Engine,
) -> None:
    analytics, marketing = CookieCategory.ANALYTICS, CookieCategory.MARKETING

    def says(value: str | None, answer: CookieAnswer, *names: str) -> str:
        made, _ = cookies.answer(value, answer, names, REVISION, gpc=False, ip="203.0.113.9", locale="zh")
        return made

    assert consents.live_of_visitor(None, analytics, gpc=False) is None
    value = says(None, CookieAnswer.CUSTOM, "analytics")
    found = consents.live_of_visitor(value, analytics, gpc=False)
    assert found is not None
    assert (found.purpose, found.whose) == (ConsentPurpose.COOKIES, cookies.visitor(value))
    assert consents.live_of_visitor(value, marketing, gpc=False) is None
    value = says(value, CookieAnswer.ACCEPT_ALL)
    assert consents.live_of_visitor(value, marketing, gpc=False) is not None
    assert consents.live_of_visitor(value, marketing, gpc=True) is None
    value = says(value, CookieAnswer.REJECT_ALL)
    assert consents.live_of_visitor(value, analytics, gpc=False) is None


@pytest.mark.clause("consent")
def test_a_label_of_a_companys_own_gets_no_digest_of_ours() -> None:
    ours = TEXTS["tracking-2026-01"]
    assert texts.shown(ConsentPurpose.TRACKING, ours.id, "zh") == Shown(ours.id, "zh", texts.sha256(ours.zh))
    assert texts.shown(ConsentPurpose.TRACKING, ours.id, None) == Shown(ours.id, None, ours.sha256)
    for purpose, label in (
        (ConsentPurpose.MARKETING, ours.id),
        (ConsentPurpose.TRACKING, "fair-hamburg"),
        (ConsentPurpose.TRACKING, "unsubscribe-page-2026-11"),
    ):
        assert texts.shown(purpose, label, "en") == Shown(label)
