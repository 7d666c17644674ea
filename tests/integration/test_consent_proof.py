"""What a person agreed to or refused can be shown to anybody, word for word, and checked without trusting us."""

from __future__ import annotations

import hashlib
import json
from typing import Any

import pytest

from chalicelib.kernel import ids
from chalicelib.privacy.personnel import StaffPosition
from infra.local import LocalStack
from tests.integration import people
from tests.integration.client import User, fresh_address, request, sign_up
from tests.integration.disclosing import asked as asked_about
from tests.integration.disclosing import opened, refused, step, took
from tests.integration.letters import Letter, letter, rows
from tests.integration.staff import member

pytestmark = pytest.mark.clause("consent")

QUESTIONS = ("ai_improvement", "longer_retention", "marketing")
CHINESE = {"Accept-Language": "zh-CN,zh;q=0.9"}


def digest(words: str) -> str:
    return hashlib.sha256(words.encode()).hexdigest()


def asked(user: User, purpose: str, language: str = "en") -> dict[str, Any]:
    answer = user.call("GET", "/v1/consents", headers={"Accept-Language": language})
    (found,) = [one for one in answer.json["consents"] if one["purpose"] == purpose]
    return dict(found)


def say(user: User, purpose: str, state: str = "granted", **more: Any) -> dict[str, Any]:
    headers = more.pop("headers", None)
    text = asked(user, purpose)["current_text_version"]
    body = {"purpose": purpose, "state": state, "text_version": text, **more}
    answer = user.call("POST", "/v1/consents", body, headers)
    assert answer.status == 201, answer.body
    return dict(answer.json)


def proof(user: User) -> dict[str, Any]:
    answer = user.call("GET", "/v1/consents/proof")
    assert answer.status == 200, answer.body
    return dict(answer.json)


def of_contact(user: User, contact: str, query: str = "") -> dict[str, Any]:
    answer = user.call("GET", f"/v1/contacts/{contact}/consents{query}")
    assert answer.status == 200, answer.body
    return dict(answer.json)


def check(receipts: list[dict[str, Any]], stack: LocalStack, company: str) -> None:
    """What anybody can do: hash each entry as it says; and find it in the ledger under its number."""
    stored = {int(row["seq"]["N"]): row for row in rows(stack, "ledger", company)}
    for receipt in receipts:
        entry = dict(receipt["evidence"])
        link = entry.pop("link")
        said = json.dumps(entry, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
        assert digest(said) == link
        row = stored[entry["seq"]]
        assert (row["pk"]["S"], row["sk"]["S"], row["link"]["S"]) == (entry["pk"], entry["sk"], link)
        before = stored.get(entry["seq"] - 1)
        assert entry["prev"] == ("0" * 64 if before is None else before["link"]["S"])


def kept_words(found: dict[str, Any], receipt: dict[str, Any]) -> str:
    """The words a receipt is about, as the proof holds them; their digest is the receipt's."""
    (text,) = [one for one in found["texts"] if one["version"] == receipt["text_version"]]
    words = str(text["words"][receipt["locale"]])
    assert digest(words) == receipt["text_sha256"] == text["sha256"][receipt["locale"]]
    return words


# ---------------------------------------------------------------- a user's own


@pytest.mark.parametrize("purpose", QUESTIONS)
def test_a_receipt_holds_the_digest_of_the_words_that_were_on_the_screen(
    stack: LocalStack, purpose: str
) -> None:
    user = sign_up(stack)
    chinese = asked(user, purpose, "zh-CN")["text"]
    given = say(user, purpose, headers=CHINESE)
    assert (given["locale"], given["text_sha256"]) == ("zh", digest(chinese))
    taken = user.call("DELETE", f"/v1/consents?purpose={purpose}").json
    assert (taken["state"], taken["locale"], taken["text_sha256"]) == ("denied", "zh", digest(chinese))
    again = say(user, purpose, locale="en", headers=CHINESE)
    assert again["text_sha256"] == digest(asked(user, purpose)["text"]), "who says what they read is believed"
    found = proof(user)
    mine = [one for one in found["consents"] if one["purpose"] == purpose]
    assert [one["state"] for one in mine] == ["granted", "denied", "granted"]
    assert [kept_words(found, one) == chinese for one in mine] == [False, True, True]
    check(mine, stack, user.company["id"])


def test_a_no_before_anybody_asked_claims_no_text(stack: LocalStack) -> None:
    user = sign_up(stack)
    taken = user.call("DELETE", "/v1/consents?purpose=marketing").json
    assert (taken["text_version"], taken["locale"], taken["text_sha256"]) == ("", None, None)
    assert asked(user, "marketing")["state"] == "denied"


def test_the_account_itself_rests_on_words_in_the_language_of_the_signup(stack: LocalStack) -> None:
    user = sign_up(stack, locale="zh")
    member = people.join(user)
    found = proof(user)
    assert "隐私政策" in kept_words(found, found["consents"][-1])
    assert found["consents"][-1]["method"] == "signup_form"
    theirs = proof(member)
    assert [one["method"] for one in theirs["consents"]] == ["invitation_form"]
    assert kept_words(theirs, theirs["consents"][0])


@pytest.mark.clause("notification")
def test_what_somebody_switched_on_is_proved_too_and_nobody_elses_receipts_are_shown(
    stack: LocalStack,
) -> None:
    user = sign_up(stack)
    member = people.join(user)
    for who in (user, member):
        body = {"choices": {"tips": {"mail": True}}}
        assert who.call("PUT", "/v1/me/notifications", body).status == 200
        say(who, "longer_retention")
    found = proof(user)
    assert (found["user_id"], found["complete"]) == (user.me["id"], True)
    (switched,) = found["notifications"]
    assert switched["switched"]["tips"] == {"mail": True}
    assert switched["evidence"]["sealed"] is not None
    check([*found["consents"], *found["notifications"]], stack, user.company["id"])
    everything = json.dumps(found)
    assert member.me["id"] not in everything
    theirs = {one["id"] for one in proof(member)["consents"]}
    assert not theirs & {one["id"] for one in found["consents"]}


def test_a_receipt_that_was_tampered_with_no_longer_fits_its_entry(stack: LocalStack) -> None:
    user = sign_up(stack)
    given = say(user, "longer_retention")
    key = {
        "pk": {"S": user.company["id"]},
        "sk": {"S": f"user#{user.me['id']}#{given['id']}"},
    }
    stack.client("dynamodb").update_item(
        TableName="okki-leads-ledger",
        Key=key,
        UpdateExpression="SET facts.#s = :no",
        ExpressionAttributeNames={"#s": "state"},
        ExpressionAttributeValues={":no": {"S": "denied"}},
    )
    (forged,) = [one for one in proof(user)["consents"] if one["id"] == given["id"]]
    assert forged["state"] == "denied"
    with pytest.raises(AssertionError):
        check([forged], stack, user.company["id"])


# ---------------------------------------------------------------- a company's contacts


def record(user: User, contact: str, text: str, purpose: str = "tracking", **more: Any) -> dict[str, Any]:
    body = {"state": "granted", "text_version": text, "method": "web_form", **more}
    answer = user.call("PUT", f"/v1/contacts/{contact}/consents/{purpose}", body)
    assert answer.status == 200, answer.body
    return dict(answer.json)


def test_a_company_proves_which_words_its_contact_read_and_keeps_its_own(
    stack: LocalStack, anna: User
) -> None:
    contact = anna.contact(fresh_address("reader", "buyer.example"))["id"]
    other = anna.contact(fresh_address("reader", "buyer.example"))["id"]
    ours = record(anna, contact, "tracking-2026-01", locale="zh")
    record(anna, contact, "tracking-2026-01")
    record(anna, contact, "fair-hamburg-2026")
    record(anna, contact, "tracking-2026-01", purpose="marketing", locale="en")
    record(anna, other, "tracking-2026-01", locale="en")
    found = of_contact(anna, contact)
    history = found["history"]["items"]
    assert [(one["purpose"], one["text_kept_by"], one["locale"]) for one in history] == [
        ("marketing", "company", None),
        ("tracking", "company", None),
        ("tracking", "okki", None),
        ("tracking", "okki", "zh"),
    ]
    assert [one["text_sha256"] is None for one in history] == [True, True, False, False]
    assert {one["recorded_by"] for one in history} == {anna.me["id"]}
    assert kept_words(found, history[3])
    assert (ours["receipt_id"], ours["text_sha256"]) == (history[3]["id"], history[3]["text_sha256"])
    assert history[2]["text_sha256"] == found["texts"][0]["sha256"]["both"]
    assert {one["purpose"]: one["text_sha256"] for one in found["items"]} == {
        "tracking": None,
        "marketing": None,
    }
    check(history, stack, anna.company["id"])
    assert len(of_contact(anna, other)["history"]["items"]) == 1


def test_a_contacts_history_comes_page_by_page_and_no_other_companys_does(
    stack: LocalStack, anna: User
) -> None:
    contact = anna.contact(fresh_address("reader", "buyer.example"))["id"]
    for number in range(5):
        record(anna, contact, f"form-{number}")
    seen, cursor = [], ""
    while True:
        page = of_contact(anna, contact, f"?limit=2{cursor}")["history"]
        seen += [one["text_version"] for one in page["items"]]
        if page["next_cursor"] is None:
            break
        cursor = f"&cursor={page['next_cursor']}"
    assert seen == [f"form-{number}" for number in reversed(range(5))]
    for cursor in ("x", ids.new("ct")):
        assert anna.call("GET", f"/v1/contacts/{contact}/consents?cursor={cursor}").status == 422
    stranger = sign_up(stack)
    assert stranger.call("GET", f"/v1/contacts/{contact}/consents").status == 404


@pytest.mark.parametrize("language", ["en", "zh"])
def test_a_refusal_is_proved_with_the_page_it_was_made_on(
    stack: LocalStack, anna: User, language: str
) -> None:
    mail = letter(stack, anna)
    shown = request(mail.links["u"], headers={"Accept-Language": language})
    pressed = request(
        mail.links["u"],
        "POST",
        b"choice=tracking",
        {"Content-Type": "application/x-www-form-urlencoded", "Accept-Language": language},
    )
    assert (shown.status, pressed.status) == (200, 200)
    found, refusal = last(anna, mail)
    assert (refusal["state"], refusal["method"], refusal["recorded_by"]) == ("denied", "recipient_link", None)
    assert (refusal["text_kept_by"], refusal["locale"]) == ("okki", language)
    words = kept_words(found, refusal).replace("$action", f"/u/{mail.token('u')}").strip()
    assert words in shown.body.decode(), "these words were on the page"
    check(found["history"]["items"], stack, anna.company["id"])


def test_the_mail_programs_own_button_proves_no_words(stack: LocalStack, anna: User) -> None:
    mail = letter(stack, anna)
    assert mail.choose().status == 200
    _, refusal = last(anna, mail)
    assert (refusal["method"], refusal["text_version"], refusal["text_sha256"], refusal["text_kept_by"]) == (
        "one_click",
        "",
        None,
        "nobody",
    )


def last(user: User, mail: Letter) -> tuple[dict[str, Any], dict[str, Any]]:
    """How the reader of a mail stands, and the last thing on record about tracking them."""
    found = of_contact(user, mail.contact)
    return found, next(one for one in found["history"]["items"] if one["purpose"] == "tracking")


# ---------------------------------------------------------------- data that is given away


@pytest.mark.clause("partners")
def test_a_yes_to_giving_data_away_is_proved_for_one_recipient_and_purpose_and_ends_at_once(
    stack: LocalStack,
) -> None:
    user = sign_up(stack)
    lea = member(stack, StaffPosition.LEGAL)
    case = opened(lea, "partner", "service", user.company["id"], user_id=user.me["id"])
    took(lea, case, "ask")
    question = asked_about(user, case)
    path = f"/v1/me/questions/{question}"
    shown = user.call("GET", "/v1/me/questions", headers=CHINESE).json["items"][0]
    assert user.call("PUT", path, {"agreed": True}, CHINESE).status == 200
    assert user.call("PUT", path, {"agreed": False}, CHINESE).status == 200
    found = proof(user)
    taken, given = found["sharing"]
    assert [(one["agreed"], one["purpose"], one["fields"]) for one in (given, taken)] == [
        (True, "service", shown["fields"]),
        (False, "service", shown["fields"]),
    ]
    assert kept_words(found, given) == kept_words(found, taken) == shown["text"]
    check(found["sharing"], stack, user.company["id"])
    refused(step(lea, case, "authorise", question_id=question), "partners", "authorisation_refused")
