"""What SES reports: who bounced or complained is left alone, whatever order or shape the reports come in."""

from __future__ import annotations

import json
from typing import Any

import pytest

from chalicelib.kernel import tokens
from infra.local import LocalStack
from tests.integration.client import User, eventually, fresh_address, mail_to, sign_up
from tests.integration.letters import (
    Letter,
    at_once,
    batch_of,
    drained,
    failed,
    keys,
    letter,
    refusals,
    rows,
    sample,
)

SHAPES = ("event", "notification")


def report(stack: LocalStack, name: str, mail: Letter, **changes: Any) -> dict[str, Any]:
    """Hand the sample report about this letter to the worker; `changes` go into the event's own part."""
    return dict(stack.invoke("MailFeedback", changed(sample(f"sqs-ses-{name}", mail), **changes)))


def changed(event: dict[str, Any], **changes: Any) -> dict[str, Any]:
    record = event["Records"][0]
    envelope = json.loads(record["body"])
    content = json.loads(envelope["Message"])
    part = next(content[key] for key in ("bounce", "complaint", "delivery") if key in content)
    part.update(changes)
    record["body"] = json.dumps({**envelope, "Message": json.dumps(content)})
    return event


def outcome(mail: Letter) -> str:
    return str(mail.recipient()["delivery"])


def delivered(mail: Letter) -> Letter:
    """After SES's own report about it."""
    eventually(lambda: outcome(mail) == "delivered")
    return mail


def receipts(stack: LocalStack, company: str, method: str) -> int:
    return sum(
        row["pk"]["S"] == company and row["facts"]["M"].get("method") == {"S": method}
        for row in rows(stack, "ledger")
    )


# ---------------------------------------------------------------- as it happens


@pytest.mark.clause("communications", "consent")
@pytest.mark.parametrize(
    ("mailbox", "result", "stop", "marketing", "business"),
    [
        ("bounce", "bounced", "bounced", "address_bounced", "address_bounced"),
        ("complaint", "complained", "complained", "recipient_complained", None),
    ],
)
def test_who_bounces_or_complains_gets_no_more(
    stack: LocalStack, mailbox: str, result: str, stop: str, marketing: str, business: str | None
) -> None:
    owner = sign_up(stack)
    email = f"{mailbox}@simulator.amazonses.com"
    mail = letter(stack, owner, email=email)
    eventually(lambda: outcome(mail) == result)
    eventually(lambda: mail.stops() == [stop])
    for kind, reason in (("marketing", marketing), ("business", business)):
        seen = owner.settled(owner.write(email, kind=kind))["recipients"][0]
        if reason is None:
            assert seen["reason"] is None
        else:
            assert (seen["delivery"], seen["reason"]) == ("refused", reason)
    assert receipts(stack, owner.company["id"], "complaint" if stop == "complained" else "bounce") == 1


@pytest.mark.clause("consent", "access")
def test_what_another_company_experienced_with_a_mailbox_stops_nobody_here(stack: LocalStack) -> None:
    owner = sign_up(stack)
    mail = letter(stack, owner, email="suppressionlist@simulator.amazonses.com")
    eventually(lambda: outcome(mail) == "bounced")
    drained(stack, "feedback")
    assert mail.stops() == []


@pytest.mark.clause("communications")
def test_reports_about_our_own_mail_disturb_nothing(stack: LocalStack, anna: User) -> None:
    # The sign-up code was reported as delivered, too; it is no user's message.
    drained(stack, "feedback")
    assert stack.messages("feedback-dead") == []


# ---------------------------------------------------------------- shapes, order, repetition


@pytest.mark.clause("communications", "consent")
@pytest.mark.parametrize("shape", SHAPES)
def test_both_shapes_of_report_are_understood(stack: LocalStack, anna: User, shape: str) -> None:
    mail = delivered(letter(stack, anna))
    for name, result, stops in (
        ("delivery", "delivered", []),
        ("bounce", "bounced", ["bounced"]),
        ("complaint", "complained", ["bounced", "complained"]),
    ):
        assert report(stack, f"{shape}-{name}", mail) == {"batchItemFailures": []}
        assert (outcome(mail), mail.stops()) == (result, stops)


@pytest.mark.clause("communications", "consent")
def test_reports_in_any_order_end_the_same(stack: LocalStack, anna: User) -> None:
    for order in (
        ("complaint", "bounce", "delivery"),
        ("bounce", "delivery", "complaint"),
        ("delivery", "complaint", "bounce"),
    ):
        mail = delivered(letter(stack, anna))
        for name in order:
            report(stack, f"event-{name}", mail)
        assert (outcome(mail), mail.stops()) == ("complained", ["bounced", "complained"])


@pytest.mark.clause("consent")
def test_a_report_that_comes_five_times_makes_one_record(stack: LocalStack, anna: User) -> None:
    mail = delivered(letter(stack, anna))
    before = receipts(stack, mail.company, "complaint")
    for _ in range(5):
        report(stack, "event-complaint", mail)
    assert receipts(stack, mail.company, "complaint") == before + 1
    assert mail.stops() == ["complained"]


@pytest.mark.clause("communications", "consent")
def test_who_is_stopped_is_who_bounced_and_not_everybody_it_went_to(stack: LocalStack, anna: User) -> None:
    mail, bystander = delivered(letter(stack, anna)), letter(stack, anna)
    event = sample("sqs-ses-event-bounce", mail)
    record = event["Records"][0]
    envelope = json.loads(record["body"])
    content = json.loads(envelope["Message"])
    content["mail"]["destination"] = [mail.email, bystander.email]
    record["body"] = json.dumps({**envelope, "Message": json.dumps(content)})
    stack.invoke("MailFeedback", event)
    assert (mail.stops(), bystander.stops()) == (["bounced"], [])


@pytest.mark.clause("communications")
def test_a_full_mailbox_is_no_reason_to_stop_but_a_missing_domain_is(stack: LocalStack, anna: User) -> None:
    full, nowhere = delivered(letter(stack, anna)), delivered(letter(stack, anna))
    for mail, status in ((full, "4.2.2"), (nowhere, "5.4.4")):
        recipients = [{"emailAddress": mail.email, "action": "failed", "status": status}]
        report(stack, "event-bounce", mail, bounceType="Transient", bouncedRecipients=recipients)
    assert (outcome(full), full.stops()) == ("delivered", [])
    assert (outcome(nowhere), nowhere.stops()) == ("bounced", ["bounced"])


@pytest.mark.clause("communications")
def test_the_address_is_recognised_however_the_report_spells_it(stack: LocalStack, anna: User) -> None:
    email = fresh_address("idn", "例子.example")
    mail = delivered(letter(stack, anna, email=email))
    local = email.partition("@")[0]
    recipients = [
        {"emailAddress": f"{local.upper()}@xn--fsqu00a.EXAMPLE", "action": "failed", "status": "5.1.1"}
    ]
    report(stack, "event-bounce", mail, bouncedRecipients=recipients)
    assert mail.stops() == ["bounced"]


@pytest.mark.clause("consent")
def test_a_report_stops_nobody_at_another_company(stack: LocalStack, anna: User) -> None:
    other = sign_up(stack)
    mail = delivered(letter(stack, anna))
    theirs = letter(stack, other, email=mail.email)
    report(stack, "event-complaint", mail)
    assert (mail.stops(), theirs.stops(), refusals(stack, other.company["id"])) == (["complained"], [], [])


@pytest.mark.clause("communications")
def test_reports_about_nothing_of_ours_are_passed_over(stack: LocalStack, anna: User) -> None:
    mail = Letter(stack, anna, "nobody@buyer.example", "", f"msg_{'0' * 26}", {}, {})
    before = len(rows(stack, "workspace"))
    for shape in SHAPES:
        # Nobody knows this mail any more, but the person's complaint still counts.
        assert report(stack, f"{shape}-delivery", mail) == {"batchItemFailures": []}
    event = sample("sqs-ses-event-delivery", mail)
    event["Records"][0]["body"] = event["Records"][0]["body"].replace("msg_", "ms_").replace("co_", "c_")
    assert stack.invoke("MailFeedback", event) == {"batchItemFailures": []}
    assert len(rows(stack, "workspace")) == before


# ---------------------------------------------------------------- failures


@pytest.mark.clause("communications", "consent")
def test_a_report_that_could_not_be_stored_is_kept_sealed_and_tried_again(
    stack: LocalStack, anna: User
) -> None:
    mail = delivered(letter(stack, anna))
    drained(stack, "feedback")
    stack.wire.inject(kind="fail", service="dynamodb", function="okki-leads-mail-feedback", times=1000)
    assert report(stack, "event-complaint", mail) == {"batchItemFailures": []}
    waiting = eventually(lambda: stack.messages("feedback"))
    assert len(waiting) == 1
    local = mail.email.partition("@")[0]
    for text in (mail.email, local, "buyer.example", "Anna", "Spring offer"):
        assert text not in waiting[0]
    stack.wire.reset()
    eventually(lambda: mail.stops() == ["complained"], 30)
    drained(stack, "feedback")
    assert stack.messages("feedback-dead") == []


@pytest.mark.clause("communications", "access")
def test_a_report_that_can_never_be_stored_ends_in_the_dead_letters_unreadable(
    stack: LocalStack, anna: User
) -> None:
    mail = delivered(letter(stack, anna))
    event = sample("sqs-ses-event-bounce", mail)
    body = event["Records"][0]["body"].replace("okki-leads-mail-events", "somebody-elses-topic")
    sqs = stack.client("sqs")
    url = sqs.get_queue_url(QueueName="okki-leads-feedback")["QueueUrl"]
    with at_once(stack):
        sqs.send_message(QueueUrl=url, MessageBody=body)
        sqs.send_message(QueueUrl=url, MessageBody=f"not JSON, but {mail.email} is in it")
        dead = eventually(lambda: d if len(d := stack.messages("feedback-dead")) == 2 else None, 40)
    for one in dead:
        assert "@" not in one
        assert mail.email.partition("@")[0] not in one
        # Who may read the keys can see what it was.
        assert mail.email.encode() in tokens.open_hit(keys(stack), one)
    assert mail.stops() == []
    sqs.purge_queue(QueueUrl=sqs.get_queue_url(QueueName="okki-leads-feedback-dead")["QueueUrl"])


@pytest.mark.clause("communications")
def test_without_the_keys_a_failed_report_stays_in_its_queue(stack: LocalStack, anna: User) -> None:
    body = sample("sqs-ses-event-bounce")["Records"][0]["body"].replace("okki-leads-mail-events", "x")
    stack.wire.inject(
        kind="fail", service="sqs", operation="SendMessage", function="okki-leads-mail-feedback", times=20
    )
    event = batch_of("ses-event-bounce", body, sample("sqs-ses-event-delivery")["Records"][0]["body"])
    assert failed(stack.invoke("MailFeedback", event)) == [0]


@pytest.mark.clause("communications")
def test_a_sent_mail_stays_sent_when_the_report_overtakes_the_answer(stack: LocalStack, anna: User) -> None:
    # SES's report (after 0.3 s) comes while the worker still waits for SES's answer.
    email = fresh_address("overtaken", "buyer.example")
    stack.wire.inject(kind="lose_reply", service="ses", operation="SendEmail")
    message = anna.write(email)
    mail_to(stack, email)
    eventually(lambda: anna.message(message)["recipients"][0]["delivery"] == "delivered")
    assert anna.message(message)["status"] == "sent"
    assert len(stack.mails(email)) == 1
