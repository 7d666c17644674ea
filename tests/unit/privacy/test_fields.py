"""What goes wrong for a person when a field is declared wrongly, and how the import stops it."""

from __future__ import annotations

import copy
import dataclasses
import pickle
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import ClassVar, TypeVar

import pytest

from chalicelib.privacy import fields
from chalicelib.privacy.fields import (
    DeclarationError,
    OutsideCategoryError,
    OutsidePurposeError,
    UndeclaredFieldError,
    UnsealedFieldError,
    check_attributes,
    declaration,
    exported,
    never_log,
    opaque,
    opaque_fields,
    personal,
    personal_fields,
    record,
    sealed_fields,
)
from chalicelib.privacy.register import Category, Duty, Purpose, Role, Subject, Use
from chalicelib.privacy.retention import EMAIL_TRACKING, Retention, after

T = TypeVar("T")

CANARY = "canary-7f3a@example.com"
START = datetime(2026, 8, 31, tzinfo=UTC)


@pytest.fixture(autouse=True)
def own_records() -> Iterator[None]:
    """Types declared in a test do not stay in the registry of the product's."""
    before = dict(fields.RECORDS)
    yield
    fields.RECORDS.clear()
    fields.RECORDS.update(before)


@record(
    kind="test_person",
    table="workspace",
    subject=Subject.PROSPECT,
    role=Role.PROCESSOR,
    retention=Retention.EMAIL_TRACKING,
    collected_for=Purpose.PROVIDE_FUNCTIONS,
)
class Person:
    """A record of two categories, with one field of each kind."""

    limit: ClassVar[int] = 3
    company_id: str = opaque()
    person_id: str = opaque()
    state: str = opaque(default="new", export=True)
    tags: tuple[str, ...] = opaque(default_factory=tuple)
    email: str = personal(Category.STORED, "email", erase="keep_hash")
    name: str | None = personal(Category.STORED, "name", default=None)
    ip: str | None = personal(
        Category.AUTOMATIC, "ip", subject=Subject.USER, sealed=False, export=False, default=None
    )


fields.RECORDS.pop("test_person")


def person() -> Person:
    return Person(company_id="c1", person_id="p1", email=CANARY, name=CANARY)


@pytest.mark.clause("access")
def test_a_person_does_not_appear_in_a_log_line_or_traceback() -> None:
    shown = f"{person()!r} {person()!s} {[person()]}"
    assert CANARY not in shown
    assert repr(person()) == "Person(company_id='c1', person_id='p1')"


def test_a_record_cannot_be_changed_behind_the_stores_back() -> None:
    with pytest.raises(dataclasses.FrozenInstanceError):
        person().email = "x"  # type: ignore[misc]  # what must fail
    assert not hasattr(person(), "__dict__")


def test_positions_cannot_swap_two_peoples_values() -> None:
    with pytest.raises(TypeError):
        Person("c1", "p1", CANARY)  # type: ignore[call-arg]  # what must fail


def test_a_record_survives_copying_and_pickling() -> None:
    assert copy.deepcopy(person()) == person() == pickle.loads(pickle.dumps(person()))
    assert dataclasses.replace(person(), name=None).name is None


@pytest.mark.clause("encryption")
def test_a_personal_field_is_sealed_unless_somebody_said_why_not() -> None:
    assert sealed_fields(Person) == ("email", "name")
    assert list(opaque_fields(Person)) == ["company_id", "person_id", "state", "tags"]


@pytest.mark.clause("subjects")
def test_one_record_may_be_about_two_people() -> None:
    made = declaration(Person)
    assert made.subject is Subject.PROSPECT
    assert personal_fields(Person)["ip"].subject is Subject.USER
    assert personal_fields(Person)["email"].erase == "keep_hash"


def test_an_access_request_gets_what_is_theirs_and_nothing_internal() -> None:
    assert exported(person()) == {"email": CANARY, "name": CANARY, "state": "new"}


@pytest.mark.clause("retention")
def test_an_expiry_follows_from_the_declared_rule() -> None:
    assert fields.expires_at(Person, START) == after(START, EMAIL_TRACKING)


def test_a_field_that_nobody_declared_stops_the_import() -> None:
    with pytest.raises(UndeclaredFieldError, match="secret_note"):

        @_workspace("test_undeclared")
        class Leaky:
            secret_note: str = ""

    with pytest.raises(UndeclaredFieldError, match="secret_note"):

        @_workspace("test_undeclared")
        class Bare:
            secret_note: str


@pytest.mark.parametrize(
    ("category", "item"),
    [
        (Category.AUTHENTICATION, "unionid"),
        (Category.EMAIL_TRACKING, "user_agent"),
        (Category.ADDED_PROSPECT, "phone"),
        (Category.LOGON, "birthday"),
    ],
)
@pytest.mark.clause("singapore")
def test_what_the_policy_does_not_name_cannot_be_kept(category: Category, item: str) -> None:
    with pytest.raises(OutsideCategoryError):

        @_workspace("test_outside")
        class Greedy:
            value: str = personal(category, item)


@pytest.mark.clause("purposes")
@pytest.mark.parametrize(
    ("collected_for", "why"),
    [
        (None, "what its personal fields are collected for"),
        (Purpose.OBTAIN_PROSPECTS, "category_outside_purpose"),
        (Purpose.IMPROVE_PRODUCTS, "category_outside_purpose"),
        (Purpose.MAINTAIN_PROSPECT_BASE, "category_outside_purpose"),
    ],
)
def test_what_has_no_purpose_that_names_it_cannot_be_kept(collected_for: Use | None, why: str) -> None:
    with pytest.raises(OutsidePurposeError, match=why):

        @_workspace("test_purposeless", collected_for)
        class Hoarded:
            value: str = personal(Category.STORED, "email")

    assert "test_purposeless" not in fields.RECORDS


@pytest.mark.clause("purposes", "roles")
def test_a_clients_data_cannot_be_declared_as_our_own() -> None:
    with pytest.raises(OutsidePurposeError, match="role_outside_purpose"):

        @_workspace("test_taken_over", Purpose.SECURITY_AND_FAULTS)
        class TakenOver:
            value: str = personal(Category.AUTOMATIC, "ip")


@pytest.mark.clause("purposes")
def test_what_holds_nothing_personal_needs_no_purpose_and_a_duty_is_one() -> None:
    @_workspace("test_impersonal", None)
    class Impersonal:
        count: int = opaque()

    @_workspace("test_proof", Duty.PROVE_CONSENT)
    class Proof:
        value: str = personal(Category.NOTIFICATION, "choice")

    assert declaration(Impersonal).collected_for is None
    assert declaration(Proof).collected_for is Duty.PROVE_CONSENT


def test_a_refused_type_is_not_registered() -> None:
    with pytest.raises(UndeclaredFieldError):

        @_workspace("test_refused")
        class Leaky:
            value: str = ""

    assert "test_refused" not in fields.RECORDS


def test_a_personal_looking_name_is_not_waved_through_as_opaque() -> None:
    with pytest.raises(UndeclaredFieldError, match="why"):

        @_workspace("test_disguised")
        class Disguised:
            email: str = opaque()

    @_workspace("test_explained")
    class Explained:
        email: str = opaque(why="keyed hash")

    assert sealed_fields(Explained) == ()


def test_two_types_cannot_share_a_kind() -> None:
    @_workspace("test_twice")
    class First:
        first_id: str = opaque()

    with pytest.raises(DeclarationError, match="test_twice"):

        @_workspace("test_twice")
        class Second:
            second_id: str = opaque()


def test_logs_know_every_personal_name() -> None:
    @_workspace("test_logged")
    class Logged:
        logged_id: str = opaque()
        nickname_of_buyer: str = personal(Category.STORED, "name")

    assert "nickname_of_buyer" in never_log()
    assert "logged_id" not in never_log()


def test_a_plain_class_is_no_record() -> None:
    with pytest.raises(UndeclaredFieldError):
        declaration(str)


@pytest.mark.clause("encryption")
def test_nothing_that_must_be_sealed_is_stored_in_clear() -> None:
    with pytest.raises(UnsealedFieldError, match="email"):
        check_attributes(Person, ["company_id", "email"])


def test_an_attribute_that_nobody_declared_is_not_stored() -> None:
    with pytest.raises(UndeclaredFieldError, match="hobby"):
        check_attributes(Person, ["company_id", "hobby"])
    with pytest.raises(UndeclaredFieldError, match="sealed"):
        check_attributes(Person, ["sealed"])


def test_ids_and_what_the_table_itself_needs_are_stored() -> None:
    check_attributes(Person, ["pk", "sealed", "company_id", "ip"], envelope={"pk", "sealed"})
    check_attributes(Person, [])


def _workspace(
    kind: str, collected_for: Use | None = Purpose.PROVIDE_FUNCTIONS
) -> Callable[[type[T]], type[T]]:
    return record(
        kind=kind,
        table="workspace",
        subject=Subject.PROSPECT,
        role=Role.PROCESSOR,
        retention=Retention.SERVICE_TERM,
        collected_for=collected_for,
    )
