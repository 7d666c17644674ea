"""Who may do what inside a company: positions, what each may do, and what a company's state leaves open.

Promise: one table, asked in one place (``services.accounts.sessions.permit``), closed for everything it does
not name (4.3.1). Admins may narrow or widen what managers and members do, within ``GRANTABLE``: running the
company itself is never handed out by a setting. Cost: a route without a permission does not start.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType
from typing import Final

from chalicelib.privacy.consent import CompanyState
from chalicelib.privacy.decisions import Allowed, Decision, Refused


class Position(StrEnum):
    """A user's place in the company. The main account is an admin, and more: see ``Access.main_user_id``."""

    ADMIN = "admin"
    MANAGER = "manager"
    MEMBER = "member"


class Permission(StrEnum):
    """One kind of act. Clients see these names in ``GET /v1/me`` and in the OpenAPI document."""

    OWN_SETTINGS = "own.settings"
    CONTACTS_READ = "contacts.read"
    CONTACTS_WRITE = "contacts.write"
    CONTACTS_DELETE = "contacts.delete"
    CONTACTS_EXPORT = "contacts.export"
    MESSAGES_READ = "messages.read"
    MESSAGES_SEND = "messages.send"
    CONTACTS_IMPORT = "contacts.import"
    PROSPECTS_READ = "prospects.read"
    PROSPECTS_REVEAL = "prospects.reveal"
    PROSPECTS_SHARE = "prospects.share"
    PROSPECTS_COMPLAIN = "prospects.complain"
    PROSPECTS_DUTIES = "prospects.duties"
    AI_USE = "ai.use"
    COMPANY_READ = "company.read"
    COMPANY_MANAGE = "company.manage"
    MEMBERS_MANAGE = "members.manage"
    RULES_MANAGE = "rules.manage"
    SUBSCRIPTION_READ = "subscription.read"
    SUBSCRIPTION_MANAGE = "subscription.manage"
    CANCELLATION = "cancellation"


_P: Final = Permission
GRANTABLE: Final = frozenset(
    {
        _P.CONTACTS_READ,
        _P.CONTACTS_WRITE,
        _P.CONTACTS_DELETE,
        _P.CONTACTS_EXPORT,
        _P.MESSAGES_READ,
        _P.MESSAGES_SEND,
        _P.CONTACTS_IMPORT,
        _P.PROSPECTS_READ,
        _P.PROSPECTS_REVEAL,
        _P.PROSPECTS_SHARE,
        _P.PROSPECTS_DUTIES,
        _P.AI_USE,
        _P.COMPANY_READ,
        _P.SUBSCRIPTION_READ,
    }
)
"""What an admin may give to managers and members, or take from them."""

ALWAYS: Final = frozenset({_P.OWN_SETTINGS, _P.PROSPECTS_COMPLAIN})
"""What no setting can take from anybody: seeing and correcting what is held about oneself (5.1), and passing
on what a person complained of, whoever they said it to (appendix 2.1.3): they must not wait for an admin. It
ends with the company's accounts; whatever is still held then is asked for as anybody asks (8).
"""

BY_DEFAULT: Final[Mapping[Position, frozenset[Permission]]] = MappingProxyType(
    {
        Position.ADMIN: frozenset(Permission),
        Position.MANAGER: GRANTABLE | ALWAYS,
        Position.MEMBER: (GRANTABLE - {_P.CONTACTS_EXPORT, _P.SUBSCRIPTION_READ}) | ALWAYS,
    }
)

_READING: Final = frozenset({_P.CONTACTS_READ, _P.MESSAGES_READ, _P.COMPANY_READ, _P.SUBSCRIPTION_READ})
_RUNNING: Final = frozenset({_P.COMPANY_MANAGE, _P.MEMBERS_MANAGE, _P.RULES_MANAGE})
_OWED: Final = frozenset({_P.PROSPECTS_DUTIES})
"""What a company still owes people it received from the base or shared there: it keeps what it made of them,
so it still has to tell them (GDPR 14), and may stop vouching for them (appendix 2.1.1).
"""
_LEAVING: Final = frozenset({_P.CONTACTS_EXPORT, _P.CANCELLATION})

OPEN: Final[Mapping[CompanyState, frozenset[Permission]]] = MappingProxyType(
    {
        CompanyState.ACTIVE: frozenset(Permission),
        # The term is over: nothing new goes out, but the data stays theirs to see, take along, delete (5.3).
        CompanyState.EXPIRED: ALWAYS
        | _READING
        | _RUNNING
        | _LEAVING
        | _OWED
        | {_P.CONTACTS_DELETE, _P.SUBSCRIPTION_MANAGE},
        # Stored only (4.1.1): the company's data is not worked with, people still reach what is their own.
        CompanyState.RESTRICTED: ALWAYS
        | _OWED
        | {_P.COMPANY_READ, _P.SUBSCRIPTION_READ, _P.SUBSCRIPTION_MANAGE, _P.CANCELLATION},
        CompanyState.CANCELLING: ALWAYS | _READING | _LEAVING | _OWED,
        CompanyState.CANCELLED: frozenset(),
        CompanyState.PENDING: frozenset(),
    }
)
"""What a company in some state can still do. A state that is not named here opens nothing."""

_CLAUSE_OF_STATE: Final = MappingProxyType({CompanyState.RESTRICTED: "retention"})


def granted(position: Position, grants: Mapping[str, frozenset[Permission]]) -> frozenset[Permission]:
    """What a position may do in a company that has decided ``grants`` (by position name) itself.

    Only ``GRANTABLE`` ones count from a company's own list; admins are not touched by it.
    """
    own = grants.get(position.value)
    if own is None or position is Position.ADMIN:
        return BY_DEFAULT[position]
    return (own & GRANTABLE) | ALWAYS


def decide(
    wanted: Permission,
    position: Position,
    grants: Mapping[str, frozenset[Permission]],
    state: CompanyState,
) -> Decision:
    """Whether somebody may act. Closed: what neither table names is refused."""
    if wanted not in OPEN.get(state, frozenset()):
        return Refused(_CLAUSE_OF_STATE.get(state, "cancellation"), "company_not_active")
    if wanted not in granted(position, grants):
        return Refused("access", "not_permitted")
    return Allowed()
