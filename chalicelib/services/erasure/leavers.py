"""Erasing a user (clauses `retention`, `self-service`, `requests`): whether they were removed or asked for
it.

One transaction ends every way in and puts on record that the erasure has begun. What is kept of them is
erased right after, and looked for once more a little later, in case a request that was under way wrote
something still. What the company owns stays, and so do receipts.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

from chalicelib import store
from chalicelib.gateways import queues
from chalicelib.kernel import addresses, clock, ids, settings, telemetry
from chalicelib.kernel.errors import ConflictError, NotFoundError
from chalicelib.privacy.register import Duty
from chalicelib.records.accounts import Login, Member, MemberState, User
from chalicelib.records.erasures import Erasure, Step, Why
from chalicelib.services.companies import invitations, membership
from chalicelib.services.companies.membership import Place
from chalicelib.services.erasure import traces
from chalicelib.services.keeping.keeping import Keeping
from chalicelib.services.notifications import push

if TYPE_CHECKING:
    from chalicelib.store.batches import Key
    from chalicelib.store.table import Stored
    from chalicelib.store.transaction import Transaction

STRAGGLERS_SECONDS: Final = 120
"""A request or a job that began before an erasure has ended by then, whatever it wrote."""
HELD_SECONDS: Final = 3600
"""How often it is asked whether what is held may go now; a release need not tell us."""
TRIES: Final = 3
_USE: Final = Duty.ERASE


def begin(company_id: str, user_id: str, *, why: Why, matter: str | None, letters: bool) -> str:
    """End every way in, and begin the erasure; its id.

    Raises:
        NotFoundError: nobody here, or nobody any more.
        ConflictError: ``main_account``.
    """
    erasure_id = ids.new("era")

    def edit(place: Place) -> Place:
        if user_id == place.access.main_user_id:
            raise ConflictError("main_account", "The main account has to be handed over first.")
        gone = replace(
            place.member,
            state=MemberState.REMOVED,
            department_id=None,
            generation=place.member.generation + 1,
            left_at=clock.now(),
            erasure_id=erasure_id,
        )
        return place._replace(member=gone)

    due = store.table.Due(store.leaving.LEAVING_DUE, clock.now() + STRAGGLERS_SECONDS)
    for attempt in range(TRIES):
        known, access = membership.read(company_id, user_id)
        edit(Place(known.value, access.value))  # refuse before anything is taken away
        user = _user(company_id, user_id)
        mailbox = store.accounts.mailbox_hash(addresses.parse(user.email).login)
        login = login_of(mailbox, user_id)
        if login is None:
            continue  # their mailbox is being changed: without its row they would keep a way in
        invitations.withdraw_all(company_id, user.email)
        begun = Erasure(
            company_id=company_id,
            erasure_id=erasure_id,
            part=0,
            step=Step.BEGUN,
            why=why,
            at=clock.now(),
            matter=matter,
            user_id=user_id,
            mailbox=mailbox,
            letters=letters,
        )

        def also(transaction: Transaction, login: Stored[Login] = login, begun: Erasure = begun) -> None:
            transaction.delete(store.accounts.LOGINS, login)
            transaction.put_new(store.erasure.ERASURES, begun)

        try:
            membership.change(company_id, user_id, edit, also=also, due=due)
        except ConflictError as error:
            if error.code != "changed" or attempt == TRIES - 1:
                raise
            continue  # they have just changed their password or mailbox: look again
        break
    else:
        raise ConflictError
    hint(company_id, user_id)
    return erasure_id


def hint(company_id: str, user_id: str) -> None:
    """Let the job know."""
    queues.hint(settings.QUEUE_TASKS, [{"task": "erase_member", "company": company_id, "user": user_id}])


def finish(company_id: str, user_id: str) -> None:
    """Erase what is kept of somebody who was removed; nobody else, whatever it is given. Repeatable.

    What a hold covers is put out of sight, or left as it is where it is a colleague's or a recipient's as
    well; it is asked about again every hour until the last one is released. The user's own row waits with
    it, because it says what they are called.

    Raises:
        UnavailableError, RetryLaterError: to be continued; the sweeper finds those who were left half erased.
    """
    known = store.accounts.MEMBERS.get(company_id=company_id, user_id=user_id)
    if known is None or known.value.state is not MemberState.REMOVED or known.value.erasure_id is None:
        return
    entries = store.erasure.ERASURES.query(company_id, f"erasure#{known.value.erasure_id}#")
    told = [entry.value for entry in entries]
    if not told:
        raise LookupError("removed, and no erasure was ever begun")  # one transaction wrote both
    left_at, keeping = known.value.left_at or 0, Keeping(company_id)
    held = max((number for number, entry in enumerate(told) if entry.step is Step.HELD), default=-1)
    found = traces.of_user(company_id, user_id, str(told[0].mailbox), left_at)
    if keeping.about(user_id, None):
        _put_aside(known, found.keys, told, found.counts, keeping)
        return
    if held == len(told) - 1 and keeping.open.issuperset(told[held].holds):
        _ask_again(known)
        return
    before = any(entry.step is Step.PART for entry in told[held + 1 :])
    found = found.and_elsewhere(company_id, user_id, keeping, letters=told[0].letters)
    if found.user is None and not before:
        raise LookupError("nobody can say what they are called, and what names them is still there")
    if found.counts and not before:
        told.append(_told(told, Step.PART, counts=found.counts, redacted=found.written))
        _put(told[-1])
    erase(company_id, user_id, found)
    if found.kept:
        place = store.accounts.USERS.place(company_id=company_id, user_id=user_id)
        _put_aside(known, [place], told, Counter(found.kept) + Counter(user=1), keeping)
    elif clock.now() >= left_at + STRAGGLERS_SECONDS:
        _close(known, told, found.counts if before else {})


def erase(company_id: str, user_id: str, found: traces.Traces) -> None:
    """Take away what was found of a user: their name first, while it is known, then all rows. Repeatable.

    Raises:
        UnavailableError, RetryLaterError: to be done again.
    """
    traces.redact(company_id, found)
    # First what lies elsewhere: the rows erased below say where. Also those that were put away for a hold.
    push.forget_user(company_id, user_id)
    rows = store.notifications.DEVICES
    for row in store.table.query_rows(rows.model, company_id, f"push#{user_id}#"):
        push.forget(rows.decode(row, store.notifications.USE))
    store.wechat.forget_user(company_id, user_id)
    gone = store.erasure.delete(store.erasure.ACCOUNTS, found.keys)
    # After their consents, so that no job that is under way can add another one.
    gone += store.samples.forget(company_id, user_id)
    gone += store.prospects.forget_claims(company_id, user_id)
    gone += store.ai.forget(company_id, user_id)
    telemetry.event("member_erased", rows=gone)


def _put_aside(
    known: Stored[Member],
    keys: Iterable[Key],
    told: list[Erasure],
    counts: Mapping[str, int],
    keeping: Keeping,
) -> None:
    holds, held = tuple(sorted(keeping.keepers)), dict(counts)
    company_id, user_id = known.value.company_id, known.value.user_id
    # No hold covers what was kept under a yes alone: it ended with their leaving, and nobody may open it; nor
    # what they were working on, which is anybody's now.
    kinds = (store.samples.SAMPLES.kind, store.prospects.CLAIMS.kind)
    if counts_now := {kind: number for kind in kinds if (number := held.pop(kind, 0))}:
        told.append(_told(told, Step.PART, counts=counts_now))
        _put(told[-1])
    if told[-1].step is not Step.HELD or told[-1].holds != holds:
        _put(_told(told, Step.HELD, held=held, holds=holds))
    store.erasure.put_aside(store.erasure.ACCOUNTS, keys)
    of_ai = store.ai.keys_of(known.value.company_id, known.value.user_id)
    store.erasure.put_aside(store.erasure.WORKSPACE, of_ai)
    store.samples.forget(company_id, user_id)
    store.prospects.forget_claims(company_id, user_id)
    _ask_again(known)


def _ask_again(known: Stored[Member]) -> None:
    due = store.table.Due(store.leaving.LEAVING_DUE, clock.now() + HELD_SECONDS)
    try:
        store.accounts.MEMBERS.replace(known, known.value, op=store.table.new_op(), due=due)
    except ConflictError:
        return  # another job has just looked


def _close(known: Stored[Member], told: list[Erasure], late: Mapping[str, int]) -> None:
    """Nothing is left: the place itself goes, and the evidence says that it is done."""
    transaction = store.transaction.Transaction(store.table.new_op())
    transaction.delete(store.accounts.MEMBERS, known)
    transaction.put_new(store.erasure.ERASURES, _told(told, Step.DONE, counts=late))
    try:
        transaction.commit()
    except ConflictError:
        return  # another job has closed it


def _told(told: list[Erasure], step: Step, **more: Any) -> Erasure:
    return replace(told[0], part=len(told), step=step, at=clock.now(), **more)


def _put(entry: Erasure) -> None:
    transaction = store.transaction.Transaction(store.table.new_op())
    transaction.put_new(store.erasure.ERASURES, entry)
    try:
        transaction.commit()
    except ConflictError:
        return  # another job has said so


def _user(company_id: str, user_id: str) -> User:
    known = store.accounts.USERS.get(company_id=company_id, user_id=user_id, use=_USE)
    if known is None:
        raise NotFoundError
    return known.value


def login_of(mailbox: str, user_id: str) -> Stored[Login] | None:
    """The user's login; None when the mailbox is somebody else's by now, or nobody's."""
    known = store.accounts.LOGINS.get(mailbox=mailbox, use=_USE)
    return known if known is not None and known.value.user_id == user_id else None
