"""Telling users things that nothing in the product tells yet: in a process of its own, as a function would."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from infra.local import LocalStack
from infra.local.launch import ACCOUNT, REGION
from infra.local.stack import MAIL_DOMAIN
from tests.integration.client import User

ROOT = Path(__file__).parents[2]
_TELL = """
import json, sys
from chalicelib.privacy.notifications import Kind
from chalicelib.services.notifications import notify, push
from chalicelib.services.accounts import sessions
asked = json.load(sys.stdin)
where = asked["company"], asked["user"]
user, _ = sessions.profile(*where)
told = [
    notify.tell(user, Kind(kind), template, values, key=key)
    for kind, template, values, key in asked["tell"]
]
if asked["forget"]:
    push.forget_user(*where)
print(json.dumps(told))
"""

Said = tuple[str, str, dict[str, str] | None, str | None]


def tell(
    stack: LocalStack,
    user: User,
    kind: str,
    template: str = "password_changed",
    values: dict[str, str] | None = None,
    key: str | None = None,
) -> bool:
    """Tell a user something; whether anything was written. The text is any text of ours."""
    return _run(stack, user, [(kind, template, values, key)])[0]


def forget_devices(stack: LocalStack, user: User) -> None:
    """What happens to a user's devices when they leave."""
    _run(stack, user, [], forget=True)


def _run(stack: LocalStack, user: User, said: list[Said], *, forget: bool = False) -> list[bool]:
    asked: dict[str, Any] = {"company": user.company["id"], "user": user.me["id"]}
    run = subprocess.run(
        [sys.executable, "-c", _TELL],
        cwd=ROOT,
        env=_environment(stack),
        input=json.dumps({**asked, "tell": said, "forget": forget}),
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert run.returncode == 0, run.stderr
    told: list[bool] = json.loads(run.stdout.splitlines()[-1])
    return told


def _environment(stack: LocalStack) -> dict[str, str]:
    return {
        "PATH": os.environ["PATH"],
        "PYTHONPATH": str(ROOT),
        "PYTHONDONTWRITEBYTECODE": "1",
        "AWS_ENDPOINT_URL": stack.aws,
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_DEFAULT_REGION": REGION,
        "ACCOUNT_ID": ACCOUNT,
        "API_URL": stack.api,
        "EDGE_URL": stack.edge,
        "MAIL_DOMAIN": MAIL_DOMAIN,
        "OKKI_CLOCK_FILE": str(stack._clock_file()),
    }
