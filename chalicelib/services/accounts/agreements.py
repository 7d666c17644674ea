"""Which version of the policy a user agreed to (clause `policy-updates`).

Agreeing goes through ``services.companies.membership``, so that every session of the user knows with its
next request.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final, NamedTuple

from chalicelib import store
from chalicelib.kernel import clock
from chalicelib.kernel.errors import ConflictError, FieldError, InvalidError
from chalicelib.privacy import clocks, policies
from chalicelib.privacy.policies import Policy
from chalicelib.services.accounts.sessions import Principal
from chalicelib.services.companies import membership
from chalicelib.services.companies.membership import Place
from chalicelib.services.consent import consents

if TYPE_CHECKING:
    from chalicelib.store.transaction import Transaction

POLICY: Final = "policy_agreement"
"""How this word was given."""


class Standing(NamedTuple):
    """How a user stands to the policy: the version agreed to, the one in force, the next announced one."""

    agreed: str
    in_force: Policy
    consent_needed: bool
    next: Policy | None


def standing(agreed: str) -> Standing:
    """Where somebody stands who agreed to a version; reads nothing."""
    today = clocks.day(clock.now())
    coming = policies.announced(today)
    return Standing(
        agreed,
        policies.in_force(today),
        policies.consent_needed(agreed, today),
        coming[0] if coming else None,
    )


def agree(who: Principal, version: str, locale: str) -> Standing:
    """Agree to the version of the policy in force, or to the announced next one before its day.

    Agreeing again, or to an earlier one than already agreed to, changes nothing. The one in force comes first
    while it is unanswered: an early yes to the next one is none to what is done today.

    Raises:
        InvalidError: ``not_in_force``, also for a version nobody published.
        ConflictError: ``answer_the_one_in_force_first``.
    """
    now = clock.now()
    today = clocks.day(now)
    open_now = standing(who.session.policy_version)
    wanted = policies.get(version, today)
    if wanted is None or wanted not in (open_now.in_force, open_now.next):
        raise InvalidError(errors=[FieldError("version", "not_in_force")])
    if wanted is not open_now.in_force and open_now.consent_needed:
        raise ConflictError("answer_the_one_in_force_first")
    agreed = policies.get(who.session.policy_version, today)
    if agreed is not None and agreed.effective_on >= wanted.effective_on:
        return open_now
    said = consents.account_word(who.company_id, who.user_id, POLICY, locale)

    def edit(place: Place) -> Place:
        return place._replace(member=replace(place.member, policy_version=version))

    def also(transaction: Transaction) -> None:
        store.consents.record(said, version, transaction)

    place = membership.change(who.company_id, who.user_id, edit, also=also)
    return standing(place.member.policy_version)
