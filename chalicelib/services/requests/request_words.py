"""What a request asks, in the reader's words."""

# ruff: noqa: RUF001 - Chinese text is punctuated as Chinese is.

from __future__ import annotations

from types import MappingProxyType
from typing import Final

from chalicelib.privacy.requests import RequestKind
from chalicelib.services import wording

_WORDS: Final = MappingProxyType(
    {
        RequestKind.ACCESS: ("to see the personal data held (access)", "查看所保存的个人数据（访问）"),
        RequestKind.CORRECT: ("to have personal data corrected", "更正个人数据"),
        RequestKind.ERASE: ("to have personal data erased", "删除个人数据"),
        RequestKind.RESTRICT: (
            "that personal data is stored only (restriction)",
            "仅存储个人数据（限制处理）",
        ),
        RequestKind.OBJECT: ("that personal data is no longer used (objection)", "不再使用个人数据（反对）"),
        RequestKind.PORTABILITY: (
            "to receive personal data in a machine-readable form (portability)",
            "以机器可读的形式获取个人数据（可携带）",
        ),
        RequestKind.COMPLAINT: ("a complaint", "投诉"),
    }
)


def of(wish: RequestKind, locale: str) -> str:
    """The wish as part of a sentence."""
    english, chinese = _WORDS[wish]
    return chinese if wording.locale_of(locale) == "zh" else english
