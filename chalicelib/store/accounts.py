"""Companies, users, logins, sessions, signups, notices: the `accounts` table.

A company's rows share one partition, so everything about a user is one query. Login goes through a lookup
row by keyed hash, written in the same transaction as the user: it is read consistently and makes a mailbox
unique, which no index could promise.
"""

from __future__ import annotations

import hashlib

from chalicelib.kernel import ids
from chalicelib.records.accounts import Company, Login, Notice, Session, Signup, User
from chalicelib.store import vault
from chalicelib.store.table import Due, Rows, new_op

COMPANIES = Rows(Company, pk="{company_id}", sk="company")
USERS = Rows(User, pk="{company_id}", sk="user#{user_id}")
SESSIONS = Rows(Session, pk="{company_id}", sk="session#{user_id}#{token_hash}")
LOGINS = Rows(Login, pk="mailbox#{mailbox}", sk="login", owner=ids.OPERATOR)
SIGNUPS = Rows(Signup, pk="mailbox#{mailbox}", sk="signup#{code_hash}", owner=ids.OPERATOR)
NOTICES = Rows(Notice, pk="notice#{notice_id}", sk="notice", owner=ids.OPERATOR)

NOTICES_DUE = "notices"
"""The index partition of account mail that has not left yet."""


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


def add_notice(notice: Notice) -> None:
    """Put an account mail into its outbox; the sweeper finds it should its queue message be lost."""
    NOTICES.put_new(notice, op=new_op(), due=Due(NOTICES_DUE, notice.due_at))
