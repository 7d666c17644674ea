"""`python -m tests.integration.objector COMMAND ...`: asking the note of objections, and writing it anew.

Run in a process of its own, as ``tests.integration.eraser``.
"""

from __future__ import annotations

import json
import sys

from chalicelib import store
from chalicelib.kernel import ids
from chalicelib.services.requests import objections
from infra.local import LocalStack
from tests.integration.eraser import desk


def stands(stack: LocalStack, email: str) -> bool:
    """Whether the operator may not use an address."""
    return bool(desk(stack, "stands", email, module=__name__))


def again(stack: LocalStack) -> int:
    """Write the notes anew that the evidence proves; how many were missing."""
    return int(desk(stack, "again", module=__name__))


def main(command: str, *arguments: str) -> None:
    """One command; its result as JSON."""
    if command == "stands":
        print(json.dumps(objections.stands(*arguments)))
    else:
        entries = store.requests.EVIDENCE.query(ids.OPERATOR, "request#")
        print(json.dumps(objections.again(known.value for known in entries)))


if __name__ == "__main__":
    main(*sys.argv[1:])
