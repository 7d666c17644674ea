"""Improving AI with what users wrote (clauses `ai`, `consent`, `purposes`): only with the user's own yes, never
with anybody's name, and nothing left when the yes is taken back.
"""

from __future__ import annotations

import json
from typing import Any

import pytest

from chalicelib.privacy import clocks, texts
from chalicelib.privacy.consent import ConsentPurpose
from infra.local import LocalStack
from tests.integration import models
from tests.integration.client import Answer, User, eventually, fresh_address
from tests.integration.letters import sample
from tests.integration.people import at, join

pytestmark = pytest.mark.clause("consent", "purposes", "ai")

GIVEN = {"text": "Please tell Bob Buyer of Buyer Leuchten GmbH (bob@buyer.example) that we makes lamps."}
SECRETS = ("Bob", "Buyer", "bob@", "Leuchten")


def word(user: User, state: str) -> Answer:
    """The user's word on improving AI."""
    text = texts.current_text(ConsentPurpose.AI_IMPROVEMENT, clocks.day(user.stack.now()))
    assert text is not None
    body = {"purpose": "ai_improvement", "state": state, "text_version": text.id}
    answer = user.call("POST", "/v1/consents", body)
    assert answer.status == 201, answer.body
    return answer


def take_back(user: User) -> None:
    assert user.call("DELETE", "/v1/consents?purpose=ai_improvement").status == 200


def kept(user: User) -> list[dict[str, Any]]:
    """The rows of the table of samples that are this user's, as they lie there."""
    found: list[dict[str, Any]] = user.stack.client("dynamodb").scan(TableName="okki-leads-samples")["Items"]
    return [row for row in found if row["pk"]["S"] == f"{user.company['id']}#{user.me['id']}"]


def polished(user: User) -> str:
    """A job that is done; what is kept of it is written right after. The model repeats what it is told."""
    found = models.over(user, models.ask(user, **GIVEN))
    assert found["status"] == "done", found
    return str(found["id"])


def shown(user: User) -> list[dict[str, Any]]:
    """What the user is shown of their samples, field by field."""
    kinds = user.call("GET", "/v1/me/data").json["kinds"]
    (mine,) = [one["records"] for one in kinds if one["kind"] == "ai_sample"]
    return [{field["field"]: field["value"] for field in record["fields"]} for record in mine]


def test_without_a_yes_nothing_is_kept(stack: LocalStack) -> None:
    user = models.user_of_ai(stack)
    polished(user)
    word(user, "denied")
    polished(user)
    # A third job of somebody who agreed shows that by now the first two would have been kept.
    other = join(user)
    word(other, "granted")
    polished(other)
    assert len(eventually(lambda: kept(other))) == 1
    assert kept(user) == []


def test_with_a_yes_a_sample_is_kept_that_names_nobody_and_lies_sealed(stack: LocalStack) -> None:
    user = models.user_of_ai(stack)
    receipt = word(user, "granted").json["id"]
    polished(user)
    (row,) = eventually(lambda: kept(user))
    assert set(row["facts"]["M"]) == {"receipt_id", "task", "model", "prompt_version", "at"}
    clear = json.dumps({name: value for name, value in row.items() if name != "sealed"})
    assert "lamps" not in clear
    assert row["facts"]["M"]["receipt_id"]["S"] == receipt
    assert int(row["expires_at"]["N"]) > stack.now() + 360 * 86_400
    (mine,) = shown(user)
    assert mine["task"] == "polish"
    assert "that we makes lamps" in mine["output"]
    assert not [secret for secret in SECRETS if secret in mine["input"] + mine["output"]]
    assert "⟦PERSON_" in mine["output"]
    assert "⟦EMAIL_" in mine["input"]


def test_taking_the_yes_back_deletes_what_was_kept_and_nothing_more_comes(stack: LocalStack) -> None:
    user = models.user_of_ai(stack)
    word(user, "granted")
    polished(user)
    eventually(lambda: kept(user))
    take_back(user)
    assert eventually(lambda: kept(user) == [])
    polished(user)
    other = join(user)
    word(other, "granted")
    polished(other)
    eventually(lambda: kept(other))
    assert kept(user) == []
    assert shown(user) == []


def test_unticking_it_is_taking_it_back(stack: LocalStack) -> None:
    user = models.user_of_ai(stack)
    word(user, "granted")
    polished(user)
    eventually(lambda: kept(user))
    word(user, "denied")
    assert eventually(lambda: kept(user) == [])


def test_a_colleagues_yes_is_none(stack: LocalStack) -> None:
    user = models.user_of_ai(stack)
    word(user, "granted")
    colleague = join(user)
    polished(colleague)
    polished(user)
    eventually(lambda: kept(user))
    assert kept(colleague) == []


def test_a_new_yes_does_not_bring_back_what_an_earlier_one_covered(stack: LocalStack) -> None:
    user = models.user_of_ai(stack)
    word(user, "granted")
    polished(user)
    (old,) = eventually(lambda: kept(user))
    take_back(user)
    word(user, "granted")
    assert eventually(lambda: old["sk"] not in [row["sk"] for row in kept(user)])
    polished(user)
    (new,) = eventually(lambda: kept(user))
    assert new["facts"]["M"]["receipt_id"] != old["facts"]["M"]["receipt_id"]


def test_a_yes_taken_back_while_the_model_thinks_leaves_nothing(stack: LocalStack) -> None:
    user = models.user_of_ai(stack)
    word(user, "granted")
    models.say(stack, models.polished("We make lamps.", seconds=2))
    job_id = models.ask(user, **GIVEN)
    eventually(lambda: models.job(user, job_id)["status"] == "running")
    take_back(user)
    assert models.over(user, job_id)["status"] == "done"
    other = join(user)
    word(other, "granted")
    polished(other)
    eventually(lambda: kept(other))
    assert kept(user) == []


def test_a_lost_word_of_it_is_found_by_the_sweeper(stack: LocalStack) -> None:
    user = models.user_of_ai(stack)
    word(user, "granted")
    polished(user)
    eventually(lambda: kept(user))
    lost = stack.wire.inject(
        kind="fail", service="sqs", function="okki-leads-api", contains="forget_samples", times=20
    )
    take_back(user)
    stack.wire.reset()
    assert lost.hits
    assert kept(user) != []
    stack.advance(400)
    stack.invoke("Sweep", sample("schedule-sweep"))
    assert eventually(lambda: kept(user) == [])


@pytest.mark.clause("retention", "self-service")
def test_whoever_leaves_takes_their_samples_along(stack: LocalStack) -> None:
    admin = models.user_of_ai(stack)
    colleague = join(admin)
    word(colleague, "granted")
    polished(colleague)
    eventually(lambda: kept(colleague))
    assert admin.call("DELETE", at(colleague)).status in {200, 202, 204}
    assert eventually(lambda: kept(colleague) == [])


def test_a_company_that_switches_ai_off_and_on_keeps_nobody_from_their_word(stack: LocalStack) -> None:
    user = models.user_of_ai(stack)
    word(user, "granted")
    models.switch_on(user, ["polish"])
    polished(user)
    assert len(eventually(lambda: kept(user))) == 1
    user.contact(fresh_address("bob"))
    assert len(kept(user)) == 1
