"""Mailboxes anybody can get. A signup from one is flagged for the operator, not refused (clause `signup`).

The list is short on purpose: the providers an export company would actually be tempted to use.
"""

from __future__ import annotations

from typing import Final

_DOMAINS: Final = frozenset(
    (  # noqa: SIM905 - forty names read better as words than as a list
        "126.com 139.com 163.com 189.cn aliyun.com aol.com foxmail.com gmail.com gmx.com gmx.de"
        " googlemail.com hotmail.com icloud.com live.com mail.com mail.ru me.com msn.com naver.com"
        " outlook.com proton.me protonmail.com qq.com sina.cn sina.com sohu.com vip.163.com vip.qq.com"
        " yahoo.co.jp yahoo.com yandex.com yandex.ru yeah.net ymail.com zoho.com"
    ).split()
)


def is_free(domain: str) -> bool:
    """True for the domain (ASCII, lower case) of a public mail provider."""
    return domain in _DOMAINS
