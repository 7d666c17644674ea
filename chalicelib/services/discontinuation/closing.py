"""The service has ended: every company is cancelled, one after the other, and the operator's own base goes.

Each company has a cancellation of its own, with its certificate; what a legal matter keeps goes when that
ends, by that cancellation. Nothing here can be taken back, and everything may be done twice.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

from chalicelib import store
from chalicelib.kernel import clock, telemetry
from chalicelib.kernel.errors import ConflictError, NotFoundError, UnavailableError
from chalicelib.records.cancellation import CancellationState, Why
from chalicelib.records.discontinuation import CompanyEnd, Ending, EndingAct, EndingCompany, EndingState
from chalicelib.records.workflows import OVER
from chalicelib.services.cancellation import begin
from chalicelib.services.discontinuation import emptying
from chalicelib.services.discontinuation.proof import prove
from chalicelib.services.workflows import engine

if TYPE_CHECKING:
    from chalicelib.records.workflows import Workflow
    from chalicelib.store.table import Stored

COMPANIES_PER_STEP: Final = 25
STEP_SECONDS: Final = 30
"""A step ends with the company during which this has passed: half of what the function has."""
LOOK_SECONDS: Final = 3600
"""How often it is looked whether all companies are erased."""


def close(known: Stored[Workflow]) -> None:
    """Stage ``close``: loads of the base under way end; nobody joins any more, and nobody works from the
    moment their company's cancellation begins.
    """
    emptying.stop_loads()
    engine.move(known, "erase", why="closed")


def erase(known: Stored[Workflow]) -> None:
    """Stage ``erase``: begin the cancellation of the next companies, in the order in which they came."""
    there = _ending(known)
    one, until = there.value, clock.elapsed() + STEP_SECONDS
    cursor = None if one.cursor_id is None or one.cursor_at is None else (one.cursor_id, one.cursor_at)
    found = store.due.companies(cursor, COMPANIES_PER_STEP)
    passed = 0
    for company_id, came_at in found:
        new = _begin(one.ending_id, company_id)
        one = replace(one, cursor_at=came_at, cursor_id=company_id, companies=one.companies + new)
        passed += 1
        if clock.elapsed() > until:
            break
    transaction = store.transaction.Transaction(store.table.new_op())
    if passed == len(found) < COMPANIES_PER_STEP:
        one = replace(one, cursor_at=None, cursor_id=None, certified=0, held=0, unfinished=0)
        engine.move(known, "certify", why="companies_under_way", transaction=transaction)
    else:
        engine.move(known, "erase", why="companies", transaction=transaction)
    transaction.replace(store.discontinuation.ENDINGS, there, one)
    transaction.commit()


def certify(known: Stored[Workflow]) -> None:
    """Stage ``certify``: see which companies are erased; again later as long as one is not. A company that
    came at the last moment is gone back for.
    """
    there = _ending(known)
    one = there.value
    page = store.discontinuation.companies(one.ending_id, one.cursor_id, COMPANIES_PER_STEP)
    for company in page:
        match _looked_at(company):
            case CompanyEnd.BEGUN:
                one = replace(one, unfinished=one.unfinished + 1)
            case CompanyEnd.HELD:
                one = replace(one, held=one.held + 1)
            case CompanyEnd.CERTIFIED | CompanyEnd.GONE:
                one = replace(one, certified=one.certified + 1)
        one = replace(one, cursor_id=company.value.company_id)
    stage, until, why = "certify", None, "companies_under_way"
    if len(page) < COMPANIES_PER_STEP:
        if _somebody_came(one.ending_id):
            stage, why = "erase", "companies"
        elif one.unfinished:
            until = clock.now() + LOOK_SECONDS
        else:
            stage, why = "empty", "companies_over"
        one = replace(one, cursor_at=None, cursor_id=None)
        if stage != "empty":
            one = replace(one, certified=0, held=0, unfinished=0)
    transaction = store.transaction.Transaction(store.table.new_op())
    transaction.replace(store.discontinuation.ENDINGS, there, one)
    engine.move(known, stage, until=until, why=why, transaction=transaction)
    transaction.commit()


def empty(known: Stored[Workflow]) -> None:
    """Stage ``empty``: delete the operator's own base, a piece at a time."""
    there = _ending(known)
    gone, done = emptying.piece()
    one = replace(there.value, emptied=there.value.emptied + gone)
    transaction = store.transaction.Transaction(store.table.new_op())
    transaction.replace(store.discontinuation.ENDINGS, there, one)
    if done:
        prove(transaction, one, EndingAct.EMPTIED)
    engine.move(known, "finish" if done else "empty", why="base", transaction=transaction)
    transaction.commit()


def finish(known: Stored[Workflow]) -> None:
    """Stage ``finish``: the closing entry of evidence, and the end of this workflow."""
    there = _ending(known)
    one = replace(there.value, state=EndingState.OVER, over_at=clock.now())
    transaction = store.transaction.Transaction(store.table.new_op())
    transaction.replace(store.discontinuation.ENDINGS, there, one)
    prove(transaction, one, EndingAct.FINISHED)
    engine.move(known, OVER, why="finished", transaction=transaction)
    transaction.commit()


def _begin(ending_id: str, company_id: str) -> int:
    """Begin a company's cancellation, and note it; 1 if it was not noted before. The note comes second: a
    company without one is gone back for.
    """
    if store.discontinuation.COMPANIES.get(ending_id=ending_id, company_id=company_id) is not None:
        return 0
    now, state = clock.now(), CompanyEnd.BEGUN
    try:
        begin.begin(company_id, Why.DISCONTINUED)
    except ConflictError as error:
        if error.code != "cancelled":
            raise  # somebody changes it at this moment
        state = CompanyEnd.GONE
    except UnavailableError:
        raise
    except Exception as error:
        # One company that cannot be opened must not keep all that come after it; certify tries it again, and
        # the end is not over before it went.
        telemetry.event("ending_error", error=error, company_id=company_id)
    over_at = now if state is CompanyEnd.GONE else None
    made = EndingCompany(
        ending_id=ending_id, company_id=company_id, state=state, begun_at=now, over_at=over_at
    )
    try:
        store.discontinuation.COMPANIES.put_new(made, op=store.table.new_op())
    except ConflictError:
        return 0  # by another run, this moment
    return 1


def _looked_at(company: Stored[EndingCompany]) -> CompanyEnd:
    """How far a company is, noted when it has come to an end."""
    one = company.value
    if one.state in {CompanyEnd.CERTIFIED, CompanyEnd.GONE}:
        return one.state
    known = store.cancellation.of_company(one.company_id)
    match None if known is None else known.value.state:
        case CancellationState.DONE:
            state = CompanyEnd.CERTIFIED
        case CancellationState.HELD:
            state = CompanyEnd.HELD
        case CancellationState.TAKEN_BACK | None:
            _try_again(one.company_id)
            return CompanyEnd.BEGUN
        case _:
            return CompanyEnd.BEGUN
    if state is not one.state:
        made = replace(one, state=state, over_at=clock.now())
        store.discontinuation.COMPANIES.replace(company, made, op=store.table.new_op())
    return state


def _try_again(company_id: str) -> None:
    try:
        begin.begin(company_id, Why.DISCONTINUED)
    except Exception as error:
        telemetry.event("ending_error", error=error, company_id=company_id)  # it stays unfinished


def _somebody_came(ending_id: str) -> bool:
    """Whether a company is there that was not begun: it signed up in the moment the doors closed."""
    after: tuple[str, int] | None = None
    while page := store.due.companies(after, COMPANIES_PER_STEP):
        for company_id, _ in page:
            if store.discontinuation.COMPANIES.get(ending_id=ending_id, company_id=company_id) is None:
                return True
        after = page[-1]
    return False


def _ending(known: Stored[Workflow]) -> Stored[Ending]:
    there = store.discontinuation.ENDINGS.get(ending_id=known.value.about)
    if there is None:
        raise NotFoundError
    return there
