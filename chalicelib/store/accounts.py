"""Companies, users, logins, sessions, devices, proofs, signups, notices: the `accounts` table.

A company's rows share one partition, so everything about a user is one query. Login goes through a lookup
row by keyed hash, written in the same transaction as the user: it is read consistently and makes a mailbox
unique, which no index could promise.
"""

from __future__ import annotations

import hashlib

from chalicelib.kernel import ids
from chalicelib.records.accounts import Login, Member, Notice, Session, Signup, User
from chalicelib.records.companies import Access, AiSettings, Company, Department, Invitation, Invited
from chalicelib.records.proofs import Challenge, Device, Reset, SecondFactor
from chalicelib.store import vault
from chalicelib.store.table import Due, Rows, Stored, get_together, new_op

NOTICES_DUE = "notices"
"""The index partition of account mail that has not left yet."""
TERMS_DUE = "terms"
"""The index partition of companies from whose term something follows: a reminder, or the end (5.3)."""
COMPANIES_DUE = "companies"
"""The index partition of all companies in the order in which they came: a list of them without a scan.

By the day they came, which never moves, and not by what is due: a reader who is half way through must not
miss a company that jumps behind it. One index key for all of them, which matters only when thousands sign
up in a second; it is written when a company comes or goes, not when it changes.
"""


def _term_step(access: Access) -> Due | None:
    step = access.next_term_step()
    return None if step is None else Due(TERMS_DUE, step.at)


def waits_for(company_id: str, user_id: str) -> str:
    """The index partition of what waits for one user under a key of its own (second proofs, ways to WeChat),
    by which an erasure finds it. The sweep does not look there.
    """
    return f"waiting#{company_id}#{user_id}"


def leads_to(company_id: str) -> str:
    """The index partition of rows under keys of their own that lead into a company (logins, invitations,
    WeChat accounts, telephones): by it they are found when the company goes, also when its key is gone
    already. The sweep does not look there. 1 write unit more for each.
    """
    return f"leads#{company_id}"


COMPANIES = Rows(
    Company,
    pk="{company_id}",
    sk="company",
    due=lambda company: Due(COMPANIES_DUE, company.created_at),
)
ACCESS = Rows(Access, pk="{company_id}", sk="access", due=_term_step)
DEPARTMENTS = Rows(Department, pk="{company_id}", sk="department#{department_id}")
AI_SETTINGS = Rows(AiSettings, pk="{company_id}", sk="ai")
MEMBERS = Rows(Member, pk="{company_id}", sk="member#{user_id}")
USERS = Rows(User, pk="{company_id}", sk="user#{user_id}")
SESSIONS = Rows(Session, pk="{company_id}", sk="session#{user_id}#{token_hash}")
DEVICES = Rows(Device, pk="{company_id}", sk="device#{user_id}#{device_id}")
SECOND_FACTORS = Rows(SecondFactor, pk="{company_id}", sk="factor#{user_id}")
INVITATIONS = Rows(Invitation, pk="{company_id}", sk="invitation#{invitation_id}")
INVITED = Rows(
    Invited,
    pk="invited#{token_hash}",
    sk="invited",
    owner=ids.OPERATOR,
    due=lambda one: Due(leads_to(one.company_id), 0),
)
CHALLENGES = Rows(
    Challenge,
    pk="challenge#{challenge_id}",
    sk="challenge",
    owner=ids.OPERATOR,
    due=lambda one: Due(waits_for(one.company_id, one.user_id), one.until),
)
RESETS = Rows(Reset, pk="mailbox#{mailbox}", sk="reset#{code_hash}", owner=ids.OPERATOR)
LOGINS = Rows(
    Login,
    pk="mailbox#{mailbox}",
    sk="login",
    owner=ids.OPERATOR,
    due=lambda login: Due(leads_to(login.company_id), 0),
)
SIGNUPS = Rows(Signup, pk="mailbox#{mailbox}", sk="signup#{code_hash}", owner=ids.OPERATOR)
NOTICES = Rows(
    Notice,
    pk="notice#{notice_id}",
    sk="notice",
    owner=ids.OPERATOR,
    due=lambda notice: Due(NOTICES_DUE, notice.due_at),
)


def operator_hash(label: str, value: str) -> str:
    """Keyed hash under the operator's key, for what exists before or beside any company.

    The operator's key is made the first time it is needed.
    """
    try:
        return vault.index(ids.OPERATOR, label, value)
    except vault.KeyMissingError:
        vault.create_key(ids.OPERATOR)
        return vault.index(ids.OPERATOR, label, value)


def mailbox_hash(login_name: str) -> str:
    """What a mailbox is looked up by."""
    return operator_hash("mailbox", login_name)


def token_hash(token: str) -> str:
    """What a session is looked up by. A plain hash will do: the token has 256 random bits."""
    return hashlib.sha256(token.encode()).hexdigest()


def authority(
    company_id: str, user_id: str, token_hash: str
) -> tuple[Stored[Session] | None, Stored[Access] | None]:
    """What a request is judged by: its session and its company's rules. One call, two read units."""
    session, access = get_together(
        (SESSIONS, {"company_id": company_id, "user_id": user_id, "token_hash": token_hash}),
        (ACCESS, {"company_id": company_id}),
    )
    return session, access


def place(company_id: str, user_id: str) -> tuple[Stored[Member] | None, Stored[Access] | None]:
    """A user's place in the company and the company's rules. Two calls, two read units.

    The rules first: a batch is no snapshot, and a member of before a change beside the count of after it
    would make a session that nobody's suspension reaches.
    """
    access = ACCESS.get(company_id=company_id)
    return MEMBERS.get(company_id=company_id, user_id=user_id), access


def add_notice(notice: Notice) -> None:
    """Put an account mail into its outbox; the sweeper finds it should its queue message be lost."""
    NOTICES.put_new(notice, op=new_op(), due=Due(NOTICES_DUE, notice.due_at))
