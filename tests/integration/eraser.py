"""`python -m tests.integration.eraser COMMAND ...`: what jobs and staff do about erasures, past the front door.

Run in a process of its own, because the store finds its endpoints in the environment and keeps its connections.
Everything else in this file is for the tests that start it.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterable
from typing import Any

from infra.local import LocalStack
from tests.integration.client import eventually
from tests.integration.desks import at_desk, surroundings
from tests.integration.letters import rows, sample

TABLES = ("accounts", "workspace", "operator", "ledger")


def desk(stack: LocalStack, *arguments: str, module: str = "tests.integration.eraser") -> Any:
    """What a command answered."""
    return at_desk(module, *arguments, env=surroundings(stack))


def erase(stack: LocalStack, company: str, canonical: str) -> str:
    """Have a person erased from a company; the erasure's id, once the first pass is over."""
    begun: str = desk(stack, "person", company, canonical)["erasure_id"]
    finished(stack, company)
    return begun


def finished(stack: LocalStack, company: str, seconds: float = 40) -> None:
    """Wait until no erasure of the company has anything to do right now."""

    def idle() -> bool:
        states = {row["facts"]["M"]["state"]["S"] for row in erasing(stack, company)}
        return not states & {"running", "looking"}

    eventually(idle, seconds)


def erasing(stack: LocalStack, company: str) -> list[dict[str, Any]]:
    """The work that is not over, as stored."""
    found: list[dict[str, Any]] = stack.client("dynamodb").query(
        TableName="okki-leads-workspace",
        KeyConditionExpression="pk = :company AND begins_with(sk, :work)",
        ExpressionAttributeValues={":company": {"S": company}, ":work": {"S": "erasing#"}},
        ConsistentRead=True,
    )["Items"]
    return found


def looked_again(stack: LocalStack, company: str, seconds: int = 121) -> None:
    """What the schedule does a little later; afterwards no work is left."""
    stack.advance(seconds)
    stack.invoke("Sweep", sample("schedule-sweep"))
    eventually(lambda: erasing(stack, company) == [], 40)


def evidence(stack: LocalStack, company: str, erasure_id: str) -> list[dict[str, Any]]:
    """The entries of one erasure in the company's chain: their facts, in order."""
    found = [
        row for row in rows(stack, "ledger", company) if row["sk"]["S"].startswith(f"erasure#{erasure_id}#")
    ]
    return [plain(row["facts"]) for row in sorted(found, key=lambda row: row["sk"]["S"])]


def plain(value: dict[str, Any]) -> Any:
    """DynamoDB's spelling of a value as ordinary ones."""
    ((kind, inner),) = value.items()
    match kind:
        case "M":
            return {name: plain(one) for name, one in inner.items()}
        case "L":
            return [plain(one) for one in inner]
        case "N":
            return int(inner)
    return inner


def counted(entries: Iterable[dict[str, Any]]) -> dict[str, int]:
    """Rows by kind, over all parts of an erasure."""
    sums: dict[str, int] = {}
    for entry in entries:
        for kind, number in entry.get("counts", {}).items() if entry["step"] == "part" else ():
            sums[kind] = sums.get(kind, 0) + number
    return sums


def opened(stack: LocalStack, company: str = "") -> str:
    """All rows of all tables as text, a line each, what is sealed opened; or those of one company."""
    lines: list[str] = desk(stack, "opened", company)["rows"]
    return "\n".join(lines)


# -- in the other process ------------------------------------------------------------------------------


def main(command: str, *arguments: str) -> None:
    """Do one thing and print its answer."""
    print(json.dumps(_DOES[command](*arguments)))


def _person(company: str, canonical: str) -> Any:
    from chalicelib.records.erasures import Why
    from chalicelib.services.erasure import erasure

    return erasure.of_person(company, canonical, why=Why.REQUEST)._asdict()


def _user(company: str, user: str, letters: str = "") -> Any:
    from chalicelib.kernel.errors import ServiceError
    from chalicelib.records.erasures import Why
    from chalicelib.services.erasure import erasure

    try:
        return erasure.of_user(company, user, why=Why.REQUEST, letters=bool(letters))._asdict()
    except ServiceError as refused:
        return {"refused": refused.code}


def _find(company: str, erasure_id: str) -> Any:
    from chalicelib.services.erasure import erasure

    found = erasure.find(company, erasure_id)
    return None if found is None else found._asdict()


def _holds_anything(company: str, canonical: str) -> Any:
    from chalicelib.services.erasure import erasure

    return erasure.holds_anything(company, canonical)


def _chain(company: str) -> Any:
    """Whether a company's chain is sound, by its rows alone."""
    from chalicelib.privacy import evidence as chains
    from chalicelib.store import chain
    from chalicelib.store.items import LedgerRow

    entries = [row for row in LedgerRow.query(company, consistent_read=True) if row.sk != chains.HEAD]
    found = [(chain.entry_of(row), str(row.link)) for row in entries]
    verdict = chains.verify(company, found, chain.read(company))
    return {"sound": verdict.sound, "checked": verdict.checked, "reason": verdict.reason}


def _opened(company: str = "") -> Any:
    """Every row of every table, opened if it can be; those under keys that begin so."""
    import pkgutil
    from importlib import import_module

    import chalicelib.store
    from chalicelib.kernel import ids
    from chalicelib.store import vault
    from chalicelib.store.items import TABLES as MODELS
    from chalicelib.store.table import Rows

    modules = [
        import_module(f"chalicelib.store.{one.name}")
        for one in pkgutil.iter_modules(chalicelib.store.__path__)
    ]
    keepers = {one.kind: one for module in modules for one in vars(module).values() if isinstance(one, Rows)}
    told, shut = [], 0
    for model in MODELS.values():
        mine = model.pk.startswith(company) if company else None
        for row in model.scan(mine, consistent_read=True):
            facts = row.facts.as_dict() if row.facts is not None else {}
            told.append(f"{row.pk} {row.sk} {row.kind} {json.dumps(facts, ensure_ascii=False, default=str)}")
            if row.sealed is None:
                continue
            owner = keepers[row.kind]._owner or row.pk.partition("#")[0]
            place = f"{model.Meta.table_name}\0{row.pk}\0{row.sk}"
            try:
                told[-1] += vault.unseal(owner, place, row.sealed, int(row.sealed_with)).decode()
            except (vault.KeyMissingError, vault.WrongPlaceError):
                shut += 1
            assert owner == ids.OPERATOR or owner.startswith("co_")
    return {"rows": told, "shut": shut}


def _hold(company: str, target: str) -> Any:
    """On a user by their id, or on the person with this address."""
    from chalicelib.kernel import ids
    from chalicelib.records.holds import HoldReason, HoldScope
    from chalicelib.services.keeping import holds
    from chalicelib.store import standing

    made = holds.place(
        ids.new("stf"),
        company,
        matter_id=ids.new("mat"),
        scope=HoldScope.PERSON if "@" in target else HoldScope.USER,
        target=standing.person(company, target) if "@" in target else target,
        reason=HoldReason.LITIGATION,
        law="Evidence Act 1893 s 3",
    )
    return made.hold_id


def _tell(company: str, user: str, text: str) -> Any:
    """Put something into a user's inbox that quotes this."""
    from chalicelib.kernel import clock, ids
    from chalicelib.privacy.notifications import Kind
    from chalicelib.records.notifications import Notification
    from chalicelib.store import notifications, table

    item = Notification(
        company_id=company,
        user_id=user,
        notification_id=ids.new("ntf"),
        about=next(iter(Kind)),
        at=clock.now(),
        template="role_changed",
        values={"name": text},
    )
    notifications.INBOX.put_new(item, op=table.new_op())
    return item.notification_id


def _release(company: str, hold_id: str) -> Any:
    from chalicelib.kernel import ids
    from chalicelib.services.keeping import holds

    holds.release(ids.new("stf"), company, hold_id)
    return True


def _rotate(company: str) -> Any:
    from chalicelib.store import vault

    return vault.rotate(company)


_DOES: dict[str, Callable[..., Any]] = {
    "rotate": _rotate,
    "person": _person,
    "user": _user,
    "find": _find,
    "holds-anything": _holds_anything,
    "chain": _chain,
    "opened": _opened,
    "hold": _hold,
    "tell": _tell,
    "release": _release,
}

if __name__ == "__main__":
    main(*sys.argv[1:])
