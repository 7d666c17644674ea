"""One engine for this folder: the deployed local stack, or what `make conformance` chose."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from chalicelib.kernel import ids
from chalicelib.store import vault
from tests.conformance.engine import Engine, chosen, running


@pytest.fixture(scope="package")
def _started() -> Iterator[Engine]:
    with running(chosen("emulator")) as engine:
        yield engine


@pytest.fixture
def engine(_started: Engine) -> Iterator[Engine]:
    """The engine, without the faults and the clock of the test before."""
    _started.reset()
    yield _started
    _started.reset()


@pytest.fixture
def company(engine: Engine) -> str:
    """A company with a key, of its own for every test."""
    made = ids.new("co")
    vault.create_key(made)
    return made
