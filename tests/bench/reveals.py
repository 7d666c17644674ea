"""What revealing costs: the first time, again, a claim, a page of the pool. Counted through the deployed stack."""

from __future__ import annotations

from infra.local import LocalStack
from tests.bench.meter import Usage, metered
from tests.bench.report import Line, Section
from tests.integration import stocking
from tests.integration.client import User, sign_up

PAGE = 50
MANY = 60


def measure(stack: LocalStack) -> Section:
    """One section. The pool is full first: what one costs must not depend on how many there are."""
    user = stocking.located(sign_up(stack))
    prospects = stocking.several(stack, MANY + 2)
    assert user.call("PUT", "/v1/company/credits", {"daily": None, "monthly": None}).status == 200
    given = _credits(stack, user, MANY + 2)
    first = _revealed(stack, user, prospects[0])
    for prospect in prospects[1:MANY]:
        assert stocking.reveal(user, prospect).status == 200
    last = _revealed(stack, user, prospects[MANY])
    again = _revealed(stack, user, prospects[0])
    with metered(stack) as claimed:
        assert user.call("POST", f"/v1/prospects/{prospects[0]}/claim").status == 200
    with metered(stack) as listed:
        answer = user.call("GET", f"/v1/prospects/revealed?limit={PAGE}")
        assert len(answer.json["items"]) == PAGE
    lines = [
        _line("revealing the first of a company", first, {"calls": 14.0, "write units": 20.0}),
        _line(f"revealing one more after {MANY}", last, {"calls": 14.0, "write units": 20.0}),
        _line("the same once more, for nothing", again, {"calls": 10.0, "write units": 0.0}),
        _line("a claim", claimed),
        _line(f"a page of {PAGE} of the pool", listed, {"calls": 8.0, "write units": 0.0}),
    ]
    notes = [
        f"Credit, note, transfer and notice are one transaction; {given} credits were there.",
        "Its evidence is a link of the company's chain, so one company reveals one after the other.",
    ]
    return Section("Revealing a prospect", lines, notes)


def _credits(stack: LocalStack, user: User, number: int) -> int:
    """As if so many had been given back: a trial's allowance is smaller than what is measured."""
    stack.client("dynamodb").update_item(
        TableName="okki-leads-prospects",
        Key={"pk": {"S": f"{user.company['id']}#credit"}, "sk": {"S": "balance"}},
        UpdateExpression="SET facts.extra = :n",
        ExpressionAttributeValues={":n": {"N": str(number)}},
    )
    found: int = user.call("GET", "/v1/company/credits").json["left"]
    return found


def _revealed(stack: LocalStack, user: User, prospect: str) -> Usage:
    with metered(stack) as usage:
        assert stocking.reveal(user, prospect).status == 200
    return usage


def _line(name: str, usage: Usage, budgets: dict[str, float] | None = None) -> Line:
    return Line(name, usage.of("api").warm.figures(), budgets or {})
