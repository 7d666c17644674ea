"""What an operator would do at their desk, past the front door: in a process of its own, with the owner's rights.

Of its own, because the store finds its endpoints in the environment and keeps its connections. Forked from one
that has loaded our code, because there are thousands of them in a run of all tests.
"""

from __future__ import annotations

import json
import os
import threading
from functools import cache
from typing import Any

from infra.local import LocalStack
from infra.local.forkserver import Client
from infra.local.launch import ACCOUNT
from infra.local.package import ROOT

MOST_SECONDS = 3600


def surroundings(stack: LocalStack) -> dict[str, str]:
    """The environment of an operator at their desk, with the owner's rights and the functions' clock."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
    clock = stack._clock_file() if stack._clock else None
    return {
        **kept,
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_DEFAULT_REGION": stack.region,
        "AWS_ENDPOINT_URL": stack.wire.url,  # so that faults meet the desk as well
        "AWS_EC2_METADATA_DISABLED": "true",
        "ACCOUNT_ID": ACCOUNT,
        **({} if clock is None else {"OKKI_CLOCK_FILE": str(clock)}),
    }


def unseen(stack: LocalStack) -> dict[str, str]:
    """The same, past the wire: what is done so is neither counted nor disturbed."""
    return {**surroundings(stack), "AWS_ENDPOINT_URL": stack.aws}


def at_desk(module: str, *arguments: str, env: dict[str, str], said: Any = None) -> Any:
    """What a module answers that is run as a program: the JSON of its last line. ``said`` is what it reads."""
    run = _room().start(["-m", module, *arguments], str(ROOT), env)
    late = threading.Timer(MOST_SECONDS, run.kill)
    late.start()
    try:
        with run.stdin, run.stdout, run.stderr:
            run.stdin.write("" if said is None else json.dumps(said))
            run.stdin.close()
            lines, errors = run.stdout.read().splitlines(), run.stderr.read()
        run.wait()
    finally:
        late.cancel()
    assert lines, errors
    return json.loads(lines[-1])


@cache
def _room() -> Client:
    return Client(str(ROOT), "chalicelib")
