"""Ways to WeChat and back, linked accounts and tickets: the `accounts` table.

Like a mailbox, a WeChat account is looked up by a keyed hash in a row of its own, which also makes it unique.
That row and the user's are written in one transaction and removed in one.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from chalicelib.kernel import ids
from chalicelib.privacy.register import Purpose
from chalicelib.records.wechat import (
    WechatAttempt,
    WechatIdentity,
    WechatLink,
    WechatNickname,
    WechatTicket,
)
from chalicelib.store.accounts import leads_to, operator_hash, waits_for
from chalicelib.store.table import Due, Rows, Stored, query_rows

if TYPE_CHECKING:
    from chalicelib.store.transaction import Transaction


def _of_user(attempt: WechatAttempt) -> Due | None:
    if attempt.company_id is None or attempt.user_id is None:
        return None  # somebody logs in: nobody knows yet who
    return Due(waits_for(attempt.company_id, attempt.user_id), 0)


ATTEMPTS = Rows(WechatAttempt, pk="wechat#{state_hash}", sk="attempt", owner=ids.OPERATOR, due=_of_user)
IDENTITIES = Rows(
    WechatIdentity,
    pk="wechat#{identity}",
    sk="identity",
    owner=ids.OPERATOR,
    due=lambda one: Due(leads_to(one.company_id), 0),
)
TICKETS = Rows(WechatTicket, pk="wechat#{ticket_hash}", sk="ticket", owner=ids.OPERATOR)
LINKS = Rows(WechatLink, pk="{company_id}", sk="wechat#{user_id}#{identity}")
NICKNAMES = Rows(WechatNickname, pk="{company_id}", sk="wechat#{user_id}#{identity}#nickname")

_USE = Purpose.CREATE_AND_LOGIN


def identity_of(app_id: str, open_id: str) -> str:
    """What a WeChat account is looked up by. One person has another Open ID in each app."""
    return operator_hash("wechat", f"{app_id}|{open_id}")


def links_of(company_id: str, user_id: str) -> list[Stored[WechatLink]]:
    """The user's linked accounts, the oldest first; one query."""
    found = LINKS.query(company_id, _prefix(user_id), use=_USE)
    return sorted(found, key=lambda one: one.value.linked_at)


def nicknames_of(company_id: str, user_id: str) -> dict[str, str]:
    """What the user's accounts are called, by identity; those that are out of date are missing. One query."""
    found = NICKNAMES.query(company_id, _prefix(user_id), use=_USE)
    return {one.value.identity: one.value.nickname for one in found}


def add_link(transaction: Transaction, link: WechatLink, nickname: str | None) -> None:
    """Let the transaction link an account that must not be linked to anybody yet."""
    identity = WechatIdentity(identity=link.identity, company_id=link.company_id, user_id=link.user_id)
    transaction.put_new(IDENTITIES, identity)
    transaction.put_new(LINKS, link)
    put_nickname(transaction, link, nickname)


def put_nickname(transaction: Transaction, link: WechatLink, nickname: str | None) -> None:
    """Let the transaction note what the account is called now. None, which WeChat also says when it does not
    want to tell, leaves the last one to run out.
    """
    if nickname is not None:
        row = WechatNickname(
            company_id=link.company_id, user_id=link.user_id, identity=link.identity, nickname=nickname
        )
        transaction.put(NICKNAMES, row)


def remove_link(transaction: Transaction, known: Stored[WechatLink]) -> None:
    """Let the transaction forget an account: Open ID, nickname and what it is looked up by. Two reads."""
    link = known.value
    transaction.delete(LINKS, known)
    nickname = NICKNAMES.get(
        company_id=link.company_id, user_id=link.user_id, identity=link.identity, use=_USE
    )
    if nickname is not None:
        transaction.delete(NICKNAMES, nickname)
    identity = IDENTITIES.get(identity=link.identity)
    if identity is not None and _is_of(identity.value, link.company_id, link.user_id):
        transaction.delete(IDENTITIES, identity)


def forget_user(company_id: str, user_id: str) -> None:
    """Free the WeChat accounts of somebody who is being erased: deletes what they are looked up by, which
    lies outside the company's partition. Call it before deleting the rows under ``wechat#<user>#`` there,
    which say what to look for. Repeatable; nothing is opened, so it works without the company's key.
    """
    for row in query_rows(LINKS.model, company_id, _prefix(user_id)):
        if row.kind != LINKS.kind:
            continue
        known = IDENTITIES.get(identity=LINKS.key_of(row)["identity"])
        if known is not None and _is_of(known.value, company_id, user_id):
            IDENTITIES.delete(known)


def _is_of(identity: WechatIdentity, company_id: str, user_id: str) -> bool:
    return (identity.company_id, identity.user_id) == (company_id, user_id)


def _prefix(user_id: str) -> str:
    return f"wechat#{user_id}#"
