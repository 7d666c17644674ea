"""The texts people agree to, by version. The versions of the policy are in `policies`.

Promise: a text once published never changes under its id; its digest is written beside it and
tested, and a receipt carries the digest of the very words that were shown, in their language, so it
proves them without trusting this file. Cost: mending a comma takes a new id and, where consent is
the basis, asking again (7).
"""

# ruff: noqa: RUF001 - Chinese text is punctuated as Chinese is.

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import date
from types import MappingProxyType
from typing import Final, NamedTuple

from chalicelib.privacy.consent import ConsentPurpose
from chalicelib.privacy.decisions import Allowed, Decision, Refused

POLICY_VERSION: Final = "2025-01-16"
"""The first version, for examples. Which one is in force says `policies.current`, never this."""


class Shown(NamedTuple):
    """The words a receipt is about. `sha256` is that of the exact words in `locale`, in UTF-8; with no
    `locale` noted, that of the text in both languages (see `digest`). Without `sha256` the words are not
    ours: `version` is a company's label for its own, or empty where nothing was shown.
    """

    version: str
    locale: str | None = None
    sha256: str | None = None


NOTHING: Final = Shown("")
"""A word that was no answer to a text: a mail program's own button, a bounce."""


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

    def shown(self, locale: str | None) -> Shown:
        """What a receipt says of this text when it was read in `locale`; None: nobody knows in which."""
        if locale is None:
            return Shown(self.id, None, self.sha256)
        words = self.in_language(locale)
        return Shown(self.id, "zh" if words is self.zh else "en", sha256(words))


def sha256(words: str) -> str:
    """The hex digest of words in UTF-8."""
    return hashlib.sha256(words.encode()).hexdigest()


def digest(en: str, zh: str) -> str:
    """SHA-256 over the English text, a line feed, and the Chinese text, in UTF-8."""
    return sha256(f"{en}\n{zh}")


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
    # Names no version of the policy, so that a new one needs no new text: the receipt names it.
    ConsentText(
        id="account-2026-11",
        purpose=ConsentPurpose.ACCOUNT,
        effective_on=date(2026, 11, 1),
        en=(
            "I am at least 18 years old. I have read the privacy policy in the version shown to me with"
            " this text, and agree that my log-on data, my authentication data and the data collected"
            " automatically are used to open, run and protect my account and to help me when I ask."
            " I may withdraw this at any time; the account cannot go on without it."
        ),
        zh=(
            "我已年满 18 周岁。我已阅读与本文一同向我展示的隐私政策版本，并同意将我的登录数据、"
            "身份验证数据和自动收集的数据用于开立、运行和保护我的账号，以及在我求助时提供支持。"
            "我可以随时撤回同意；撤回后账号将无法继续使用。"
        ),
        sha256="a90c31a943120f185d505d5cf5f5190bf3190d5ecb0b1b1ed1ef120901d480d5",
    ),
    ConsentText(
        id="ai-improvement-2026-01",
        purpose=ConsentPurpose.AI_IMPROVEMENT,
        effective_on=date(2026, 1, 1),
        en=(
            "I agree that OKKI Leads AI may use the texts I put into its AI functions, the texts these"
            " produce and technical data about my use to analyse and improve its products. This is"
            " voluntary; the AI functions work the same without it. I may withdraw it at any time in"
            " Personal Settings. From then on nothing of mine is used for this, and what was kept only"
            " for this is deleted."
        ),
        zh=(
            "我同意 OKKI Leads AI 使用我输入其人工智能功能的文本、由此生成的文本以及有关我使用"
            "情况的技术数据，用于分析和改进其产品。同意与否完全自愿；不同意不影响人工智能功能的"
            "使用。我可以随时在“个人设置”中撤回同意。撤回后，我的数据不再用于此目的，仅为此目的"
            "保存的数据将被删除。"
        ),
        sha256="21e0f292e9328bb323b4020cb64738050adad4e62f3a9e782707ab8ed37fc5fc",
    ),
    ConsentText(
        id="longer-retention-2026-01",
        purpose=ConsentPurpose.LONGER_RETENTION,
        effective_on=date(2026, 1, 1),
        en=(
            "I agree that OKKI Leads AI keeps my account data for up to 12 months longer than its"
            " periods say, so that I can take up my work again. This is voluntary; without it the data"
            " is deleted at the ordinary time. It does not hold up a deletion that my company asks for."
            " I may withdraw it at any time in Personal Settings; what is past its ordinary time is"
            " then deleted."
        ),
        zh=(
            "我同意 OKKI Leads AI 将我的账号数据在规定的保存期限之外最多再保存 12 个月，以便我"
            "日后继续使用。同意与否完全自愿；不同意则数据按通常期限删除。本同意不会推迟我所在公司"
            "要求的删除。我可以随时在“个人设置”中撤回同意；撤回后，已超过通常期限的数据将被删除。"
        ),
        sha256="b59421284fb77d1b2175977dcba9890be8a9641a47eb01c178f6861e2d7ad707",
    ),
    # Shown with each question before data is given away: recipient, purpose and data stand in the question
    # itself and in its receipt. A yes to sharing with anybody would be none.
    ConsentText(
        id="sharing-2026-11",
        purpose=ConsentPurpose.SHARING,
        effective_on=date(2026, 11, 1),
        en=(
            "I agree that OKKI Leads AI gives the data named here to the recipient named here, for the"
            " purpose named here and for no other. This is voluntary; the products work the same without"
            " it. I may withdraw it at any time where I answered; from that moment nothing more is given"
            " on it. It ends by itself after 12 months. For another recipient, another purpose or more"
            " data I am asked again."
        ),
        zh=(
            "我同意 OKKI Leads AI 仅为此处所列的目的，将此处所列的数据提供给此处所列的接收方，不得用于"
            "任何其他目的。同意与否完全自愿；不同意不影响产品的使用。我可以随时在作出答复之处撤回同意；"
            "撤回后不再据此提供任何数据。本同意在 12 个月后自动失效。如变更接收方、目的或提供更多数据，"
            "将再次征求我的同意。"
        ),
        sha256="78a7f5123a620cb2d0fe4f2da7ccc3d5015a81c1c7108b1e6b0e010454c212c0",
    ),
    ConsentText(
        id="marketing-2026-01",
        purpose=ConsentPurpose.MARKETING,
        effective_on=date(2026, 1, 1),
        en=(
            "I agree that OKKI Leads AI sends me news and offers about its products through the"
            " channels I switch on. This is voluntary; the products work the same without it. I may"
            " withdraw it at any time in Personal Settings or through the link in each such e-mail;"
            " nothing of the kind is sent any more from that moment. Notices about my account, its"
            " security and the law still reach me."
        ),
        zh=(
            "我同意 OKKI Leads AI 通过我开启的渠道向我发送其产品的资讯和优惠信息。同意与否完全"
            "自愿；不同意不影响产品的使用。我可以随时在“个人设置”中或通过每封此类邮件中的链接撤回"
            "同意；撤回后立即停止发送此类信息。有关我的账号、账号安全和法律事项的通知仍会发送给我。"
        ),
        sha256="87fd49c28472c935cb0f126d94a50c070c6e07bfb8dc9ae03d9aebaca4415f07",
    ),
    ConsentText(
        id="cookies-2026-01",
        purpose=ConsentPurpose.COOKIES,
        effective_on=date(2026, 1, 1),
        en=(
            "I agree that OKKI Leads AI stores and reads cookies on my device for the purposes I have"
            " chosen here. This is voluntary; without it only the cookies needed for logging in and for"
            " remembering this choice are used, and the products work. Third parties may take part only"
            " in the purpose marketing, and never while my browser sends the signal Global Privacy"
            " Control. I may change my choice at any time in the cookie settings; cookies of a purpose I"
            " no longer want are then neither set nor read. After 6 months I am asked again."
        ),
        zh=(
            "我同意 OKKI Leads AI 为我在此选择的用途在我的设备上存储和读取 Cookie。同意与否完全"
            "自愿；不同意时仅使用登录和记住此选择所必需的 Cookie，产品仍可使用。第三方仅可参与“营销”用途；"
            "我的浏览器发出“全球隐私控制”（GPC）信号时，第三方一律不得参与。我可以随时在 Cookie "
            "设置中更改选择；我不再同意的用途，其 Cookie 不再设置也不再读取。6 个月后将再次征求"
            "我的意见。"
        ),
        sha256="8a3acc0ba0e68520c7e06070e369c7cd447c5d7b7138cfd2fe3e7db9f567138a",
    ),
)

TEXTS: Final = MappingProxyType({text.id: text for text in _PUBLISHED})

UNSUBSCRIBE_PAGE: Final = MappingProxyType(
    {
        locale: Shown("unsubscribe-page-2026-11", locale, hexdigest)
        for locale, hexdigest in (
            ("en", "d3d26c1cb42ed4bf0318ee9ada269930b1fae9d2779b941703a5cfaf82b422bc"),
            ("zh", "c92b1e87bd9ccd44adb0bc76734a99c61553aceddb96b66408be328bb5272601"),
        )
    }
)
"""The page on which recipients refuse, by language; the digests are those of its template. The edge reads
them here, so that it hashes nothing; a test compares them with the words.
"""


def current_text(purpose: ConsentPurpose, on: date) -> ConsentText | None:
    """The text for `purpose` in force on a day; None where nothing has been published yet."""
    in_force = [t for t in _PUBLISHED if t.purpose is purpose and t.effective_on <= on]
    return max(in_force, key=lambda text: text.effective_on, default=None)


def shown(purpose: ConsentPurpose, version: str, locale: str | None) -> Shown:
    """What a receipt may say of the text that somebody else names: ours only if we published it for this very
    purpose, a label and no more otherwise. Closed: no label gets a digest by looking like one of ours.
    """
    if isinstance(known_text(purpose, version), Refused):
        return Shown(version)
    return TEXTS[version].shown(locale)


def known_text(purpose: ConsentPurpose, text_version: str) -> Decision:
    """Whether a receipt may name this text for this purpose. Closed: an unknown text proves
    nothing.
    """
    text = TEXTS.get(text_version)
    if text is None or text.purpose is not purpose:
        return Refused("consent", "unknown_text_version")
    return Allowed()
