"""One row: what is written is read back, nothing is written over by accident, what has expired is gone."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from chalicelib.kernel import clock, ids
from chalicelib.kernel.errors import ConflictError, RefusedError
from chalicelib.privacy import fields
from chalicelib.privacy.consent import ConsentPurpose, ConsentState
from chalicelib.privacy.register import Duty, Purpose
from chalicelib.privacy.retention import GRACE, SIGNUP_PENDING
from chalicelib.records.accounts import Signup
from chalicelib.store import standing, tracking
from chalicelib.store.accounts import NOTICES, SIGNUPS, mailbox_hash
from chalicelib.store.contacts import CONTACTS
from chalicelib.store.items import AccountsRow, WorkspaceRow
from chalicelib.store.messages import BODIES, DELIVERIES, MESSAGES
from chalicelib.store.standing import CONSENTS
from chalicelib.store.table import Rows, expiry_of, new_op
from tests.conformance import samples
from tests.conformance.engine import Engine

USE = Purpose.PROVIDE_FUNCTIONS


def signup(name: str = samples.NAME) -> Signup:
    return Signup(
        mailbox=mailbox_hash(ids.secret()),
        company_id=ids.new("co"),
        user_id=ids.new("us"),
        policy_version="2025-01-16",
        free_mailbox=False,
        code_hash="0" * 64,
        code_until=clock.now() + 900,
        locale="en",
        name=name,
        company_name="Lanhai",
        email=samples.EMAIL,
        password_verifier="scrypt$x",
    )


def test_every_field_comes_back_as_it_was(company: str) -> None:
    message = samples.message(company)
    delivery = samples.delivery(message, 7)
    kept: list[tuple[Rows[Any], Any]] = [
        (CONTACTS, samples.contact(company)),
        (CONTACTS, samples.contact(company, email=None, phone=None, social=())),
        (MESSAGES, message),
        (MESSAGES, samples.message(company, clicks={}, links=())),
        (BODIES, samples.body(message)),
        (DELIVERIES, delivery),
        (DELIVERIES, replace(delivery, number=8, **samples.finished(delivery))),
        (CONSENTS, samples.consent(company, "a" * 32)),
        (tracking.OPENS, samples.opened(message, "b" * 32)),
        (tracking.OPENS, samples.opened(message, "b" * 32, ip=None)),
    ]
    for rows, record in kept:
        rows.put_new(record, op=new_op())
        key = {name: getattr(record, name) for name in rows._keyed}
        found = rows.get(**key, use=USE)
        assert found is not None
        assert found.value == record
        types = {name: type(getattr(record, name)) for name in fields.opaque_fields(rows.cls)}
        assert {name: type(getattr(found.value, name)) for name in types} == types
        assert found.version == 1
        assert found.expires_at == pytest.approx(expiry_of(rows.cls), abs=2)


def test_a_notice_under_the_operators_key_comes_back(company: str) -> None:
    mailbox_hash("makes the operator's key")
    notice = samples.notice(clock.now())
    NOTICES.put_new(notice, op=new_op())
    found = NOTICES.get(notice_id=notice.notice_id, use=Purpose.CREATE_AND_LOGIN)
    assert found is not None
    assert found.value == notice


@pytest.mark.clause("access")
def test_a_row_shows_no_personal_field_to_whoever_reads_the_table(engine: Engine, company: str) -> None:
    contact = samples.contact(company)
    CONTACTS.put_new(contact, op=new_op())
    item = engine.item(WorkspaceRow, company, f"contact#{contact.contact_id}")
    assert item is not None
    declared = {"pk", "sk", "kind", "op", "version", "policy", "sealed", "sealed_with", "facts"}
    assert set(item) == declared
    assert set(item["facts"]["M"]) == {"created_by", "created_at", "updated_at"}
    seen = repr(item)
    for name in fields.personal_fields(type(contact)):
        assert str(getattr(contact, name)) not in seen


@pytest.mark.clause("purposes")
def test_a_row_is_not_opened_for_a_use_its_category_is_not_kept_for(company: str) -> None:
    contact = samples.contact(company)
    CONTACTS.put_new(contact, op=new_op())
    with pytest.raises(RefusedError) as refused:
        CONTACTS.get(company_id=company, contact_id=contact.contact_id, use=Purpose.IMPROVE_PRODUCTS)
    assert refused.value.clause == "purposes"
    with pytest.raises(TypeError):
        CONTACTS.get(company_id=company, contact_id=contact.contact_id)
    assert CONTACTS.get(company_id=company, contact_id=contact.contact_id, use=Duty.DISCLOSE) is not None


def test_a_second_contact_under_one_id_does_not_replace_the_first(company: str) -> None:
    contact = samples.contact(company)
    CONTACTS.put_new(contact, op=new_op())
    with pytest.raises(ConflictError):
        CONTACTS.put_new(replace(contact, name="Somebody else"), op=new_op())
    found = CONTACTS.get(company_id=company, contact_id=contact.contact_id, use=USE)
    assert found is not None
    assert found.value.name == samples.NAME


def test_repeating_the_very_same_write_is_not_a_conflict(company: str) -> None:
    contact, op = samples.contact(company), new_op()
    CONTACTS.put_new(contact, op=op)
    CONTACTS.put_new(contact, op=op)


def test_of_two_editors_of_a_contact_the_slower_one_is_told(company: str) -> None:
    contact = samples.contact(company)
    CONTACTS.put_new(contact, op=new_op())
    known = CONTACTS.get(company_id=company, contact_id=contact.contact_id, use=USE)
    assert known is not None
    second = CONTACTS.replace(known, replace(contact, name="First editor"), op=new_op())
    assert second.version == 2
    with pytest.raises(ConflictError):
        CONTACTS.replace(known, replace(contact, name="Second editor"), op=new_op())
    with pytest.raises(ConflictError):
        CONTACTS.delete(known)
    found = CONTACTS.get(company_id=company, contact_id=contact.contact_id, use=USE)
    assert found is not None
    assert (found.value.name, found.version) == ("First editor", 2)


def test_a_change_does_not_bring_a_deleted_contact_back(company: str) -> None:
    contact = samples.contact(company)
    CONTACTS.put_new(contact, op=new_op())
    known = CONTACTS.get(company_id=company, contact_id=contact.contact_id, use=USE)
    assert known is not None
    CONTACTS.delete(known)
    CONTACTS.delete(known)  # gone already is what was wanted
    with pytest.raises(ConflictError):
        CONTACTS.replace(known, contact, op=new_op())
    assert CONTACTS.get(company_id=company, contact_id=contact.contact_id, use=USE) is None


@pytest.mark.clause("retention")
def test_a_change_never_renews_retention(engine: Engine, company: str) -> None:
    message = samples.message(company)
    delivery = samples.delivery(message, 0)
    DELIVERIES.put_new(delivery, op=new_op())
    key: dict[str, Any] = {"company_id": company, "message_id": message.message_id, "number": 0}
    known = DELIVERIES.get(**key, use=USE)
    assert known is not None
    engine.advance(86_400)
    changed = DELIVERIES.replace(known, replace(delivery, opens=1), op=new_op())
    found = DELIVERIES.get(**key, use=USE)
    assert found is not None
    assert known.expires_at == changed.expires_at == found.expires_at


@pytest.mark.clause("retention")
def test_an_unproven_signup_is_invisible_from_its_last_second_on_though_the_row_still_lies_there(
    engine: Engine,
) -> None:
    pending = signup()
    SIGNUPS.put_new(pending, op=new_op())
    limit, grace = int(SIGNUP_PENDING.total_seconds()), int(GRACE.total_seconds())
    engine.advance(limit - grace - 2)
    assert (
        SIGNUPS.get(mailbox=pending.mailbox, code_hash=pending.code_hash, use=Purpose.CREATE_AND_LOGIN)
        is not None
    )
    engine.advance(4)
    assert (
        SIGNUPS.get(mailbox=pending.mailbox, code_hash=pending.code_hash, use=Purpose.CREATE_AND_LOGIN)
        is None
    )
    prefix = list(SIGNUPS.query(f"mailbox#{pending.mailbox}", "signup", use=Purpose.CREATE_AND_LOGIN))
    assert prefix == []
    item = engine.item(AccountsRow, f"mailbox#{pending.mailbox}", f"signup#{pending.code_hash}")
    assert item is not None
    assert set(item["expires_at"]) == {"N"}  # what DynamoDB's TTL reads: a top-level number


@pytest.mark.clause("retention")
def test_an_expired_leftover_does_not_keep_a_person_from_signing_up_again(engine: Engine) -> None:
    pending = signup("First")
    SIGNUPS.put_new(pending, op=new_op())
    with pytest.raises(ConflictError):
        SIGNUPS.put_new(replace(pending, name="Too early"), op=new_op())
    engine.advance(int(SIGNUP_PENDING.total_seconds()) + 1)
    SIGNUPS.put_new(replace(pending, name="Again"), op=new_op())
    found = SIGNUPS.get(mailbox=pending.mailbox, code_hash=pending.code_hash, use=Purpose.CREATE_AND_LOGIN)
    assert found is not None
    assert found.value.name == "Again"


@pytest.mark.clause("consent")
def test_the_latest_word_on_a_consent_counts(company: str) -> None:
    who = "c" * 32
    CONSENTS.put(samples.consent(company, who), op=new_op())
    CONSENTS.put(samples.consent(company, who, ConsentState.DENIED), op=new_op())
    assert standing.of(company, who).consent(ConsentPurpose.TRACKING) is ConsentState.DENIED


def test_a_row_moved_under_another_key_is_not_mistaken_for_what_it_was(engine: Engine, company: str) -> None:
    contact, other = samples.contact(company), samples.contact(company)
    CONTACTS.put_new(contact, op=new_op())
    CONTACTS.put_new(other, op=new_op())
    item = engine.item(WorkspaceRow, company, f"contact#{contact.contact_id}")
    assert item is not None
    item["sk"] = {"S": f"contact#{other.contact_id}"}
    engine.dynamodb.put_item(TableName=WorkspaceRow.Meta.table_name, Item=item)
    from chalicelib.store.vault import WrongPlaceError

    with pytest.raises(WrongPlaceError):
        CONTACTS.get(company_id=company, contact_id=other.contact_id, use=USE)


@pytest.mark.clause("access")
def test_no_record_can_be_keyed_by_a_personal_field(company: str) -> None:
    with pytest.raises(fields.UnsealedFieldError):
        Rows(type(samples.contact(company)), pk="{company_id}", sk="contact#{email}")
