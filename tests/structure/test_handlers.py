"""Each deployed handler, imported as Lambda does: by its string, in an interpreter of its own."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from typing import Any

import pytest

from tests.structure.source import ROOT

HEAVY = (
    "aws_encryption_sdk",
    "aws_lambda_powertools",
    "boto3",
    "botocore",
    "cryptography",
    "email_validator",
    "nh3",
    "pydantic",
    "pynamodb",
)
"""Each costs 15 to 250 ms of a cold start (docs/decisions, `make bench`)."""

NEVER = {
    "app.app": {"aws_encryption_sdk", "boto3", "botocore", "cryptography", "nh3", "pynamodb"},
    "chalicelib.workers.edge.edge": {
        "aws_encryption_sdk",
        "aws_lambda_powertools",
        "boto3",
        "email_validator",
        "nh3",
        "pydantic",
        "pynamodb",
    },
}
WORKER = {"app", "pydantic", "chalicelib.api"}
"""What no worker loads: the front door, and what only requests need."""

_LIST = """
import json, app
found = app.app.event_sources + app.app.pure_lambda_functions
print(json.dumps({one.name: one.handler_string for one in found}))
"""
_LOAD = """
import json, sys
from importlib import import_module
module, _, name = sys.argv[1].rpartition(".")
handler = getattr(import_module(module), name)
inner, depth = handler, 0
while hasattr(inner, "func") and depth < 5:
    inner, depth = inner.func, depth + 1
inner = getattr(inner, "_original_func", inner)  # of a workflow's steps
print(json.dumps({
    "loaded": sorted(sys.modules),
    "callable": callable(handler),
    "guarded": getattr(inner, "guarded", False),
}))
"""


def _python(code: str, *arguments: str) -> Any:
    # Nothing of this process's surroundings: a handler may not need an environment variable to be imported.
    environment = {"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT)}
    run = subprocess.run(
        [sys.executable, "-c", code, *arguments],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert run.returncode == 0, run.stderr
    assert run.stderr == ""
    return json.loads(run.stdout)


@cache
def workers() -> dict[str, str]:
    """Function name -> handler string, as Chalice will package them."""
    found: dict[str, str] = _python(_LIST)
    return found


@cache
def loaded() -> dict[str, dict[str, Any]]:
    """What importing each handler string did."""
    handlers = ["app.app", *workers().values()]
    with ThreadPoolExecutor(2) as threads:
        return dict(
            zip(handlers, threads.map(lambda handler: _python(_LOAD, handler), handlers), strict=True)
        )


def heavy(handler: str) -> set[str]:
    return set(HEAVY) & set(loaded()[handler]["loaded"])


def test_every_function_has_its_settings_and_its_policy() -> None:
    config = json.loads((ROOT / ".chalice/config.json").read_text())["stages"]["prod"]["lambda_functions"]
    # `staff` is `app.app` once more: packaging makes it (infra/local/staff_function.py).
    assert config.keys() == {"api_handler", "staff", *workers()}
    for name, settings in config.items():
        policy = settings["iam_policy_file"]
        assert policy == f"../infra/policies/{name.removesuffix('_handler')}.json"
        assert (ROOT / ".chalice" / policy).exists()


def test_a_worker_is_deployed_by_its_own_module() -> None:
    for name, handler in workers().items():
        assert re.fullmatch(rf"chalicelib\.workers\.[a-z]+\.{name}", handler)


@pytest.mark.clause("access")
def test_every_handler_is_guarded_so_that_no_failure_logs_what_a_person_wrote() -> None:
    for handler in workers().values():
        assert loaded()[handler]["callable"]
        # The edge catches everything itself: its answers, not a retry, are what people see.
        assert loaded()[handler]["guarded"] or handler.endswith("edge.edge"), handler


def test_workers_start_without_the_front_door() -> None:
    for handler in workers().values():
        modules = set(loaded()[handler]["loaded"])
        assert not modules & WORKER, handler


@pytest.mark.parametrize("handler", NEVER)
def test_nobody_waits_for_libraries_that_the_first_answer_does_not_need(handler: str) -> None:
    assert heavy(handler) & NEVER[handler] == set()


@pytest.mark.clause("access")
def test_the_edge_cannot_open_anything_because_it_does_not_even_load_the_vault() -> None:
    modules = loaded()["chalicelib.workers.edge.edge"]["loaded"]
    assert [name for name in modules if name.startswith("chalicelib.store")] == []


def test_importing_a_handler_loads_no_driver_before_there_is_work() -> None:
    for handler in workers().values():
        assert not heavy(handler) & {"pynamodb", "aws_encryption_sdk", "boto3"}, handler
