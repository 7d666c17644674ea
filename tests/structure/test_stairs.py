"""The house has stairs that go down only, so that a reader finds every rule about data below what uses it."""

from __future__ import annotations

import sys
from graphlib import CycleError, TopologicalSorter

import pytest

from tests.structure.source import OURS, Module, product

BELOW = {
    "app": {"api", "workers"},
    "api": {"services", "store", "gateways", "records", "privacy", "kernel"},
    "workers": {"services", "store", "gateways", "records", "privacy", "kernel"},
    "services": {"store", "gateways", "records", "privacy", "kernel"},
    "store": {"records", "privacy", "kernel"},
    "gateways": {"records", "privacy", "kernel"},
    "records": {"privacy"},
    "privacy": set(),
    "kernel": set(),
    OURS: set(),
}
"""What each floor may import besides itself."""

ONLY_IN = {
    "chalice": {"app", "api", "workers"},
    "boto3": {"store", "gateways"},
    "botocore": {"store", "gateways"},
    "pynamodb": {"store"},
    "aws_encryption_sdk": {"store"},
}
ALSO_IN = {"chalicelib/kernel/aws.py": {"boto3", "botocore"}, "chalicelib/kernel/region.py": {"botocore"}}
PLAIN_FLOORS = ("records", "privacy")

MODULES = product()


def test_every_file_stands_on_a_floor() -> None:
    assert {module.floor for module in MODULES} <= BELOW.keys()
    assert len(MODULES) > 40


@pytest.mark.parametrize("module", MODULES, ids=lambda module: module.place)
def test_imports_go_down_only(module: Module) -> None:
    allowed = {module.floor, *BELOW[module.floor]}
    wrong = [
        f"{module.place}:{line} imports {name}"
        for name, line in module.imports()
        if name.split(".")[0] == OURS and name.count(".") and name.split(".")[1] not in allowed
    ]
    assert wrong == []


def test_no_file_is_understood_only_together_with_one_that_needs_it() -> None:
    """Not even for a type: what two files need of each other belongs into one of them, or a third."""
    files = [
        module for module in MODULES if module.path.stem != "__init__"
    ]  # a room's door leads into all of it
    rooms = {module.name for module in MODULES} - {module.name for module in files}
    needs = {module.name: {name for name, _ in module.imports()} - rooms for module in files}
    try:
        TopologicalSorter(needs).prepare()
    except CycleError as error:
        pytest.fail(" -> ".join(error.args[1]))


@pytest.mark.parametrize("module", MODULES, ids=lambda module: module.place)
def test_the_frameworks_stay_where_they_belong(module: Module) -> None:
    wrong = [
        f"{module.place}:{line} imports {name}"
        for name, line in module.imports()
        if (root := name.split(".")[0]) in ONLY_IN
        and module.floor not in ONLY_IN[root]
        and root not in ALSO_IN.get(module.place, set())
    ]
    assert wrong == []


@pytest.mark.clause("purposes")
@pytest.mark.parametrize(
    "module", [module for module in MODULES if module.floor in PLAIN_FLOORS], ids=lambda module: module.place
)
def test_rules_and_records_can_be_read_and_checked_without_any_library(module: Module) -> None:
    roots = {name.split(".")[0] for name, _ in module.imports()}
    assert roots - {OURS} <= sys.stdlib_module_names


def test_only_the_front_door_is_the_front_door() -> None:
    assert [
        module.place for module in MODULES for name, _ in module.imports() if name.split(".")[0] == "app"
    ] == []


def test_lazy_loading_by_name_is_used_once_and_stays_on_its_floor() -> None:
    """`import_module` hides from the reading above: only `store` may, and only for its own modules."""
    users = {
        module.place
        for module in MODULES
        if any(name.split(".")[-1] in {"import_module", "__import__"} for name, _ in module.calls())
    }
    assert users == {"chalicelib/store/__init__.py"}
    assert 'import_module(f"{__name__}.{name}")' in Module(MODULES[1].path.parent / "store/__init__.py").text
