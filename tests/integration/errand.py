"""A machine for the tests of the engine: the project's own code, with deeds of three stages in the place of one
machine's. What is tried is the engine, the definition's shape, the guard and the sweep; the deeds only count.
"""

from __future__ import annotations

import copy
import json
import shutil
from pathlib import Path
from typing import Any, Final

from infra.local.package import ROOT

STAGES: Final = ("fetch", "carry", "deliver")

DEEDS: Final = '''"""Deeds that count themselves in what they move."""

from chalicelib.kernel import clock
from chalicelib.kernel.errors import UnavailableError
from chalicelib.records.workflows import OVER
from chalicelib.services.workflows import engine


def fetch(known):
    """One piece after another, three of them; then a day's wait."""
    pieces = known.value.why.count("+") + 1
    if pieces < 3:
        engine.move(known, "fetch", why="+" * pieces)
        return
    engine.move(known, "carry", why="+" * pieces, until=clock.now() + 86_400)


def carry(known):
    """Refuses to be done before its time, whoever asks."""
    if clock.now() < known.value.until:
        raise UnavailableError
    engine.move(known, "deliver", why=known.value.why)


def deliver(known):
    """Comes back without moving as long as it is asked to: longer work of which nobody hears."""
    if known.value.why.endswith("wait"):
        return
    engine.move(known, OVER, why=known.value.why)


DEEDS = {"fetch": fetch, "carry": carry, "deliver": deliver}
'''

WORKER: Final = """from chalice import Blueprint

from chalicelib import store
from chalicelib.kernel import step
from chalicelib.records.workflows import Machine
from chalicelib.services.discontinuation import errands
from chalicelib.services.workflows import engine

bp = Blueprint(__name__)


@bp.lambda_function(name="end_product")
@step.guard
def end_product(event):
    act = event.get("act")
    if act is None:
        return engine.step(event, errands.DEEDS)
    if act == "begin":
        transaction = store.transaction.Transaction(store.table.new_op())
        made = engine.begin(transaction, Machine.DISCONTINUATION, "end_errand", "fetch", why=event["why"])
        transaction.commit()
        engine.start(made)
        return {"id": made.workflow_id}
    if act == "wake":
        engine.wake(event["id"])
    if act == "until":
        known = engine.find(event["id"])
        engine.move(known, known.value.stage, until=event["until"], why=event["why"])
    return {}
"""


def definition() -> dict[str, Any]:
    """A definition of the shape that all have, with the errand's stages."""
    known = json.loads((ROOT / "infra/statemachines/discontinuation.asl.json").read_text())
    states = {
        name: state for name, state in known["States"].items() if state["Type"] != "Task" or name == "Look"
    }
    choices = [one for one in states["Which"]["Choices"] if one["Next"] in states]
    for stage in STAGES:
        states[stage.title()] = task = copy.deepcopy(known["States"]["Look"])
        task["Parameters"]["stage"] = stage
        choices.append({"Variable": "$.stage", "StringEquals": stage, "Next": stage.title()})
    states["Which"] = {**states["Which"], "Choices": choices}
    return {**known, "States": states}


def project(folder: Path) -> Path:
    """A copy of the project in which the machine `discontinuation` runs errands."""
    copied = folder / "project"
    for name in ("app.py", "requirements.txt", "chalicelib", ".chalice", "infra"):
        source = ROOT / name
        if source.is_dir():
            ignored = shutil.ignore_patterns("__pycache__", "deployments")
            shutil.copytree(source, copied / name, ignore=ignored)
        else:
            copied.mkdir(exist_ok=True)
            shutil.copy(source, copied / name)
    (copied / "chalicelib/services/discontinuation/errands.py").write_text(DEEDS)
    (copied / "chalicelib/workers/discontinuation.py").write_text(WORKER)
    policy = copied / "infra/policies/end_product.json"
    policy.write_text(policy.read_text().replace("okki-leads-cancellation", "okki-leads-discontinuation"))
    machine = copied / "infra/statemachines/discontinuation.asl.json"
    machine.write_text(json.dumps(definition()))
    return copied
