"""The end of a company, for the walk of the canaries: the address that the certificate goes to, and a code that
opens nothing yet.
"""

from __future__ import annotations

from collections.abc import Callable

from tests.integration import machines
from tests.integration.cancelling import PATH, fetch, subject, workflow_of
from tests.integration.client import Answer, User

NOT_TEXT = {"certificate_address.locale": "en or zh"}


def planted(run: str) -> dict[str, str]:
    """As the user's own: it is the main account's mailbox and the company's name, once more."""
    return {
        "certificate_address.email": f"userkanari{run}@work-kanari.example",
        "certificate_address.name": f"Kanarienvogel {run} Export",
    }


def walk(user: User, own: Callable[..., Answer], values: dict[str, str]) -> None:
    """Ask, with everything failing and then well, and let everybody be told. Last of all: nobody works then."""
    asked = own("POST", "/v1/me/proof")
    assert asked.status == 202, asked.body
    # One-time codes are on by now: a recovery code is as good, whatever the clock did meanwhile.
    proof = {"challenge_id": asked.json["challenge"]["id"], "code": values["recovery code 0"]}
    assert own("POST", "/v1/me/proof/verify", proof).status == 200
    assert own("GET", f"{PATH}/preview").status == 200
    for kind in ("fail", "lose_request"):
        user.stack.wire.inject(kind=kind, service="dynamodb", function="okki-leads-api", times=20)
        assert own("POST", PATH, {"understood": True}).status == 503
        with user.stack.wire._lock:
            user.stack.wire._faults.clear()
    answer = own("POST", PATH, {"understood": True})
    assert answer.status == 202, answer.body
    assert fetch(user.stack, user.company["id"], "A" * 43).status == 401
    machines.until_stage(user.stack, workflow_of(user), "cool", waiting=True)
    subject(user.stack, user.email, "注销")
