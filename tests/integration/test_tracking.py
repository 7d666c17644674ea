"""What loading the image leaves behind: as much as the reader allows now, counted once, machines told apart."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from infra.local import LocalStack
from tests.integration.client import CHROME, User, eventually, links_in, mail_to, request
from tests.integration.letters import (
    CLIENTS,
    LATER,
    READER,
    TABLES,
    Letter,
    drained,
    letter,
    record,
    redelivery_after,
    rows,
    sample,
)

pace = redelivery_after(10)

EMPTY = {
    "read": False,
    "first_opened_at": None,
    "last_opened_at": None,
    "last_opened_on": None,
    "opens": 0,
    "machine_opens": 0,
    "ip": None,
}
AGENTS = {client["name"]: client["headers"]["User-Agent"] for client in CLIENTS if client["method"] == "GET"}


def known(mail: Letter) -> dict[str, Any]:
    """What is known about the reader, without what the mail carried."""
    return {name: value for name, value in mail.tracking().items() if name != "mode"}


def stored(stack: LocalStack, mail: Letter) -> dict[str, Any]:
    """How often the delivery's row was written, and how many events lie beside it."""
    eventually(lambda: mail.recipient()["delivery"] == "delivered")  # SES's own event writes it, too
    row = stack.client("dynamodb").get_item(
        TableName="okki-leads-workspace", Key=mail.key(), ConsistentRead=True
    )
    events = [
        r
        for r in rows(stack, "workspace")
        if r["kind"]["S"] in {"open", "click"} and mail.message in r["sk"]["S"]
    ]
    return {"version": row["Item"]["version"]["N"], "events": len(events)}


# ---------------------------------------------------------------- modes


@pytest.mark.clause("tracking", "consent")
def test_without_consent_only_the_day_of_the_last_opening_is_kept(stack: LocalStack, anna: User) -> None:
    mail = letter(stack, anna, consent=None)
    assert set(mail.links) == {"o", "u"}  # no link is measured
    assert "https://acme.example/catalogue?a=1&amp;b=2" in mail.mail["html"]
    now = int(stack.now())
    record(stack, mail.hit(at=now), mail.hit(at=now + 86400), mail.hit(kind="click"), mail.hit(at=now))
    day = datetime.fromtimestamp(now + 86400, UTC).date().isoformat()
    assert known(mail) == {**EMPTY, "last_opened_on": day}
    assert mail.opens() == []
    # Again the same day, or an older hit that was late: nothing is even written.
    before = stored(stack, mail)
    record(stack, *(mail.hit(at=now + 86400) for _ in range(5)), mail.hit(at=now))
    assert stored(stack, mail) == before
    assert before["events"] == 0


@pytest.mark.clause("tracking", "consent")
def test_who_said_no_gets_a_mail_that_measures_nothing_and_leaves_no_trace(
    stack: LocalStack, anna: User
) -> None:
    mail = letter(stack, anna, consent="denied")
    assert set(mail.links) == {"u"}
    before = stored(stack, mail)
    record(stack, mail.hit(), mail.hit(kind="click"))  # even if somebody made up a hit
    assert known(mail) == EMPTY
    assert stored(stack, mail) == before


@pytest.mark.clause("tracking", "consent")
def test_a_sender_who_asks_for_no_tracking_gets_none_even_with_consent(stack: LocalStack, anna: User) -> None:
    mail = letter(stack, anna, tracking=False)
    assert set(mail.links) == {"u"}
    record(stack, mail.hit(), mail.hit(kind="click"))
    assert known(mail) == EMPTY


@pytest.mark.clause("tracking", "consent")
def test_with_consent_the_sender_learns_when_how_often_and_from_where(stack: LocalStack, anna: User) -> None:
    mail = letter(stack, anna)
    now = int(stack.now())
    record(stack, mail.hit(at=now + 700), mail.hit(at=now + 60, ip="198.51.100.7"), mail.hit(at=now + 300))
    seen = known(mail)

    def clock(seconds: int) -> str:
        return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")

    assert seen == {
        **EMPTY,
        "read": True,
        "opens": 3,
        "first_opened_at": clock(now + 60),
        "last_opened_at": clock(now + 700),
        "ip": READER,
    }
    assert sorted(one["opened_at"] for one in mail.opens()) == [clock(now + s) for s in (60, 300, 700)]


STOPS = ["user", b"choice=marketing", b"choice=tracking", b"List-Unsubscribe=One-Click", "complaint"]


@pytest.mark.clause("tracking", "consent")
@pytest.mark.parametrize("how", STOPS, ids=str)
def test_withdrawing_ends_it_for_mail_already_sent(stack: LocalStack, anna: User, how: str | bytes) -> None:
    mail = letter(stack, anna)
    record(stack, mail.hit(), mail.hit(kind="click"))
    before = (known(mail), mail.clicks(), len(mail.opens()))
    assert before[0]["opens"] == 1
    if how == "user":
        assert anna.consent(mail.contact, "denied").status == 200
    elif how == "complaint":
        assert stack.invoke("MailFeedback", sample("sqs-ses-event-complaint", mail)) == {
            "batchItemFailures": []
        }
    else:
        assert isinstance(how, bytes)
        assert mail.choose(how).status == 200
    assert mail.load().status == 200
    assert mail.load("c").status == 302
    drained(stack)
    record(stack, mail.hit(), mail.hit(kind="click"))
    assert (known(mail), mail.clicks(), len(mail.opens())) == before


@pytest.mark.clause("tracking", "consent")
def test_a_hit_that_waited_in_the_queue_while_consent_was_withdrawn_is_dropped(
    stack: LocalStack, anna: User
) -> None:
    mail = letter(stack, anna)
    waiting = [mail.hit(), mail.hit(kind="click")]
    mail.choose(b"choice=tracking")
    record(stack, *waiting)
    assert known(mail) == EMPTY
    assert mail.clicks() == 0


@pytest.mark.clause("tracking", "consent")
def test_consent_given_later_does_not_reach_back(stack: LocalStack, anna: User) -> None:
    mail = letter(stack, anna, consent=None)
    record(stack, *(mail.hit() for _ in range(3)))
    assert anna.consent(mail.contact).status == 200
    assert (known(mail)["opens"], mail.opens()) == (0, [])
    record(stack, mail.hit())
    assert (known(mail)["opens"], len(mail.opens())) == (1, 1)


@pytest.mark.clause("tracking", "consent")
def test_taking_a_stop_back_brings_mail_back_but_no_tracking(stack: LocalStack, anna: User) -> None:
    mail = letter(stack, anna)
    mail.choose(b"choice=marketing")
    mail.choose(b"choice=resume")
    assert mail.stops() == ["tracking_refused"]
    record(stack, mail.hit())
    assert known(mail) == EMPTY
    # The company cannot switch it on again ...
    refused = anna.consent(mail.contact)
    assert (refused.status, refused.json["clause"]) == (403, "consent")
    # ... but may write again, without anything that measures.
    message = anna.write(mail.email)
    second = mail_to(stack, mail.email, 2)
    assert anna.settled(message)["recipients"][0]["tracking"]["mode"] == "none"
    assert set(links_in(second)) == {"u"}


@pytest.mark.clause("tracking", "consent")
def test_a_spelling_of_the_address_does_not_get_round_a_refusal(stack: LocalStack, anna: User) -> None:
    mail = letter(stack, anna)
    mail.choose(b"choice=marketing")
    local, _, domain = mail.email.partition("@")
    for other in (f"{local.upper()}@{domain.upper()}", f"{local}+offers@{domain}"):
        refused = anna.settled(anna.write(other))["recipients"][0]
        assert (refused["delivery"], refused["reason"]) == ("refused", "recipient_unsubscribed")


# ---------------------------------------------------------------- verdicts


@pytest.mark.clause("tracking")
@pytest.mark.parametrize(
    ("name", "opens", "machine_opens", "ip"),
    [
        ("Gmail image proxy", 1, 0, None),
        ("Apple Mail Privacy Protection", 0, 1, None),
        ("Apple Mail on macOS, protection off", 1, 0, READER),
        ("Outlook desktop", 1, 0, READER),
        ("Chrome, webmail", 1, 0, READER),
        ("prefetch", 0, 1, None),
    ],
)
def test_machines_are_told_apart_and_only_a_readers_own_address_is_kept(
    stack: LocalStack, anna: User, name: str, opens: int, machine_opens: int, ip: str | None
) -> None:
    mail = letter(stack, anna)
    client = next(one for one in CLIENTS if one["name"] == name)
    stack.advance(LATER)
    answer = request(mail.links["o"], headers={**client["headers"], "X-Local-Client": READER})
    assert answer.status == 200
    seen = eventually(lambda: s if (s := known(mail))["opens"] + s["machine_opens"] else None)
    assert (seen["opens"], seen["machine_opens"], seen["ip"]) == (opens, machine_opens, ip)
    assert seen["read"] is bool(opens)
    assert (seen["last_opened_at"] is None) is (opens == 0)
    assert [one["ip"] for one in mail.opens()] == [ip]


@pytest.mark.clause("tracking")
def test_an_address_a_client_claims_is_not_believed(stack: LocalStack, anna: User) -> None:
    mail = letter(stack, anna)
    stack.advance(LATER)
    mail.load(
        **{"X-Forwarded-For": "192.0.2.200", "X-Real-IP": "192.0.2.201", "Forwarded": "for=192.0.2.202"}
    )
    seen = eventually(lambda: s if (s := known(mail))["opens"] else None)
    assert seen["ip"] == READER


@pytest.mark.clause("tracking")
def test_the_provider_of_a_mailbox_is_not_taken_for_its_reader(stack: LocalStack, anna: User) -> None:
    mail = letter(stack, anna)
    for address in ("40.92.3.4", "66.249.84.10", "17.58.0.9", "2603:1026::5"):
        record(stack, mail.hit(ip=address))
    assert known(mail)["ip"] is None
    assert [one["ip"] for one in mail.opens()] == [None] * 4
    record(stack, mail.hit(ip="2001:db8::77"))
    assert known(mail)["ip"] == "2001:db8::77"


@pytest.mark.clause("tracking")
def test_no_user_agent_is_kept_anywhere(stack: LocalStack, anna: User) -> None:
    mark = "Okki-Canary-Browser/9.81"
    mail = letter(stack, anna)
    stack.wire.clear()
    for agent in (f"{CHROME} {mark}", f"{AGENTS['Gmail image proxy']} {mark}", mark):
        mail.load("o", User_Agent=agent)
        mail.load("c", User_Agent=agent)
    mail.load(Sec_Purpose=f"prefetch;{mark}", Referer=f"https://mail.example/{mark}")
    eventually(lambda: known(mail)["opens"] + known(mail)["machine_opens"] >= 4)
    drained(stack)
    assert mark not in stack.logs()
    assert mark not in "".join(json.dumps(rows(stack, table), default=repr) for table in TABLES)
    assert not [call for call in stack.wire.calls if mark.encode() in call.request]
