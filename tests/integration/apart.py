"""A stack of its own for files that leave much behind, or look at everything there is: what lies in the stack of
all the others costs them nothing then, and they cost the others nothing.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from infra.local import LocalStack
from infra.local.package import ROOT

PACE = 2
"""Seconds after which a failed queue message comes back, twice as many after a second failure, and so on: soon
enough to be watched, and not so soon that a busy machine's cold start uses up all tries.
"""


@contextmanager
def running(project: Path = ROOT) -> Iterator[LocalStack]:
    """A stack while it is needed, of this project or of another folder's."""
    with LocalStack(proxy=True, quiet=True, forked=True, project=project) as stack:
        stack.retry_after(PACE)
        yield stack


def own_stack() -> Any:
    """A fixture to be called ``stack`` in such a file."""

    @pytest.fixture(name="stack", scope="module")
    def started() -> Iterator[LocalStack]:
        with running() as stack:
            yield stack

    return started
