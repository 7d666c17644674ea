"""The stages of the state machine `cancellation`, one deed each (5.3).

    tell -> cool -> freeze -> offer -> erase -> destroy -> verify -> certify -> forget -> over
    freeze is where one begins that nobody asked for; verify -> erase when something is left;
    certify -> hold -> erase where a hold keeps something; taken_back -> over

Each deed changes the cancellation and moves its workflow in one transaction, so the two never tell different
things, and of two executions at once one finds itself overtaken. What a deed does outside that transaction
is repeatable: telling (once a person and occasion), deleting, destroying keys.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

from chalicelib import store
from chalicelib.kernel import clock, telemetry
from chalicelib.kernel.errors import ConflictError
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
"""After the first look that found something left, twice as long after each further one, up to a day; and
between looks while a hold is being released.
"""
HOLD_SECONDS: Final = 86_400
"""How often a hold is asked about."""
FORGET_SECONDS: Final = 900
"""How often it is asked whether the certificate has left. A notice is given up after seven days, so the
address is gone by then at the latest.
"""
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
    """Every door is closed; then whoever was inside is put out."""
    found, one = _known(known)
    if one.state is not CancellationState.FROZEN:
        freezing.close(known, found)
        return
    freezing.put_out(one.company_id)
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
    elif store.partitions.keeps_roots(one.company_id):
        _go(known, found, _lost(one), "verify", why="held")
    else:
        _go(known, found, replace(one, cursor=None), "destroy")


def destroy(known: Stored[Workflow]) -> None:
    """What the company sealed can be read by nobody; then it is looked for, once no process remembers."""
    found, one = _known(known)
    if store.partitions.keeps_roots(one.company_id):
        _go(known, found, _lost(one), "verify", why="held")
        return
    gone = shredding.destroy(one.company_id)
    made = replace(
        one, unreadable_at=gone.unreadable_at, unrecoverable_at=gone.unrecoverable_at, erased_at=gone.at
    )
    if one.rounds:
        made = _lost(made)  # what was left over went only now, and the key's own times were before that
    _go(known, found, made, "verify", until=made.unreadable_at, why="caches")


def verify(known: Stored[Workflow]) -> None:
    """Everything is looked for by other means than the eraser's; what is found goes, after a pause."""
    found, one = _known(known)
    open_ones = store.holds.open_ones(one.company_id)
    held = dict(company.held(one.company_id))
    if held and not open_ones:  # a hold is being released (or placed this moment): no certificate yet
        engine.move(known, "verify", until=clock.now() + LEFT_SECONDS, why="hold")
        return
    over = company.left(one.company_id)
    over.subtract(held)
    left = sum((+over).values())
    if left:
        telemetry.event("cancellation_left_over", company_id=one.company_id, rows=left)
        pause = min(LEFT_SECONDS * 2**one.rounds, _DAY)
        again = replace(one, rounds=one.rounds + 1, cursor=None)
        _go(known, found, again, "erase", until=clock.now() + pause, why="left_over")
        return
    told = [hold for hold in open_ones if not hold.secret]
    made = replace(
        one,
        rounds=0,
        counts=dict(company.erased(one.company_id)),
        held=held,
        told=dict(company.held_openly(one.company_id)) if told else {},
        laws=tuple(sorted({hold.law for hold in told})),
        review_at=min((hold.review_at for hold in told), default=None),
        secret=any(hold.secret for hold in open_ones),
    )
    # Of the end of a hold that was never told of the company's chain says nothing.
    proof = begin.step(made, Act.ERASED, counts=certificate.gone(made), secretly=made.silent)
    _go(known, found, made, "certify", proof)


def certify(known: Stored[Workflow]) -> None:
    """The certificate leaves, if there is anybody to have one; what is held is asked about from now on."""
    found, one = _known(known)
    letter, proofs, made = certificate.letter(one), [], one
    if letter is not None:
        made = replace(one, certificates=one.certificates + 1, notice_id=letter.notice_id)
        proofs = [begin.step(made, Act.CERTIFIED, counts=certificate.gone(one))]
    if one.held:
        made = replace(made, state=CancellationState.HELD)
        # What nobody may hear of goes on as if there were nothing: the address is forgotten as soon.
        later = clock.now() + (HOLD_SECONDS if one.laws else FORGET_SECONDS)
        _go(known, found, made, "hold", *proofs, letter=letter, until=later, why="hold")
    else:
        _go(known, found, made, "forget", *proofs, letter=letter)


def forget(known: Stored[Workflow]) -> None:
    """Once the certificate has left, nobody needs the address any more."""
    found, one = _known(known)
    if certificate.waits(one):
        engine.move(known, "forget", until=clock.now() + FORGET_SECONDS, why="certificate")
        return
    made = replace(one, state=CancellationState.DONE, notice_id=None)
    there = store.cancellation.address(one.company_id) is not None
    proofs = [begin.step(made, Act.ADDRESS_GONE)] if there else []
    _go(known, found, made, OVER, *proofs, without_address=True)


def hold(known: Stored[Workflow]) -> None:
    """Is it still kept? If not, the rest goes as the first part did. One query, and the address."""
    found, one = _known(known)
    if not store.partitions.keeps_roots(one.company_id):
        made, proofs = certificate.released(one)
        _go(known, found, made, "erase", *proofs)
        return
    there, pause = certificate.keep_address(one.company_id), HOLD_SECONDS
    proofs = []
    # Of a hold that nobody may hear of there will be no second letter: its address goes with the first.
    alone = there and not one.laws
    if alone and certificate.waits(one):
        alone, pause = False, FORGET_SECONDS
    elif alone:
        proofs = [begin.step(one, Act.ADDRESS_GONE)]
    _go(
        known,
        found,
        one,
        "hold",
        *proofs,
        until=clock.now() + pause,
        why="hold",
        without_address=alone,
    )


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
    """The cancellation that a workflow carries. Raises ConflictError for one that was taken back just now:
    the workflow has moved with it, and is looked at again.
    """
    found = begin.find(known.value.about)
    others = found.value.workflow_id != known.value.workflow_id
    if others or found.value.state is CancellationState.TAKEN_BACK:
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
