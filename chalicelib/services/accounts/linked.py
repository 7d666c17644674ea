"""Linked WeChat accounts (clause `wechat`): binding, seeing, unlinking, and tickets of people not known yet.

A WeChat account belongs to one user at most, by transaction. What of it is kept is its Open ID, sealed, and
a nickname that proves nothing, is shown to its owner only and goes 30 days after the last login with it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from enum import Enum
from typing import TYPE_CHECKING, Final, NamedTuple

from chalicelib import store
from chalicelib.kernel import clock, ids
from chalicelib.kernel.errors import (
    ConflictError,
    FieldError,
    InvalidError,
    NotFoundError,
    UnauthorizedError,
)
from chalicelib.privacy import retention
from chalicelib.privacy.notifications import Kind
from chalicelib.privacy.register import Purpose
from chalicelib.records.accounts import MemberState, User
from chalicelib.records.wechat import WechatAttempt, WechatLink, WechatTicket
from chalicelib.services.accounts import credentials, proofs, sessions
from chalicelib.services.accounts.sessions import Principal
from chalicelib.services.notifications import notify

if TYPE_CHECKING:
    from chalicelib.store.table import Stored
    from chalicelib.store.transaction import Transaction

TRIES: Final = 4

_USE: Final = Purpose.CREATE_AND_LOGIN


@dataclass(frozen=True, slots=True)
class Person:
    """A WeChat account as far as we keep it."""

    identity: str
    flow: str
    open_id: str = field(repr=False)
    nickname: str | None = field(repr=False)


class Bond(Enum):
    """Whose an account is after somebody wanted it."""

    NEW = "new"
    OWN = "own"
    """Theirs already."""
    ELSEWHERE = "elsewhere"


class Shown(NamedTuple):
    """A linked account as its owner sees it."""

    link: WechatLink
    nickname: str | None


def of_user(company_id: str, user_id: str) -> list[Shown]:
    """The user's linked accounts; two queries."""
    names = store.wechat.nicknames_of(company_id, user_id)
    found = store.wechat.links_of(company_id, user_id)
    return [Shown(one.value, names.get(one.value.identity)) for one in found]


def add(transaction: Transaction, company_id: str, user_id: str, person: Person) -> None:
    """Let the transaction that makes a user (or that a user asked for) link an account to them. It fails as a
    whole when somebody else has the account.
    """
    now = clock.now()
    row = WechatLink(
        company_id=company_id,
        user_id=user_id,
        identity=person.identity,
        link_id=ids.new("lnk"),
        flow=person.flow,
        linked_at=now,
        used_at=now,
        open_id=person.open_id,
    )
    store.wechat.add_link(transaction, row, person.nickname)


def link(attempt: WechatAttempt, person: Person, *, also: Callable[[Transaction], None]) -> Bond:
    """Link an account to the user who began the attempt, unless somebody has it; ``also`` joins the
    transaction of a new link. The user is told by mail.

    Raises:
        UnauthorizedError: the user is suspended or leaving, or has ended all sessions since they began.
        ConflictError: one of the further writes does not hold.
    """
    company_id, user_id = str(attempt.company_id), str(attempt.user_id)
    user, _ = sessions.profile(company_id, user_id)
    told: list[str] = []
    for number in range(TRIES):
        owner = store.wechat.IDENTITIES.get(identity=person.identity)
        if owner is not None:
            own = (owner.value.company_id, owner.value.user_id) == (company_id, user_id)
            return Bond.OWN if own else Bond.ELSEWHERE
        member, _ = store.accounts.place(company_id, user_id)
        if member is None or member.value.state is not MemberState.ACTIVE:
            raise UnauthorizedError
        if member.value.generation != attempt.generation:
            raise UnauthorizedError
        transaction = store.transaction.Transaction(store.table.new_op())
        also(transaction)
        transaction.check(store.accounts.MEMBERS, member)  # nobody is linked while being removed
        add(transaction, company_id, user_id, person)
        told[:] = notify.add(transaction, user, Kind.LINKED_ACCOUNT, "wechat_linked") or []
        try:
            transaction.commit()
        except ConflictError:
            if number == TRIES - 1:
                raise
        else:
            break
    notify.hint(told)
    return Bond.NEW


def is_free(identity: str) -> bool:
    """Whether nobody has linked this account; one read unit."""
    return store.wechat.IDENTITIES.get(identity=identity) is None


def used(company_id: str, user_id: str, person: Person) -> None:
    """Note a login, and what the account is called today. What is unlinked meanwhile stays gone: the nickname
    is written only together with its link.
    """
    known = store.wechat.LINKS.get(company_id=company_id, user_id=user_id, identity=person.identity, use=_USE)
    if known is None:
        return
    transaction = store.transaction.Transaction(store.table.new_op())
    row = replace(known.value, used_at=clock.now())
    transaction.replace(store.wechat.LINKS, known, row)
    store.wechat.put_nickname(transaction, row, person.nickname)
    try:
        transaction.commit()
    except ConflictError:
        pass  # another login noted the same, or it was unlinked just now


def unlink(who: Principal, link_id: str) -> None:
    """Forget a linked account: Open ID, nickname and lookup, in one transaction. Sessions stay.

    Raises:
        RefusedError: ``proof_needed``.
        NotFoundError: none of the user's.
        ConflictError: ``last_way_in``: no password and no other account. Closed, for the user's own sake.
    """
    proofs.require_fresh(who.session.proven_at)
    user, _ = sessions.profile(who.company_id, who.user_id)
    told: list[str] = []
    for attempt in range(TRIES):
        links = store.wechat.links_of(who.company_id, who.user_id)
        chosen = next((one for one in links if one.value.link_id == link_id), None)
        if chosen is None:
            raise NotFoundError
        transaction = store.transaction.Transaction(store.table.new_op())
        # The other way in is part of the transaction: of two links given up at once, one stays.
        login = credentials.login_of(user)
        other = next((one for one in links if one is not chosen), None)
        if login.value.password_verifier is not None:
            transaction.check(store.accounts.LOGINS, login)
        elif other is not None:
            transaction.check(store.wechat.LINKS, other)
        else:
            raise ConflictError("last_way_in", "This is the only way into the account. Set a password first.")
        store.wechat.remove_link(transaction, chosen)
        told[:] = notify.add(transaction, user, Kind.LINKED_ACCOUNT, "wechat_unlinked") or []
        try:
            transaction.commit()
        except ConflictError:
            if attempt == TRIES - 1:
                raise
        else:
            break
    notify.hint(told)


# -- people who are no users yet -------------------------------------------------------------------------


def put_ticket(transaction: Transaction, secret: str, person: Person) -> None:
    """Let the transaction keep, for half an hour, who is about to sign up."""
    ticket = WechatTicket(
        ticket_hash=store.accounts.token_hash(secret),
        identity=person.identity,
        flow=person.flow,
        until=clock.now() + int(retention.WECHAT_TICKET.total_seconds()),
        open_id=person.open_id,
        nickname=person.nickname,
    )
    transaction.put_new(store.wechat.TICKETS, ticket)


def ticket_end(secret: str) -> int | None:
    """When a ticket ends, epoch seconds; None when it has, or was never given out."""
    known = _ticket(secret)
    return None if known is None else known.value.until


def ticket(secret: str) -> Stored[WechatTicket]:
    """Who has this ticket. It must then be used up: see ``redeem``.

    Raises:
        InvalidError: the field `wechat_ticket`; the same for a used, late or invented one.
    """
    known = _ticket(secret)
    if known is None:
        raise _not_valid()
    return known


def add_with(known: Stored[WechatTicket], transaction: Transaction, user: User) -> None:
    """Let the transaction that makes a user use a ticket up and link its account, if nobody has it by now.

    Raises:
        InvalidError: somebody has: without this, nobody could say which way in the user has.
    """
    found = known.value
    if not is_free(found.identity):
        raise _not_valid()
    transaction.delete(store.wechat.TICKETS, known)
    add(
        transaction,
        user.company_id,
        user.user_id,
        Person(found.identity, found.flow, found.open_id, found.nickname),
    )


def redeem(known: Stored[WechatTicket], also: Callable[[Transaction], None]) -> None:
    """Use a ticket up together with what it is for.

    Raises:
        InvalidError: as ``ticket``: of two who bring it at once, the other was faster.
    """
    transaction = store.transaction.Transaction(store.table.new_op())
    transaction.delete(store.wechat.TICKETS, known)
    also(transaction)
    try:
        transaction.commit()
    except ConflictError:
        raise _not_valid() from None


def _ticket(secret: str) -> Stored[WechatTicket] | None:
    ticket_hash = store.accounts.token_hash(secret)
    known = store.wechat.TICKETS.get(ticket_hash=ticket_hash, use=_USE)
    return known if known is not None and clock.now() < known.value.until else None


def _not_valid() -> InvalidError:
    return InvalidError(errors=[FieldError("wechat_ticket", "not_valid")])
