# ruff: noqa: RUF001 - Chinese has commas of its own
"""What is said in the drill: made-up words about a made-up incident, in both languages."""

from __future__ import annotations

from typing import Any, Final

SUMMARY: Final = (
    "A support session was used by somebody else for about an hour; data of two companies was read."
)
CAUSE: Final = "The session of a member of the support staff was taken over on an unlocked machine."
REASONS: Final = "The log shows that sign-in data and contact lists were opened; misuse cannot be ruled out."
CONTAINED: Final = "The session was ended, the machine is locked away, every session of the staff was closed."
NEWS: Final = (
    "No misuse has been seen. The log of the past ninety days was read once more; nothing else was found."
)
CLOSING: Final = (
    "Read for an hour, not changed, not published as far as can be seen. Sessions now end after ten minutes."
)

CONTENTS: Final[dict[str, dict[str, str]]] = {
    "en": {
        "situation": "Somebody used a support session for about an hour and could read names and logins.",
        "measures": "We ended that session and every other, and had the log of ninety days read once more.",
        "advice": "Choose another password, and do not trust mails that ask you to confirm your account.",
        "remedies": "We answer at privacy@okki.example; you may also turn to the PDPC in Singapore.",
    },
    "zh": {
        "situation": "有人在大约一小时内使用了一个客服会话，可能读取了姓名和登录信息。",
        "measures": "我们已结束该会话及所有其他会话，并重新检查了九十天的日志。",
        "advice": "请更换密码，不要相信要求您确认账户的邮件。",
        "remedies": "如有疑问请与我们的隐私团队联系，您也可以向新加坡个人数据保护委员会投诉。",
    },
}

FACTS: Final[dict[str, Any]] = {
    "reasons": REASONS,
    "people": {
        "controller/user/SG": 3,
        "controller/user/DE": 1,
        "processor/prospect/DE": 2,
    },
    "categories": ["logon", "stored"],
    "credentials": False,
    "significant_harm": True,
    "risk": "high",
    "serves_china": False,
    "national": False,
    "cause": CAUSE,
}
