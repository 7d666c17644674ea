"""A refusal can be counted and shown, and carries nobody's data."""

from __future__ import annotations

import pytest

from chalicelib.privacy.decisions import Refused

pytestmark = pytest.mark.clause("purposes")


@pytest.mark.parametrize(
    "text", ["", "Ann refused", "ann@example.com", "Not_Lower", "ends.with", "two words"]
)
def test_a_reason_that_could_name_a_person_is_not_accepted_and_not_echoed(text: str) -> None:
    with pytest.raises(ValueError, match="snake_case") as caught:
        Refused("consent", text)
    assert not text or text not in str(caught.value)


def test_equal_refusals_are_counted_as_one_kind() -> None:
    assert len({Refused("consent", "recipient_refused"), Refused("consent", "recipient_refused")}) == 1
