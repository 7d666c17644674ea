"""Companies that end, as the tests of it look at them."""

from __future__ import annotations

import re
from typing import Any

from infra.local import LocalStack
from tests.integration import ways
from tests.integration.ages import one, under
from tests.integration.client import Answer, User, eventually, fresh_network, request
from tests.integration.letters import rows

PATH = "/v1/company/cancellation"
DAY = 86_400


def ask(user: User, **headers: str) -> Answer:
    """Ask for the end of one's company."""
    return user.call("POST", PATH, {"understood": True}, headers)


def asked(user: User) -> str:
    """A cancellation under way, asked for as one should; its workflow."""
    ways.prove(user)
    answer = ask(user)
    assert answer.status == 202, answer.body
    return workflow_of(user)


def row_of(user: User) -> dict[str, Any]:
    """The facts of the company's cancellation, as stored."""
    found = one(user.stack, "accounts", f"cancellation#{user.company['id']}", "cancellation")
    assert found is not None
    facts: dict[str, Any] = found["facts"]["M"]
    return facts


def workflow_of(user: User) -> str:
    """The workflow that carries it."""
    found: str = row_of(user)["workflow_id"]["S"]
    return found


def state(user: User) -> str:
    """Where it stands."""
    found: str = row_of(user)["state"]["S"]
    return found


def steps(user: User, chain: str | None = None) -> list[str]:
    """What was done about it by the company's chain (or another), in order."""
    company = user.company["id"]
    found = under(user.stack, "ledger", chain or company, "cancellation#")
    mine = [row["facts"]["M"] for row in found if row["facts"]["M"]["concerns_id"]["S"] == company]
    return [facts["act"]["S"] for facts in mine]


def subject(stack: LocalStack, email: str, part: str) -> dict[str, Any]:
    """The newest mail to somebody whose subject says this."""
    return eventually(lambda: next((mail for mail in stack.mails(email) if part in mail["subject"]), None))


def code_of(stack: LocalStack, email: str) -> str:
    """The code to the final export, from the mail that brought it."""
    mail = subject(stack, email, "last chance")
    found = re.search(r"^[A-Za-z0-9_-]{43}(?=\r?$)", mail["text"], re.MULTILINE)
    assert found is not None, mail["text"]
    return found.group()


def fetch(stack: LocalStack, company: str, code: str, **more: Any) -> Answer:
    """A file of the final export, as a stranger with a code fetches it."""
    url = f"{stack.api}/v1/companies/{company}/final-export"
    return request(url, "POST", {"code": code, **more}, {"X-Local-Client": fresh_network()})


def left(stack: LocalStack, company: str) -> list[str]:
    """Where anything of a company still is, apart from proof and its cancellation."""
    return sorted(
        f"{table} {row['pk']['S']} {row['sk']['S']}"
        for table in ("accounts", "workspace", "prospects", "samples", "company-keys")
        for row in rows(stack, table)
        if company in f"{row['pk']['S']} {row['sk']['S']} {row.get('facts', '')}"
        and not row["pk"]["S"].startswith(("cancellation#", "workflow#", "limit#"))
    )
