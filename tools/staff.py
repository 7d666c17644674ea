"""`python -m tools.staff add|record|reset|leave|suspend|reinstate|list`: the operator's desk for its own
people.

For the first person, and for when nobody is left who could. Needs AWS credentials that may read and write
`okki-leads-operator` and `okki-leads-ledger`, read and write `okki-leads-company-keys`, and use the vault's
key. What it does is proven in the operator's ledger like anything else. See docs/runbooks/staff.md.
"""

from __future__ import annotations

import argparse
import sys
from datetime import date, datetime, time
from typing import Final

from chalicelib.kernel import clock
from chalicelib.kernel.errors import ServiceError
from chalicelib.privacy import personnel
from chalicelib.privacy.clocks import SINGAPORE
from chalicelib.privacy.personnel import Paper, StaffPosition
from chalicelib.records.staff import StaffState
from chalicelib.services.staff import papers, people
from chalicelib.services.staff.people import Newcomer

_STATES: Final = {"suspend": StaffState.SUSPENDED, "reinstate": StaffState.ACTIVE}


def main(arguments: list[str]) -> int:
    """Do it; the exit status. A set-up token is printed once and kept nowhere."""
    asked = _parser().parse_args(arguments)
    try:
        _do(asked)
    except ServiceError as error:
        print(f"refused: {error.code}", file=sys.stderr)
        return 1
    return 0


def _do(asked: argparse.Namespace) -> None:
    if asked.act == "list":
        for person in people.page(1000, None):
            print(person.staff_id, person.position, person.state, clock.rfc3339(person.since))
    elif asked.act == "add":
        person, token = people.add(Newcomer(asked.name, asked.email, StaffPosition(asked.position)), by=None)
        _record(person.staff_id, asked)
        print(f"staff id: {person.staff_id}\nset-up token: {token}")
    elif asked.act == "record":
        _record(asked.staff_id, asked)
    elif asked.act == "reset":
        print(f"set-up token: {people.reset(asked.staff_id, by=None)}")
    elif asked.act == "leave":
        people.leave(asked.staff_id, by=None)
    else:
        people.change(asked.staff_id, by=None, state=_STATES[asked.act])


def _record(staff_id: str, asked: argparse.Namespace) -> None:
    for paper, day in ((Paper.AGREEMENT, asked.agreement), (Paper.TRAINING, asked.training)):
        if day is not None:
            papers.enter(staff_id, paper, personnel.ACCEPTED[paper], _begins(day), by=None)


def _begins(day: date) -> int:
    """The first second of a day in Singapore."""
    return int(datetime.combine(day, time(), SINGAPORE).timestamp())


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tools.staff", description=__doc__)
    acts = parser.add_subparsers(dest="act", required=True)
    add = acts.add_parser("add", help="take somebody on; prints the set-up token")
    add.add_argument("--name", required=True)
    add.add_argument("--email", required=True)
    add.add_argument("--position", required=True, choices=[one.value for one in StaffPosition])
    record = acts.add_parser("record", help="put papers on record")
    record.add_argument("staff_id")
    for one in (add, record):
        one.add_argument("--agreement", type=date.fromisoformat, metavar="DAY", help="signed on")
        one.add_argument("--training", type=date.fromisoformat, metavar="DAY", help="completed on")
    for act in ("reset", "leave", "suspend", "reinstate"):
        acts.add_parser(act).add_argument("staff_id")
    acts.add_parser("list", help="ids, positions, states")
    return parser


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
