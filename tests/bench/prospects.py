"""What the base of prospects costs: to load by the row, and to search at a thousand and at a hundred thousand.

The first thousand come in through the deployed job. The others are put into the table as the job leaves them,
by a process of its own (`python -m tests.bench.prospects plant FROM TO`), because the emulator would take half an
hour; so does another that reads the beginning of a file of a hundred thousand rows, so that its peak is seen.
"""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

from infra.local import LocalStack
from infra.local.package import ROOT
from tests.bench.meter import metered, peak_mb
from tests.bench.report import Line, Section
from tests.integration.client import User, sign_up
from tests.integration.desks import unseen
from tests.integration.loader import GROUND, office, table

SMALL, LARGE = 1_000, 100_000
PIECES = 3
RECORDS = 10_000
LONGEST_SECONDS = 1_800
SEARCHES = {
    "industry": "industry=textiles",
    "industry, country, level": "industry=textiles&country=DE&position=manager",
    "a word": "q=werkzeug",
    "a word, sifted by country": "q=werkzeug&country=FR",
    "a business": "company=Werkzeug%2077",
    "nothing asked": "",
}
INDUSTRIES = ("Textiles", "Machinery", "Food", "Electronics", "Furniture")
COUNTRIES = ("Germany", "France", "China", "India", "Italy", "Spain", "Poland")
POSITIONS = ("CEO", "Head of Purchasing", "Purchasing manager", "Buyer", "Assistant")


def measure(stack: LocalStack, *, large: int = LARGE) -> list[Section]:
    """Load a thousand, search; plant up to a hundred thousand, search again."""
    staff, seeker = office(stack), sign_up(stack)
    content = table(_rows(0, SMALL))
    load = staff.begin(content)
    with metered(stack) as usage:
        began = time.monotonic()
        staff.start(load)
        done = staff.ended(load, LONGEST_SECONDS)
        seconds = time.monotonic() - began
    assert done["progress"]["taken"] == SMALL, done
    work = usage.of("run-files").warm
    figures: dict[str, float | str] = {
        "calls a row": len(work.calls) / SMALL,
        "read units a row": work.read_units / SMALL,
        "write units a row": work.write_units / SMALL,
        "rows a second": round(SMALL / seconds),
    }
    loading = [
        Line(f"load {SMALL:,} rows", figures, {"write units a row": 12.0, "calls a row": 0.7}),
        Line(
            f"the first {PIECES} pieces of a file of {LARGE:,} rows",
            _run(stack, "read", str(LARGE)),
            {"peak, MB": 300.0},
        ),
    ]
    before = _search(stack, seeker)
    _run(stack, "plant", str(SMALL), str(large))
    after = _search(stack, seeker)
    searching = []
    for name, small in before.items():
        for number, found in ((SMALL, small), (large, after[name])):
            # By what one page may cost, not by what the other one did: a page of the small base may be short.
            budget = {"queries": 7.0, "read units": 220.0, "calls": 13.0}
            searching.append(Line(f"{name}, of {number:,}", found, budget))
    notes = [
        "A page of 50: records with the company's own notes, three read units each; of the list 200 places at most.",
    ]
    return [Section("Loading prospects", loading), Section("Searching prospects", searching, notes)]


def _search(stack: LocalStack, seeker: User) -> dict[str, dict[str, float]]:
    found = {}
    for name, query in SEARCHES.items():
        with metered(stack) as usage:
            answer = seeker.call("GET", f"/v1/prospects?{query}")
            assert answer.status == 200, answer.body
        calls = usage.of("api").warm
        found[name] = {
            "shown": len(answer.json["items"]),
            "calls": len(calls.calls),
            "queries": sum(call.operation == "Query" for call in calls.calls),
            "read units": calls.read_units,
            "scans": sum(call.operation == "Scan" for call in calls.calls),
        }
    return found


def _rows(start: int, end: int) -> Iterator[dict[str, Any]]:
    for number in range(start, end):
        yield {
            "business_name": f"Werkzeug {number} GmbH",
            "website": f"https://w{number}.example",
            "name": f"Jana Rauch {number}",
            "position": POSITIONS[number // 35 % len(POSITIONS)],
            "email": f"jana{number}@w{number}.example",
            "phone": "+49 40 5550 1234",
            "industry": INDUSTRIES[number % len(INDUSTRIES)],
            "country": COUNTRIES[number // 5 % len(COUNTRIES)],
        }


def _run(stack: LocalStack, *arguments: str) -> dict[str, float]:
    run = subprocess.run(
        [sys.executable, "-m", "tests.bench.prospects", *arguments],
        env=unseen(stack),
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=LONGEST_SECONDS,
        check=False,
    )
    assert run.returncode == 0, run.stderr
    found: dict[str, float] = json.loads(run.stdout.splitlines()[-1])
    return found


def read(number: int) -> dict[str, float]:
    """Work through the first pieces of a long file as the queue would; how fast, and how much memory."""
    from chalicelib.gateways import files
    from chalicelib.kernel import clock
    from chalicelib.services.prospects import loading
    from chalicelib.store import loads
    from chalicelib.store.table import new_op

    load = _load()
    content = table(_rows(0, number))
    files.put(loading.key_of(load.load_id), content)
    size, tag = len(content), files.tag(loading.key_of(load.load_id))
    del content
    loads.LOADS.put_new(replace(load, size=size, file_tag=tag), op=new_op())
    known = loads.LOADS.get(load_id=load.load_id)
    assert known is not None
    before, began = peak_mb(), time.monotonic()
    for _ in range(PIECES):
        known = loading._piece(known, clock.elapsed() + loading.PIECE_SECONDS)
    seconds = time.monotonic() - began
    loads.LOADS.delete(known)  # or the sweep would let the rest be loaded beside what is measured next
    return {
        "rows a second": round(known.value.rows / seconds),
        "before, MB": round(before),
        "peak, MB": round(peak_mb()),
    }


def plant(start: int, end: int) -> dict[str, float]:
    """Put prospects into the table as a load leaves them: into the lists that the searches here read, with their
    records for the first ten thousand, which are the first in every list. The words are those of one of them.
    """
    from chalicelib.kernel import ids, settings
    from chalicelib.services.prospects import classes, entries
    from chalicelib.store import batches
    from chalicelib.store.prospects import STOCKED, posting_keys, postings

    first, found = entries.stocked(entries.entry(next(_rows(start, end))), _load(), None)
    (word, *_) = [one for one in found if one.shelf.startswith("word.")]
    options: dict[str, Any] = {"op": "op", "version": 1, "expires_at": None, "due": None, "policy": None}
    waiting: list[dict[str, Any]] = []
    for number, row in enumerate(_rows(start, end)):
        of = ids.new("pr")
        said: dict[str, Any] = {
            "sector": classes.sector(row["industry"]),
            "country": classes.country(row["country"]),
            "level": classes.level(row["position"]),
        }
        lists = postings(of, STOCKED.kind, **said, words=(), business=None)
        lists.append(replace(word, prospect_id=of, **said))
        record = replace(first, prospect_id=of, postings=posting_keys(lists), **said)
        if number < RECORDS:
            waiting.append(STOCKED.encode(record, **options).serialize())
        waiting += [_posting(key, said) for key in record.postings if not key.startswith("find#country")]
        while len(waiting) >= batches.ROWS or (waiting and start + number + 1 == end):
            some, waiting = waiting[: batches.ROWS], waiting[batches.ROWS :]
            wanted = [{"PutRequest": {"Item": one}} for one in some]
            batches.call("batch_write_item", RequestItems={settings.TABLE_PROSPECTS: wanted})
    return {"rows": end - start}


def _posting(key: str, said: dict[str, str]) -> dict[str, Any]:
    pk, _, sk = key.partition("\0")
    facts = {name: {"S": code} for name, code in said.items()}
    fixed = {"kind": {"S": "posting"}, "op": {"S": "op"}, "version": {"N": "1"}}
    return {"pk": {"S": pk}, "sk": {"S": sk}, **fixed, "facts": {"M": facts}}


def _load() -> Any:
    from chalicelib.kernel import clock, ids
    from chalicelib.records.loads import FileFormat, Informing, Load, LoadState

    return Load(
        load_id=ids.new("ld"),
        state=LoadState.RUNNING,
        file_format=FileFormat.CSV,
        source=GROUND["source"],
        collected_on=GROUND["collected_on"],
        balancing=GROUND["balancing"],
        informing=Informing.GIVEN,
        informing_note=GROUND["informing_note"],
        made_by="stf",
        made_at=clock.now(),
        started_at=clock.now(),
    )


if __name__ == "__main__":
    works: dict[str, Callable[..., dict[str, float]]] = {"read": read, "plant": plant}
    print(json.dumps(works[sys.argv[1]](*map(int, sys.argv[2:]))))
