"""Pushes as they are handed over: what is offered follows from the installation; no text carries a value."""

from __future__ import annotations

import json
from string import Template

import pytest

from chalicelib.gateways import push
from chalicelib.kernel.errors import ConflictError
from chalicelib.privacy.notifications import Group
from chalicelib.records.notifications import Platform
from chalicelib.services import wording
from chalicelib.services.notifications import push as devices

pytestmark = pytest.mark.clause("notification")


def test_push_is_offered_where_the_operator_has_an_application(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("PUSH_APNS_ARN", raising=False)
    monkeypatch.setenv("PUSH_FCM_ARN", "")
    assert push.offered() == []
    with pytest.raises(ConflictError) as refused:
        devices.register("co_1", "usr_1", Platform.APNS, "token")
    assert refused.value.code == "push_not_offered"
    monkeypatch.setenv("PUSH_FCM_ARN", "arn:aws:sns:ap-southeast-1:1:app/GCM/okki-leads")
    assert push.offered() == [Platform.FCM]


@pytest.mark.clause("cross-border")
@pytest.mark.parametrize("locale", ["en", "zh"])
@pytest.mark.parametrize("group", Group)
def test_every_text_that_leaves_the_region_is_fixed_and_short(locale: wording.Locale, group: Group) -> None:
    name = f"push_{group.value}.txt"
    assert Template(wording.source(name, locale)).get_identifiers() == []
    text = wording.fill_text(name, locale, {}).strip()
    assert "\n" not in text
    message = push._message(text, "ntf_00000000000000000000000000")
    assert len(message.encode()) < 2048, "SNS takes 256 KB, Apple 4 KB of a payload"
    forms = json.loads(message)
    assert forms["default"] == text
    assert forms["APNS"] == forms["APNS_SANDBOX"]
    for form in ("APNS", "GCM"):
        json.loads(forms[form])
