"""The operator's own people in the tests: taken on at the desk, set up and logged in as they would be."""

from __future__ import annotations

import atexit
import json
import os
import re
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import pyotp

from chalicelib.privacy import clocks
from chalicelib.privacy.personnel import StaffPosition
from infra.local import LocalStack
from tests.integration.client import PASSWORD, Answer, fresh_address, fresh_network, request
from tests.structure.source import ROOT

STEP = 30


@dataclass
class StaffUser:
    """Somebody of the staff with a session, a telephone that shows codes, and a network of their own."""

    stack: LocalStack
    staff_id: str
    email: str
    position: StaffPosition
    secret: str = ""
    token: str = ""
    address: str = field(default_factory=fresh_network)
    last_step: int = 0

    def call(
        self, method: str, path: str, body: Any = None, headers: Mapping[str, str] | None = None
    ) -> Answer:
        own = {"Authorization": f"Bearer {self.token}", "X-Local-Client": self.address}
        return request(self.stack.api + path, method, body, {**own, **(headers or {})})

    def code(self) -> str:
        """A code that was not used yet: this half minute's or the next one's; after those the functions' clock is
        moved on rather than waited for. Never an old one, which the next second may end.
        """
        step = max(self.last_step + 1, int(self.stack.now()) // STEP)
        if step > int(self.stack.now()) // STEP + 1:
            self.stack.advance(STEP)
        self.last_step = step
        return pyotp.TOTP(self.secret, interval=STEP).generate_otp(step)

    def log_in(self, **changed: Any) -> Answer:
        """Log in; a session that is opened is the one used from then on."""
        form = {"email": self.email, "password": PASSWORD, "code": None, **changed}
        form["code"] = form["code"] or self.code()
        answer = request(f"{self.stack.api}/v1/staff/login", "POST", form, {"X-Local-Client": self.address})
        if answer.status == 201:
            self.token = answer.json["token"]
        return answer

    def set_up(self, token: str, password: str = PASSWORD) -> None:
        """Choose a password and start the codes with the token from the desk, or the two halves of it."""
        headers = {"X-Local-Client": self.address}
        url = f"{self.stack.api}/v1/staff/setup"
        answer = request(url, "POST", {"token": token, "password": password}, headers)
        assert answer.status == 200, answer.body
        self.secret = answer.json["secret"]
        first = {"token": token, "code": self.code()}
        answer = request(f"{url}/confirm", "POST", first, headers)
        assert answer.status == 200, answer.body


def member(stack: LocalStack, position: StaffPosition, *, papers: bool = True, **days: int) -> StaffUser:
    """A new person of the staff, logged in, with agreement and training on record (both a few days ago).

    ``papers=False`` puts nothing on record; ``trained_days_ago`` and ``agreed_days_ago`` say when instead. The
    desk goes by the functions' clock, so `stack.advance` counts.
    """
    email = fresh_address("staff", "okki-staff.example")
    wanted = ["--name", "Noor Rahman", "--email", email, "--position", position.value]
    if papers:
        for paper, name in (("agreement", "agreed_days_ago"), ("training", "trained_days_ago")):
            wanted += [f"--{paper}", day_ago(stack, days.get(name, 3))]
    told = desk(stack, "add", *wanted)
    found = re.fullmatch(r"staff id: (\S+)\nset-up token: (\S+)\n", told)
    assert found is not None, told
    user = StaffUser(stack, found[1], email, position)
    user.set_up(found[2])
    answer = user.log_in()
    assert answer.status == 201, answer.body
    return user


def day_ago(stack: LocalStack, days: int) -> str:
    """A day before the functions' today, as papers are dated."""
    return (clocks.day(stack.now()) - timedelta(days=days)).isoformat()


def desk(stack: LocalStack, *arguments: str, fails: bool = False) -> str:
    """Run `tools.staff` at the operator's desk; what it printed. One process for all, which is kept running:
    starting one takes longer than what it does.
    """
    if stack.aws not in _DESKS:
        _DESKS[stack.aws] = _open(stack)
    process = _DESKS[stack.aws]
    assert process.stdin is not None
    assert process.stdout is not None
    process.stdin.write(json.dumps(arguments) + "\n")
    process.stdin.flush()
    done = json.loads(process.stdout.readline())
    assert (done["status"] != 0) is fails, done["err"]
    told: str = done["err"] if fails else done["out"]
    return told


_DESKS: dict[str, subprocess.Popen[str]] = {}
_DESK = """
import contextlib, io, json, sys
from tools import staff
for line in sys.stdin:
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        try:
            status = staff.main(json.loads(line))
        except SystemExit as ended:
            status = ended.code
    print(json.dumps({"status": status, "out": out.getvalue(), "err": err.getvalue()}), flush=True)
"""


def _open(stack: LocalStack) -> subprocess.Popen[str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
    clock = stack._clock_file() if stack._clock else None
    surroundings = {
        **kept,
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_DEFAULT_REGION": stack.region,
        "AWS_ENDPOINT_URL": stack.aws,
        "AWS_EC2_METADATA_DISABLED": "true",
        "ACCOUNT_ID": "000000000000",
        **({} if clock is None else {"OKKI_CLOCK_FILE": str(clock)}),
    }
    command = [sys.executable, "-c", _DESK]
    process = subprocess.Popen(
        command, env=surroundings, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    atexit.register(process.kill)
    return process
