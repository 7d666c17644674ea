"""Samples of AI under the purpose gate: a yes of the user's own opens and stores them, and nothing else does."""

from __future__ import annotations

import json
from typing import Any

import pytest

from chalicelib.kernel import clock, ids
from chalicelib.kernel.errors import RefusedError
from chalicelib.privacy import clocks, policies, texts
from chalicelib.privacy.consent import ConsentPurpose, ConsentState
from chalicelib.privacy.gate import Consented
from chalicelib.privacy.placeholders import Kind, Known, mask
from chalicelib.privacy.register import Duty, Purpose
from chalicelib.records.samples import AiSample
from chalicelib.services.ai import samples
from chalicelib.services.ai.shapes import Prompt
from chalicelib.services.consent import consents
from chalicelib.store import consents as words
from chalicelib.store import samples as kept
from chalicelib.store import vault
from chalicelib.store.table import new_op
from chalicelib.store.transaction import Transaction
from tools import ai_samples

pytestmark = pytest.mark.clause("consent", "purposes", "ai")


@pytest.fixture(autouse=True)
def operators_key(company: str) -> None:
    vault.create_key(ids.OPERATOR)


def say(company: str, user: str, state: str = "granted") -> None:
    text = texts.current_text(ConsentPurpose.AI_IMPROVEMENT, clocks.day(clock.now()))
    assert text is not None
    said = consents.word(
        company,
        user,
        ConsentPurpose.AI_IMPROVEMENT,
        ConsentState(state),
        text=text.shown("en"),
        method=consents.SETTINGS,
    )
    transaction = Transaction(new_op())
    words.record(said, policies.current(said.at).version, transaction)
    transaction.commit()


def live(company: str, user: str) -> Consented | None:
    return consents.live(company, user, ConsentPurpose.AI_IMPROVEMENT)


def keep(company: str, user: str) -> bool:
    masked, _ = mask({"text": "Offer lamps to Bob Buyer"}, [Known(Kind.PERSON, "Bob Buyer")])
    prompt = Prompt(system=masked["text"], parts=(masked["text"],), notes={"version": "polish-2026-11-1"})
    answer = {"text": "Lamps for ⟦PERSON_1⟧"}
    return samples.keep(company, user, task="polish", model="a-model", prompt=prompt, answer=answer)


def those_of(company: str, user: str) -> list[AiSample]:
    return [one.value for one in kept.of_user(company, user, Duty.ANSWER_REQUEST)]


def people() -> tuple[str, str]:
    return ids.new("usr"), ids.new("usr")


def test_a_sample_holds_placeholders_and_never_a_name(company: str) -> None:
    user, _ = people()
    say(company, user)
    assert keep(company, user)
    (made,) = those_of(company, user)
    assert (made.input, json.loads(made.output)) == (
        "Offer lamps to ⟦PERSON_1⟧",
        {"text": "Lamps for ⟦PERSON_1⟧"},
    )
    assert (made.task, made.model, made.prompt_version) == ("polish", "a-model", "polish-2026-11-1")


def test_no_yes_and_somebody_elses_yes_keep_nothing(company: str) -> None:
    anna, bea = people()
    say(company, anna)
    assert not keep(company, bea)
    say(company, bea, "denied")
    assert not keep(company, bea)
    assert those_of(company, bea) == []
    with pytest.raises(RefusedError) as refused:
        sample = AiSample(
            company_id=company,
            user_id=bea,
            sample_id=ids.new("smp"),
            receipt_id="x",
            task="polish",
            model="m",
            prompt_version="v",
            at=clock.now(),
            input="x",
            output="y",
        )
        kept.SAMPLES.put_new(sample, op=new_op(), consent=live(company, anna))
    assert refused.value.code == "somebody_elses_consent"


def test_a_word_said_between_asking_and_keeping_counts(company: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The yes is read, then taken back, then the sample is about to be written: it is not."""
    user, _ = people()
    say(company, user)
    asked = consents.live

    def and_taken_back(*whose: Any) -> Consented | None:
        found = asked(*whose)
        say(company, user, "denied")
        return found

    monkeypatch.setattr(consents, "live", and_taken_back)
    assert not keep(company, user)
    assert those_of(company, user) == []


def test_what_is_kept_opens_for_improving_only_while_the_yes_lives(company: str) -> None:
    user, _ = people()
    say(company, user)
    keep(company, user)
    assert list(kept.of_user(company, user, Purpose.IMPROVE_PRODUCTS, consent=live(company, user)))
    say(company, user, "denied")
    with pytest.raises(RefusedError):
        list(kept.of_user(company, user, Purpose.IMPROVE_PRODUCTS, consent=live(company, user)))
    with pytest.raises(RefusedError):
        list(kept.of_user(company, user, Purpose.GENERATE_WITH_AI))


def test_forgetting_takes_all_but_what_the_yes_of_today_covers(company: str) -> None:
    anna, bea = people()
    for user in (anna, bea):
        say(company, user)
        keep(company, user)
    say(company, anna, "denied")
    say(company, anna)
    keep(company, anna)
    samples.forget(company, anna)
    (left,) = those_of(company, anna)
    now = live(company, anna)
    assert now is not None
    assert left.receipt_id == now.receipt_id
    assert len(those_of(company, bea)) == 1
    say(company, anna, "denied")
    samples.forget(company, anna)
    samples.forget(company, anna)
    assert those_of(company, anna) == []
    word = words.CONSENTS.get(company_id=company, user_id=anna, purpose=ConsentPurpose.AI_IMPROVEMENT)
    assert word is not None
    assert word.value.forgotten_at is not None


def test_staff_read_samples_under_a_yes_or_not_at_all(
    company: str, capsys: pytest.CaptureFixture[str]
) -> None:
    user, _ = people()
    say(company, user)
    keep(company, user)
    assert ai_samples.main([company, user]) == 0
    assert json.loads(capsys.readouterr().out)["output"] == '{"text": "Lamps for ⟦PERSON_1⟧"}'
    say(company, user, "denied")
    assert ai_samples.main([company, user]) == 1
    assert capsys.readouterr().out == ""
    assert ai_samples.main(["everybody"]) == 2
