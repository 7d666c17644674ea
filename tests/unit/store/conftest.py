"""Tables and a KMS with real cryptography (moto's), in this process; `make conformance` brings AWS's tables."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from chalicelib.kernel import ids
from chalicelib.store import vault
from tests.conformance.engine import Engine, chosen, running


@pytest.fixture(scope="package")
def _started() -> Iterator[Engine]:
    with running(chosen("moto")) as engine:
        yield engine


@pytest.fixture
def engine(_started: Engine) -> Iterator[Engine]:
    """The engine, without the clock of the test before."""
    _started.reset()
    yield _started
    _started.reset()


@pytest.fixture
def company(engine: Engine) -> str:
    """A company with a key."""
    made = ids.new("co")
    vault.create_key(made)
    return made
