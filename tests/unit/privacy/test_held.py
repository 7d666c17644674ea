"""What a person is shown about their own data: complete, in the policy's terms, with a reason for every day."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest

from chalicelib.privacy import fields, held
from chalicelib.privacy.fields import UndeclaredFieldError, exported, opaque, personal, record
from chalicelib.privacy.register import (
    FROM_TEXT,
    HOLDINGS,
    PURPOSES,
    TABLE,
    Category,
    Duty,
    LegalBasis,
    Purpose,
    Role,
    Source,
    Subject,
)
from chalicelib.privacy.retention import RULES, Criterion, Retention, section

pytestmark = pytest.mark.clause("self-service")

START = int(datetime(2026, 8, 31, 12, tzinfo=UTC).timestamp())


@record(
    kind="test_held",
    table="accounts",
    subject=Subject.USER,
    role=Role.CONTROLLER,
    retention=Retention.SERVICE_TERM,
    collected_for=Duty.ANSWER_REQUEST,
)
class Person:
    """One field of each kind."""

    person_id: str = opaque()
    state: str = opaque(default="new", export=True)
    name: str = personal(Category.LOGON, "name")
    verifier: str = personal(Category.LOGON, "password_verifier", export=False)
    nickname: str | None = personal(Category.AUTHENTICATION, "nickname", default=None)
    registered_at: int = personal(Category.AUTOMATIC, "registration_date")
    choices: dict[str, Any] = personal(Category.NOTIFICATION, "choice", default_factory=dict)
    sent: tuple[str, ...] = personal(Category.NOTIFICATION, "sent", default=())
    granted: frozenset[str] = personal(Category.COOKIES, "choice", default=frozenset())


@record(
    kind="test_held_open",
    table="workspace",
    subject=Subject.PROSPECT,
    role=Role.PROCESSOR,
    retention=Retention.EMAIL_TRACKING,
    collected_for=Purpose.PROVIDE_FUNCTIONS,
)
class Open:
    """For a client, with a period."""

    opened_at: int = personal(Category.EMAIL_TRACKING, "opened_at")


fields.RECORDS.pop("test_held")
fields.RECORDS.pop("test_held_open")


@pytest.fixture(autouse=True)
def own_records() -> Iterator[None]:
    """Types of this file do not stay in the registry of the product's."""
    before = dict(fields.RECORDS)
    yield
    fields.RECORDS.clear()
    fields.RECORDS.update(before)


def person() -> Person:
    return Person(
        person_id="p1",
        name="Mei",
        verifier="argon",
        registered_at=START,
        choices={"tips": {"mail": True}},
        granted=frozenset({"preferences", "essential"}),
    )


def shown(since: int | None = START, expires_at: int | None = None) -> dict[str, dict[str, Any]]:
    return {row["field"]: row for row in held.view(person(), since=since, expires_at=expires_at)}


def test_a_person_sees_everything_that_is_theirs_and_nothing_internal() -> None:
    rows = shown()
    assert rows.keys() == exported(person()).keys()
    assert "verifier" not in rows
    assert "person_id" not in rows
    assert rows["nickname"]["value"] is None


def test_a_name_is_shown_with_where_from_what_for_and_on_which_basis() -> None:
    row = shown()["name"]
    assert row["value"] == "Mei"
    assert row["section"] == "2.2.1(a)"
    assert row["source"] == ["provided_by_users"]
    assert row["purposes"] == [
        "create_and_login",
        "maintain_account",
        "after_sales",
        "security_and_faults",
        "usage_information",
    ]
    assert row["bases"] == ["consent", "contract"]
    assert row["kept_until"] is None
    assert row["why"] == "4.1.2(a): while the company is served: the service and its records need it"


@pytest.mark.clause("wechat")
def test_what_came_from_wechat_says_so() -> None:
    assert shown()["nickname"]["source"] == ["collected_from_third_parties"]


@pytest.mark.clause("notification")
def test_what_we_sent_was_not_given_by_the_person() -> None:
    assert shown()["choices"]["source"] == ["provided_by_users"]
    assert shown()["sent"]["source"] == ["collected_from_users"]


def test_everything_can_be_written_as_json_in_the_same_order_each_time() -> None:
    rows = shown()
    assert json.loads(json.dumps(rows)) == rows
    assert rows["granted"]["value"] == ["essential", "preferences"]
    assert rows["choices"]["value"] == {"tips": {"mail": True}}
    assert rows["registered_at"]["value"] == "2026-08-31T12:00:00Z"
    assert rows["sent"]["value"] == []
    assert rows["state"] == {
        **rows["state"],
        "value": "new",
        "category": None,
        "section": None,
        "source": [],
        "purposes": [],
        "bases": [],
    }


@pytest.mark.clause("retention")
def test_a_day_is_named_where_there_is_one() -> None:
    (row,) = held.view(Open(opened_at=START), since=START, expires_at=None)
    assert row["kept_until"] == "2027-09-30T12:00:00Z"
    assert row["why"].startswith("4.1.2(a): one season")
    (row,) = held.view(Open(opened_at=START), since=None, expires_at=None)
    assert row["kept_until"] is None
    assert row["why"].startswith("4.1.2(a): 13 months: ")


@pytest.mark.clause("retention")
def test_the_stored_expiry_is_the_one_that_is_shown() -> None:
    assert shown(expires_at=START + 1)["name"]["kept_until"] == "2026-08-31T12:00:01Z"
    assert shown(since=None, expires_at=START)["name"]["kept_until"] == "2026-08-31T12:00:00Z"


@pytest.mark.clause("retention")
@pytest.mark.parametrize("name", Retention)
@pytest.mark.parametrize("since", [None, START])
def test_every_rule_can_say_until_when_and_why(name: Retention, since: int | None) -> None:
    until, why = held.kept(name, since=since, expires_at=None)
    assert RULES[name].reason in why
    assert why.startswith("4.1.2(")
    lasting = None in RULES[name].criteria.values()
    assert (until is None) == (lasting or since is None)
    assert [section(one) for one in Criterion] == ["4.1.2(a)", "4.1.2(b)", "4.1.2(c)", "4.1.2(d)"]


@pytest.mark.clause("purposes")
def test_a_field_of_the_client_has_the_clients_purposes_and_not_ours() -> None:
    said = held.describe(Open, "opened_at")
    assert said.purposes == (Purpose.PROVIDE_FUNCTIONS,)
    assert said.bases == (LegalBasis.CONSENT,)
    assert said.section == "2.2.1(d)"


@pytest.mark.clause("purposes")
@pytest.mark.parametrize("category", Category)
@pytest.mark.parametrize("role", Role)
def test_nothing_is_claimed_that_the_tables_do_not_say(category: Category, role: Role) -> None:
    rows = held._rows(role, category)
    assert {row.purpose for row in rows} == {
        row.purpose for row in (*TABLE, *FROM_TEXT) if row.role is role and category in row.categories
    }
    for item in HOLDINGS[category].items:
        said = fields.Personal(category, item, None, True, True, fields.Erase.DELETE)
        sources = held._sources(said, rows)
        assert set(sources) <= {source for row in rows for source in row.sources}
        assert bool(sources) == bool(rows)
    assert {row.purpose for row in rows} <= PURPOSES.keys()


@pytest.mark.clause("purposes")
@pytest.mark.parametrize("category", sorted(held._BY_CATEGORY))
def test_the_one_source_shown_is_one_the_tables_name(category: Category) -> None:
    assert held._BY_CATEGORY[category] in {
        source for row in held._rows(Role.CONTROLLER, category) for source in row.sources
    }
    assert isinstance(held._BY_CATEGORY[category], Source)


def test_a_field_nobody_declared_is_not_described() -> None:
    for field in ("canary", ""):
        with pytest.raises(UndeclaredFieldError, match=r"^no such field$"):
            held.describe(Person, field)
    with pytest.raises(UndeclaredFieldError):
        held.describe(dict, "name")
