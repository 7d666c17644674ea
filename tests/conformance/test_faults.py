"""What the network and DynamoDB do to a write: nothing is lost, nothing happens twice, nobody is told a lie."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from chalicelib.kernel import aws
from chalicelib.kernel.errors import ConflictError, UnavailableError
from chalicelib.privacy.register import Purpose
from chalicelib.store import contacts, messages, standing, tracking
from chalicelib.store.chain import Head
from chalicelib.store.contacts import CONTACTS
from chalicelib.store.failures import CONFLICT_TRIES
from chalicelib.store.items import WorkspaceRow
from chalicelib.store.table import Stored, new_op
from chalicelib.store.transaction import CHAIN_TRIES, Transaction
from infra.local.wire import Wire
from tests.conformance import samples
from tests.conformance.engine import Engine

USE = Purpose.PROVIDE_FUNCTIONS


@pytest.fixture
def wire(engine: Engine) -> Wire:
    if engine.wire is None:
        pytest.fail("this engine has no wire to cut: choose emulator or dynamodb-local")
    return engine.wire


def calls(wire: Wire, operation: str) -> int:
    return sum(call.operation == operation for call in wire.calls)


def known(company: str) -> Stored[Any]:
    contact = samples.contact(company)
    CONTACTS.put_new(contact, op=new_op())
    found = contacts.get(company, contact.contact_id)
    assert found is not None
    return found


def test_a_contact_whose_answer_was_lost_was_created_once_and_is_not_reported_as_taken(
    wire: Wire, company: str
) -> None:
    contact = samples.contact(company)
    wire.clear()
    wire.inject(kind="lose_reply", operation="PutItem")
    CONTACTS.put_new(contact, op=new_op())
    assert calls(wire, "PutItem") == 2  # the SDK repeated it and was told that the row exists
    assert [one.value for one in contacts.newest(company, 9, None)] == [contact]


def test_a_change_whose_answer_was_lost_is_not_reported_as_overtaken(wire: Wire, company: str) -> None:
    before = known(company)
    wire.inject(kind="lose_reply", operation="PutItem")
    after = contacts.change(before, replace(before.value, name="Changed"))
    assert after.version == 2
    assert contacts.get(company, before.value.contact_id) == after


def test_a_true_conflict_stays_one_when_answers_are_lost(wire: Wire, company: str) -> None:
    before = known(company)
    contacts.change(before, replace(before.value, name="Faster"))
    wire.inject(kind="lose_reply", operation="PutItem")
    with pytest.raises(ConflictError):
        contacts.change(before, replace(before.value, name="Slower"))


def test_a_deletion_whose_answer_was_lost_is_done(wire: Wire, company: str) -> None:
    before = known(company)
    wire.inject(kind="lose_reply", operation="DeleteItem")
    contacts.delete(before)
    assert contacts.get(company, before.value.contact_id) is None


def test_a_message_whose_answer_was_lost_lies_there_once(wire: Wire, engine: Engine, company: str) -> None:
    message = samples.message(company)
    wire.inject(kind="lose_reply", operation="TransactWriteItems")
    messages.add(message, samples.body(message), [samples.delivery(message, 0)], None)
    assert calls(wire, "TransactWriteItems") == 2
    items = engine.items(WorkspaceRow, company)
    assert sorted(item["kind"]["S"] for item in items) == ["body", "delivery", "message"]


def test_changes_in_a_transaction_whose_answer_was_lost_happen_once(wire: Wire, company: str) -> None:
    before = known(company)
    wire.inject(kind="lose_reply", operation="TransactWriteItems")
    transaction = Transaction(new_op())
    transaction.replace(CONTACTS, before, replace(before.value, name="Changed"))
    transaction.commit()
    found = contacts.get(company, before.value.contact_id)
    assert found is not None
    assert (found.value.name, found.version) == ("Changed", 2)


def test_where_no_token_is_remembered_the_row_itself_tells_that_the_transaction_went_through(
    wire: Wire, company: str
) -> None:
    """Tokens live ten minutes; a retry after that finds the rows of its own first try."""
    contact, op = samples.contact(company), new_op()
    transaction = Transaction(op)
    transaction.put_new(CONTACTS, contact)
    transaction.commit()
    late = Transaction(op)
    late._saves, late._witness = transaction._saves, transaction._witness
    late.op, token = op, new_op()
    _commit_under_another_token(late, token)
    assert [one.value for one in contacts.newest(company, 9, None)] == [contact]


def _commit_under_another_token(transaction: Transaction, token: str) -> None:
    """As `commit`, but DynamoDB has forgotten the first try."""
    write = transaction._write

    def write_as_forgotten(heads: list[Head]) -> None:
        op, transaction.op = transaction.op, token
        try:
            write(heads)
        finally:
            transaction.op = op

    transaction._write = write_as_forgotten  # type: ignore[method-assign]  # the fault itself
    transaction.commit()


def test_an_open_whose_answer_was_lost_is_counted_as_new(wire: Wire, company: str) -> None:
    message = samples.message(company)
    wire.inject(kind="lose_reply", operation="PutItem")
    assert tracking.add_open(samples.opened(message, "a" * 32))


@pytest.mark.clause("consent")
def test_a_consent_whose_answer_was_lost_has_one_receipt(wire: Wire, engine: Engine, company: str) -> None:
    from chalicelib.store.items import LedgerRow

    wire.inject(kind="lose_reply", operation="TransactWriteItems")
    standing.record_consent(samples.consent(company, "a" * 32), "us_1")
    kinds = [item["kind"]["S"] for item in engine.items(LedgerRow, company)]
    assert sorted(kinds) == ["head", "receipt"]


def test_after_every_answer_was_lost_the_same_operation_can_be_repeated(wire: Wire, company: str) -> None:
    contact, op = samples.contact(company), new_op()
    wire.inject(kind="lose_reply", operation="PutItem", times=aws.TRIES)
    with pytest.raises(UnavailableError):
        CONTACTS.put_new(contact, op=op)
    CONTACTS.put_new(contact, op=op)
    assert [one.value for one in contacts.newest(company, 9, None)] == [contact]


Act = Callable[[str], object]


def _put(company: str) -> None:
    CONTACTS.put_new(samples.contact(company), op=new_op())


def _put_any(company: str) -> None:
    standing.CONSENTS.put(samples.consent(company, "a" * 32), op=new_op())


def _get(company: str) -> object:
    return contacts.get(company, samples.contact(company).contact_id)


def _query(company: str) -> object:
    return contacts.newest(company, 2, None)


def _transact(company: str) -> None:
    standing.record_consent(samples.consent(company, "a" * 32), "us_1")


ACTS = [
    ("PutItem", _put),
    ("PutItem", _put_any),
    ("GetItem", _get),
    ("Query", _query),
    ("TransactWriteItems", _transact),
]


@pytest.mark.parametrize("kind", ["lose_request", "throttle", "fail"])
@pytest.mark.parametrize(("operation", "act"), ACTS)
def test_a_passing_fault_is_not_noticed(
    wire: Wire, company: str, kind: Any, operation: str, act: Act
) -> None:
    fault = wire.inject(kind=kind, operation=operation)
    act(company)
    assert fault.hits == 1


@pytest.mark.parametrize(("operation", "act"), ACTS)
def test_a_lasting_fault_is_an_answer_one_can_repeat_and_nothing_was_written(
    wire: Wire, engine: Engine, company: str, operation: str, act: Act
) -> None:
    fault = wire.inject(kind="lose_request", operation=operation, times=99)
    with pytest.raises(UnavailableError):
        act(company)
    assert fault.hits == aws.TRIES
    assert engine.items(WorkspaceRow, company) == []
    assert engine.items(WorkspaceRow, f"{company}#standing") == []


@pytest.mark.parametrize(
    ("operation", "act", "tries"),
    [("PutItem", _put, CONFLICT_TRIES), ("TransactWriteItems", _transact, CHAIN_TRIES)],
)
def test_a_row_held_by_another_transaction_is_waited_for_but_not_forever(
    wire: Wire, company: str, operation: str, act: Act, tries: int
) -> None:
    fault = wire.inject(kind="conflict", operation=operation, times=tries - 1)
    act(company)
    assert fault.hits == tries - 1
    wire.reset()
    wire.inject(kind="conflict", operation=operation, times=99)
    with pytest.raises(UnavailableError):
        act(company)
    assert calls(wire, operation) == tries


def test_nothing_of_a_failed_write_but_its_kind_is_logged(
    wire: Wire, company: str, caplog: pytest.LogCaptureFixture
) -> None:
    wire.inject(kind="fail", operation="PutItem", times=99)
    with pytest.raises(UnavailableError) as failed:
        _put(company)
    (line,) = caplog.records
    assert (line.getMessage(), line.__dict__["aws"]) == ("store_error", "InternalServerError")
    for told in (repr(line.__dict__), repr(failed.value), str(failed.value)):
        assert samples.EMAIL not in told
        assert company not in told
    assert failed.value.__cause__ is None
    assert failed.value.__suppress_context__
