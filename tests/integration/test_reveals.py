"""Revealing: nobody pays twice, nobody pays for nothing, nobody's data crosses a border without a ground."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from typing import Any, cast

import pytest

from chalicelib.kernel import ids
from chalicelib.privacy.transfer_texts import ADVICE, CLAUSES
from infra.local import LocalStack
from tests.agreement import agrees
from tests.integration import ages
from tests.integration.client import Answer, User, eventually, fresh_address, log_in, request, sign_up
from tests.integration.letters import batch_of, drained
from tests.integration.people import join
from tests.integration.stocking import PHONE, located, one, reveal, several, stock

CLAUSES_NOW, ADVICE_NOW = next(iter(CLAUSES)), next(iter(ADVICE))


@pytest.fixture(scope="module")
def buyer(stack: LocalStack) -> User:
    """An admin of a company in Germany; prospects and credits are only used up."""
    return located(sign_up(stack))


def credits(user: User) -> dict[str, Any]:
    found: dict[str, Any] = user.call("GET", "/v1/company/credits").json
    return found


def refused(answer: Answer, status: int, code: str, clause: str | None = None) -> None:
    assert (answer.status, answer.json["code"], answer.json.get("clause")) == (status, code, clause)
    assert "Vogel" not in answer.body.decode()


def nothing_happened(stack: LocalStack, user: User, prospect: str) -> None:
    """Nothing was charged, received, put on record or owed."""
    company = user.company["id"]
    assert credits(user)["spent_this_month"] == 0
    assert not ages.under(stack, "prospects", f"{company}#revealed")
    assert not ages.under(stack, "prospects", prospect, f"holder#{company}")
    assert not ages.proofs(stack, company, "transfer")
    assert not ages.under(stack, "workspace", f"{company}#informing")


# ---------------------------------------------------------------- what is shown, and what it costs


@pytest.mark.clause("stocked-prospects", "added-prospects", "joint-duties")
def test_a_prospect_is_shown_with_where_every_field_comes_from(stack: LocalStack) -> None:
    user = located(sign_up(stack))
    email = fresh_address("lena", "nordlicht.example")
    answer = reveal(user, one(stack, kind="both", email=email))
    assert answer.status == 200, answer.body
    shown = answer.json
    fields = {said["field"]: said for said in shown["stocked"]["fields"]}
    assert (fields["phone"]["value"], fields["email"]["value"]) == (PHONE, email)
    assert (fields["email"]["source"], fields["email"]["day"]) == ("register", "2026-11-01")
    assert shown["stocked"]["ground"] == shown["shared"]["ground"] == "legitimate_interest"
    assert {said["source"] for said in shown["shared"]["fields"]} == {"users"}
    assert (shown["country"], shown["transfer_ground"]) == ("DE", "same_country")
    assert shown["advice"]["version"] == ADVICE_NOW
    assert shown["charged"]
    month = datetime.fromisoformat(shown["notice_due_at"]) - datetime.fromtimestamp(stack.now(), UTC)
    assert 27 <= month.days <= 31


@pytest.mark.clause("stocked-prospects")
def test_only_the_first_time_costs_and_colleagues_share_it(stack: LocalStack) -> None:
    user = located(sign_up(stack))
    colleague, prospect = join(user), one(stack)
    before = credits(user)["left"]
    first = reveal(user, prospect)
    for again in (reveal(user, prospect), reveal(colleague, prospect), reveal(user, prospect, key="again")):
        assert again.status == 200
        assert {**again.json, "charged": True} == first.json
    found = credits(user)
    assert (found["left"], found["spent_today"]) == (before - 1, 1)
    entries = user.call("GET", "/v1/company/credits/entries").json["items"]
    assert [(entry["amount"], entry["why"], entry["by"]) for entry in entries] == [
        (-1, "reveal", user.me["id"])
    ]
    assert len(ages.proofs(stack, user.company["id"], "transfer")) == 1


def clicked(user: User, prospect: str, *, key: str | None = None, save: bool = False) -> Answer | None:
    """A click; None when the answer did not come in time: then nobody knows, and a person clicks again."""
    try:
        return cast("Answer", reveal(user, prospect, key=key, save=save))
    except OSError:
        return None


def settled(user: User, prospect: str, *, key: str | None = None, save: bool = False) -> dict[str, Any]:
    """Click until it is shown."""

    def look() -> dict[str, Any] | None:
        answer = clicked(user, prospect, key=key, save=save)
        return answer.json if answer is not None and answer.status == 200 else None

    return eventually(look, 120) or {}


@pytest.mark.clause("stocked-prospects")
@pytest.mark.parametrize("keyed", [False, True], ids=["clicks", "repeats of one request"])
def test_eight_clicks_at_once_are_one(stack: LocalStack, keyed: bool) -> None:
    user, prospect = located(sign_up(stack)), one(stack)
    key = ids.new("k") if keyed else None
    with ThreadPoolExecutor(8) as pool:
        clicks = list(pool.map(lambda _: clicked(user, prospect, key=key, save=True), range(8)))
    answers = [answer for answer in clicks if answer is not None]
    assert {answer.status for answer in answers} <= {200, 503}
    shown = [answer.json for answer in answers if answer.status == 200]
    assert sum(one["charged"] for one in shown) <= 1
    last = settled(user, prospect, key=key, save=True)
    assert {one["contact_id"] for one in shown} <= {last["contact_id"]}
    assert credits(user)["spent_today"] == 1
    assert len(ages.proofs(stack, user.company["id"], "transfer")) == 1
    assert len(ages.under(stack, "prospects", f"{user.company['id']}#credit", "entry#")) == 1
    assert len(user.call("GET", "/v1/contacts").json["items"]) == 1


@pytest.mark.clause("stocked-prospects")
def test_many_prospects_at_once_cost_one_credit_each(stack: LocalStack) -> None:
    user, prospects = located(sign_up(stack)), several(stack, 8)
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda prospect: clicked(user, prospect), prospects))
    assert {answer.status for answer in answers if answer is not None} <= {200, 503}
    for prospect in prospects:
        settled(user, prospect)
    assert credits(user)["spent_today"] == 8


# ---------------------------------------------------------------- failures charge nothing


@pytest.mark.clause("stocked-prospects", "cross-border")
@pytest.mark.parametrize("kind", ["fail", "lose_reply", "lose_request"])
def test_what_failed_was_not_paid_and_what_was_paid_is_there(stack: LocalStack, kind: Any) -> None:
    user, prospect = located(sign_up(stack)), one(stack)
    fault = stack.wire.inject(
        kind=kind,
        service="dynamodb",
        operation="TransactWriteItems",
        function="okki-leads-api",
        times=3,
    )
    answer = reveal(user, prospect)
    assert fault.hits >= 1
    stack.wire.reset()
    if answer.status == 503:
        spent = credits(user)["spent_this_month"]
        if kind != "lose_reply":
            nothing_happened(stack, user, prospect)
        assert spent <= 1
    assert reveal(user, prospect).status == 200
    assert credits(user)["spent_this_month"] == 1
    assert len(ages.proofs(stack, user.company["id"], "transfer")) == 1


@pytest.mark.clause("stocked-prospects")
@pytest.mark.parametrize("skip", range(8))
def test_a_read_that_fails_on_the_way_charges_nothing(stack: LocalStack, skip: int) -> None:
    user, prospect = located(sign_up(stack)), one(stack)
    stack.wire.inject(
        kind="fail",
        service="dynamodb",
        operation="GetItem",
        function="okki-leads-api",
        skip=skip,
        times=3,
    )
    answer = reveal(user, prospect)
    stack.wire.reset()
    assert answer.status in {200, 503}, answer.body
    assert credits(user)["spent_this_month"] == (answer.status == 200)


@pytest.mark.clause("added-prospects", "stocked-prospects")
def test_who_is_unknown_withdrawn_or_over_is_nobody_and_costs_nothing(stack: LocalStack) -> None:
    user, prospect = located(sign_up(stack)), one(stack)
    row = ages.one(stack, "prospects", prospect, "stocked")
    assert row is not None
    ages.end(stack, "prospects", row, stack.now() + 1)
    gone, unknown = reveal(user, prospect), reveal(user, ids.new("pr"))
    for answer in (gone, unknown):
        refused(answer, 404, "not_found")
    nothing_happened(stack, user, prospect)


# ---------------------------------------------------------------- refusals


@pytest.mark.clause("cross-border")
def test_a_company_that_has_not_said_where_it_is_receives_nobody(stack: LocalStack) -> None:
    user, prospect = sign_up(stack), one(stack)
    refused(reveal(user, prospect), 403, "company_country_missing", "cross-border")
    nothing_happened(stack, user, prospect)
    located(user)
    assert reveal(user, prospect).status == 200


@pytest.mark.clause("cross-border")
def test_a_border_is_crossed_only_once_the_clauses_are_accepted_and_the_register_says_so(
    stack: LocalStack,
) -> None:
    user, prospect = located(sign_up(stack), "US"), one(stack)
    refused(reveal(user, prospect), 403, "transfer_ground_missing", "cross-border")
    nothing_happened(stack, user, prospect)
    shown = user.call("GET", "/v1/company/transfers/clauses").json
    assert (shown["version"], shown["accepted_at"]) == (CLAUSES_NOW, None)
    wrong = user.call("POST", "/v1/company/transfers/clauses", {"version": "clauses-2020-01"})
    refused(wrong, 409, "not_the_current_clauses", "cross-border")
    for _ in range(2):
        done = user.call("POST", "/v1/company/transfers/clauses", {"version": CLAUSES_NOW})
        assert (done.status, done.json["accepted_by"]) == (200, user.me["id"])
    assert len(ages.proofs(stack, user.company["id"], "transfer_clauses")) == 1
    answer = reveal(user, prospect)
    assert (answer.status, answer.json["transfer_ground"]) == (200, "standard_clauses")
    (line,) = user.call("GET", "/v1/company/transfers").json["items"]
    assert (line["origin"], line["destination"], line["law"]) == ("DE", "US", "gdpr")
    assert (line["ground"], line["clauses_version"]) == ("standard_clauses", CLAUSES_NOW)
    assert (line["prospect_id"], line["advice_version"]) == (prospect, ADVICE_NOW)


@pytest.mark.clause("cross-border", "access")
def test_clauses_are_concluded_by_admins_only(stack: LocalStack) -> None:
    member = join(located(sign_up(stack), "US"))
    answer = member.call("POST", "/v1/company/transfers/clauses", {"version": CLAUSES_NOW})
    refused(answer, 403, "not_permitted", "access")


@pytest.mark.clause("cross-border")
def test_a_company_that_moves_needs_a_ground_for_where_it_is_now(stack: LocalStack) -> None:
    user, prospect = located(sign_up(stack)), one(stack)
    assert reveal(user, prospect).status == 200
    located(user, "US")
    refused(reveal(user, prospect), 403, "transfer_ground_missing", "cross-border")
    (pooled,) = user.call("GET", "/v1/prospects/revealed").json["items"]
    assert (pooled["prospect"], pooled["withheld"]) == (None, "transfer_ground_missing")
    located(user, "FR")
    again = reveal(user, prospect).json
    assert (again["charged"], again["transfer_ground"]) == (False, "adequacy")
    grounds = [said["ground"] for said in ages.proofs(stack, user.company["id"], "transfer")]
    assert grounds == ["same_country", "adequacy"]
    assert credits(user)["spent_this_month"] == 1


@pytest.mark.clause("stocked-prospects")
def test_without_credits_nobody_is_revealed(stack: LocalStack) -> None:
    user, prospect = located(sign_up(stack)), one(stack)
    assert reveal(user, one(stack)).status == 200
    spent_all(stack, user)
    answer = reveal(user, prospect)
    refused(answer, 402, "no_credits")
    assert not ages.under(stack, "prospects", prospect, "holder#")
    assert credits(user)["left"] == 0


def spent_all(stack: LocalStack, user: User) -> None:
    """As if the company had used up what its plan gives this month."""
    stack.client("dynamodb").update_item(
        TableName="okki-leads-prospects",
        Key={"pk": {"S": f"{user.company['id']}#credit"}, "sk": {"S": "balance"}},
        UpdateExpression="SET facts.from_plan = :n",
        ExpressionAttributeValues={":n": {"N": "50"}},
    )


@pytest.mark.clause("self-service")
def test_limits_hold_to_the_last_credit_and_a_day_begins_at_midnight_in_singapore(stack: LocalStack) -> None:
    user, prospects = located(sign_up(stack)), several(stack, 3)
    if day_ends(user) - stack.now() < 600:
        stack.advance(600)  # or midnight comes on its own
    assert user.call("PUT", "/v1/company/credits", {"daily": 1, "monthly": 2}).status == 200
    assert reveal(user, prospects[0]).status == 200
    answer = reveal(user, prospects[1])
    refused(answer, 429, "daily_limit")
    ends = day_ends(user)
    assert 0 <= int(answer.headers["retry-after"]) - (ends - stack.now()) <= 60
    assert reveal(user, prospects[0]).status == 200, "what is revealed stays so"
    stack.advance(int(ends - stack.now()) - 300)
    renew(stack, user)
    refused(reveal(user, prospects[1]), 429, "daily_limit")
    stack.advance(302)
    assert reveal(user, prospects[1]).status == 200
    refused(reveal(user, prospects[2]), 429, "daily_limit")
    user.call("PUT", "/v1/company/credits", {"daily": None, "monthly": 2})
    refused(reveal(user, prospects[2]), 429, "monthly_limit")


@pytest.mark.clause("self-service")
def test_a_month_begins_at_midnight_in_singapore_with_a_new_allowance(stack: LocalStack) -> None:
    user = located(sign_up(stack))
    assert reveal(user, one(stack)).status == 200
    spent_all(stack, user)
    ends = datetime.fromisoformat(credits(user)["month_ends_at"])
    assert (ends.hour, ends.minute) == (16, 0)  # 00:00 in Singapore is 16:00 UTC of the day before
    stack.advance(int(ends.timestamp() - stack.now()) - 300)
    renew(stack, user)
    assert credits(user)["left"] == 0
    stack.advance(302)
    found = credits(user)
    assert (found["left"], found["spent_this_month"]) == (50, 0)


def day_ends(user: User) -> float:
    """Midnight in Singapore, epoch seconds."""
    return datetime.fromisoformat(credits(user)["day_ends_at"]).timestamp()


def renew(stack: LocalStack, user: User) -> None:
    """A login again: days have passed."""
    answer = log_in(stack, user.email)
    assert answer.status == 200, answer.body
    user.token = answer.json["session"]["token"]


@pytest.mark.clause("access", "self-service")
def test_who_may_not_reveal_does_not_and_an_expired_company_does_not(stack: LocalStack) -> None:
    boss, prospect = located(sign_up(stack)), one(stack)
    member = join(boss)
    left = {"permissions": ["prospects.read"]}
    assert boss.call("PUT", "/v1/company/roles/member", left).status == 200
    refused(reveal(member, prospect), 403, "not_permitted", "access")
    assert boss.call("PUT", "/v1/company/roles/member", {"permissions": ["prospects.reveal"]}).status == 200
    refused(reveal(member, prospect, save=True), 403, "not_permitted", "access")
    stack.client("dynamodb").update_item(
        TableName="okki-leads-accounts",
        Key={"pk": {"S": boss.company["id"]}, "sk": {"S": "access"}},
        UpdateExpression="SET facts.term_ends_at = :n",
        ExpressionAttributeValues={":n": {"N": str(int(stack.now()) - 1)}},
    )
    refused(reveal(boss, prospect), 403, "company_not_active", "cancellation")


# ---------------------------------------------------------------- others see nothing


@pytest.mark.clause("stored")
def test_another_company_learns_nothing_of_who_was_revealed_or_what_was_spent(
    stack: LocalStack, buyer: User
) -> None:
    prospect, other = one(stack), located(sign_up(stack))
    assert reveal(buyer, prospect).status == 200
    mark = buyer.company["id"].encode()
    stack.wire.clear()
    for path in (
        "/v1/prospects/revealed",
        "/v1/company/credits",
        "/v1/company/credits/entries",
        "/v1/company/transfers",
    ):
        assert prospect not in other.call("GET", path).body.decode()
    for act in ("claim", "release"):
        refused(other.call("POST", f"/v1/prospects/{prospect}/{act}"), 404, "not_found")
    assert reveal(other, prospect).json["charged"], "it pays for itself"
    assert not [call for call in stack.wire.calls if mark in call.request]


@pytest.mark.clause("stocked-prospects")
def test_the_ledger_of_credits_says_nothing_of_whom_it_was_about(stack: LocalStack) -> None:
    user, prospect = located(sign_up(stack)), one(stack)
    assert reveal(user, prospect).status == 200
    rows = ages.under(stack, "prospects", f"{user.company['id']}#credit")
    assert len(rows) == 2
    assert not [row for row in rows if prospect in str(row) or "sealed" in row]


# ---------------------------------------------------------------- a contact of it


@pytest.mark.clause("stored", "added-prospects")
def test_a_contact_made_of_a_prospect_says_where_it_is_from(stack: LocalStack) -> None:
    user = located(sign_up(stack))
    shown = reveal(user, one(stack, kind="added"), save=True).json
    contact = user.call("GET", f"/v1/contacts/{shown['contact_id']}").json
    assert contact["lawful_basis"] == {"basis": "legitimate_interest", "source": "shared by users"}
    assert (contact["name"], contact["country"]) == ("Lena Vogel", "DE")
    stocked = reveal(user, one(stack), save=True).json["contact_id"]
    contact = user.call("GET", f"/v1/contacts/{stocked}").json
    assert (contact["lawful_basis"]["source"], contact["phone"]) == ("prospect base", PHONE)


@pytest.mark.clause("stored")
def test_whom_the_company_keeps_already_is_not_kept_twice(stack: LocalStack) -> None:
    user, email = located(sign_up(stack)), fresh_address("lena", "nordlicht.example")
    own = user.contact(email)
    prospect = one(stack, email=email.upper().replace("EXAMPLE", "example"))
    shown = reveal(user, prospect, save=True).json
    assert shown["contact_id"] == own["id"]
    assert len(user.call("GET", "/v1/contacts").json["items"]) == 1
    assert user.call("GET", f"/v1/contacts/{own['id']}").json["version"] == own["version"]
    (held,) = ages.under(stack, "prospects", prospect, "holder#")
    assert "contact_id" not in ages.facts(held), "it is the company's own copy"


@pytest.mark.clause("added-prospects", "cross-border")
def test_what_users_share_later_is_received_for_nothing_and_on_record(stack: LocalStack) -> None:
    user, email = located(sign_up(stack)), fresh_address("lena", "nordlicht.example")
    prospect = one(stack, email=email)
    assert reveal(user, prospect).json["shared"] is None
    stock(stack, {"email": email, "country": "DE", "kind": "added"})
    (pooled,) = user.call("GET", "/v1/prospects/revealed").json["items"]
    assert pooled["prospect"]["shared"] is None, "not received yet"
    again = reveal(user, prospect).json
    assert (again["charged"], again["shared"] is None) == (False, False)
    (held,) = ages.under(stack, "prospects", prospect, "holder#")
    assert ages.facts(held)["added"]
    assert len(ages.proofs(stack, user.company["id"], "transfer")) == 2


@pytest.mark.clause("self-service")
def test_answers_are_as_described(stack: LocalStack) -> None:
    user = located(sign_up(stack))
    document = request(f"{stack.api}/openapi.json").json
    prospect = one(stack, kind="both")

    def holds(method: str, path: str, answer: Answer) -> None:
        assert answer.status == 200, answer.body
        content = document["paths"][path][method]["responses"]["200"]["content"]
        schema = content["application/json"]["schema"]
        agrees(document, schema, answer.json, filled=False, place=path)

    holds("post", "/v1/prospects/{prospect_id}/reveal", reveal(user, prospect, save=True))
    claimed = user.call("POST", f"/v1/prospects/{prospect}/claim")
    holds("post", "/v1/prospects/{prospect_id}/claim", claimed)
    limits = user.call("PUT", "/v1/company/credits", {"daily": 5, "monthly": None})
    holds("put", "/v1/company/credits", limits)
    accepted = user.call("POST", "/v1/company/transfers/clauses", {"version": CLAUSES_NOW})
    holds("post", "/v1/company/transfers/clauses", accepted)
    for path in (
        "/v1/prospects/revealed",
        "/v1/company/credits/entries",
        "/v1/company/transfers",
        "/v1/company/transfers/clauses",
    ):
        answer = user.call("GET", path)
        holds("get", path, answer)
        assert answer.json.get("items") != []


# ---------------------------------------------------------------- withdrawn soon after


@pytest.mark.clause("joint-duties", "stocked-prospects")
@pytest.mark.parametrize("lost", [False, True], ids=["once", "every piece of work twice"])
def test_who_is_withdrawn_soon_gives_the_credit_back_once_and_is_gone_from_the_pool(
    stack: LocalStack, lost: bool
) -> None:
    user, other = located(sign_up(stack)), located(sign_up(stack))
    prospect, kept = one(stack), one(stack)
    for prospect_id in (prospect, kept):
        assert reveal(user, prospect_id, save=True).status == 200
    assert user.call("POST", f"/v1/prospects/{prospect}/claim").status == 200
    assert reveal(other, prospect).status == 200
    said = other.call("POST", f"/v1/prospects/{prospect}/complaints", {"kind": "objection"})
    assert said.status in {200, 201, 202}, said.body
    drained(stack, "tasks")
    if lost:
        for task in (
            {"task": "withdraw", "prospect": prospect},
            {"task": "withdrawal_end", "prospect": prospect},
        ):
            stack.invoke("RunTasks", batch_of("tasks", json.dumps(task)))
        drained(stack, "tasks")
    # Whoever passed the complaint on gets nothing back: it would be a way to reveal for nothing.
    for company, spent, back in ((user, 2, 1), (other, 1, 0)):
        found = credits(company)
        assert (found["extra"], found["spent_this_month"]) == (back, spent)
        entries = company.call("GET", "/v1/company/credits/entries").json["items"]
        assert sorted(entry["amount"] for entry in entries) == sorted([*[-1] * spent, *[1] * back])
    refused(reveal(user, prospect), 404, "not_found")
    refused(user.call("POST", f"/v1/prospects/{prospect}/claim"), 404, "not_found")
    assert [item["id"] for item in user.call("GET", "/v1/prospects/revealed").json["items"]] == [kept]
    assert user.call("GET", "/v1/prospects/revealed?claimed_by=me").json["items"] == []
    assert len(user.call("GET", "/v1/contacts").json["items"]) == 1
