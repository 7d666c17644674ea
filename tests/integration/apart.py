"""A stack of its own for files that leave much behind, or look at everything there is: what lies in the stack of
all the others costs them nothing then, and they cost the others nothing.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from infra.local import LocalStack


def own_stack() -> Any:
    """A fixture to be called ``stack`` in such a file."""

    @pytest.fixture(name="stack", scope="module")
    def started() -> Iterator[LocalStack]:
        with LocalStack(proxy=True, quiet=True) as running:
            running.retry_after(3)
            yield running

    return started
