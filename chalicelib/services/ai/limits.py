"""What a company may use of AI, and what it has used (clause `ai`): tokens and money, by month.

Before each call the most it can cost is reserved in the company's month, in the transaction that claims the
job, so that jobs side by side cannot use more than there is; afterwards the real numbers take its place. A
call whose end nobody saw is counted as reserved: it has been paid for. Closed: what cannot be counted is not
asked, for the sake of whoever pays.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from types import MappingProxyType
from typing import Final, NamedTuple

from chalicelib import store
from chalicelib.gateways.model import MODELS, Answer
from chalicelib.kernel import clock
from chalicelib.kernel.errors import TooManyRequestsError
from chalicelib.privacy.clocks import SINGAPORE
from chalicelib.records.ai import AiMonth
from chalicelib.records.subscriptions import Plan
from chalicelib.services.accounts.sessions import Principal
from chalicelib.services.companies import terms

JOBS_PER_HOUR: Final = 120
"""Per company: a stolen session, or a client that repeats itself, is stopped within the hour."""

TOKENS_A_MONTH: Final[Mapping[Plan | None, int]] = MappingProxyType(
    {None: 200_000, Plan.STARTER: 1_000_000, Plan.TEAM: 5_000_000, Plan.BUSINESS: 25_000_000}
)
"""In and out together, by plan; None: a company that has ordered nothing yet. Our choice, to confirm."""

BYTES_PER_TOKEN: Final = 2
"""So few that no language needs more tokens than we reserve."""

WAIT_SECONDS: Final = 180
"""After so long a call that was reserved and never settled has ended: the function lives two minutes."""


class Usage(NamedTuple):
    """What a company has used in a month, calls under way included at their most."""

    month: str
    jobs: int
    tokens_in: int
    tokens_out: int
    cost: int
    token_limit: int

    @property
    def tokens(self) -> int:
        """In and out."""
        return self.tokens_in + self.tokens_out


def token_limit(company_id: str) -> int:
    """Tokens a month by the plan that runs now; one query."""
    span = terms.running(terms.spans(store.subscriptions.of_company(company_id)), clock.now())
    return TOKENS_A_MONTH[None if span is None else span.order.plan]


def month_now() -> str:
    """The month it is in Singapore, as for credits: ``2026-11``."""
    return datetime.fromtimestamp(clock.now(), SINGAPORE).strftime("%Y-%m")


def usage(who: Principal) -> Usage:
    """What the company has used this month; a query and a read."""
    return _usage(who.company_id, token_limit(who.company_id))


def check(company_id: str) -> int:
    """Whether another job may be asked for; the month's limit of tokens. Counts the attempt.

    Raises:
        TooManyRequestsError: too many within the hour, or ``ai_limit``: the month's tokens are used.
    """
    store.limits.take("ai", company_id, JOBS_PER_HOUR, clock.HOUR)
    limit = token_limit(company_id)
    if _usage(company_id, limit).tokens >= limit:
        raise TooManyRequestsError(
            "ai_limit", "Your company has used what its plan gives of AI this month.", retry_after=clock.HOUR
        )
    return limit


def estimate(prompt_bytes: int, max_output_tokens: int, model: str) -> list[int]:
    """The most a call can use: tokens in, tokens out, micro USD."""
    tokens_in = prompt_bytes // BYTES_PER_TOKEN + 64
    return [tokens_in, max_output_tokens, MODELS[model].of(tokens_in, max_output_tokens)]


def reserved(month: AiMonth, attempt_id: str, most: list[int], limit: int) -> AiMonth | None:
    """The month with a call reserved; None when it would go over the limit."""
    month = _tidy(month)
    seen = _with_reserved(month)
    if seen.tokens_in + seen.tokens_out + most[0] + most[1] > limit:
        return None
    return replace(month, reserved={**month.reserved, attempt_id: [*most, clock.now() + WAIT_SECONDS]})


def settled(month: AiMonth, attempt_id: str, used: list[int] | None) -> AiMonth:
    """The month with a call over: what it used, or what was reserved when nobody knows. Repeatable: what is
    not reserved any more has been counted.
    """
    if attempt_id not in month.reserved:
        return month
    left = {name: most for name, most in month.reserved.items() if name != attempt_id}
    return _plus(replace(month, reserved=left), used or month.reserved[attempt_id])


def released(month: AiMonth, attempt_id: str) -> AiMonth:
    """The month without a call that the model never took up."""
    return replace(
        month, reserved={name: most for name, most in month.reserved.items() if name != attempt_id}
    )


def used_by(answer: Answer, model: str) -> list[int]:
    """What a call used: tokens in, tokens out, micro USD."""
    cost = MODELS[model].of(answer.tokens_in, answer.tokens_out)
    return [answer.tokens_in, answer.tokens_out, cost]


def _usage(company_id: str, limit: int) -> Usage:
    name = month_now()
    known = store.ai.month(company_id, name)
    month = _with_reserved(AiMonth(company_id=company_id, month=name) if known is None else known.value)
    return Usage(name, month.jobs, month.tokens_in, month.tokens_out, month.cost, limit)


def _tidy(month: AiMonth) -> AiMonth:
    """Calls that nobody settled are counted as they were reserved."""
    now = clock.now()
    for attempt_id, most in month.reserved.items():
        if most[3] <= now:
            month = settled(month, attempt_id, None)
    return month


def _with_reserved(month: AiMonth) -> AiMonth:
    for attempt_id in month.reserved:
        month = settled(month, attempt_id, None)
    return month


def _plus(month: AiMonth, used: list[int]) -> AiMonth:
    return replace(
        month,
        jobs=month.jobs + 1,
        tokens_in=month.tokens_in + used[0],
        tokens_out=month.tokens_out + used[1],
        cost=month.cost + used[2],
    )
