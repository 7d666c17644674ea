"""The published record of processing is the code's, today."""

from __future__ import annotations

import pytest

from tools import processing_record


@pytest.mark.clause("purposes")
def test_the_committed_record_of_processing_is_current() -> None:
    assert processing_record.PAGE.read_text("utf-8") == processing_record.page()
