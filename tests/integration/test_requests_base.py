"""Who is in the base of prospects sees all of it, leaves it at their word, and stays away."""

from __future__ import annotations

import csv
import io
from typing import Any

import pytest

from infra.local import LocalStack
from tests.integration import asking, objector, sharer, stocking
from tests.integration.apart import own_stack
from tests.integration.asking import Asker, ask
from tests.integration.client import User, code_in, eventually, fresh_address, sign_up
from tests.integration.letters import rows
from tests.integration.test_restore_drill import replay, whole

pytestmark = pytest.mark.clause("requests", "subjects")
stack = own_stack()


@pytest.fixture(scope="module", autouse=True)
def somebody(stack: LocalStack) -> User:
    """The base is sealed under the operator's key, which the first account brings about."""
    return sign_up(stack)


def records(found: dict[str, Any], kind: str) -> list[dict[str, Any]]:
    """Records of a kind in the answer, as field -> what is said of it."""
    for one in found["kinds"]:
        if one["kind"] == kind:
            return [{field["field"]: field for field in record["fields"]} for record in one["records"]]
    return []


def known(stack: LocalStack) -> tuple[str, str, User, User]:
    """Somebody who is stocked and shared, and received by a company that made a contact of them: address, id,
    who shared and who received.
    """
    email = fresh_address("mika", "pohjola.example")
    giver, taker = sharer.sharer(stack), sharer.receiver(stack)
    stocking.one(stack, "FI", email=email)
    prospect = sharer.shared(giver, sharer.person(email))
    sharer.receive(taker, prospect)
    return email, prospect, giver, taker


def gone(stack: LocalStack, email: str, prospect: str, taker: User) -> None:
    """Nothing of them is left in the base, or in the company that had received them."""
    sharer.withdrawn(stack, prospect)
    assert sharer.kinds(stack, prospect) == []
    assert sharer.findable(stack, prospect) == 0
    assert [one for one in taker.call("GET", "/v1/contacts").json["items"] if one["email"] == email] == []
    assert taker.call("GET", "/v1/prospects/informing").json["items"] == []


def test_who_asks_sees_what_is_stocked_and_shared_with_the_source_of_each_value_and_who_has_it(
    stack: LocalStack,
) -> None:
    email, prospect, giver, taker = known(stack)
    one = ask(stack, "access", email)
    seen = one.settled()
    assert seen["state"] == "answered"
    assert "base_shown" in seen["answer"]["outcomes"]
    found = one.data().json
    (stocked,), (added,) = records(found, "stocked"), records(found, "added")
    assert (stocked["phone"]["value"], stocked["email"]["value"]) == (stocking.PHONE, email)
    assert stocked["email"]["source"] == ["register", "2026-11-01"]
    assert stocked["email"]["purposes"] == ["maintain_prospect_base"]
    assert stocked["email"]["bases"] == ["legitimate_interest"]
    assert (added["first_name"]["value"], added["location"]["value"]) == ("Mika", "Tampere, Finland")
    assert added["first_name"]["source"] == ["shared_by_users"]
    for field in (*stocked.values(), *added.values()):
        assert field["kept_until"], field
    (shared,), (received,) = found["base"]["shared_by"], found["base"]["received_by"]
    assert (shared["company"], shared["ground"]) == (giver.company["name"], "consent")
    assert shared["agreement_version"] == sharer.VERSION
    assert received["company"] == taker.company["name"]
    assert received["transfer"]
    assert received["at"]
    text = one.data("csv").body.decode("utf-8-sig")
    table = {(row["kind"], row["field"]): row["value"] for row in csv.DictReader(io.StringIO(text))}
    assert table["shared_by", "company"] == giver.company["name"]
    assert table["received_by", "company"] == taker.company["name"]
    assert table["stocked", "email"] == email
    # Looking took nothing away.
    assert {"stocked", "added", "share", "holder"} <= set(sharer.kinds(stack, prospect))


def test_nobody_sees_another_persons_entry(stack: LocalStack) -> None:
    email, *_ = known(stack)
    one = ask(stack, "access", fresh_address("other", "pohjola.example"))
    assert one.settled()["answer"]["outcomes"] == ["nothing"]
    found = one.data()
    assert (records(found.json, "stocked"), found.json["base"]) == ([], None)
    assert email not in found.body.decode()


def test_another_spelling_of_the_mailbox_is_the_same_person(stack: LocalStack) -> None:
    email, *_ = known(stack)
    one = ask(stack, "access", email.upper().replace("@POHJOLA.EXAMPLE", "@Pohjola.example"))
    assert "base_shown" in one.settled()["answer"]["outcomes"]


@pytest.mark.clause("joint-duties", "stocked-prospects", "added-prospects")
@pytest.mark.parametrize("kind", ["object", "erase", "complaint"])
def test_who_objects_complains_or_wants_to_be_erased_leaves_everywhere_and_does_not_come_back(
    stack: LocalStack, kind: str
) -> None:
    email, prospect, giver, taker = known(stack)
    one: Asker = ask(stack, kind, email)
    outcomes = one.settled()["answer"]["outcomes"]
    assert "base_withdrawn" in outcomes
    gone(stack, email, prospect, taker)
    assert objector.stands(stack, email)
    # Neither a share nor a reveal brings them back, and who shares them is not told.
    again = sharer.share(giver, sharer.person(email))
    assert ([one["id"] for one in again["prospects"]], again["rejected"]) == ([prospect], [])
    gone(stack, email, prospect, taker)
    assert stocking.reveal(taker, prospect).status == 404
    if kind != "erase":
        later = ask(stack, "access", email)
        later.settled()
        found = later.data().json
        assert (records(found, "stocked"), records(found, "added"), found["base"]) == ([], [], None)
        assert len(records(found, "objection")) == 1


@pytest.mark.parametrize("kind", ["correct", "restrict"])
def test_what_needs_a_look_is_looked_at_by_somebody_and_nothing_is_lost_meanwhile(
    stack: LocalStack, kind: str
) -> None:
    email, prospect, *_ = known(stack)
    seen = ask(stack, kind, email).settled()
    assert seen["state"] == "with_staff"
    assert {"base_kept", "with_staff"} <= set(seen["answer"]["outcomes"])
    assert {"stocked", "added"} <= set(sharer.kinds(stack, prospect))


@pytest.mark.parametrize(("locale", "words"), [("en", "taken out of our base"), ("zh", "联系人库中移除")])
def test_the_answer_says_so_in_the_readers_language(stack: LocalStack, locale: str, words: str) -> None:
    email = fresh_address("lena", "nordlicht.example")
    stocking.one(stack, email=email)
    request_id = asking.asked(stack, "object", email, locale=locale)
    code = code_in(eventually(lambda: stack.mails(email))[0])
    answer = asking.post(stack, f"/v1/requests/{request_id}/verify", {"code": code})
    assert answer.status == 200, answer.body
    one = Asker(stack, email, request_id, answer.json["token"], answer.json["due_at"])
    seen = one.settled()
    assert any(words in said for said in seen["answer"]["words"])
    assert not any("no base" in said for said in seen["answer"]["words"])


def test_work_that_dies_in_the_middle_still_takes_them_out_and_says_so(stack: LocalStack) -> None:
    email = fresh_address("lena", "nordlicht.example")
    prospect = stocking.one(stack, email=email)
    request_id = asking.asked(stack, "object", email)
    fault = stack.wire.inject(
        kind="lose_reply",
        service="dynamodb",
        operation="TransactWriteItems",
        function="okki-leads-run-tasks",
        times=2,
    )
    one = asking.prove(stack, email, request_id)
    seen = one.settled()
    assert fault.hits
    assert "base_withdrawn" in seen["answer"]["outcomes"]
    eventually(lambda: sharer.kinds(stack, prospect) == [], 40)


# ---------------------------------------------------------------- backups


@pytest.mark.clause("retention")
def test_who_left_the_base_since_the_backup_is_gone_from_it_before_anybody_is_served(
    stack: LocalStack,
) -> None:
    email, prospect, _, taker = known(stack)
    saved = {table: whole(stack, table) for table in ("accounts", "workspace", "prospects")}
    ask(stack, "object", email).settled()
    gone(stack, email, prospect, taker)
    database = stack.client("dynamodb")
    mine = (prospect, f"{taker.company['id']}", "objection#", "withdrawal#")
    for table, there in saved.items():
        name = f"okki-leads-{table}"
        for row in rows(stack, table):
            if row["pk"]["S"].startswith(mine):
                database.delete_item(TableName=name, Key={"pk": row["pk"], "sk": row["sk"]})
        for row in there:
            if row["pk"]["S"].startswith(mine) or prospect in row["sk"]["S"]:
                database.put_item(TableName=name, Item=row)
    assert {"stocked", "added"} <= set(sharer.kinds(stack, prospect))
    assert not objector.stands(stack, email)
    found = replay(stack, looks=None)[-1]["base_again"]  # others have left something here, too
    assert found["prospect"] >= 1
    assert found["contact"] >= 1
    assert objector.stands(stack, email)
    gone(stack, email, prospect, taker)
    assert stocking.reveal(taker, prospect).status == 404
    refused = {
        "name": "Mika Laine",
        "email": email,
        "lawful_basis": {"basis": "consent", "source": "fair"},
    }
    assert taker.call("POST", "/v1/contacts", refused).status == 403
    assert "base_again" in (again := replay(stack)[-1])
    assert again["base_again"] == {}


def test_a_user_who_is_in_the_base_as_well_is_shown_both(stack: LocalStack) -> None:
    user = sign_up(stack)
    stocking.one(stack, email=user.email)
    one = ask(stack, "access", user.email)
    assert {"account_data", "base_shown"} <= set(one.settled()["answer"]["outcomes"])
    found = one.data().json
    assert found["account"] is True
    assert len(records(found, "stocked")) == 1
