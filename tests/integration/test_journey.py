"""The main job, end to end, through the deployed stack."""

from __future__ import annotations

import pytest

from infra.local import LocalStack
from tests.integration.client import CHROME, User, eventually, fresh_address, links_in, mail_to, request

READER = "203.0.113.9"


def load(url: str, **headers: str) -> None:
    answer = request(url, headers={"User-Agent": CHROME, "X-Local-Client": READER, **headers})
    assert answer.status == 200


@pytest.mark.clause("tracking", "communications", "consent", "stored")
def test_a_user_writes_sees_the_mail_read_and_the_reader_can_stop_it(stack: LocalStack, anna: User) -> None:
    # Given a contact who agreed to be tracked, and a mail to them
    email = fresh_address("bob", "buyer.example")
    contact = anna.contact(email)
    assert anna.consent(contact["id"]).status == 200
    message = anna.write(email)
    mail = mail_to(stack, email)
    anna.settled(message)
    links = links_in(mail)
    assert mail["headers"]["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"

    # When they read it, some time after it came, and follow a link
    stack.advance(600)
    load(links["o"])
    click = request(links["c"], headers={"User-Agent": CHROME, "X-Local-Client": READER})
    assert click.status == 302
    assert click.headers["location"] == "https://acme.example/catalogue?a=1&b=2"

    # Then the user sees it: read, how often, when, from where
    seen = eventually(
        lambda: m if (m := anna.message(message))["recipients"][0]["tracking"]["read"] else None
    )
    tracking = seen["recipients"][0]["tracking"]
    assert tracking["opens"] == 1
    assert tracking["ip"] == READER
    assert tracking["first_opened_at"] == tracking["last_opened_at"] is not None
    eventually(lambda: anna.message(message)["links"][0]["clicks"] == 1)
    history = anna.call("GET", f"/v1/contacts/{contact['id']}/opens").json["items"]
    assert [(one["message_id"], one["ip"]) for one in history] == [(message, READER)]

    # When they unsubscribe with one click
    answer = request(
        links["u"],
        "POST",
        b"List-Unsubscribe=One-Click",
        {"Content-Type": "application/x-www-form-urlencoded"},
    )
    assert answer.status == 200

    # Then nothing more is recorded for mail already sent, and nothing more is sent
    load(links["o"])
    second = anna.write(email)
    refused = anna.settled(second)
    assert refused["recipients"][0]["delivery"] == "refused"
    assert refused["recipients"][0]["reason"] == "recipient_unsubscribed"
    assert anna.message(message)["recipients"][0]["tracking"]["opens"] == 1
    assert len(stack.mails(email)) == 1
    # And the company cannot overrule it
    answer = anna.consent(contact["id"])
    assert (answer.status, answer.json["clause"]) == (403, "consent")
