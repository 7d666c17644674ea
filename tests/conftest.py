"""What holds for a whole run of the tests: which services were called, and where (clause `singapore`).

Every call that a deployed function makes goes over the wire, which notes the service and the region the call was
signed for. The run says so at its end and fails if one of them lies outside Singapore, whichever test made it.
"""

from __future__ import annotations

from typing import Any

import pytest

from chalicelib.kernel import settings
from infra.local import wire
from tests.deep import is_deep

REACHED = pytest.StashKey[set[tuple[str, str]]]()


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--deep", action="store_true", help="also what tests/deep.py lists")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if config.getoption("--deep"):
        return
    left_out = [item for item in items if is_deep(item.nodeid)]
    items[:] = [item for item in items if not is_deep(item.nodeid)]
    config.hook.pytest_deselected(items=left_out)


def pytest_configure(config: pytest.Config) -> None:
    config.stash[REACHED] = set()


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any, error: object) -> None:
    """What a worker process of the run reports."""
    output = getattr(node, "workeroutput", {})
    node.config.stash[REACHED] |= {(service, region) for service, region in output.get("reached", ())}


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    reached = session.config.stash[REACHED]
    reached |= wire.REACHED
    output = getattr(session.config, "workeroutput", None)
    if output is not None:
        output["reached"] = sorted(reached)
    elif abroad(reached) and session.exitstatus == pytest.ExitCode.OK:
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def pytest_terminal_summary(terminalreporter: Any, config: pytest.Config) -> None:
    if reached := config.stash[REACHED]:
        terminalreporter.section("services called, and where (clause singapore)")
        for service, region in sorted(reached):
            mark = "OUTSIDE SINGAPORE" if (service, region) in abroad(reached) else ""
            terminalreporter.write_line(f"{service:16} {region} {mark}".rstrip())


def abroad(reached: set[tuple[str, str]]) -> set[tuple[str, str]]:
    """Those of the calls that data may not take."""
    return {(service, region) for service, region in reached if region != settings.REGION}
