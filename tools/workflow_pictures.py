"""Draws docs/workflows/*.svg: the stages of each state machine in order, and what leads from one to the next.

The stages and their words are the definition's (infra/statemachines); the arrows are read from the deeds,
from the stages they name where they move a workflow, so a picture tells of no way that is not in the code.
`python -m tools.workflow_pictures` draws; `--check` exits 1 when a picture is stale.
"""

from __future__ import annotations

import argparse
import ast
import inspect
import json
import pkgutil
import sys
import textwrap
from collections.abc import Callable, Iterator, Mapping, Sequence
from html import escape
from importlib import import_module
from pathlib import Path
from types import FunctionType, ModuleType
from typing import Any, Final, NamedTuple

from chalicelib.records.workflows import OVER, WAIT, Machine

ROOT: Final = Path(__file__).resolve().parent.parent
DEFINITIONS: Final = ROOT / "infra/statemachines"
PICTURES: Final = ROOT / "docs/workflows"

SAME: Final = "same"
"""Where it stands already, whichever that is."""
HUB: Final = 4
"""A stage that leads to more others than these goes wherever the rows say: drawn as a rail that all share."""
_LEFT, _WIDTH, _HEIGHT, _GAP, _TOP, _LANE = 200, 400, 54, 34, 96, 22
_STYLE: Final = (
    "text{font-family:sans-serif;fill:#1b1f24}.s{font-size:15px;font-weight:600}.c{font-size:12px;fill:#57606a}"
    ".b{fill:#f6f8fa;stroke:#57606a}.e{fill:none;stroke:#0969da;stroke-width:1.5}.w{stroke-dasharray:6 4}"
)
_ARROW: Final = (
    '<defs><marker id="a" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="8" markerHeight="8" '
    'orient="auto-start-reverse"><path d="M0 0 8 4 0 8z" fill="#0969da"/></marker></defs>'
)
_LEGEND: Final = (
    "solid: at once; dashed: when its time has come; from the left edge: begun or moved there by others"
)


class Way(NamedTuple):
    """From one stage to another; ``waits``: when a time has come, otherwise at once."""

    start: str
    end: str
    waits: bool


def deeds(machine: Machine) -> Mapping[str, Callable[..., None]]:
    """What is done at each stage of a machine, in order."""
    stages = import_module(f"chalicelib.services.{_room(machine)}.stages")
    found: Mapping[str, Callable[..., None]] = stages.DEEDS
    return found


def _room(machine: Machine) -> str:
    return "incidents" if machine is Machine.INCIDENT else machine.value


def definition(machine: Machine) -> dict[str, Any]:
    """A definition as it is deployed, less its function's name."""
    found: dict[str, Any] = json.loads((DEFINITIONS / f"{machine.value}.asl.json").read_text())
    return found


def tasks(machine: Machine) -> dict[str, dict[str, Any]]:
    """Stage -> the state that has its deed done, in the definition's order."""
    states = definition(machine)["States"]
    return {
        state["Parameters"]["stage"]: {"name": name, **state}
        for name, state in states.items()
        if state["Type"] == "Task" and state["Parameters"]["stage"] != WAIT
    }


def ways(machine: Machine) -> list[Way]:
    """Where the deeds lead, read from their code."""
    known = deeds(machine)
    found: list[Way] = []
    for stage, deed in known.items():
        for end, waits in _moves(deed, {*known, OVER}, set()):
            way = Way(stage, stage if end == SAME else end, waits)
            if way not in found:
                found.append(way)
    return found


def entries(machine: Machine) -> set[str]:
    """Where a workflow is begun, or moved to by others than its deeds: by whoever takes it back, say."""
    known = deeds(machine)
    stages, seen = {*known, OVER}, set[Any]()
    for deed in known.values():
        list(_moves(deed, stages, seen))
    found: set[str] = set()
    room = import_module(f"chalicelib.services.{_room(machine)}")
    for module in pkgutil.iter_modules(room.__path__, f"{room.__name__}."):
        for function in vars(import_module(module.name)).values():
            own = isinstance(function, FunctionType) and function.__module__.startswith(room.__name__)
            if own and not _counted(function, seen):
                found |= {end for end, _ in _moves(function, stages, seen) if end != SAME}
    return found


def _counted(function: FunctionType, seen: set[Any]) -> bool:
    """Whether a function is one of those, or the one that made one of them."""
    within = {one.__code__ for one in seen}
    return function in seen or any(code in within for code in function.__code__.co_consts)


def _moves(function: Any, stages: set[str], seen: set[Any]) -> Iterator[tuple[str, bool]]:
    """The stages that a function moves to, itself or by functions of its own room; `SAME` where it stands."""
    if function in seen or not isinstance(function, FunctionType):
        return
    seen.add(function)
    room = function.__module__.rpartition(".")[0]
    known = {**function.__globals__, **inspect.getclosurevars(function).nonlocals}
    for node in ast.walk(_tree(function)):
        if isinstance(node, ast.Assign):
            yield from ((end, False) for end in _assigned(node, stages, known))
        if not isinstance(node, ast.Call):
            continue
        target = _resolve(node.func, known)
        if not isinstance(target, FunctionType):
            continue
        if "stage" in inspect.signature(target).parameters:
            until = [one.value for one in node.keywords if one.arg == "until"]
            waits = any(not (isinstance(one, ast.Constant) and one.value is None) for one in until)
            given = [*node.args, *(one.value for one in node.keywords if one.arg == "stage")]
            yield from ((end, waits) for one in given for end in _named(one, stages, known))
        if target.__module__.rpartition(".")[0] == room:
            yield from _moves(target, stages, seen)


def _tree(function: FunctionType) -> ast.Module:
    return ast.parse(textwrap.dedent(inspect.getsource(function)))


def _assigned(node: ast.Assign, stages: set[str], known: Mapping[str, Any]) -> Iterator[str]:
    """Stages put into a variable called `stage`, alone or together with others, or by a function that says
    which it is.
    """
    for target in node.targets:
        pairs = [(target, node.value)]
        if isinstance(target, ast.Tuple) and isinstance(node.value, ast.Tuple):
            pairs = list(zip(target.elts, node.value.elts, strict=True))
        for name, value in pairs:
            if not (isinstance(name, ast.Name) and name.id == "stage"):
                continue
            yield from _named(value, stages, known)
            said = _resolve(value.func, known) if isinstance(value, ast.Call) else None
            if isinstance(said, FunctionType):
                returned = (one.value for one in ast.walk(_tree(said)) if isinstance(one, ast.Return))
                for one in returned:
                    yield from () if one is None else _named(one, stages, said.__globals__)


def _named(value: ast.expr, stages: set[str], known: Mapping[str, Any]) -> Iterator[str]:
    match value:
        case ast.Constant(value=str(text)) if text in stages:
            yield text
        case ast.Attribute(attr="stage"):
            yield SAME
        case ast.Name() | ast.Attribute():
            text = _resolve(value, known)
            if isinstance(text, str) and text in stages:
                yield text
        case ast.IfExp():
            yield from _named(value.body, stages, known)
            yield from _named(value.orelse, stages, known)


def _resolve(name: ast.expr, known: Mapping[str, Any]) -> Any:
    match name:
        case ast.Name():
            return known.get(name.id)
        case ast.Attribute(value=ast.Name(id=module)) if isinstance(known.get(module), ModuleType):
            return getattr(known[module], name.attr, None)
    return None


def picture(machine: Machine) -> str:
    """A machine as an SVG document."""
    known = tasks(machine)
    order = [stage for stage in deeds(machine) if stage in known] + [OVER]
    place = {stage: _TOP + number * (_HEIGHT + _GAP) for number, stage in enumerate(order)}
    found = [way for way in ways(machine) if way.start in place and way.end in place]
    free = {one for one in order if len({way.end for way in found if way.start == one != way.end}) > HUB}
    rail = {way.end for way in found if way.start in free} | free
    found = [way for way in found if way.start not in free or way.start == way.end]
    back = [way for way in found if place[way.end] <= place[way.start]]
    far = [way for way in found if place[way.end] > place[way.start] + _HEIGHT + _GAP]
    near = [way for way in found if way not in back and way not in far]
    alone = {one for one in order if not any(way.end == one != way.start for way in found)}
    inward = [one for one in order if one in (alone - rail) | entries(machine)]
    height = _TOP + len(order) * (_HEIGHT + _GAP)
    width = _LEFT + _WIDTH + 120 + _LANE * (1 + len(far))
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" role="img">',
        f"<title>{escape(machine.value)}</title><style>{_STYLE}</style>",
        _ARROW,
        f'<rect width="{width}" height="{height}" fill="#fff"/>',
        f'<text x="20" y="32" class="s">{escape(machine.value)}</text>',
        f'<text x="20" y="52" class="c">{escape(definition(machine)["Comment"])}</text>',
        f'<text x="20" y="70" class="c">{_LEGEND}</text>',
    ]
    parts += [_box(one, place[one], known.get(one)) for one in order]
    middle = _LEFT + _WIDTH // 2
    for way in near:
        shift = middle + (40 if way.waits else 0)
        parts.append(_edge(f"M{shift} {place[way.start] + _HEIGHT}V{place[way.end] - 2}", way))
    for lane, way in enumerate(sorted(far, key=lambda one: place[one.end] - place[one.start])):
        side = _LEFT + _WIDTH
        out, back_in = place[way.start] + 18, place[way.end] + 14 + 6 * (lane % 4)
        parts.append(_edge(f"M{side} {out}H{side + _LANE * (lane + 1)}V{back_in}H{side + 2}", way))
    for lane, way in enumerate(sorted(back, key=lambda one: place[one.start] - place[one.end])):
        out, back_in = place[way.start] + 40, place[way.end] + 14 + 4 * (lane % 4)
        edge = _LEFT - _LANE - (8 * lane) % 130
        parts.append(_edge(f"M{_LEFT} {out}H{edge}V{back_in}H{_LEFT - 2}", way))
    parts += _rail([(place[one] + _HEIGHT // 2, one in free) for one in order if one in rail])
    for one in inward:
        y = place[one] + _HEIGHT // 2
        parts.append(f'<path class="e" d="M10 {y}H{_LEFT - 2}" marker-end="url(#a)"/>')
    return "\n".join([*parts, "</svg>"]) + "\n"


def _rail(places: Sequence[tuple[int, bool]]) -> Iterator[str]:
    """A line beside the stages that lead to each other; what only ends there leads nowhere."""
    if not places:
        return
    side, ends = _LEFT + _WIDTH, [y for y, _ in places]
    yield f'<path class="e" d="M{side + 34} {min(ends)}V{max(ends)}"/>'
    yield f'<text x="{side + 42}" y="{min(ends) + 4}" class="c">the rows</text>'
    yield f'<text x="{side + 42}" y="{min(ends) + 18}" class="c">say which</text>'
    for y, leads_on in places:
        start = ' marker-start="url(#a)"' if leads_on else ""
        yield f'<path class="e" d="M{side + 32} {y}H{side + 2}"{start} marker-end="url(#a)"/>'


def _box(stage: str, top: int, task: Mapping[str, Any] | None) -> str:
    said = "Nothing is left to do." if task is None else str(task.get("Comment", ""))
    name = stage if task is None else f"{stage} · {task['name']}"
    lines = textwrap.wrap(said, 62)[:2]
    words = "".join(
        f'<text x="{_LEFT + 12}" y="{top + 36 + 13 * number}" class="c">{escape(line)}</text>'
        for number, line in enumerate(lines)
    )
    return (
        f'<rect class="b" x="{_LEFT}" y="{top}" width="{_WIDTH}" height="{_HEIGHT}" rx="6"/>'
        f'<text x="{_LEFT + 12}" y="{top + 20}" class="s">{escape(name)}</text>{words}'
    )


def _edge(path: str, way: Way) -> str:
    return f'<path class="e{" w" if way.waits else ""}" d="{path}" marker-end="url(#a)"/>'


def main(arguments: Sequence[str] | None = None) -> int:
    """Draw, or with ``--check`` say which picture is stale."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true")
    check = parser.parse_args(arguments).check
    stale = 0
    for machine in Machine:
        file, drawn = PICTURES / f"{machine.value}.svg", picture(machine)
        if check and (not file.exists() or file.read_text() != drawn):
            sys.stderr.write(f"{file.relative_to(ROOT)} is stale: python -m tools.workflow_pictures\n")
            stale = 1
        elif not check:
            PICTURES.mkdir(parents=True, exist_ok=True)
            file.write_text(drawn)
    return stale


if __name__ == "__main__":
    sys.exit(main())
