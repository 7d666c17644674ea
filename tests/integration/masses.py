"""`python -m tests.integration.masses`, a wish on its standard input: notices to many people, begun past the front door.

Run in a process of its own, because the store finds its endpoints in the environment. Everything else in this file is
for the tests that start it.
"""

from __future__ import annotations

import gc
import json
import os
import sys
import tracemalloc
from collections import Counter
from dataclasses import dataclass, replace
from typing import Any

from chalicelib import store
from chalicelib.kernel import clock
from chalicelib.privacy.notifications import Kind
from chalicelib.records.mass import Audience, MassState, MassTold, Outcome
from chalicelib.services.notifications import mass, mass_people, mass_walk
from infra.local import LocalStack
from tests.integration.client import User, eventually
from tests.integration.desks import at_desk, surroundings
from tests.integration.letters import batch_of, drained, failed, rows, sample

QUICK = 100
"""People a second: nobody waits for SES here."""


@dataclass(frozen=True)
class Notice:
    """A notice to many in a stack, found in mails by its mark."""

    stack: LocalStack
    id: str
    mark: str

    def add(self, *people: dict[str, Any], values: dict[str, str] | None = None) -> None:
        listed = [[one["company"], one["user"]] for one in people]
        wish(self.stack, "add", mass=self.id, people=listed, values=values or {})

    def start(self) -> None:
        wish(self.stack, "start", mass=self.id)

    def row(self) -> dict[str, Any]:
        """The notice as stored."""
        key = {"pk": {"S": f"mass#{self.id}"}, "sk": {"S": "mass"}}
        found = self.stack.client("dynamodb").get_item(TableName="okki-leads-accounts", Key=key)["Item"]
        return {name: next(iter(one.values())) for name, one in found["facts"]["M"].items()}

    @property
    def state(self) -> str:
        return str(self.row()["state"])

    def counted(self) -> dict[str, int]:
        """People by outcome, of the last whole pass."""
        return {name: int(one["N"]) for name, one in self.row()["counted"].items() if name != "sent"}

    def told(self) -> Counter[str]:
        """How often each address was written to."""
        return Counter(mail["to"][0] for mail in self.stack.mails() if self.mark in mail["subject"])

    def people(self) -> dict[str, dict[str, Any]]:
        """What is on record of each person, by user."""
        return {
            row["sk"]["S"].split("#")[1]: {n: next(iter(v.values())) for n, v in row["facts"]["M"].items()}
            for row in rows(self.stack, "accounts")
            if row["kind"]["S"] == "mass_told" and row["sk"]["S"].endswith(self.id)
        }

    def outcomes(self) -> Counter[str]:
        return Counter(str(one["outcome"]) for one in self.people().values())

    def poke(self) -> list[int]:
        """The queue's message, once more."""
        event = batch_of("mass", json.dumps({"mass": self.id}))
        return failed(self.stack.invoke("TellPeople", event))

    def reaches(self, *states: str, seconds: float = 60) -> str:
        return eventually(lambda: now if (now := self.state) in states else None, seconds)

    def settle(self, state: str = "done") -> None:
        """Let SES report what it will, and everybody be looked at once more, until nothing is left to look at."""
        for _ in range(6):
            found = self.reaches("settling", state)
            drained(self.stack, "mass", "feedback")
            if found == state:
                return
            self.stack.advance(601)
            sweep(self.stack)
            drained(self.stack, "mass")
        raise AssertionError(f"it did not become {state}")


def as_listed(user: User) -> dict[str, Any]:
    return {"company": user.company["id"], "user": user.me["id"], "email": user.email}


def emails(them: list[dict[str, Any]]) -> dict[str, int]:
    return {one["email"]: 1 for one in them}


def sweep(stack: LocalStack) -> None:
    stack.invoke("Sweep", sample("schedule-sweep"))


def begin(
    stack: LocalStack,
    *people: dict[str, Any],
    kind: Kind = Kind.INCIDENT,
    audience: Audience = Audience.LISTED,
    start: bool = True,
    **more: Any,
) -> Notice:
    """Begin a notice to these people."""
    mark = os.urandom(6).hex()
    made: str = wish(stack, "begin", kind=kind, audience=audience, mark=mark, **more)["mass"]
    notice = Notice(stack, made, mark)
    if people:
        notice.add(*people)
    if start:
        notice.start()
    return notice


def wish(stack: LocalStack, act: str, **what: Any) -> Any:
    """Have something done at the desk."""
    return at_desk("tests.integration.masses", env=surroundings(stack), said={"act": act, **what})


def weigh(stack: LocalStack, people: list[dict[str, Any]]) -> int:
    """Tell these people at the desk; the most memory that Python held after a piece, bytes."""
    client = stack.client("lambda")
    known = client.get_function_configuration(FunctionName="okki-leads-tell-people")
    made = begin(stack, *people, start=False)
    environment: dict[str, str] = known["Environment"]["Variables"]
    found: int = wish(stack, "weigh", mass=made.id, environment=environment)
    return found


# -- in the other process ----------------------------------------------------------------------------------


def _begin(what: dict[str, Any]) -> dict[str, str]:
    transaction = store.transaction.Transaction(store.table.new_op())
    rounds = {name: what[name] for name in ("rounds_until", "round_every") if name in what}
    texts = {"version": what["mark"], "effective_on": "2027-03-01", "changes": "What there is to say."}
    made = mass.begin(
        transaction,
        kind=Kind(what["kind"]),
        about="inc_" + "0" * 26,
        audience=Audience(what["audience"]),
        template="policy_updated",
        texts={"en": texts, "zh": texts},
        **rounds,
    )
    transaction.commit()
    mass.set_pace(made, what.get("pace", QUICK))
    return {"mass": made}


def _add(what: dict[str, Any]) -> None:
    mass.add(what["mass"], [(company, user) for company, user in what["people"]], what["values"])


def _claim(what: dict[str, Any]) -> None:
    """What a worker leaves behind that dies after it claimed somebody."""
    now = clock.now()
    claim = MassTold(
        company_id=what["company"],
        user_id=what["user"],
        mass_id=what["mass"],
        about=Kind(what["kind"]),
        at=now,
        outcome=Outcome.CLAIMED,
        tried_at=now,
        tried_in=1,
    )
    store.mass.TOLD.put_new(claim, op=store.table.new_op())


def _weigh(what: dict[str, Any]) -> int:
    """Walk past everybody as the function does, without its queue."""
    os.environ.update({name: text for name, text in what["environment"].items() if "AWS" not in name})
    rows = store.mass.MASSES
    known, text = rows.get(mass_id=what["mass"]), store.mass.TEXTS.get(mass_id=what["mass"])
    assert known is not None
    assert text is not None
    under_way = replace(known.value, state=MassState.RUNNING, passes=1, per_second=200)
    rows.replace(known, under_way, op=store.table.new_op())
    store.mass.members("co_" + "0" * 26, "", 1)  # what is loaded once is not weighed
    end, most = None, 0
    tracemalloc.start()
    while end is not mass_walk.End.OVER:
        piece = mass_walk.Piece(under_way, mass_people.Notice(under_way, text.value))
        mass_walk.walk(piece)
        under_way, end = piece.mass, piece.end
        assert piece.passed
        gc.collect()  # the library of mails makes classes in circles, which wait for this
        most = max(most, tracemalloc.get_traced_memory()[0])
    return most


if __name__ == "__main__":
    wanted = json.load(sys.stdin)
    acts = {
        "begin": _begin,
        "add": _add,
        "start": lambda what: mass.start(what["mass"]),
        "claim": _claim,
        "weigh": _weigh,
    }
    print(json.dumps(acts[wanted["act"]](wanted)))
