"""The texts people agree to, by version, and the versions of the policy.

Promise: a text once published never changes under its id; its digest is written beside it and
tested, so a receipt proves what was shown. Cost: mending a comma takes a new id and, where consent
is the basis, asking again (7).
"""

# ruff: noqa: RUF001 - Chinese text is punctuated as Chinese is.

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import date
from types import MappingProxyType
from typing import Final

from chalicelib.privacy.consent import ConsentPurpose
from chalicelib.privacy.decisions import Allowed, Decision, Refused


@dataclass(frozen=True, slots=True)
class Policy:
    """A version of the privacy policy and the day from which it applies."""

    version: str
    effective_on: date


POLICY_VERSION: Final = "2025-01-16"
"""The version in force."""

POLICIES: Final = MappingProxyType({POLICY_VERSION: Policy(POLICY_VERSION, date(2025, 1, 16))})


@dataclass(frozen=True, slots=True)
class ConsentText:
    """One version of one question. `sha256` is the hex digest of both languages (see `digest`)."""

    id: str
    purpose: ConsentPurpose
    effective_on: date
    en: str
    zh: str
    sha256: str

    def in_language(self, locale: str) -> str:
        """The text for a locale such as zh-CN; English for any language but Chinese."""
        return self.zh if locale.lower().replace("_", "-").split("-")[0] == "zh" else self.en


def digest(en: str, zh: str) -> str:
    """SHA-256 over the English text, a line feed, and the Chinese text, in UTF-8."""
    return hashlib.sha256(f"{en}\n{zh}".encode()).hexdigest()


_PUBLISHED: Final = (
    ConsentText(
        id="tracking-2026-01",
        purpose=ConsentPurpose.TRACKING,
        effective_on=date(2026, 1, 1),
        en=(
            "I agree that the company writing to me through OKKI Leads AI may see whether, when and"
            " how often I open its e-mails, and from which IP address. This is voluntary. I may"
            " withdraw it at any time through the link in an e-mail or by telling the company; that"
            " takes effect at once, also for e-mails already sent. Without my agreement only the"
            " date of the last opening may be kept, to remove unused addresses."
        ),
        zh=(
            "我同意通过 OKKI Leads AI 向我发送邮件的公司了解我是否、何时、多少次打开其邮件，"
            "以及打开时的 IP 地址。同意与否完全自愿。我可以随时通过邮件中的链接或告知该公司撤回"
            "同意；撤回立即生效，对已发送的邮件同样有效。未经我同意，仅可保留最近一次打开的日期，"
            "用于清理无效地址。"
        ),
        sha256="61afe219464a7142e9bda456696a365cfa45bfb73976005eced2b1a913662cdb",
    ),
    ConsentText(
        id="account-2026-01",
        purpose=ConsentPurpose.ACCOUNT,
        effective_on=date(2026, 1, 1),
        en=(
            "I am at least 18 years old. I have read the privacy policy, version 2025-01-16, and"
            " agree that my log-on data, my authentication data and the data collected"
            " automatically are used to open, run and protect my account and to help me when I ask."
            " I may withdraw this at any time; the account cannot go on without it."
        ),
        zh=(
            "我已年满 18 周岁。我已阅读隐私政策（版本 2025-01-16），并同意将我的登录数据、"
            "身份验证数据和自动收集的数据用于开立、运行和保护我的账号，以及在我求助时提供支持。"
            "我可以随时撤回同意；撤回后账号将无法继续使用。"
        ),
        sha256="a29d5449ccca0b392006aa898cfb113ad450ff7c8274e5243ca84a00bdf83033",
    ),
)

TEXTS: Final = MappingProxyType({text.id: text for text in _PUBLISHED})


def current_text(purpose: ConsentPurpose, on: date) -> ConsentText | None:
    """The text for `purpose` in force on a day; None where nothing has been published yet."""
    in_force = [t for t in _PUBLISHED if t.purpose is purpose and t.effective_on <= on]
    return max(in_force, key=lambda text: text.effective_on, default=None)


def known_text(purpose: ConsentPurpose, text_version: str) -> Decision:
    """Whether a receipt may name this text for this purpose. Closed: an unknown text proves
    nothing.
    """
    text = TEXTS.get(text_version)
    if text is None or text.purpose is not purpose:
        return Refused("consent", "unknown_text_version")
    return Allowed()


def known_policy(version: str) -> Decision:
    """Whether a signup may name this version: only the one in force, so that nobody agrees to an
    old one.
    """
    if version != POLICY_VERSION:
        return Refused("policy-updates", "policy_version_not_in_force")
    return Allowed()
