"""What a company lets its own people not do with data: change, delete or export it (5.2).

Promise: a restriction is data that an admin wrote, by time, scope and content as 5.2 has it; who meets one
learns that the company said no, not we. Three things are out of its reach, because they are not the
company's to give: reading and taking along what is held about oneself (there is no such action; GDPR 15,
20), the choices and keys that are a person's own (only `RESTRICTABLE` pairs can be written), and what the
law makes us do (erasure for a prospect, withdrawal on a complaint: those paths do not ask here). Admins are
never restricted: they answer for the company, could lift any restriction, and are whom the refusal points
to. Cost: what a member must be kept from seeing is a permission, not a restriction.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from typing import Any, Final, TypeVar

from chalicelib.privacy.decisions import Allowed, Decision, Refused
from chalicelib.privacy.permissions import Position
from chalicelib.privacy.register import Category

E = TypeVar("E", bound=StrEnum)

DAY: Final = 86_400
"""Seconds. Ages are counted in spans of this, not in calendar days of somebody's zone."""
MAX_DAYS: Final = 36_500
MAX_RESTRICTIONS: Final = 50
"""Of one company: they are read with every request that changes something."""


class Action(StrEnum):
    """What can be restricted. Reading is not, and must not be: access requests rest on that."""

    CHANGE = "change"
    DELETE = "delete"
    EXPORT = "export"


class Scope(StrEnum):
    """Whose records: anybody's, the ones the asking user made, or those of others."""

    ANY = "any"
    OWN = "own"
    OTHERS = "others"


_WORK: Final = frozenset(
    {
        Category.EMAIL_TRACKING,
        Category.COMMUNICATIONS,
        Category.INTEGRATION,
        Category.AI,
        Category.STORED,
        Category.ADDED_PROSPECT,
    }
)

RESTRICTABLE: Final[Mapping[Action, frozenset[Category]]] = MappingProxyType(
    {
        # Of a user's own data, the company decides about what it vouches for: name, company, mailbox. By 5.1
        # a person adjusts what the company allows.
        Action.CHANGE: _WORK | {Category.LOGON},
        Action.DELETE: _WORK,
        # Exports of the company's work. A user's own data is never among it: that would restrict access.
        Action.EXPORT: _WORK,
    }
)
"""What a company may restrict. Sign-in data, devices, notification and cookie choices stay with the person;
the operator's prospect base is not the company's.
"""


@dataclass(frozen=True, slots=True)
class Restriction:
    """One rule: who of `roles` may not do `action` to which records of a category.

    `older_than_days` N: records whose age is N times 24 hours or more; `newer_than_days` N: less than that.
    With both, only ages that are both; None: no limit. Made by `parse`.
    """

    action: Action
    category: Category
    roles: frozenset[Position]
    older_than_days: int | None = None
    newer_than_days: int | None = None
    scope: Scope = Scope.ANY

    def covers(self, age: float) -> bool:
        """Whether a record that is `age` seconds old is among it. One made in the future is as new as can
        be.
        """
        old = self.older_than_days is None or age >= self.older_than_days * DAY
        new = self.newer_than_days is None or age < self.newer_than_days * DAY
        return old and new


class RestrictionError(ValueError):
    """A restriction that cannot be taken. `errors`: pairs of a place made of our own names and a code; the
    text carries nothing that was sent.
    """

    def __init__(self, errors: tuple[tuple[str, str], ...]) -> None:
        super().__init__("restriction")
        self.errors = errors


def decide(
    restrictions: Iterable[Restriction],
    *,
    action: Action,
    category: Category,
    role: Position,
    made_at: float,
    now: float,
    own: bool,
) -> Decision:
    """Whether the company lets somebody do this to one record. Times in epoch seconds.

    `made_at`: when the record was made, not when it was last changed, so that a change renews nothing.
    `own`: the asking user made it, or it is about them. Any one restriction that fits refuses; none that
    fits allows, since permissions have been asked before. Ask again for each record of a list.
    """
    if role is Position.ADMIN:
        return Allowed()
    for one in restrictions:
        fits = one.action is action and one.category is category and role in one.roles
        if fits and one.scope in _scopes(own) and one.covers(now - made_at):
            return Refused("restrictions", "restricted_by_company")
    return Allowed()


def parse(said: Mapping[str, Any]) -> Restriction:
    """A restriction from JSON. Raises RestrictionError with a code for every bad field.

    Codes: `unknown_field`, `required`, `not_a_choice`, `not_a_list`, `too_few`, `not_a_number`,
    `out_of_range`, `not_restrictable` (the pair of action and category), `never_restricted` (admins),
    `empty_window`.
    """
    errors = [("", "unknown_field")] if said.keys() - _MEMBERS else []
    action = _choice(Action, said, "action", errors)
    category = _choice(Category, said, "category", errors)
    scope = _choice(Scope, said, "scope", errors) if "scope" in said else Scope.ANY
    roles = _roles(said, errors)
    older, newer = (_days(said, member, errors) for member in _DAYS)
    if action is not None and category is not None and category not in RESTRICTABLE[action]:
        errors.append(("category", "not_restrictable"))
    if older is not None and newer is not None and older >= newer:
        errors.append(("newer_than_days", "empty_window"))
    if errors or action is None or category is None or scope is None:
        raise RestrictionError(tuple(errors))
    return Restriction(action, category, roles, older, newer, scope)


def parse_all(said: Iterable[Mapping[str, Any]]) -> tuple[Restriction, ...]:
    """A company's whole list. Raises RestrictionError; places start with the position in the list. One that
    is there twice counts once.
    """
    taken: dict[Restriction, None] = {}
    errors: list[tuple[str, str]] = []
    for number, one in enumerate(said):
        if number >= MAX_RESTRICTIONS:
            errors.append(("", "too_many"))
            break
        try:
            taken[parse(one)] = None
        except RestrictionError as error:
            errors += [(f"{number}.{place}" if place else str(number), code) for place, code in error.errors]
    if errors:
        raise RestrictionError(tuple(errors))
    return tuple(taken)


def as_dict(restriction: Restriction) -> dict[str, Any]:
    """What `parse` takes: for storing and for showing. Roles in alphabetical order."""
    return {
        "action": restriction.action.value,
        "category": restriction.category.value,
        "roles": sorted(role.value for role in restriction.roles),
        "older_than_days": restriction.older_than_days,
        "newer_than_days": restriction.newer_than_days,
        "scope": restriction.scope.value,
    }


_DAYS: Final = ("older_than_days", "newer_than_days")
_MEMBERS: Final = frozenset({"action", "category", "roles", "scope", *_DAYS})


def _scopes(own: bool) -> tuple[Scope, Scope]:
    return (Scope.ANY, Scope.OWN if own else Scope.OTHERS)


def _choice(kind: type[E], said: Mapping[str, Any], member: str, errors: list[tuple[str, str]]) -> E | None:
    if member not in said:
        errors.append((member, "required"))
        return None
    for one in kind:
        if one.value == said[member]:
            return one
    errors.append((member, "not_a_choice"))
    return None


def _roles(said: Mapping[str, Any], errors: list[tuple[str, str]]) -> frozenset[Position]:
    named = said.get("roles")
    codes = []
    if "roles" not in said:
        codes.append("required")
    elif not isinstance(named, list | tuple):
        codes.append("not_a_list")
    elif not named:
        codes.append("too_few")
    elif any(name not in [position.value for position in Position] for name in named):
        codes.append("not_a_choice")
    elif Position.ADMIN.value in named:
        codes.append("never_restricted")
    if codes or not isinstance(named, list | tuple):
        errors.extend(("roles", code) for code in codes)
        return frozenset()
    return frozenset(Position(name) for name in named)


def _days(said: Mapping[str, Any], member: str, errors: list[tuple[str, str]]) -> int | None:
    days = said.get(member)
    if days is None:
        return None
    # True is an int in Python, not in JSON.
    if not isinstance(days, int) or isinstance(days, bool):
        errors.append((member, "not_a_number"))
        return None
    if not 1 <= days <= MAX_DAYS:
        errors.append((member, "out_of_range"))
        return None
    return days
