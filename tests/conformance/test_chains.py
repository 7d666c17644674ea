"""Evidence as DynamoDB keeps it: as many entries as acts, in one unbroken chain, whoever writes at the same time."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

import pytest

from chalicelib.kernel import aws, clock, ids
from chalicelib.kernel.errors import ConflictError, UnavailableError
from chalicelib.kernel.tokens import Kind, Token
from chalicelib.privacy import evidence
from chalicelib.privacy.evidence import Anchor, Link, Verdict
from chalicelib.privacy.texts import Shown
from chalicelib.records.standing import Receipt
from chalicelib.records.watching import FindingAct, FindingState
from chalicelib.services.mail import refusals
from chalicelib.store import chain, ledger, standing
from chalicelib.store.contacts import CONTACTS
from chalicelib.store.items import LedgerRow
from chalicelib.store.standing import CONSENTS, RECEIPTS
from chalicelib.store.table import new_op
from chalicelib.store.transaction import Transaction
from chalicelib.store.watching import ACTS
from infra.local.wire import Wire
from tests.conformance import samples
from tests.conformance.engine import Engine

pytestmark = pytest.mark.clause("access")

WRITERS = 20
WHO = "a" * 32
READ = Shown("unsubscribe-page", "en", "0" * 64)


@pytest.fixture
def wire(engine: Engine) -> Wire:
    if engine.wire is None:
        pytest.fail("this engine has no wire to cut: choose emulator or dynamodb-local")
    return engine.wire


def pages(of: str, size: int = 50) -> Iterator[Any]:
    head, after = chain.read(of), None
    while True:
        page = ledger.page(of, size, after, head.seq)
        yield from page.entries
        if page.after is None:
            return
        after = page.after


def checked(of: str) -> Verdict:
    return evidence.verify(of, pages(of), chain.read(of))


def numbers(of: str) -> list[int]:
    return sorted(entry.seq for entry, _ in pages(of))


def consent(company: str, number: int = 0) -> None:
    standing.record_consent(samples.consent(company, f"{number:032x}"), "us_1")


def receipt(company: str) -> Receipt:
    made = samples.consent(company, WHO)
    return Receipt(
        company_id=company,
        receipt_id=made.receipt_id,
        who=WHO,
        purpose=made.purpose,
        state=made.state,
        text_version=made.text_version,
        method=made.method,
        at=made.at,
    )


def refuse(company: str) -> None:
    token = Token(Kind.UNSUBSCRIBE, company, ids.new("msg"), person=WHO)
    refusals.record(token, "tracking", clock.now(), READ)


# ---------------------------------------------------------------- one after the other


def test_each_act_has_its_entry_and_the_chain_reads_back_as_it_was_hashed(company: str) -> None:
    for number in range(7):
        consent(company, number)
    refuse(company)
    assert numbers(company) == list(range(1, 9))
    assert checked(company) == Verdict(8)
    assert chain.read(company).seq == 8


def test_a_page_ends_where_the_next_one_begins(company: str) -> None:
    for number in range(5):
        consent(company, number)
    for size in (1, 2, 3, 6, 7):
        assert sorted(entry.seq for entry, _ in pages(company, size)) == [1, 2, 3, 4, 5]


def test_what_is_written_while_somebody_reads_is_not_half_in_it(company: str) -> None:
    consent(company, 1)
    consent(company, 2)
    head = chain.read(company)
    consent(company, 3)
    read = ledger.page(company, 50, None, head.seq).entries
    assert evidence.verify(company, read, head).sound


def test_several_entries_of_one_transaction_are_links_one_after_the_other(company: str) -> None:
    transaction = Transaction(new_op())
    for _ in range(3):
        transaction.put_new(RECEIPTS, receipt(company))
    transaction.commit()
    assert checked(company) == Verdict(3)


def finding(company: str) -> FindingAct:
    from chalicelib.privacy.watching import Unusual

    return FindingAct(
        company_id=company,
        finding_id=ids.new("fnd"),
        state=FindingState.OPEN,
        unusual=Unusual.VOLUME,
        actor_id=ids.new("usr"),
        hour=1,
        number=2,
        usual=3,
        at=clock.now(),
    )


def test_one_act_can_be_proven_in_two_chains_at_once(company: str) -> None:
    other = ids.new("co")
    before = chain.read(ids.OPERATOR).seq
    for _ in range(2):
        transaction = Transaction(new_op())
        for owner in (company, ids.OPERATOR, other, company):
            transaction.put_new(ACTS, finding(owner))
        transaction.commit()
    assert checked(company) == Verdict(4)
    assert checked(other) == Verdict(2)
    assert chain.read(ids.OPERATOR).seq == before + 2


def test_an_act_that_did_not_happen_leaves_no_entry_and_no_gap(company: str) -> None:
    consent(company)
    contact = samples.contact(company)
    CONTACTS.put_new(contact, op=new_op())
    transaction = Transaction(new_op())
    transaction.put_new(RECEIPTS, receipt(company))
    transaction.put_new(CONTACTS, contact)
    with pytest.raises(ConflictError):
        transaction.commit()
    consent(company)
    assert checked(company) == Verdict(2)


def test_an_entry_is_never_written_twice_changed_or_removed(engine: Engine, company: str) -> None:
    made = receipt(company)
    first = Transaction(new_op())
    first.put_new(RECEIPTS, made)
    first.commit()
    again = Transaction(new_op())
    again.put_new(RECEIPTS, replace(made, method="other"))
    with pytest.raises(ConflictError):
        again.commit()
    known = RECEIPTS.get(company_id=company, who=WHO, receipt_id=made.receipt_id)
    assert known is not None
    for change in (
        lambda: RECEIPTS.put(made, op=new_op()),
        lambda: RECEIPTS.put_new(receipt(company), op=new_op()),
        lambda: RECEIPTS.replace(known, made, op=new_op()),
        lambda: RECEIPTS.delete(known),
        lambda: Transaction(new_op()).put(RECEIPTS, made),
        lambda: Transaction(new_op()).replace(RECEIPTS, known, made),
        lambda: Transaction(new_op()).delete(RECEIPTS, known),
    ):
        with pytest.raises(TypeError):
            change()
    assert checked(company) == Verdict(1)


# ---------------------------------------------------------------- all at once


def together(acts: list[Callable[[], object]]) -> None:
    with ThreadPoolExecutor(len(acts)) as threads:
        for done in [threads.submit(act) for act in acts]:
            done.result()


def test_twenty_who_write_at_once_all_get_their_place(company: str) -> None:
    together([lambda number=number: consent(company, number) for number in range(WRITERS)])  # type: ignore[misc]  # bound now, not later
    assert numbers(company) == list(range(1, WRITERS + 1))
    assert checked(company) == Verdict(WRITERS)


def test_the_edge_and_the_store_write_into_one_chain(company: str) -> None:
    """The edge has no PynamoDB and links its rows by hand."""
    consent(company)
    acts: list[Callable[[], object]] = [lambda: refuse(company), lambda: consent(company)] * 4
    together(acts)
    assert numbers(company) == list(range(1, 10))
    assert checked(company) == Verdict(9)


def test_two_chains_that_are_written_together_from_both_ends_do_not_stop_each_other(company: str) -> None:
    other = ids.new("co")

    def both(*owners: str) -> None:
        transaction = Transaction(new_op())
        for owner in owners:
            transaction.put_new(ACTS, finding(owner))
        transaction.commit()

    together([lambda: both(company, other), lambda: both(other, company)] * 4)
    assert checked(company) == Verdict(8)
    assert checked(other) == Verdict(8)


# ---------------------------------------------------------------- when things go wrong


@pytest.mark.parametrize("kind", ["lose_reply", "lose_request", "throttle", "fail", "conflict"])
def test_one_act_has_one_entry_whatever_happened_to_the_first_try(
    wire: Wire, company: str, kind: Any
) -> None:
    consent(company, 1)
    wire.inject(kind=kind, operation="TransactWriteItems")
    consent(company, 2)
    consent(company, 3)
    assert checked(company) == Verdict(3)


@pytest.mark.parametrize("kind", ["lose_reply", "lose_request"])
def test_when_nobody_can_say_the_same_operation_can_be_repeated_and_has_one_entry(
    wire: Wire, company: str, kind: Any
) -> None:
    made, op = receipt(company), new_op()

    def attempt() -> Transaction:
        transaction = Transaction(op)
        transaction.put(CONSENTS, samples.consent(company, WHO))
        transaction.put_new(RECEIPTS, made)
        return transaction

    wire.inject(kind=kind, operation="TransactWriteItems", times=aws.TRIES)
    with pytest.raises(UnavailableError):
        attempt().commit()
    consent(company, 7)  # somebody else's link in between
    attempt().commit()
    attempt().commit()
    assert checked(company) == Verdict(2)


def test_the_very_same_transaction_committed_again_adds_nothing(company: str) -> None:
    transaction = Transaction(new_op())
    transaction.put_new(RECEIPTS, receipt(company))
    transaction.commit()
    consent(company)
    transaction.commit()
    assert checked(company) == Verdict(2)


def test_somebody_else_may_have_the_latest_word_and_the_act_still_counts_as_done(
    wire: Wire, company: str
) -> None:
    """The row that says the latest word is somebody else's by the time of the second try; the entry is not."""
    op, made = new_op(), receipt(company)
    transaction = Transaction(op)
    transaction.put(CONSENTS, samples.consent(company, WHO))
    transaction.put_new(RECEIPTS, made)
    transaction.commit()
    standing.record_consent(samples.consent(company, WHO), "us_2")
    transaction.commit()
    assert checked(company) == Verdict(2)


def test_while_the_head_cannot_be_read_nothing_is_done_without_its_entry(
    wire: Wire, engine: Engine, company: str
) -> None:
    wire.inject(kind="fail", operation="GetItem", contains='"head"', times=aws.TRIES)
    with pytest.raises(UnavailableError):
        consent(company)
    assert engine.items(LedgerRow, company) == []
    assert standing.of(company, f"{0:032x}").consents == {}


# ---------------------------------------------------------------- heads that moved, rows that lie


def test_a_head_that_moved_is_found_in_its_hour_and_says_how_far_it_came(company: str) -> None:
    now = clock.now()
    consent(company)
    consent(company)
    found = {one.chain: Link(one.seq, one.link) for one in ledger.moved(now - now % 3600)}
    assert found[company] == chain.read(company)
    assert company not in {one.chain for one in ledger.moved(now + 7200)}


def test_the_head_is_no_entry_and_an_expired_one_is_not_shown(engine: Engine, company: str) -> None:
    consent(company)
    (entry, _) = ledger.page(company, 9, None, 9).entries[0]
    assert entry.expires_at is not None
    engine.advance(entry.expires_at - clock.now() - 3)
    assert len(ledger.page(company, 9, None, 9).entries) == 1
    engine.advance(2)
    assert ledger.page(company, 9, None, 9).entries == []
    anchors = [Anchor(1, chain.read(company).link, clock.now() - 10**9)]
    assert evidence.verify(company, [], chain.read(company), anchors, clock.now()).sound


@pytest.mark.parametrize(
    "change",
    [
        "SET facts.#state = :x",
        "SET policy = :x",
        "SET expires_at = :n",
        "REMOVE link",
        "REMOVE seq",
        "SET kind = :x",
    ],
)
def test_a_row_that_somebody_changed_in_the_table_is_named(engine: Engine, company: str, change: str) -> None:
    for number in range(3):
        consent(company, number)
    (entry, _) = next(pair for pair in pages(company) if pair[0].seq == 2)
    names = {"#state": "state"} if "#state" in change else {}
    values: dict[str, Any] = {
        name: value
        for name, value in {":x": {"S": "denied"}, ":n": {"N": "9999999999"}}.items()
        if name in change
    }
    engine.dynamodb.update_item(
        TableName=LedgerRow.Meta.table_name,
        Key={"pk": {"S": company}, "sk": {"S": entry.sk}},
        UpdateExpression=change,
        **({"ExpressionAttributeNames": names} if names else {}),
        **({"ExpressionAttributeValues": values} if values else {}),
    )
    verdict = checked(company)
    assert verdict.reason in {"altered", "inserted"}
    assert verdict.bad_seq == (0 if change == "REMOVE seq" else 2)


def test_a_row_that_somebody_deleted_from_the_table_is_named(engine: Engine, company: str) -> None:
    for number in range(3):
        consent(company, number)
    (entry, _) = next(pair for pair in pages(company) if pair[0].seq == 2)
    key = {"pk": {"S": company}, "sk": {"S": entry.sk}}
    engine.dynamodb.delete_item(TableName=LedgerRow.Meta.table_name, Key=key)
    assert (checked(company).bad_seq, checked(company).reason) == (2, "missing")
