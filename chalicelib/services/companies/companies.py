"""The company's own page in the Enterprise Center, and who answers for it (5.1, clause `self-service`).

The main account is an admin who cannot be removed, suspended or demoted by anybody; it changes hands only by
its owner's own word, given with a fresh second proof. So a company never is without somebody who runs it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from chalicelib import store
from chalicelib.kernel.errors import ConflictError, NotFoundError, RefusedError
from chalicelib.privacy.notifications import Kind
from chalicelib.privacy.permissions import Position
from chalicelib.privacy.register import Purpose
from chalicelib.records.accounts import MemberState
from chalicelib.records.companies import Access, Company
from chalicelib.services import repeats
from chalicelib.services.accounts import proofs, sessions
from chalicelib.services.accounts.sessions import Principal
from chalicelib.services.companies import membership
from chalicelib.services.companies.membership import Place
from chalicelib.services.notifications import notify
from chalicelib.services.repeats import Repeat

if TYPE_CHECKING:
    from chalicelib.store.idempotency import Once
    from chalicelib.store.transaction import Transaction

TRIES: Final = 5
_USE: Final = Purpose.MAINTAIN_ACCOUNT


class Profile(NamedTuple):
    """A company as its own people see it."""

    company: Company
    version: int
    access: Access
    members: int


def read(who: Principal) -> Profile:
    """The company's page; one read and one query."""
    known = store.accounts.COMPANIES.get(company_id=who.company_id, use=_USE)
    if known is None:
        raise NotFoundError
    return Profile(known.value, known.version, who.access, _members(who.company_id))


def change(who: Principal, version: int, fields: Mapping[str, Any], *, need_totp: bool | None) -> Profile:
    """Change what is given of exactly this version, and whether admins need one-time codes.

    Raises:
        ConflictError: ``changed``, somebody else was faster.
        RefusedError: ``proof_needed``, to ask less of admins than before.
    """
    for _ in range(TRIES):
        company, access = store.table.get_together(
            (store.accounts.COMPANIES, {"company_id": who.company_id}),
            (store.accounts.ACCESS, {"company_id": who.company_id}),
            use=_USE,
        )
        if company is None or access is None:
            raise NotFoundError
        if company.version != version:
            raise ConflictError("changed")
        wanted = access.value.admins_need_totp if need_totp is None else need_totp
        if access.value.admins_need_totp and not wanted:
            proofs.require_fresh(who.session.proven_at)
        changed, rules = replace(company.value, **fields), replace(access.value, admins_need_totp=wanted)
        transaction = store.transaction.Transaction(store.table.new_op())
        transaction.replace(store.accounts.COMPANIES, company, changed)
        if rules != access.value:
            transaction.replace(store.accounts.ACCESS, access, rules)
        try:
            transaction.commit()
        except ConflictError:
            continue  # if it was the company itself, the next look at its version says so
        return Profile(changed, version + 1, rules, _members(who.company_id))
    raise ConflictError


def hand_over(who: Principal, user_id: str, repeat: Repeat | None) -> None:
    """Make another active admin the main account; both are told by mail.

    Raises:
        RefusedError: ``main_account_only``; ``proof_needed``.
        NotFoundError: no such member.
        ConflictError: ``yourself``; ``not_an_admin``, or not an active one.
    """

    def make(once: Once | None) -> None:
        _hand_over(who, user_id, once)

    def again(_: str) -> None:
        """Done before."""

    repeats.once(who, repeat, again, make)


def _hand_over(who: Principal, user_id: str, once: Once | None) -> None:
    proofs.require_fresh(who.session.proven_at)
    before, company = sessions.profile(who.company_id, who.user_id)
    known = store.accounts.USERS.get(company_id=who.company_id, user_id=user_id, use=_USE)
    if known is None:
        raise NotFoundError
    after = known.value
    values = {"company": company.name, "before": before.name, "after": after.name}
    told: list[str] = []

    def edit(place: Place) -> Place:
        # Judged by the rules as they are in this very write: of two at once, one finds itself no longer main.
        if place.access.main_user_id != who.user_id:
            raise RefusedError(
                "main_account_only", "Only the main account can hand itself over.", clause="access"
            )
        if user_id == who.user_id:
            raise ConflictError("yourself", "This is the main account already.")
        if place.member.position is not Position.ADMIN or place.member.state is not MemberState.ACTIVE:
            raise ConflictError("not_an_admin", "The main account must be an active admin.")
        return place._replace(access=replace(place.access, main_user_id=user_id))

    def also(transaction: Transaction) -> None:
        given = notify.add(transaction, before, Kind.MEMBERSHIP, "main_account_given", values)
        received = notify.add(transaction, after, Kind.MEMBERSHIP, "main_account_received", values)
        told[:] = [*(given or ()), *(received or ())]
        if once is not None:
            once.add_to(transaction, user_id)

    membership.change(who.company_id, user_id, edit, also=also)
    notify.hint(told)


def _members(company_id: str) -> int:
    """How many people belong to it, suspended ones too; one query, nothing is opened."""
    members = store.accounts.MEMBERS.query(company_id, "member#", consistent=False)
    return sum(one.value.state is not MemberState.REMOVED for one in members)
