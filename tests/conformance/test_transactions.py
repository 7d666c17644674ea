"""Several rows or none, whoever else writes at the same moment."""

from __future__ import annotations

from dataclasses import replace

import pytest

from chalicelib.kernel import ids
from chalicelib.kernel.errors import ConflictError, InvalidError
from chalicelib.kernel.tokens import Kind, Token
from chalicelib.privacy import evidence
from chalicelib.privacy.consent import ConsentPurpose, ConsentState, Stop
from chalicelib.privacy.register import Purpose
from chalicelib.privacy.texts import UNSUBSCRIBE_PAGE, Shown
from chalicelib.services.mail import refusals
from chalicelib.store import chain, contacts, idempotency, messages, standing
from chalicelib.store.contacts import CONTACTS
from chalicelib.store.items import LedgerRow, WorkspaceRow
from chalicelib.store.messages import BODIES, DELIVERIES
from chalicelib.store.standing import RECEIPTS
from chalicelib.store.table import expiry_of, new_op, query_rows
from chalicelib.store.transaction import MAX_ROWS, Transaction
from tests.conformance import samples
from tests.conformance.engine import Engine

USE = Purpose.PROVIDE_FUNCTIONS
MOST_RECIPIENTS = 25


def once(company: str, key: str = "key-1", body: str = "{}") -> idempotency.Once:
    return idempotency.once(company, "us_1", "POST /v1/contacts", key, body)


def test_a_message_its_text_and_its_outbox_entries_appear_together(engine: Engine, company: str) -> None:
    message = samples.message(company)
    deliveries = [samples.delivery(message, number) for number in range(MOST_RECIPIENTS)]
    messages.add(message, samples.body(message), deliveries, once(company))
    sent = messages.get(company, message.message_id)
    assert sent is not None
    assert [one.value for one in sent.deliveries] == deliveries
    assert len(engine.items(WorkspaceRow, company)) == MOST_RECIPIENTS + 3


def test_when_one_row_is_taken_none_is_written(engine: Engine, company: str) -> None:
    message = samples.message(company)
    deliveries = [samples.delivery(message, number) for number in range(3)]
    BODIES.put_new(samples.body(message), op=new_op())
    with pytest.raises(ConflictError):
        messages.add(message, samples.body(message), deliveries, None)
    assert [item["kind"]["S"] for item in engine.items(WorkspaceRow, company)] == ["body"]


def test_a_stale_version_anywhere_stops_everything(engine: Engine, company: str) -> None:
    first, second = samples.contact(company), samples.contact(company)
    for contact in (first, second):
        CONTACTS.put_new(contact, op=new_op())
    one, two = contacts.get(company, first.contact_id), contacts.get(company, second.contact_id)
    assert one is not None
    assert two is not None
    contacts.change(two, replace(second, name="Moved on"))
    for stale in ("replace", "delete"):
        transaction = Transaction(new_op())
        transaction.replace(CONTACTS, one, replace(first, name="Never"))
        if stale == "replace":
            transaction.replace(CONTACTS, two, second)
        else:
            transaction.delete(CONTACTS, two)
        with pytest.raises(ConflictError):
            transaction.commit()
        found = contacts.get(company, first.contact_id)
        assert found is not None
        assert (found.value.name, found.version) == (samples.NAME, 1)
    assert len(engine.items(WorkspaceRow, company)) == 2


def test_changes_deletions_and_latest_words_go_through_together(engine: Engine, company: str) -> None:
    first, second = samples.contact(company), samples.contact(company)
    for contact in (first, second):
        CONTACTS.put_new(contact, op=new_op())
    one, two = contacts.get(company, first.contact_id), contacts.get(company, second.contact_id)
    assert one is not None
    assert two is not None
    transaction = Transaction(new_op())
    transaction.replace(CONTACTS, one, replace(first, name="Changed"))
    transaction.delete(CONTACTS, two)
    transaction.put(standing.CONSENTS, samples.consent(company, "a" * 32))
    transaction.commit()
    found = contacts.get(company, first.contact_id)
    assert found is not None
    assert (found.value.name, found.version) == ("Changed", 2)
    assert contacts.get(company, second.contact_id) is None
    assert standing.of(company, "a" * 32).consent(ConsentPurpose.TRACKING) is ConsentState.GRANTED


def test_committing_the_very_same_transaction_again_changes_nothing(engine: Engine, company: str) -> None:
    contact = samples.contact(company)
    transaction = Transaction(new_op())
    transaction.put_new(CONTACTS, contact)
    transaction.commit()
    known = contacts.get(company, contact.contact_id)
    assert known is not None
    transaction.commit()
    found = contacts.get(company, contact.contact_id)
    assert found is not None
    assert found == known


def test_the_largest_transaction_there_can_be_goes_through(engine: Engine, company: str) -> None:
    message = samples.message(company)
    transaction = Transaction(new_op())
    for number in range(MAX_ROWS):
        transaction.put_new(DELIVERIES, samples.delivery(message, number))
    transaction.commit()
    found = messages._rows(company, f"message#{message.message_id}", None, None)
    assert len(list(found)) == MAX_ROWS


def test_a_request_key_makes_one_thing_and_remembers_which(company: str) -> None:
    contact = samples.contact(company)
    contacts.add(contact, once(company))
    assert once(company).made() == contact.contact_id
    with pytest.raises(ConflictError):
        contacts.add(samples.contact(company), once(company))
    assert [one.value for one in contacts.newest(company, 9, None)] == [contact]


def test_a_request_key_with_another_body_is_refused_and_is_nobody_elses(company: str) -> None:
    contacts.add(samples.contact(company), once(company))
    with pytest.raises(InvalidError):
        once(company, body='{"name": "another"}').made()
    assert once(company, key="key-2").made() is None
    assert idempotency.once(company, "us_2", "POST /v1/contacts", "key-1", "{}").made() is None
    assert idempotency.once(company, "us_1", "POST /v1/messages", "key-1", "{}").made() is None


def test_a_request_key_is_forgotten_after_its_day(engine: Engine, company: str) -> None:
    contacts.add(samples.contact(company), once(company))
    engine.advance(86_400 + 1)
    assert once(company).made() is None
    contacts.add(samples.contact(company), once(company))


@pytest.mark.clause("consent")
def test_a_consent_and_its_receipt_are_written_together(engine: Engine, company: str) -> None:
    who, by = "a" * 32, ids.new("us")
    consent = samples.consent(company, who)
    standing.record_consent(consent, by)
    receipt = RECEIPTS.get(company_id=company, who=who, receipt_id=consent.receipt_id)
    assert receipt is not None
    assert (receipt.value.who, receipt.value.by) == (who, by)
    again = replace(consent, state=ConsentState.DENIED)  # under the receipt's id, which must stay unique
    with pytest.raises(ConflictError):
        standing.record_consent(again, by)
    assert standing.of(company, who).consent(ConsentPurpose.TRACKING) is ConsentState.GRANTED


@pytest.mark.clause("consent", "tracking")
@pytest.mark.parametrize("choice", ["marketing", "tracking", "resume"])
def test_what_the_edge_writes_is_what_the_store_reads(
    engine: Engine, company: str, choice: refusals.Choice
) -> None:
    """The edge has no PynamoDB and builds its rows by hand: they must be the store's, expiry included."""
    who, at = "b" * 32, 1_795_000_000
    token = Token(Kind.UNSUBSCRIBE, company, ids.new("msg"), person=who)
    stops = {
        "marketing": {Stop.UNSUBSCRIBED, Stop.TRACKING_REFUSED},
        "tracking": {Stop.TRACKING_REFUSED},
        "resume": set(),
    }
    read = UNSUBSCRIBE_PAGE["zh"]
    for _ in range(2):  # people click twice
        engine.dynamodb.transact_write_items(**refusals.writes(token, choice, at, chain.read(company), read))
    known = standing.of(company, who)
    assert known.stops == frozenset(stops[choice])
    by_edge = engine.items(LedgerRow, company)
    assert all(
        evidence.link(chain.entry_of(row)) == row.link for row in query_rows(LedgerRow, company, "receipt#")
    )
    standing.record_refusals(company, who, known.stops, active=True, at=at, method="bounce")
    by_store = [item for item in engine.items(LedgerRow, company) if item not in by_edge]
    assert {frozenset(item) for item in by_edge} == {frozenset(item) for item in by_store}
    wanted = expiry_of(RECEIPTS.cls)
    assert wanted is not None
    for receipt in RECEIPTS.query(company, "receipt#"):
        said = receipt.value
        assert (said.who, said.at) == (who, at)
        if said.method != "bounce":
            assert Shown(said.text_version, said.locale, said.text_sha256) == read
        assert receipt.expires_at is not None
        assert abs(receipt.expires_at - wanted) < 90 * 86_400
    rows = engine.items(WorkspaceRow, f"{company}#standing")
    assert all(item["facts"]["M"].keys() == {"active", "at"} for item in rows)
    assert not any("expires_at" in item for item in rows)
