"""The people of a company: members and invitations."""

from __future__ import annotations

from typing import Any, Final, Literal

from chalice import Blueprint, Response

from chalicelib.api.accounts import entered
from chalicelib.api.endpoint import Call, page, respond, route
from chalicelib.api.forms import Form, Identifier, Language, Mailbox, Name, Ticket, Version
from chalicelib.kernel import clock
from chalicelib.kernel.errors import FieldError, InvalidError
from chalicelib.privacy import retention
from chalicelib.privacy.permissions import Permission, Position
from chalicelib.records.accounts import MemberState
from chalicelib.records.companies import Invitation
from chalicelib.services import wording
from chalicelib.services.companies import invitations, joining, members
from chalicelib.services.companies.invitations import Guest
from chalicelib.services.companies.joining import Joining
from chalicelib.services.companies.members import Person

bp = Blueprint(__name__)

_MANAGE: Final = Permission.MEMBERS_MANAGE
_VALID_SECONDS: Final = int(retention.INVITATION.total_seconds())


class NewMember(Form):
    """Whom to invite, and what they shall be."""

    email: Mailbox
    role: Literal["admin", "manager", "member"]
    department_id: Identifier | None = None
    locale: Language | None = None


class ChangedMember(Form):
    """The fields to change; department null takes somebody out of theirs."""

    role: Literal["admin", "manager", "member"] | None = None
    department_id: Identifier | None = None
    state: Literal["active", "suspended"] | None = None


class AcceptedInvitation(Form):
    """The secret from the mail, and who joins."""

    token: str
    name: Name
    password: str | None = None
    is_adult: bool
    policy_version: Version
    locale: Language | None = None
    wechat_ticket: Ticket | None = None


@route(
    bp,
    "GET",
    "/v1/company/members",
    summary="The company's people, who joined last first",
    paged="usr",
    permission=_MANAGE,
    clauses=("self-service",),
    answer="MemberPage",
)
def list_members(call: Call) -> dict[str, Any]:
    """The cursor is a place in the company's own list and good for nothing else."""
    found = members.page(call.who, call.limit + 1, call.cursor)
    return page(call, found, lambda one: one.member.user_id, _person)


@route(
    bp,
    "POST",
    "/v1/company/members",
    summary="Invite somebody by mail",
    status=202,
    body=NewMember,
    repeatable=True,
    permission=_MANAGE,
    clauses=("self-service", "signup"),
    answer="Invitation",
    errors=(429,),
)
def invite_member(call: Call) -> dict[str, Any]:
    """The answer is the same whether or not the mailbox has an account."""
    form: NewMember = call.body
    locale = form.locale or wording.locale_of(call.accept_language)
    guest = Guest(form.email, Position(form.role), form.department_id, locale)
    return _invitation(invitations.invite(call.who, guest, call.repeat))


@route(
    bp,
    "GET",
    "/v1/company/members/{user_id}",
    summary="One person of the company",
    permission=_MANAGE,
    clauses=("self-service",),
    answer="Member",
)
def read_member(call: Call) -> dict[str, Any]:
    """Their place in the company, and whether a second factor protects it."""
    return _person(members.read(call.who, call.path["user_id"]))


@route(
    bp,
    "PATCH",
    "/v1/company/members/{user_id}",
    summary="Change somebody's role or department; suspend or reinstate",
    body=ChangedMember,
    permission=_MANAGE,
    clauses=("self-service", "access"),
    answer="Member",
)
def change_member(call: Call) -> dict[str, Any]:
    """In force with their next request; a suspension ends every session. 409 `yourself`, `main_account`."""
    form: ChangedMember = call.body
    fields = form.model_dump(exclude_unset=True)
    for field in ("role", "state"):
        if field in fields and fields[field] is None:
            raise InvalidError(errors=[FieldError(field, "required")])
    if "role" in fields:
        fields["position"] = Position(fields.pop("role"))
    if "state" in fields:
        fields["state"] = MemberState(fields["state"])
    return _person(members.change(call.who, call.path["user_id"], fields))


@route(
    bp,
    "DELETE",
    "/v1/company/members/{user_id}",
    summary="Remove somebody from the company",
    status=204,
    permission=_MANAGE,
    clauses=("self-service", "access"),
)
def remove_member(call: Call) -> Response:
    """Every way in ends at once; what is kept about them is erased. What they made stays the company's.
    409 `yourself`, `main_account`.
    """
    members.remove(call.who, call.path["user_id"])
    return respond(204, None)


@route(
    bp,
    "GET",
    "/v1/company/invitations",
    summary="Invitations that wait for an answer, newest first",
    paged="inv",
    permission=_MANAGE,
    clauses=("self-service",),
    answer="InvitationPage",
)
def list_invitations(call: Call) -> dict[str, Any]:
    """Gone from here when they are taken up, withdrawn or seven days old."""
    found = invitations.page(call.who, call.limit + 1, call.cursor)
    return page(call, found, lambda one: one.invitation_id, _invitation)


@route(
    bp,
    "DELETE",
    "/v1/company/invitations/{invitation_id}",
    summary="Withdraw an invitation",
    status=204,
    permission=_MANAGE,
    clauses=("self-service",),
)
def withdraw_invitation(call: Call) -> Response:
    """Its key opens nothing any more."""
    invitations.withdraw(call.who, call.path["invitation_id"])
    return respond(204, None)


@route(
    bp,
    "POST",
    "/v1/invitations/accept",
    summary="Join a company with the key from the mail; opens the account and a session",
    status=201,
    body=AcceptedInvitation,
    public=True,
    clauses=("self-service", "scope-adults", "passwords"),
    answer="SessionAnswer",
    errors=(401, 403, 409),
)
def accept_invitation(call: Call) -> Response:
    """One answer for unknown, used, late and withdrawn invitations. `password` may be missing where
    `wechat_ticket` links a WeChat account, which then is the only way in.
    """
    form: AcceptedInvitation = call.body
    entry = joining.join(
        Joining(
            token=form.token,
            name=form.name,
            password=form.password,
            is_adult=form.is_adult,
            policy_version=form.policy_version,
            locale=form.locale,
            wechat_ticket=form.wechat_ticket,
        ),
        call.visit,
    )
    return entered(entry, 201)


def _person(person: Person) -> dict[str, Any]:
    user, member = person.user, person.member
    return {
        "id": user.user_id,
        "name": user.name,
        "email": user.email,
        "role": member.position.value,
        "department_id": member.department_id,
        "state": member.state.value,
        "main_account": person.main,
        "second_factor": member.second_factor,
        "joined_at": clock.rfc3339(member.since),
    }


def _invitation(invitation: Invitation) -> dict[str, Any]:
    return {
        "id": invitation.invitation_id,
        "email": invitation.email,
        "role": invitation.position.value,
        "department_id": invitation.department_id,
        "locale": invitation.locale,
        "invited_by": invitation.invited_by,
        "created_at": clock.rfc3339(invitation.created_at),
        "expires_at": clock.rfc3339(invitation.created_at + _VALID_SECONDS),
    }
