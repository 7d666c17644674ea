"""`python -m tests.integration.teller`: telling users things that nothing in the product tells yet, as a function would.

Reads and prints JSON. Run in a process of its own, because the store finds its endpoints in the environment.
"""

from __future__ import annotations

import json
import sys
from typing import Any

from infra.local import LocalStack
from infra.local.stack import MAIL_DOMAIN
from tests.integration.client import User
from tests.integration.desks import at_desk, unseen

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
    asked = {"company": user.company["id"], "user": user.me["id"], "tell": said, "forget": forget}
    own = {"API_URL": stack.api, "EDGE_URL": stack.edge, "MAIL_DOMAIN": MAIL_DOMAIN}
    told: list[bool] = at_desk("tests.integration.teller", env={**unseen(stack), **own}, said=asked)
    return told


def main(asked: dict[str, Any]) -> None:
    """Tell what is to be told and print what was written."""
    from chalicelib.privacy.notifications import Kind
    from chalicelib.services.accounts import sessions
    from chalicelib.services.notifications import notify, push

    where = asked["company"], asked["user"]
    user, _ = sessions.profile(*where)
    told = [
        notify.tell(user, Kind(kind), template, values, key=key)
        for kind, template, values, key in asked["tell"]
    ]
    if asked["forget"]:
        push.forget_user(*where)
    print(json.dumps(told))


if __name__ == "__main__":
    main(json.load(sys.stdin))
