"""The stages of the state machine `cancellation`, one deed each (5.3).

    tell -> cool -> freeze -> offer -> erase -> destroy -> verify -> certify -> forget -> over
    freeze is where one begins that nobody asked for; verify -> erase when something is left;
    certify -> hold -> erase where a hold keeps something; taken_back -> over

Each deed changes the cancellation and moves its workflow in one transaction, so the two never tell different
things, and of two executions at once one finds itself overtaken. What a deed does before that transaction is
repeatable: telling (once a person and occasion), deleting, destroying keys.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

from chalicelib import store
from chalicelib.kernel import clock, telemetry
from chalicelib.kernel.errors import ConflictError
from chalicelib.privacy.register import Purpose
from chalicelib.records.cancellation import Act, CancellationState, CancellationStep, Why
from chalicelib.records.workflows import OVER
from chalicelib.services.cancellation import begin, certificate, final_export, freezing, people, preview
from chalicelib.services.companies.reminders import day_and_time
from chalicelib.services.erasure import company, shredding
from chalicelib.services.notifications import notify
from chalicelib.services.workflows import engine

if TYPE_CHECKING:
    from chalicelib.records.accounts import Notice
    from chalicelib.records.cancellation import Cancellation
    from chalicelib.records.workflows import Workflow
    from chalicelib.store.table import Stored

LEFT_SECONDS: Final = 120
"""After the first look that found something left; twice as long after each further one, up to a day."""
HOLD_SECONDS: Final = 86_400
"""How often a hold is asked about."""
FORGET_SECONDS: Final = 900
"""How often it is asked whether the certificate has left. A notice is given up after seven days, so the
address is gone by then at the latest.
"""
RENEW_SECONDS: Final = 60 * 86_400
"""So long before it would go by itself the address is kept on, as long as a hold lasts."""
_DAY: Final = 86_400


def tell(known: Stored[Workflow]) -> None:
    """Everybody with an account learns what is coming, and until when it can be taken back."""
    found, one = _known(known)
    until = day_and_time(one.cools_until or 0)
    after = people.tell(one, "cancellation_asked", {"until": until})
    if after is None:
        _go(known, found, replace(one, cursor=None), "cool", until=one.cools_until, why="cooling_off")
    else:
        _go(known, found, replace(one, cursor=after), "tell")


def cool(known: Stored[Workflow]) -> None:
    """The time to think it over has passed."""
    engine.move(known, "freeze")


def freeze(known: Stored[Workflow]) -> None:
    """Every door is closed."""
    freezing.close(begin.find(known.value.about))
    engine.move(known, "offer")


def offer(known: Stored[Workflow]) -> None:
    """A last chance to take the contacts along, by mail."""
    found, one = _known(known)
    offered, letter = final_export.offer(one)
    if letter is None:
        _go(known, found, offered, "erase")
        return
    _go(
        known,
        found,
        offered,
        "erase",
        begin.step(offered, Act.OFFERED),
        letter=letter,
        until=offered.export_until,
        why="final_export",
    )


def erase(known: Stored[Workflow]) -> None:
    """Page by page. Before the first page the time ends in which anything could be taken back."""
    found, one = _known(known)
    if one.state is not CancellationState.ERASING:
        begun = replace(one, state=CancellationState.ERASING, erasing_at=clock.now(), code_hash=None)
        _go(known, found, begun, "erase", begin.step(begun, Act.ERASING))
        return
    after = company.piece(one.company_id, one.cursor)
    if after is not None:
        _go(known, found, replace(one, cursor=after), "erase")
    elif company.held(one.company_id):
        _go(known, found, _lost(one), "verify", why="held")
    else:
        _go(known, found, replace(one, cursor=None), "destroy")


def destroy(known: Stored[Workflow]) -> None:
    """What the company sealed can be read by nobody; then it is looked for, once no process remembers."""
    found, one = _known(known)
    if company.held(one.company_id):
        _go(known, found, _lost(one), "verify", why="held")
        return
    gone = shredding.destroy(one.company_id)
    made = replace(
        one, unreadable_at=gone.unreadable_at, unrecoverable_at=gone.unrecoverable_at, erased_at=gone.at
    )
    _go(known, found, made, "verify", until=gone.unreadable_at, why="caches")


def verify(known: Stored[Workflow]) -> None:
    """Everything is looked for by other means than the eraser's; what is found goes, after a pause."""
    found, one = _known(known)
    held = dict(company.held(one.company_id))
    over = company.left(one.company_id)
    over.subtract(held)
    left = sum((+over).values())
    if left:
        telemetry.event("cancellation_left_over", company_id=one.company_id, rows=left)
        pause = min(LEFT_SECONDS * 2**one.rounds, _DAY)
        again = replace(one, rounds=one.rounds + 1, cursor=None)
        _go(known, found, again, "erase", until=clock.now() + pause, why="left_over")
        return
    open_ones = store.holds.open_ones(one.company_id) if held else []
    told = [hold for hold in open_ones if not hold.secret]
    made = replace(
        one,
        rounds=0,
        counts=dict(company.erased(one.company_id)),
        held=held,
        laws=tuple(sorted({hold.law for hold in told})),
        review_at=min((hold.review_at for hold in told), default=None),
        secret=any(hold.secret for hold in open_ones),
    )
    _go(known, found, made, "certify", begin.step(made, Act.ERASED, counts=_gone(made)))


def certify(known: Stored[Workflow]) -> None:
    """The certificate leaves; what is held is asked about from now on."""
    found, one = _known(known)
    letter = certificate.letter(one, _gone(one))
    made = replace(
        one,
        certificates=one.certificates + 1,
        notice_id=None if letter is None else letter.notice_id,
    )
    proof = begin.step(made, Act.CERTIFIED, counts=_gone(one))
    if one.held:
        made = replace(made, state=CancellationState.HELD)
        _go(known, found, made, "hold", proof, letter=letter, until=clock.now() + HOLD_SECONDS, why="hold")
    else:
        _go(known, found, made, "forget", proof, letter=letter)


def forget(known: Stored[Workflow]) -> None:
    """Once the certificate has left, nobody needs the address any more."""
    found, one = _known(known)
    if _waits(one):
        engine.move(known, "forget", until=clock.now() + FORGET_SECONDS, why="certificate")
        return
    made = replace(one, state=CancellationState.DONE, notice_id=None)
    _go(known, found, made, OVER, begin.step(made, Act.ADDRESS_GONE), without_address=True)


def hold(known: Stored[Workflow]) -> None:
    """Is it still kept? If not, the rest goes as the first part did."""
    found, one = _known(known)
    held = dict(company.held(one.company_id))
    if not held:
        made = replace(
            one,
            state=CancellationState.ERASING,
            released=one.held,
            held={},
            laws=(),
            cursor=None,
            secret=False,
        )
        # The company's chain learns of an end only where it knew of the hold.
        proof = begin.step(made, Act.RELEASED, secretly=not one.laws)
        _go(known, found, made, "erase", proof)
        return
    # Of a hold that nobody may hear of there will be no second letter: its address need not wait.
    alone = one.secret and not one.laws and not _waits(one)
    _keep_address(one.company_id)
    later = clock.now() + HOLD_SECONDS
    _go(known, found, replace(one, held=held), "hold", until=later, why="hold", without_address=alone)


def taken_back(known: Stored[Workflow]) -> None:
    """Everybody who was told that the accounts end learns that they do not."""
    found = begin.find(known.value.about)
    one = found.value
    if one.workflow_id != known.value.workflow_id:
        engine.move(known, OVER, why="asked_again")  # the people learn of that one
        return
    after = people.tell(one, "cancellation_taken_back", {}) if one.why is Why.ASKED else None
    if after is None:
        engine.move(known, OVER, why="taken_back")
    else:
        _go(known, found, replace(one, cursor=after), "taken_back")


DEEDS: Final[engine.Deeds] = {
    "tell": tell,
    "cool": cool,
    "freeze": freeze,
    "offer": offer,
    "erase": erase,
    "destroy": destroy,
    "verify": verify,
    "certify": certify,
    "forget": forget,
    "hold": hold,
    "taken_back": taken_back,
}


def _known(known: Stored[Workflow]) -> tuple[Stored[Cancellation], Cancellation]:
    """The cancellation that a workflow carries. Raises ConflictError for one that was taken back just now."""
    found = begin.find(known.value.about)
    if found.value.workflow_id != known.value.workflow_id:
        raise ConflictError
    return found, found.value


def _go(
    known: Stored[Workflow],
    found: Stored[Cancellation],
    made: Cancellation,
    stage: str,
    *proofs: CancellationStep,
    letter: Notice | None = None,
    until: int | None = None,
    why: str = "",
    without_address: bool = False,
) -> None:
    """Change the cancellation, move its workflow and leave proof and letter, all or nothing."""
    transaction = store.transaction.Transaction(store.table.new_op())
    transaction.replace(store.cancellation.CANCELLATIONS, found, made, used_again=True)
    engine.move(known, stage, until=until, why=why, transaction=transaction)
    for proof in proofs:
        transaction.put_new(store.cancellation.STEPS, proof)
    if letter is not None:
        transaction.put_new(store.accounts.NOTICES, letter)
    if without_address:
        address: Any = store.cancellation.ADDRESSES
        transaction.clear(address, *address.place(company_id=made.company_id))
    transaction.commit()
    if letter is not None:
        notify.hint([letter.notice_id])


def _lost(one: Cancellation) -> Cancellation:
    """When what is deleted of a company whose key is still needed is lost to everybody."""
    now = clock.now()
    unreadable_at, unrecoverable_at = preview.lost_at(now)
    return replace(
        one, cursor=None, erased_at=now, unreadable_at=unreadable_at, unrecoverable_at=unrecoverable_at
    )


def _keep_address(company_id: str) -> None:
    """A hold may outlive what a row is kept for: the address stays until the second certificate."""
    known = store.cancellation.address(company_id)
    if known is not None and (known.expires_at or 0) < clock.now() + RENEW_SECONDS:
        op = store.table.new_op()
        store.cancellation.ADDRESSES.replace(known, known.value, op=op, used_again=True)


def _gone(one: Cancellation) -> dict[str, int]:
    """Rows that a certificate is about, by kind: first what the eraser's evidence counts, later what a hold
    had kept, whoever deleted it then (the hold's own job takes what was over, the eraser the rest).
    """
    if not one.released:
        return {kind: rows for kind, rows in one.counts.items() if rows > 0}
    since = {kind: rows - one.held.get(kind, 0) for kind, rows in one.released.items()}
    return {kind: rows for kind, rows in since.items() if rows > 0}


def _waits(one: Cancellation) -> bool:
    """Whether the last mail to the address has not left yet."""
    if one.notice_id is None:
        return False
    found = store.accounts.NOTICES.get(notice_id=one.notice_id, use=Purpose.CREATE_AND_LOGIN)
    return found is not None
