"""The page on which anybody asks about data of theirs, without an account (8; GDPR 12(2), 14(2)(c)).

Promises: one document that needs no network but ourselves: its style sheet and its script are named by hash,
nothing else may run, load or be posted to. It asks the same routes as a program does and keeps nothing: no
cookie, no storage, nothing about a person in an address. Where no script runs it says where to write to.
Costs: standard library only; read and hashed once, at import.
"""

from __future__ import annotations

import base64
import hashlib
from pathlib import Path
from typing import Final

from chalicelib.services import wording
from chalicelib.services.mail import pages
from chalicelib.services.wording import Locale

_FILE: Final = Path(__file__).parents[2] / "templates" / "requests.js"
_SCRIPT: Final = "\n" + _FILE.read_text(encoding="utf-8").strip() + "\n"
_HASH: Final = base64.b64encode(hashlib.sha256(_SCRIPT.encode()).digest()).decode("ascii")

CSP: Final = (
    f"default-src 'none'; style-src 'sha256-{pages.STYLE_HASH}'; script-src 'sha256-{_HASH}';"
    " connect-src 'self'; form-action 'none'; base-uri 'none'; frame-ancestors 'none'"
)
"""Content-Security-Policy of the page: one known style sheet, one known script, requests to ourselves."""


def made(locale: Locale) -> str:
    """The whole page. All its words are in the template: the script only shows and hides them."""
    return pages.scripted_page("page_requests.html", locale, _SCRIPT)


def locale_of(wanted: str | None, accept_language: str | None) -> Locale:
    """``?locale`` if it is one of ours, else what the browser prefers: a link in a mail is never refused."""
    if wanted == "zh":
        return "zh"
    return "en" if wanted == "en" else wording.locale_of(accept_language)
