"""What staff send about an incident (4.3.4)."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Any, Final, Literal

from pydantic import AfterValidator, Field, StringConstraints

from chalicelib.api.forms import Form, Line, Text
from chalicelib.privacy.incident_facts import Level, Risk
from chalicelib.services.incidents import assessing

_MANY: Final = 10**9


def _is_moment(value: str) -> str:
    try:
        datetime.strptime(value, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC)
    except ValueError:
        raise ValueError("not_a_time") from None
    return value


Moment = Annotated[
    str,
    StringConstraints(pattern=r"^20[0-9]{2}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z$"),
    AfterValidator(_is_moment),
]
"""RFC 3339 in UTC, to the second."""
Words = Annotated[Text, StringConstraints(strip_whitespace=True, min_length=10, max_length=4_000)]
"""Words of the staff; sealed. Nothing about anybody concerned belongs here."""
Number = Annotated[Line, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9./ _-]{0,59}$")]
"""A reference of an authority, a ticket."""
Obligation = Annotated[str, StringConstraints(pattern=r"^[a-z_]{4,40}(:[A-Z]{2})?$")]
_People = Annotated[
    dict[
        Annotated[
            str,
            StringConstraints(pattern=r"^(controller|processor|joint_controller)/(user|prospect)/[A-Z]{2}$"),
        ],
        Annotated[int, Field(ge=0, le=_MANY)],
    ],
    Field(max_length=1_000),
]
IncidentCategory = Literal[
    "logon",
    "authentication",
    "automatic",
    "email_tracking",
    "communications",
    "integration",
    "ai",
    "stored",
    "notification",
    "cookies",
    "added_prospect",
    "stocked_prospect",
]


class IncidentFacts(Form):
    """What has been found out; what is not sent stays as it was."""

    reasons: Words
    aware_at: Moment | None = None
    people: _People | None = None
    companies: Annotated[int, Field(ge=0, le=_MANY)] | None = None
    categories: Annotated[list[IncidentCategory], Field(min_length=1, max_length=12)] | None = None
    within_only: bool | None = None
    credentials: bool | None = None
    significant_harm: bool | None = None
    risk: Literal["unlikely", "risk", "high"] | None = None
    unreadable: bool | None = None
    key_evidence: Number | None = None
    harm_avoided: bool | None = None
    telling_forbidden: bool | None = None
    forbidden_under: Number | None = None
    serves_china: bool | None = None
    critical: bool | None = None
    level: Literal["general", "relatively_major", "major", "extremely_major"] | None = None
    national: bool | None = None
    cause: Words | None = None
    closing: Words | None = None

    def found(self) -> dict[str, Any]:
        """The facts among it, as the record keeps them."""
        given = {name: value for name in assessing.FACTS if (value := getattr(self, name)) is not None}
        if self.aware_at is not None:
            given["aware_at"] = at(self.aware_at)
        if self.categories is not None:
            given["categories"] = tuple(sorted(set(self.categories)))
        if self.risk is not None:
            given["risk"] = Risk(self.risk)
        if self.level is not None:
            given["level"] = Level(self.level)
        return given


class IncidentReasons(Form):
    """Why."""

    reasons: Words


class NewIncidentReport(Form):
    """What an authority was told. `form_sha256` as the form said; `reference` is the authority's."""

    obligation: Obligation
    kind: Literal["first", "follow_up", "final"]
    told_at: Moment
    reference: Number | None = None
    form_sha256: Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")] | None = None
    delay_reasons: Words | None = None
    words: Words | None = None


class IncidentContained(Form):
    """Since when what caused it is stopped, and how."""

    contained_at: Moment
    words: Words


class IncidentFollowUp(Form):
    """What has been learnt and done since."""

    words: Words
    next_at: Moment | None = None


class IncidentClosing(Form):
    """The closing report: cause, effects, what was done, what is changed."""

    words: Words


def at(moment: str) -> int:
    """Epoch seconds of a ``Moment``."""
    return int(datetime.fromisoformat(moment).timestamp())
