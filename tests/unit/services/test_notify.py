"""Telling users something: no secret is kept where it can be read again, and every kind has its words."""

from __future__ import annotations

from typing import Any

import pytest

from chalicelib.privacy.notifications import Group, Kind
from chalicelib.records.accounts import User
from chalicelib.services import wording
from chalicelib.services.notifications import notify

pytestmark = pytest.mark.clause("notification")

USER = User(
    company_id="co_1",
    user_id="usr_1",
    declared_adult=True,
    free_mailbox=False,
    registered_at=1,
    locale="en",
    name="Mei",
    email="mei@tan.example",
)


@pytest.mark.parametrize("values", [{"code": "12345678"}, {"device": "x", "token": "secret"}])
def test_a_secret_is_refused_before_anything_is_written(values: dict[str, str]) -> None:
    unused: Any = None
    with pytest.raises(ValueError, match="a secret is for one mailbox"):
        notify.add(unused, USER, Kind.CREDENTIALS, "login_code", values)


@pytest.mark.parametrize("locale", ["en", "zh"])
@pytest.mark.parametrize("group", Group)
def test_every_mail_says_why_it_comes(locale: wording.Locale, group: Group) -> None:
    values = {"section": "4.3.4", "stop_url": "https://api.example/v1/notifications/stop/x"}
    closing = wording.fill_text(f"closing_{group.value}.txt", locale, values)
    made = wording.notice("password_changed", locale, {}, closing=closing)
    plain = wording.notice("password_changed", locale, {})
    assert made.subject == plain.subject
    assert made.text.startswith(plain.text)
    told = values["stop_url"] if group is Group.PRODUCT else values["section"]
    assert told in made.text
    assert told in made.html
    assert told not in plain.text
