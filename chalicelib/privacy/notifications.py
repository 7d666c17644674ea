"""What we tell users, on which channels, and which of it they can switch off (2.2.1(i), clause
`notification`).

Promise: product notifications reach only those who switched them on; what the law or a person's safety
needs reaches everybody, by mail and in the product, whatever they chose. Each kind names the clause that it
rests on, and the notice says so. Cost: a new kind is a line here with a reason; there is no "send it to
everybody".

Sources: policy 2.3.1 (usage information on consent), 4.1.3, 4.3.4, 7; GDPR 6(1)(b), 6(1)(c), 7(3), 34; Spam
Control Act 2007 (SG), which is about what was not asked for: a company matter is no advertisement, and news
go only to those who asked; each mail of news carries the way out all the same. To confirm.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from typing import Any, Final

from chalicelib.privacy.consent import ConsentPurpose, ConsentState


class Channel(StrEnum):
    """Ways to reach a user."""

    MAIL = "mail"
    PUSH = "push"
    IN_APP = "in_app"


class Group(StrEnum):
    """How much of a kind is a person's choice."""

    LEGAL = "legal"
    """Mail and in the product always; a push can be muted, since it repeats what the mail says."""
    SECURITY = "security"
    """As legal: a thief who is in must not be able to silence the warning about the theft."""
    ACCOUNT = "account"
    """Needed to run the contract (GDPR 6(1)(b)): on, the mail fixed; push and in the product can be muted."""
    PRODUCT = "product"
    """Rests on consent: off on every channel until switched on."""


class Kind(StrEnum):
    """What a notification is about; the names clients see."""

    POLICY = "policy"
    INCIDENT = "incident"
    DISCONTINUATION = "discontinuation"
    CANCELLATION = "cancellation"
    COMPLAINT = "complaint"
    DISCLOSURE = "disclosure"
    REQUEST = "request"
    NEW_DEVICE = "new_device"
    CREDENTIALS = "credentials"
    LINKED_ACCOUNT = "linked_account"
    MEMBERSHIP = "membership"
    SUBSCRIPTION = "subscription"
    ACTIVITY = "activity"
    TIPS = "tips"
    NEWS = "news"


@dataclass(frozen=True, slots=True)
class KindRow:
    """One kind. `consent`: what must be granted on record besides the switch."""

    group: Group
    clause: str
    about: str
    consent: ConsentPurpose | None = None


KINDS: Final = MappingProxyType(
    {
        Kind.POLICY: KindRow(Group.LEGAL, "policy-updates", "a new version of the privacy policy"),
        Kind.INCIDENT: KindRow(Group.LEGAL, "incidents", "a security incident that concerns the person"),
        Kind.DISCONTINUATION: KindRow(Group.LEGAL, "discontinuation", "the end of the service"),
        Kind.CANCELLATION: KindRow(Group.LEGAL, "cancellation", "the account and its data are about to go"),
        Kind.COMPLAINT: KindRow(Group.LEGAL, "complainant", "somebody complained, before data is disclosed"),
        Kind.DISCLOSURE: KindRow(
            Group.LEGAL, "partners", "data about the person is asked for by, or given to, somebody else"
        ),
        Kind.REQUEST: KindRow(Group.LEGAL, "requests", "a request about personal data, or its answer"),
        Kind.NEW_DEVICE: KindRow(Group.SECURITY, "automatic", "a login from a device not seen before"),
        Kind.CREDENTIALS: KindRow(Group.SECURITY, "passwords", "a password or second factor was changed"),
        Kind.LINKED_ACCOUNT: KindRow(Group.SECURITY, "wechat", "a WeChat account was linked or unlinked"),
        Kind.MEMBERSHIP: KindRow(Group.ACCOUNT, "access", "an invitation, a new role, a handed-over account"),
        Kind.SUBSCRIPTION: KindRow(Group.ACCOUNT, "automatic", "the plan, its term and its renewal"),
        Kind.ACTIVITY: KindRow(Group.PRODUCT, "notification", "what happened to the person's own work"),
        Kind.TIPS: KindRow(Group.PRODUCT, "notification", "how to use the product"),
        # Advertising, which is more than the policy's "information related to your use": asked about apart.
        Kind.NEWS: KindRow(Group.PRODUCT, "notification", "news and offers", ConsentPurpose.MARKETING),
    }
)

_ALL: Final = frozenset(Channel)
FIXED: Final[Mapping[Group, frozenset[Channel]]] = MappingProxyType(
    {
        Group.LEGAL: frozenset({Channel.MAIL, Channel.IN_APP}),
        Group.SECURITY: frozenset({Channel.MAIL, Channel.IN_APP}),
        Group.ACCOUNT: frozenset({Channel.MAIL}),
        Group.PRODUCT: frozenset(),
    }
)
"""Channels that no choice switches off."""
DEFAULT: Final[Mapping[Group, frozenset[Channel]]] = MappingProxyType(
    {Group.LEGAL: _ALL, Group.SECURITY: _ALL, Group.ACCOUNT: _ALL, Group.PRODUCT: frozenset()}
)
"""Channels on as long as a person has said nothing."""

Choices = Mapping[str, Mapping[str, bool]]
"""What a person switched, by kind and channel: `{"tips": {"mail": true}}`. What is not in it is as by
default.
"""


class ChoiceError(ValueError):
    """Choices that cannot be taken. `errors`: pairs of a place made of our own names and a code; the text
    carries nothing that was sent.
    """

    def __init__(self, errors: tuple[tuple[str, str], ...]) -> None:
        super().__init__("choices")
        self.errors = errors


def channels(
    kind: Kind,
    choices: Choices,
    *,
    has_push: bool,
    marketing: ConsentState = ConsentState.UNKNOWN,
) -> frozenset[Channel]:
    """Where a notification of a kind goes for one person.

    `has_push`: the person has a device that takes pushes. `marketing`: how they stand on
    `ConsentPurpose.MARKETING` towards us; only a grant lets news through, whatever is switched on. Never
    raises on stored choices: what is unreadable in them counts as not said. So it fails open for what the
    law and safety need, and closed for product notifications: both for the sake of the person.
    """
    row = KINDS[kind]
    if row.consent is not None and marketing is not ConsentState.GRANTED:
        return frozenset()
    said = choices.get(kind, {})
    found = frozenset(
        channel
        for channel in Channel
        if channel in FIXED[row.group] or _on(said, channel, default=channel in DEFAULT[row.group])
    )
    return found if has_push else found - {Channel.PUSH}


def validate(choices: Mapping[str, Any]) -> dict[str, dict[str, bool]]:
    """Choices as they are stored, or ChoiceError: `unknown_field` (kind or channel), `not_an_object`,
    `not_a_boolean`, `always_sent` for switching off what is fixed.

    Saying "on" about a fixed channel is taken, so that a client can send back what `shown` gave it.
    """
    errors: list[tuple[str, str]] = []
    taken: dict[str, dict[str, bool]] = {}
    for name, said in choices.items():
        if name not in _KIND_NAMES:
            errors.append(("", "unknown_field"))
        elif not isinstance(said, Mapping):
            errors.append((name, "not_an_object"))
        else:
            kind = Kind(name)
            faults = [(name, code) for code in _faults(kind, said)]
            errors.extend(faults)
            if not faults:
                taken[kind.value] = {Channel(channel).value: on for channel, on in said.items()}
    if errors:
        raise ChoiceError(tuple(dict.fromkeys(errors)))
    return taken


def merge(stored: Choices, changed: Mapping[str, Any]) -> dict[str, dict[str, bool]]:
    """Stored choices with the changed ones over them; what is not named stays as it was. Raises ChoiceError.

    Stored kinds and channels that no longer exist are dropped: they decide nothing any more.
    """
    made: dict[str, dict[str, bool]] = {
        kind: {channel: on for channel, on in said.items() if channel in _CHANNEL_NAMES}
        for kind, said in stored.items()
        if kind in _KIND_NAMES
    }
    for kind, said in validate(changed).items():
        made[kind] = {**made.get(kind, {}), **said}
    return made


def shown(choices: Choices) -> list[dict[str, Any]]:
    """Every kind as a settings page shows it: group, clause, what it is about, each channel with `on` and
    `fixed`, and the consent it asks besides (None: none).
    """
    return [
        {
            "kind": kind.value,
            "group": row.group.value,
            "clause": row.clause,
            "about": row.about,
            "consent": row.consent.value if row.consent is not None else None,
            "channels": {
                channel.value: {
                    "on": channel in FIXED[row.group]
                    or _on(choices.get(kind, {}), channel, default=channel in DEFAULT[row.group]),
                    "fixed": channel in FIXED[row.group],
                }
                for channel in Channel
            },
        }
        for kind, row in KINDS.items()
    ]


_KIND_NAMES: Final = frozenset(kind.value for kind in Kind)
_CHANNEL_NAMES: Final = frozenset(channel.value for channel in Channel)


def _on(said: object, channel: Channel, *, default: bool) -> bool:
    value = said.get(channel) if isinstance(said, Mapping) else None
    return value if isinstance(value, bool) else default


def _faults(kind: Kind, said: Mapping[str, Any]) -> list[str]:
    faults = []
    for name, on in said.items():
        if name not in _CHANNEL_NAMES:
            faults.append("unknown_field")
        elif not isinstance(on, bool):
            faults.append("not_a_boolean")
        elif not on and Channel(name) in FIXED[KINDS[kind].group]:
            faults.append("always_sent")
    return faults
