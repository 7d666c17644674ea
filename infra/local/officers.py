"""The operator's own people on the local stack: taken on at the desk, set up and logged in as anywhere."""

from __future__ import annotations

import os
import re
import secrets
import subprocess
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

import pyotp

from infra.local.journey import Answer, NotAsPromisedError, promised, send
from infra.local.launch import ACCOUNT, REGION
from infra.local.package import ROOT

PASSWORD: Final = "correct horse battery"
YESTERDAY: Final = datetime.fromtimestamp(time.time() - 86_400, UTC).date().isoformat()
"""What was signed then counts today, in whatever time zone."""
STEP_SECONDS: Final = 30


@dataclass
class Officer:
    """Somebody of the staff, with what shows their one-time codes. A code counts once."""

    api: str
    email: str
    secret: str
    step: int
    token: str = ""

    def log_in(self, now: float | None = None) -> None:
        """Open a session; ``now``: what the functions take for the present, epoch seconds."""
        self.step = max(self.step + 1, int(time.time() if now is None else now) // STEP_SECONDS)
        code = pyotp.TOTP(self.secret).generate_otp(self.step)
        login = {"email": self.email, "password": PASSWORD, "code": code}
        entered = send("POST", f"{self.api}/v1/staff/login", login, {})
        promised(entered.status == 201, "the staff's login")
        self.token = entered.json["token"]

    def call(self, method: str, path: str, body: Any = None) -> Answer:
        """One request with the session."""
        headers: Mapping[str, str] = {"Authorization": f"Bearer {self.token}"}
        return send(method, self.api + path, body, headers)


def take_on(api: str, aws: str, position: str, name: str = "Noor Rahman") -> Officer:
    """Somebody new of the staff, with agreement and training on record, logged in. ``aws``: where the local
    AWS is, for the operator's desk.
    """
    email = f"{position}.{secrets.token_hex(2)}@okki-staff.example"
    told = _desk(aws, "add", "--name", name, "--email", email, "--position", position)
    found = re.search(r"staff id: (\S+)\nset-up token: (\S+)", told)
    if found is None:
        raise NotAsPromisedError("a set-up token from the desk")
    begun = send("POST", f"{api}/v1/staff/setup", {"token": found[2], "password": PASSWORD}, {}).json
    made = Officer(api, email, begun["secret"], int(time.time()) // STEP_SECONDS)
    code = pyotp.TOTP(made.secret).generate_otp(made.step)
    send("POST", f"{api}/v1/staff/setup/confirm", {"token": found[2], "code": code}, {})
    made.log_in()
    return made


def _desk(aws: str, *arguments: str) -> str:
    """`python -m tools.staff` at the operator's desk."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
    own = {
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_DEFAULT_REGION": REGION,
        "AWS_ENDPOINT_URL": aws,
        "ACCOUNT_ID": ACCOUNT,
    }
    papers = ("--agreement", YESTERDAY, "--training", YESTERDAY)
    run = subprocess.run(
        [sys.executable, "-m", "tools.staff", *arguments, *papers],
        cwd=ROOT,
        env={**kept, **own},
        capture_output=True,
        text=True,
        check=False,
    )
    promised(run.returncode == 0, "the desk takes somebody on")
    return run.stdout
