"""What companies that receive prospects are told and bound to, by version (4.2).

Promise: a text once published never changes under its version; its digest is tested and goes into the
evidence, so what was accepted or advised can be proved word for word. Cost: mending a comma is a new version,
and a new version of the clauses has to be accepted again before they carry anything. The clauses' wording is
counsel's to confirm; they take the official texts in by reference and change nothing in them.
"""

# ruff: noqa: RUF001 - Chinese text is punctuated as Chinese is.

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from types import MappingProxyType
from typing import Final

from chalicelib.privacy.decisions import Allowed, Decision, Refused


@dataclass(frozen=True, slots=True)
class TransferText:
    """One version of one text, in both languages; ``sha256`` as ``texts.digest`` makes it."""

    version: str
    effective_on: date
    en: str
    zh: str
    sha256: str

    def in_language(self, locale: str) -> str:
        """The text for a locale such as zh-CN; English for any language but Chinese."""
        return self.zh if locale.lower().replace("_", "-").split("-")[0] == "zh" else self.en


_CLAUSES: Final = (
    TransferText(
        version="clauses-2026-11",
        effective_on=date(2026, 11, 1),
        en=(
            "The operator of OKKI Leads AI (data exporter) and this company (data importer), each a"
            " controller, conclude for personal data of prospects that the company receives from the"
            " product: (1) the standard contractual clauses annexed to Implementing Decision (EU)"
            " 2021/914, module one, with the optional clause 7, without the option in clause 11(a); (2)"
            " for data protected by the law of the United Kingdom, the International Data Transfer"
            " Addendum to them; for data protected by Swiss law, the same clauses with the Federal Data"
            " Protection and Information Commissioner as the authority; (3) for data protected by the"
            " law of China, the standard contract of the Cyberspace Administration of China of 22"
            " February 2023. Annex I: contact data of people in business, received one by one to"
            " approach them in business, for as long as that purpose lasts. Annex II: the protection"
            " advice that comes with the data. In conflict, the official texts prevail."
        ),
        zh=(
            "OKKI Leads AI 的运营方（数据输出方）与本公司（数据接收方）均为控制者，就本公司通过本产品接"
            "收的潜在客户个人数据订立：（一）欧盟第 2021/914 号实施决定附件所载标准合同条款之模块一，采"
            "用选择性第 7 条，不采用第 11 条（a）项的选项；（二）受英国法律保护的数据，适用该条款的《国"
            "际数据传输附录》；受瑞士法律保护的数据，适用同一条款，并以瑞士联邦数据保护与信息专员为主管"
            "机关；（三）受中国法律保护的数据，适用国家互联网信息办公室 2023 年2 月 22 日公布的个人信息"
            "出境标准合同。附件一：商务人士的联系数据，为商务联系之目的逐条接收，保存至该目的实现为止。"
            "附件二：随数据一并提供的保护建议。如有冲突，以官方文本为准。"
        ),
        sha256="a3bdbddcd0292f0d99dd18aacdb77bdfa4e6e243d1c61e9bfde7e7bf09d88b8c",
    ),
)

_ADVICE: Final = (
    TransferText(
        version="advice-2026-11",
        effective_on=date(2026, 11, 1),
        en=(
            "You are now responsible for this person's data. Protect it reasonably: let only those see"
            " it who need it, keep it in protected systems, use it only to approach the person in"
            " business, and delete it when that is over. Tell the person where you have the data from"
            " no later than with your first message, and within a month in any case. If they object or"
            " ask for erasure, stop at once and tell us. Do not pass the data on without a legal basis."
        ),
        zh=(
            "自现在起，您对此人的数据负责。请合理保护：仅限有需要的人员查看，保存在受保护的系统中，仅用"
            "于商务联系，目的实现后即予删除。最迟在发送第一封邮件时，且无论如何在一个月内，告知此人数据"
            "的来源。如其提出反对或要求删除，请立即停止并通知我们。没有法律依据，请勿转交数据。"
        ),
        sha256="e904454acea2fd4b6a14ed2549a3ac1a6a1b8c712cf0c9373e8aba753dfc8793",
    ),
)

CLAUSES: Final = MappingProxyType({text.version: text for text in _CLAUSES})
ADVICE: Final = MappingProxyType({text.version: text for text in _ADVICE})


def current_clauses(on: date) -> TransferText:
    """The clauses in force on a day: what a company accepts, and what a transfer can rest on."""
    return _current(_CLAUSES, on)


def current_advice(on: date) -> TransferText:
    """What recipients are advised on a day."""
    return _current(_ADVICE, on)


def may_accept(version: str, on: date) -> Decision:
    """Whether a company may accept this version: the one in force and no other. Closed."""
    if version != current_clauses(on).version:
        return Refused("cross-border", "not_the_current_clauses")
    return Allowed()


def _current(texts: tuple[TransferText, ...], on: date) -> TransferText:
    """The latest in force. The first one counts on any day before it: nobody is left without."""
    in_force = [text for text in texts if text.effective_on <= on]
    return max(in_force, key=lambda text: text.effective_on, default=texts[0])
