"""The people on the WeChat of this machine, and what WeChat tells about them."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping
from typing import Any, Final

PLACEHOLDER: Final = "微信用户"
"""What WeChat says in the place of a nickname it does not give."""

PEOPLE: Final[tuple[dict[str, Any], ...]] = (
    {"id": "lihua", "nickname": "李华💤", "about": "Chinese and emoji"},
    {"id": "wangfang", "nickname": "王\b芳\n\t 🌸", "about": "control characters as they are, in the JSON"},
    {"id": "nobody", "nickname": PLACEHOLDER, "about": "WeChat gives no nickname, only this placeholder"},
    {"id": "zoe", "nickname": "Zoë “Trade” O'Neil </b> 👩‍👩‍👧‍👦", "about": "quotes, markup, a joined emoji"},
    {
        "id": "preview",
        "nickname": PLACEHOLDER,
        "preview": True,
        "about": "looks at the page's preview inside WeChat, under a made-up Open ID",
    },
)
"""Those the page offers. A person is any mapping: `nickname`, `id` (who it is; else the nickname says so),
`preview`, and fields of the profile that shall be others. `about` is for whoever reads the page.
"""


def open_id(app_id: str, person: Mapping[str, Any]) -> str:
    """A person's Open ID in an app; in the app `union`, the id that all apps share."""
    name = f"{app_id}/{person.get('id') or person.get('nickname')}".encode("utf-8", "surrogatepass")
    return "o" + base64.urlsafe_b64encode(hashlib.sha256(name).digest())[:27].decode()


def profile(app_id: str, person: Mapping[str, Any]) -> dict[str, Any]:
    """Everything WeChat says about a person, wanted or not."""
    said = {
        "openid": open_id(app_id, person),
        "nickname": PLACEHOLDER,
        "sex": 1,
        "language": "zh_CN",
        "city": "Guangzhou\b",
        "province": "\nGuangdong",
        "country": "CN",
        "headimgurl": "https://thirdwx.example/mmopen/vi_32/portrait/132",
        "privilege": ["chinaunicom"],
        "unionid": open_id("union", person),
    }
    return said | {name: value for name, value in person.items() if name in said}
