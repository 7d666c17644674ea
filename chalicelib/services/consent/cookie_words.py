"""Words about cookies for people: the purposes of `privacy.cookies` in the reader's language.

English is the text of the rules themselves, which their revision covers; a test asks for a Chinese one of
each.
"""

# ruff: noqa: RUF001 - Chinese text is punctuated as Chinese is.

from __future__ import annotations

from types import MappingProxyType
from typing import Final

from chalicelib.privacy.cookies import CATEGORIES, COOKIES, CookieCategory
from chalicelib.services.wording import Locale

CHINESE: Final = MappingProxyType(
    {
        CookieCategory.ESSENTIAL.value: "登录、登录安全，以及记住本次选择",
        CookieCategory.PREFERENCES.value: "记住页面的设置",
        CookieCategory.ANALYTICS.value: "统计页面的使用情况，仅由我们自己统计",
        CookieCategory.MARKETING.value: "衡量和展示营销活动，第三方也可能参与",
        "__Host-session": "登录后识别会话；只是一个标识符，不含其他内容",
        "__Host-device": "识别已通过验证的设备，以便发现陌生设备（2.2.1(c)、6）",
        "__Host-wechat": "将微信登录与发起登录的浏览器对应起来；仅在登录过程中使用",
        "__Host-choices": "找回您对 Cookie 的选择，以免在每个页面重复询问",
    }
)


def of_category(category: CookieCategory, locale: Locale) -> str:
    """What a category is for."""
    return CHINESE[category.value] if locale == "zh" else CATEGORIES[category].purpose


def of_cookie(name: str, locale: Locale) -> str:
    """What a cookie is for."""
    return CHINESE[name] if locale == "zh" else COOKIES[name].purpose
