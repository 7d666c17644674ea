"""Words for people about disclosures: purposes and categories in the reader's language."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Final

from chalicelib.privacy.disclosure_kinds import DisclosurePurpose
from chalicelib.privacy.register import Category
from chalicelib.services.wording import Locale

_P: Final = DisclosurePurpose
_C: Final = Category

PURPOSES: Final[Mapping[DisclosurePurpose, Mapping[Locale, str]]] = MappingProxyType(
    {
        _P.SALES: {"en": "sales", "zh": "销售"},
        _P.SERVICE: {"en": "service", "zh": "服务"},
        _P.ASSESS_DELIVERY: {"en": "assessing the delivery of e-mails", "zh": "评估邮件投递"},
        _P.COMPLAINT_HANDLING: {"en": "handling a complaint", "zh": "处理投诉"},
        _P.LEGAL_DUTY: {"en": "a legal duty", "zh": "法定义务"},
        _P.LEGAL_CLAIM: {"en": "a legal claim", "zh": "法律主张"},
        _P.VITAL_INTERESTS: {"en": "protecting somebody's vital interests", "zh": "保护重大切身利益"},
        _P.ADVICE: {"en": "professional advice", "zh": "专业咨询"},
        _P.SUCCESSION: {"en": "taking over our business", "zh": "承接我们的业务"},
        _P.CONSENTED_PUBLICATION: {"en": "publication", "zh": "公开披露"},
        _P.ORDERED_PUBLICATION: {"en": "publication by order of law", "zh": "依法公开披露"},
    }
)

CATEGORIES: Final[Mapping[Category, Mapping[Locale, str]]] = MappingProxyType(
    {
        _C.LOGON: {"en": "log-on data", "zh": "登录数据"},
        _C.AUTHENTICATION: {"en": "authentication information", "zh": "身份验证信息"},
        _C.AUTOMATIC: {"en": "automatically collected information", "zh": "自动收集的信息"},
        _C.EMAIL_TRACKING: {"en": "e-mail tracking data", "zh": "邮件追踪数据"},
        _C.COMMUNICATIONS: {"en": "business and communication data", "zh": "业务及通讯数据"},
        _C.INTEGRATION: {"en": "integration data", "zh": "接口集成数据"},
        _C.AI: {"en": "AI data", "zh": "人工智能数据"},
        _C.STORED: {"en": "stored contacts", "zh": "所存储的联系人"},
        _C.NOTIFICATION: {"en": "notification information", "zh": "通知信息"},
        _C.COOKIES: {"en": "cookies data", "zh": "Cookie 数据"},
        _C.ADDED_PROSPECT: {"en": "added potential customers", "zh": "添加的潜在客户数据"},
        _C.STOCKED_PROSPECT: {"en": "stocked potential customers", "zh": "库存的潜在客户数据"},
    }
)


def of_purpose(purpose: DisclosurePurpose, locale: Locale) -> str:
    """What for."""
    return PURPOSES[purpose][locale]


def of_categories(names: Iterable[str], locale: Locale) -> str:
    """Which data, as a list in one line."""
    separator = "、" if locale == "zh" else ", "
    return separator.join(CATEGORIES[Category(name)][locale] for name in names)
