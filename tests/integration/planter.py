"""`python -m tests.integration.planter COMMAND ...`: a company with a row of every kind there is, whatever kinds
are added later; and erasing it, a piece at a time, past its workflow.

Run in a process of its own like ``eraser``. What is planted holds one mark of the company in every field that
can carry it, so that a search for the mark finds whatever is left.
"""

from __future__ import annotations

import enum
import json
import os
import sys
import types
import typing
from collections.abc import Callable, Mapping
from typing import Any

NUMBER = 7


def main(command: str, *arguments: str) -> None:
    """Do one thing and print its answer."""
    os.environ.setdefault("API_URL", "https://api.okki.example")
    if page := os.environ.get("PLANTER_PAGE"):
        from chalicelib.services.erasure import company_walk

        company_walk.PAGE, company_walk.READ = int(page), int(page) // 2  # type: ignore[misc]  # few rows, many pages
    if asked := os.environ.get("PLANTER_ASKED"):
        from chalicelib.services.erasure import company_acts

        company_acts.ASKED_AGAIN = int(asked)  # type: ignore[misc]  # asked after so few rows
    print(json.dumps(_DOES[command](*arguments)))


def _plant(mark: str) -> Any:
    """A company with two users and a row of every kind, sealed as it should be; ids of both."""
    from chalicelib.kernel import ids
    from chalicelib.store import accounts, expiry, vault

    accounts.operator_hash("planter", mark)  # makes the operator's key, should nobody have yet
    company, users = ids.new("co"), [ids.new("usr"), ids.new("usr")]
    vault.create_key(company)
    planted: dict[str, int] = {}
    for number, user in enumerate(users):
        known = _named(mark, company, user, number)
        for rows in expiry.keepers():
            if _goes(rows) and (number == 0 or "{user_id}" in rows._sk + rows._pk):
                _put(rows, known)
                planted[rows.kind] = planted.get(rows.kind, 0) + 1
    return {"company": company, "users": users, "mailbox": known["mailbox"], "planted": planted}


def _goes(rows: Any) -> bool:
    from chalicelib.store import outside, partitions

    return not partitions.is_evidence(rows) and rows.kind not in outside.NAMES_NONE


def _named(mark: str, company: str, user: str, number: int) -> dict[str, Any]:
    """What fields are called that lead from one row to another."""
    place = "arn:aws:sns:ap-southeast-1:000000000000:endpoint/APNS/okki-leads"
    return {
        "company_id": company,
        "user_id": user,
        "mailbox": f"{mark}mailbox{number}",
        "prospect_id": f"pr{mark}",
        "share_id": f"shr_{mark}",
        "prospects": (f"0:pr{mark}",),
        "export_id": f"exp{mark}",
        "import_id": f"imp{mark}",
        "message_id": f"msg{mark}",
        "request_id": f"req{mark}",
        "person": f"person{mark}",
        "persons": (f"person{mark}",),
        "endpoint": f"{place}/{mark}",
        "ending": False,
        "taken_back_at": None,
        "due_at": None,
        "term_ends_at": None,  # else its end is told, or begun, by a workflow that is not there
        "channel": "mail",
    }


def _put(rows: Any, known: Mapping[str, Any]) -> None:
    from chalicelib.records.announcements import NEVER
    from chalicelib.records.holds import HoldState
    from chalicelib.store import table

    values = {name: known.get(name, _any(hint, known, rows.kind)) for name, hint in rows._hints.items()}
    if rows.kind == "hold":
        values |= {"state": HoldState.RELEASED}
    for name, hint in rows._hints.items():
        if values[name] is None and type(None) not in typing.get_args(hint):
            values[name] = _any(hint, known, rows.kind)
        elif isinstance(values[name], str) and isinstance(hint, enum.EnumMeta):
            values[name] = hint(values[name])
    row = _row(rows, rows.cls(**values))
    row.op = table.new_op()
    if getattr(row, "due_at", None) is not None:
        row.due_at = NEVER  # work that makes no sense would fail five times after each sweep
    row.save()


def _row(rows: Any, record: Any) -> Any:
    """As the record's own writer makes it; one that asks for a live yes first is sealed without."""
    from chalicelib.kernel import clock
    from chalicelib.store import gate

    asked, gate.store_for = gate.store_for, lambda *_: None
    try:
        return rows.encode(
            record, op="", version=1, expires_at=clock.now() + 864_000, due=None, policy="x", held=False
        )
    finally:
        gate.store_for = asked


def _any(hint: Any, known: Mapping[str, Any], kind: str) -> Any:
    """Some value of a type, with the mark where it takes text."""
    origin, arguments = typing.get_origin(hint), typing.get_args(hint)
    if origin in {typing.Union, types.UnionType}:
        return _any(arguments[0], known, kind)
    if origin in {tuple, list}:
        return origin([_any(arguments[0], known, kind)])
    if origin in {dict, Mapping}:
        return {_any(arguments[0], known, kind): _any(arguments[1], known, kind)}
    if isinstance(hint, enum.EnumMeta):
        return next(iter(hint))
    plain = {bool: False, int: NUMBER, float: 1.5, bytes: b"x", Any: "x"}
    return plain[hint] if hint in plain else f"{kind.replace('_', '')}{known['mailbox']}"


def _erase(company: str, pieces: str = "") -> Any:
    """Erase it; with a number, so many pieces whose time is over at once. Says where it stopped, and why."""
    from chalicelib.kernel.errors import RetryLaterError, UnavailableError
    from chalicelib.services.erasure import company as eraser

    cursor: str | None = None
    if pieces:
        eraser.STEP_SECONDS = -1  # type: ignore[misc]  # a piece ends at once
    for _ in range(int(pieces or 1000)):
        try:
            cursor = eraser.piece(company, cursor)
        except (RetryLaterError, UnavailableError) as error:
            return {"again": type(error).__name__}
        if cursor is None:
            break
    return {"cursor": cursor}


def _erase_while(company: str, moment: str, *hold: str) -> Any:
    """Erase it while somebody places a hold: after the first rows went (``page``), or when it has just been
    asked whether anything keeps the company's rules (``roots``).
    """
    from chalicelib import store

    place: Any = store.batches if moment == "page" else store.partitions
    name = "delete_across" if moment == "page" else "keeps_roots"
    known, made = getattr(place, name), []

    def interrupted(*arguments: Any) -> Any:
        answer = known(*arguments)
        setattr(place, name, known)
        made.append(_hold(company, *hold))
        return answer

    setattr(place, name, interrupted)
    return {**_erase(company), "hold": made[0]}


def _stray(company: str, prospect: str) -> Any:
    """A person of the base who names the company, which has no note of it any more; only proof."""
    from chalicelib import store
    from chalicelib.kernel import ids
    from chalicelib.store.transfers import TRANSFERS

    known = {"company_id": company, "prospect_id": prospect, "mailbox": prospect}
    for rows in (store.prospects.HOLDERS, store.prospects.SHARES):
        _put(rows, known)
    values = {name: known.get(name, _any(hint, known, "transfer")) for name, hint in TRANSFERS._hints.items()}
    transaction = store.transaction.Transaction(store.table.new_op())
    transaction.put_new(TRANSFERS, TRANSFERS.cls(**{**values, "transfer_id": ids.new("trf")}))
    transaction.commit()
    return True


def _weigh(company: str) -> Any:
    """Erase it whole, and say how many pieces that took and how much memory at most, in bytes."""
    import tracemalloc

    from chalicelib import store
    from chalicelib.kernel import clock, ids
    from chalicelib.records.erasures import CompanyErasure, Step
    from chalicelib.services.erasure import company as eraser

    eraser.held(company)  # what is loaded on first use is nobody's weight
    nobody = ids.new("co")
    transaction = store.transaction.Transaction(store.table.new_op())
    at = CompanyErasure(company_id=nobody, part=0, step=Step.PART, at=clock.now())
    transaction.put_new(store.erasure.COMPANY_ERASURES, at)
    transaction.commit()
    eraser.piece(nobody, None)
    store.batches.delete_across([("okki-leads-accounts", nobody, "nothing")])
    pieces, cursor = 1, None
    tracemalloc.start()
    while cursor := eraser.piece(company, cursor):
        pieces += 1
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    return {"pieces": pieces, "bytes": most, "erased": dict(eraser.erased(company)), "warm": nobody}


def _state(company: str) -> Any:
    """What the eraser's three questions answer."""
    from chalicelib.services.erasure import company as eraser

    return {
        "left": dict(eraser.left(company)),
        "held": dict(eraser.held(company)),
        "counts": dict(eraser.counts(company)),
        "erased": dict(eraser.erased(company)),
    }


def _destroy(company: str) -> Any:
    from chalicelib.services.erasure import shredding

    return shredding.destroy(company).versions


def _hold(company: str, scope: str, target: str = "") -> Any:
    from chalicelib.kernel import ids
    from chalicelib.records.holds import HoldReason, HoldScope
    from chalicelib.services.keeping import holds
    from chalicelib.store import standing

    if "@" in target:
        target = standing.person(company, target)
    made = holds.place(
        ids.new("stf"),
        company,
        matter_id=ids.new("mat"),
        scope=HoldScope(scope),
        target=target or None,
        reason=HoldReason.LITIGATION,
        law="Evidence Act 1893 s 3",
    )
    return made.hold_id


_DOES: dict[str, Callable[..., Any]] = {
    "plant": _plant,
    "erase": _erase,
    "erase-while": _erase_while,
    "stray": _stray,
    "weigh": _weigh,
    "state": _state,
    "destroy": _destroy,
    "hold": _hold,
}

if __name__ == "__main__":
    main(*sys.argv[1:])
