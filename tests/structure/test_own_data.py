"""Nothing that is kept about users is forgotten when one of them asks for it (5.1)."""

from __future__ import annotations

from typing import Any

import pytest

from chalicelib.privacy import fields
from chalicelib.privacy.register import Subject
from chalicelib.services.accounts import own_data
from chalicelib.services.accounts.not_shown import NOT_SHOWN
from tests.structure.test_records import RECORDS

WHO = {"user_id", "shared_by", "revealed_by", "claimed_by", "passed_on_by"}
"""Fields that hold a user's id."""


def about_users(record: type[Any]) -> bool:
    """By its own word, by a field of its, or by whose id it holds."""
    made = fields.declaration(record)
    subjects = {said.subject for said in made.personal.values()}
    return made.subject is Subject.USER or Subject.USER in subjects or bool(WHO & made.opaque.keys())


USERS = [record for record in RECORDS if about_users(record)]


@pytest.mark.clause("self-service")
@pytest.mark.parametrize("record", USERS, ids=lambda record: record.__name__)
def test_each_kind_of_record_about_users_is_shown_to_them_or_named_with_a_reason(record: type[Any]) -> None:
    assert (record in own_data.FOUND) is not (record in NOT_SHOWN)


@pytest.mark.clause("self-service")
def test_nothing_is_listed_that_is_no_longer_kept() -> None:
    assert own_data.FOUND.keys() | NOT_SHOWN.keys() == set(USERS)
    assert all(len(why) > 20 for why in NOT_SHOWN.values())


@pytest.mark.clause("self-service", "access")
@pytest.mark.parametrize("record", own_data.FOUND, ids=lambda record: record.__name__)
def test_what_is_shown_says_something_and_no_secret(record: type[Any]) -> None:
    made = fields.declaration(record)
    shown = {name for said in (made.personal, made.opaque) for name, one in said.items() if one.export}
    assert shown or made.kind == "login", "a password and what it is looked up by: neither is shown"
    assert not [name for name in shown if name.endswith(("hash", "hashes", "verifier", "secret", "token"))]
