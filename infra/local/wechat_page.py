"""What the stand-in for WeChat shows to people: who are you today, and do you approve?"""

from __future__ import annotations

import html
from collections.abc import Mapping
from typing import Any, Final

from infra.local.asgi import Send, answer
from infra.local.wechat_people import PEOPLE, PLACEHOLDER

OTHER: Final = "other"

_POLICY: Final = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; frame-ancestors 'none'"
_STYLE: Final = """body{font:16px/1.5 system-ui;margin:2rem auto;max-width:34rem;padding:0 1rem}
label{display:block;padding:.35rem 0}small{color:#595959;display:block;padding-left:1.7rem}
button{font:inherit;padding:.5rem 1.5rem;margin:1rem 1rem 0 0}input[type=text]{font:inherit;width:14rem}"""


def chosen(pressed: Mapping[str, str]) -> dict[str, Any]:
    """The person whose button was pressed; a name typed in makes a new one, always the same for that name."""
    wanted = pressed.get("person", "")
    found = next((person for person in PEOPLE if person["id"] == wanted), None)
    return found or {"nickname": pressed.get("nickname", "").strip() or PLACEHOLDER}


async def ask(send: Send, asked: Mapping[str, str]) -> None:
    """The question, with somebody already chosen."""
    rows = "".join(
        f"<label><input type='radio' name='person' value='{person['id']}'{'' if number else ' checked'}> "
        f"{html.escape(' '.join(person['nickname'].split()))}"
        f"<small>{html.escape(person['about'])}</small></label>"
        for number, person in enumerate(PEOPLE)
    )
    await _page(
        send,
        200,
        "微信登录 WeChat login",
        "<p>Stand-in for WeChat on this machine. "
        f"The app <code>{html.escape(asked['appid'])}</code> asks for "
        f"<code>{html.escape(asked['scope'])}</code>. Who are you?</p>"
        f"<form method='post'>{rows}"
        f"<label><input type='radio' name='person' value='{OTHER}'> Somebody else: "
        "<input type='text' name='nickname' aria-label='Nickname' autocomplete='off'></label>"
        "<button name='decision' value='approve'>Approve 同意</button>"
        "<button name='decision' value='refuse'>Refuse 拒绝</button></form>",
    )


async def refuse(send: Send, reason: str) -> None:
    """WeChat's own error page: nobody is sent anywhere."""
    await _page(send, 200, "出错了", f"<p role='alert'>{html.escape(reason)}</p>")


async def _page(send: Send, status: int, title: str, body: str) -> None:
    page = (
        f"<!doctype html><html lang='zh'><meta charset='utf-8'><title>{title}</title>"
        f"<meta name='viewport' content='width=device-width'><style>{_STYLE}</style>"
        f"<main><h1>{title}</h1>{body}</main></html>"
    )
    headers = {
        "content-security-policy": _POLICY,
        "referrer-policy": "no-referrer",
        "cache-control": "no-store",
    }
    await answer(send, status, page.encode("utf-8", "replace"), "text/html; charset=utf-8", headers)
