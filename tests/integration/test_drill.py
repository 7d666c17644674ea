"""The drill that staff practise on is itself right: from the first minute to the closing report, as the runbook has it."""

from __future__ import annotations

import pytest

from infra.local import LocalStack, drill
from tests.integration.apart import own_stack

stack = own_stack()


@pytest.mark.clause("incidents")
def test_a_breach_runs_from_its_first_minute_to_the_closing_report(
    stack: LocalStack, capsys: pytest.CaptureFixture[str]
) -> None:
    drill.run(stack)
    said = capsys.readouterr().out
    assert "the closing report: closed" in said
    assert "late" not in said
