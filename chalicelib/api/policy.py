"""The privacy policy in force, its other versions, and what it promises."""

from __future__ import annotations

from typing import Any

from chalice import Blueprint

from chalicelib.api.endpoint import Call, route
from chalicelib.kernel import clock, settings
from chalicelib.kernel.errors import NotFoundError
from chalicelib.privacy import clocks, policies
from chalicelib.privacy.clauses import CLAUSES
from chalicelib.privacy.policies import Policy
from chalicelib.services import wording

bp = Blueprint(__name__)


@route(
    bp,
    "GET",
    "/v1/policy",
    summary="The policy in force",
    public=True,
    clauses=("policy-updates", "scope-adults"),
    answer="Policy",
)
def current_policy(call: Call) -> dict[str, Any]:
    """The version a signup must name, in English or Chinese by `Accept-Language`. `next` is a version that is
    announced and does not apply yet; `third_parties` are services that can be connected and that this policy
    does not cover.
    """
    return _policy(policies.current(clock.now()).version, call.accept_language)


@route(
    bp,
    "GET",
    "/v1/policy/{version}",
    summary="One version of the policy",
    public=True,
    clauses=("policy-updates", "scope-adults"),
    answer="Policy",
)
def policy_version(call: Call) -> dict[str, Any]:
    """Also one that was replaced, or is announced. 404 for a version that was never published."""
    return _policy(call.path["version"], call.accept_language)


def _policy(version: str, accept_language: str | None = None) -> dict[str, Any]:
    today = clocks.day(clock.now())
    policy = policies.get(version, today)
    if policy is None:
        raise NotFoundError
    locale = wording.locale_of(accept_language)
    coming = policies.announced(today)
    return {
        **_named(policy),
        "summary": list(policy.summary[locale]),
        "changes": list(policy.changes[locale]),
        "third_parties": [
            {"service": one.service, "url": one.url, "covered": False} for one in policy.third_parties
        ],
        "next": _named(coming[0]) if coming else None,
        # What the software is held to; a version changes what is promised only together with the registry.
        "promises": [
            {"id": clause.id, "section": clause.section, "promise": clause.promise}
            for clause in CLAUSES.values()
        ],
    }


def _named(policy: Policy) -> dict[str, str]:
    return {
        "version": policy.version,
        "published_on": policy.published_on.isoformat(),
        "effective_on": policy.effective_on.isoformat(),
        "url": f"{settings.api_url()}/v1/policy/{policy.version}",
    }
