"""The joint controller agreement by version (appendix; clauses `joint-duties`, `added-prospects`).

Promise: nobody shares before their company has accepted the very words in force, and a version once published
never changes: its digest is written beside it and tested, and an acceptance carries the digest of the words
that were shown. Cost: a new version stops all sharing until each company's admin has read it. The words are
ours and say what the appendix says; a lawyer should confirm them.
"""

# ruff: noqa: RUF001 - Chinese text is punctuated as Chinese is.

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from types import MappingProxyType
from typing import Final

from chalicelib.privacy.decisions import Allowed, Decision, Refused
from chalicelib.privacy.texts import sha256

SHARED_ITEMS: Final = (
    "email",
    "first_name",
    "last_name",
    "industry",
    "current_position",
    "previous_positions",
    "location",
    "social",
)
"""The agreement's seven (1.2), as fields: "current and previous positions" is one item there and two fields
here.
"""

REGULATORS: Final = MappingProxyType(
    {
        "SG": "Personal Data Protection Commission, https://www.pdpc.gov.sg",
        "EU": "the authority where the person lives, https://www.edpb.europa.eu/about-edpb/about-edpb/members_en",
    }
)
"""Whom both controllers answer to (2.1.3): ours, and the one of the person's own country."""


class Warranty(StrEnum):
    """The grounds of GDPR 6(1) that a sharer may warrant (2.1.1: consent, or another legal basis)."""

    CONSENT = "consent"
    CONTRACT = "contract"
    LEGAL_OBLIGATION = "legal_obligation"
    VITAL_INTERESTS = "vital_interests"
    PUBLIC_TASK = "public_task"
    LEGITIMATE_INTEREST = "legitimate_interest"


@dataclass(frozen=True, slots=True)
class Agreement:
    """One version. ``sha256_en`` and ``sha256_zh`` are hex digests of the words in UTF-8."""

    version: str
    effective_on: date
    en: str
    zh: str
    sha256_en: str
    sha256_zh: str

    def shown(self, locale: str) -> tuple[str, str, str]:
        """Language, words and their digest for a locale such as zh-CN; English for any but Chinese."""
        if locale.lower().replace("_", "-").split("-")[0] == "zh":
            return "zh", self.zh, self.sha256_zh
        return "en", self.en, self.sha256_en


_PUBLISHED: Final = (
    Agreement(
        version="joint-2026-11",
        effective_on=date(2026, 11, 1),
        en=(
            "Joint controller agreement. It is part of the privacy policy and is between your company and"
            " us, the operator of OKKI Leads AI.\n"
            "1. Both of us keep to it and to the law. Together we are controllers of what is shared about a"
            " possible customer, which is the e-mail address, first name, last name, industry, current and"
            " previous positions, location and social accounts or links, and nothing else. Together we"
            " decide what for: your company stores and uses it and markets with it inside the product; we"
            " offer and run the product in your country and in others, so that what you share may reach"
            " companies in other countries.\n"
            "2. Your company confirms each time it shares: it may use the data and give it to us; before, it"
            " told the people concerned which data it is, what it is for, who receives it and how we use"
            " it; they consented or another legal ground applies; nobody's rights are infringed and every"
            " applicable law is kept. It passes every complaint, claim or request of such a person on to us"
            " without delay, and tells the authorities that supervise this of it.\n"
            "3. We use what is shared only to provide the product. We do not write to each of these people"
            " ourselves and rely on your company having informed them. We protect the data, also on its way"
            " to your company, by appropriate technical and organisational measures. When somebody objects,"
            " we take them out of the shared base and from every company that received them through it,"
            " and tell those companies.\n"
            "4. The law of Singapore governs this agreement and all disputes about it or about the data."
        ),
        zh=(
            "共同控制者协议。本协议是隐私政策的一部分，由贵公司与我们（本产品的运营方）订立。\n"
            "1. 双方均遵守本协议及法律。对于所共享的潜在客户数据，双方为共同控制者，其范围仅限："
            "电子邮箱地址、名、姓、行业、现任及曾任职位、所在地、社交账号或链接，不含任何其他内容。双方共同决定其用途："
            "贵公司在产品内存储、使用这些数据并据此开展营销；我们在贵公司所在国家及其他国家提供并运营产品，"
            "因此贵公司共享的数据可能会提供给其他国家的公司。\n"
            "2. 贵公司在每次共享时确认：贵公司有权使用这些数据并提供给我们；在共享之前，"
            "已告知相关人员数据的种类、用途、接收方以及我们的处理方式；相关人员已同意，或存在其他法律依据；共享不侵犯任何人的权利，"
            "并遵守所有适用法律。对于相关人员的任何投诉、主张或请求，贵公司应及时转告我们，并告知负责监管的机构。\n"
            "3. 我们仅为提供产品而使用所共享的数据。我们不会逐一联系相关人员，而是依赖贵公司已履行告知义务。"
            "我们采取适当的技术和组织措施保护数据，包括在向贵公司传输的过程中。如有人提出反对，我们会将其从共享库中移除，"
            "并从所有经由共享库获得其数据的公司处移除，同时通知这些公司。\n"
            "4. 本协议以及与本协议或相关数据有关的一切争议，适用新加坡法律。"
        ),
        sha256_en="0bc4494f47826fac40aa780da98c8398fa5fb9817c88c7d57dafa0f5485dfd79",
        sha256_zh="afcecf20cfda49830ad59cf82b8e25f5f19788c166bb636be7d88c55ae22d5d5",
    ),
)

VERSIONS: Final = MappingProxyType({one.version: one for one in _PUBLISHED})


def current(on: date) -> Agreement:
    """The version in force on a day; before the first one, the first.

    Closed: there is never a day without an agreement that had to be accepted.
    """
    in_force = [one for one in _PUBLISHED if one.effective_on <= on]
    return max(in_force or _PUBLISHED[:1], key=lambda one: one.effective_on)


def may_share(named: str, accepted: str | None, on: date) -> Decision:
    """Whether a share that names a version stands: it is the one in force, and the one the company accepted.

    Closed for the sake of the people shared: an earlier yes to other words is none.
    """
    version = current(on).version
    if named != version:
        return Refused("joint-duties", "agreement_not_current")
    if accepted != version:
        return Refused("joint-duties", "agreement_not_accepted")
    return Allowed()


def digest(words: str) -> str:
    """The hex digest under which words are on record."""
    return sha256(words)
