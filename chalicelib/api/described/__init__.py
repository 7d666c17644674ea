"""What answers look like, and one good body per request, subject by subject; only ``openapi`` loads this.

The functions that make the answers are the truth; a test compares their keys with these. The examples tell
one story and can be sent one after another.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Any, Final

from chalicelib.api.described import (
    accounts,
    ai,
    announcements,
    cancellation,
    company,
    consents,
    contacts,
    cookies,
    credentials,
    disclosures,
    evidence,
    exports,
    holds,
    imports,
    informing,
    me,
    members,
    messages,
    meta,
    notifications,
    policy,
    prospects,
    requests,
    reveals,
    shares,
    staff_endings,
    staff_grants,
    staff_incident_acts,
    staff_incidents,
    staff_mass,
    staff_mergers,
    staff_people,
    staff_processing,
    staff_prospects,
    staff_workflows,
    subscription,
    wechat,
)

_SUBJECTS: Final = (
    meta,
    accounts,
    credentials,
    me,
    consents,
    notifications,
    cookies,
    company,
    members,
    contacts,
    imports,
    exports,
    messages,
    policy,
    announcements,
    cancellation,
    subscription,
    wechat,
    requests,
    disclosures,
    staff_processing,
    holds,
    evidence,
    staff_people,
    staff_grants,
    informing,
    ai,
    reveals,
    shares,
    prospects,
    staff_prospects,
    staff_endings,
    staff_mass,
    staff_mergers,
    staff_workflows,
    staff_incident_acts,
    staff_incidents,
)


def _merged(parts: Iterable[Mapping[str, Any]]) -> Mapping[str, Any]:
    """All names of all subjects; one name for two things stops the description."""
    made: dict[str, Any] = {}
    for part in parts:
        if taken := made.keys() & part.keys():
            raise LookupError("described twice", sorted(taken))
        made |= part
    return MappingProxyType(made)


SHAPES: Final[Mapping[str, dict[str, Any]]] = _merged(subject.SHAPES for subject in _SUBJECTS)
"""Schemas of answers by name; routes say which they answer with."""

EXAMPLES: Final[Mapping[str, Mapping[str, Any]]] = _merged(
    getattr(subject, "EXAMPLES", {}) for subject in _SUBJECTS
)
"""Bodies by the name of their model."""

QUERIES: Final[Mapping[str, tuple[Mapping[str, Any], ...]]] = MappingProxyType(
    {
        **evidence.QUERIES,
        **wechat.QUERIES,
        **requests.QUERIES,
        **holds.QUERIES,
        **imports.QUERIES,
        **staff_grants.QUERIES,
        **staff_processing.QUERIES,
        **informing.QUERIES,
        **reveals.QUERIES,
        **prospects.QUERIES,
        **staff_incident_acts.QUERIES,
    }
)
"""Query parameters by the name of the view, where a route has others than those of a list."""
