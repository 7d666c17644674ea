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
from chalicelib.privacy import retention
from chalicelib.records.cancellation import CancellationState, Why
from chalicelib.records.discontinuation import CompanyEnd, Ending, EndingAct, EndingCompany, EndingState
from chalicelib.records.workflows import OVER
from chalicelib.services.cancellation import begin
from chalicelib.services.discontinuation import emptying
from chalicelib.services.discontinuation.proof import prove
from chalicelib.services.workflows import engine

if TYPE_CHECKING:
    from chalicelib.records.cancellation import Cancellation
    from chalicelib.records.workflows import Workflow
    from chalicelib.store.table import Stored

PAGE: Final = 100
"""Companies read together: what one BatchGet takes."""
STEP_SECONDS: Final = 30
"""A step ends with the company during which this has passed: half of what the function has."""
FIRST_LOOK: Final = int(retention.FINAL_EXPORT.total_seconds()) + 6 * 3600
"""So long after the end most companies are erased: not before their last export is over."""
LOOK_SECONDS: Final = 86_400
"""How often it is looked after that whether all companies are erased. A look is some twenty events of the
execution's history, which has room for 25,000.
"""
_OVER: Final = frozenset({CompanyEnd.CERTIFIED, CompanyEnd.GONE})


def close(known: Stored[Workflow]) -> None:
    """Stage ``close``: loads of the base under way end; nobody joins any more, and nobody works from the
    moment their company's cancellation begins.
    """
    emptying.stop_loads()
    engine.move(known, "erase", why="closed")


def erase(known: Stored[Workflow]) -> None:
    """Stage ``erase``: begin the cancellation of each company that has none, in the order in which they came.
    Also before every look of ``certify``: one that came at the last moment is gone back for.
    """
    there, until, last = _ending(known), clock.elapsed() + STEP_SECONDS, False
    one = there.value
    cursor = None if one.cursor_id is None or one.cursor_at is None else (one.cursor_id, one.cursor_at)
    while not last and clock.elapsed() < until:
        page = store.due.companies(cursor, PAGE)
        noted = store.discontinuation.noted(one.ending_id, [company_id for company_id, _ in page])
        last = len(page) < PAGE
        for company_id, came_at in page:
            if clock.elapsed() > until:
                last = False
                break
            if company_id not in noted:
                _begin(one.ending_id, company_id)
            cursor = (company_id, came_at)
    cursor_id, cursor_at = (None, None) if last or cursor is None else cursor
    transaction = store.transaction.Transaction(store.table.new_op())
    made = replace(one, cursor_at=cursor_at, cursor_id=cursor_id)
    transaction.replace(store.discontinuation.ENDINGS, there, made)
    if last:
        engine.move(known, "certify", why="companies_under_way", transaction=transaction)
    else:
        engine.move(known, "erase", why="companies", transaction=transaction)
    transaction.commit()


def certify(known: Stored[Workflow]) -> None:
    """Stage ``certify``: count the companies and what became of each, from the rows about them alone; look
    only at those that had not come to their end. As long as one has not, again later, by way of ``erase``.
    """
    there, until, last = _ending(known), clock.elapsed() + STEP_SECONDS, False
    one = there.value
    if one.cursor_id is None:
        one = replace(one, companies=0, certified=0, held=0, unfinished=0)
    while not last and clock.elapsed() < until:
        page = store.discontinuation.companies(one.ending_id, one.cursor_id, PAGE)
        under_way = [company.value.company_id for company in page if company.value.state not in _OVER]
        cancellations = store.cancellation.of_companies(under_way)
        last = len(page) < PAGE
        for company in page:
            if clock.elapsed() > until:
                last = False
                break
            one = _counted(one, company, cancellations.get(company.value.company_id))
    transaction = store.transaction.Transaction(store.table.new_op())
    if not last:
        engine.move(known, "certify", why="companies_under_way", transaction=transaction)
    elif one.unfinished:
        again_at = max(clock.now() + LOOK_SECONDS, (one.closed_at or 0) + FIRST_LOOK)
        engine.move(known, "erase", until=again_at, why="companies_under_way", transaction=transaction)
    else:
        engine.move(known, "empty", why="companies_over", transaction=transaction)
    made = replace(one, cursor_id=None) if last else one
    transaction.replace(store.discontinuation.ENDINGS, there, made)
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


def _begin(ending_id: str, company_id: str) -> None:
    """Begin a company's cancellation, and note it. The note comes second: a company without one is gone back
    for.
    """
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
        return  # noted by another run, this moment


def _counted(one: Ending, company: Stored[EndingCompany], known: Stored[Cancellation] | None) -> Ending:
    """The end with one company more."""
    match company.value.state if company.value.state in _OVER else _looked_at(company, known):
        case CompanyEnd.BEGUN:
            one = replace(one, unfinished=one.unfinished + 1)
        case CompanyEnd.HELD:
            one = replace(one, held=one.held + 1)
        case CompanyEnd.CERTIFIED | CompanyEnd.GONE:
            one = replace(one, certified=one.certified + 1)
    return replace(one, companies=one.companies + 1, cursor_id=company.value.company_id)


def _looked_at(company: Stored[EndingCompany], known: Stored[Cancellation] | None) -> CompanyEnd:
    """How far a company is by its cancellation, noted when it has come to an end."""
    one = company.value
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


def _ending(known: Stored[Workflow]) -> Stored[Ending]:
    there = store.discontinuation.ENDINGS.get(ending_id=known.value.about)
    if there is None:
        raise NotFoundError
    return there
