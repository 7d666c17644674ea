"""The deployed stack, once per test run (and per worker): IAM enforced, every AWS call on record."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from chalicelib.privacy.personnel import StaffPosition
from infra.local import LocalStack
from tests.integration.apart import running
from tests.integration.client import User, sign_up
from tests.integration.incident_people import Desk


@pytest.fixture(scope="session")
def stack() -> Iterator[LocalStack]:
    with running() as stack:
        yield stack


@pytest.fixture(autouse=True)
def no_leftovers(request: pytest.FixtureRequest) -> Iterator[None]:
    """Faults and moved clocks of one test are not the next one's."""
    yield
    if "stack" in request.fixturenames:
        running: LocalStack = request.getfixturevalue("stack")
        running.wire.reset()
        running.reset_clock()
        running.forget_kills()


@pytest.fixture(scope="session")
def anna(stack: LocalStack) -> User:
    """A user whose state no test may spoil for the others: sessions, contacts and messages are added only."""
    return sign_up(stack)


@pytest.fixture
def desk(stack: LocalStack) -> Desk:
    """Somebody of the staff who deals with incidents."""
    return Desk(stack)


@pytest.fixture
def second(stack: LocalStack) -> Desk:
    """Somebody else of the staff, for what one person alone may not do."""
    return Desk(stack, StaffPosition.LEGAL)
