"""The privacy policy in force, and its versions."""

from __future__ import annotations

from typing import Any

from chalice import Blueprint

from chalicelib.api.endpoint import Call, route
from chalicelib.kernel import settings
from chalicelib.kernel.errors import NotFoundError
from chalicelib.privacy import texts

bp = Blueprint(__name__)


@route(
    bp,
    "GET",
    "/v1/policy",
    summary="The policy in force",
    public=True,
    clauses=("policy-updates",),
)
def current_policy(call: Call) -> dict[str, Any]:
    """The version a signup must name."""
    return _policy(texts.POLICY_VERSION)


@route(
    bp,
    "GET",
    "/v1/policy/{version}",
    summary="One version of the policy",
    public=True,
    clauses=("policy-updates",),
)
def policy_version(call: Call) -> dict[str, Any]:
    """404 for a version that was never published."""
    return _policy(call.path["version"])


def _policy(version: str) -> dict[str, Any]:
    policy = texts.POLICIES.get(version)
    if policy is None:
        raise NotFoundError
    return {
        "version": policy.version,
        "effective_on": policy.effective_on.isoformat(),
        "url": f"{settings.api_url()}/v1/policy/{policy.version}",
    }
