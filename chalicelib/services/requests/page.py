"""The page on which anybody asks about data of theirs, without an account (8; GDPR 12(2), 14(2)(c)).

Promises: one document that needs no network but ourselves: its style sheet and its script are named by hash,
nothing else may run, load or be posted to. It asks the same routes as a program does and keeps nothing: no
cookie, no storage, nothing about a person in an address. Where no script runs it says where to write to.
Costs: standard library only; read and hashed once, at import.
"""

from __future__ import annotations

from typing import Final

from chalicelib.services.mail import pages
from chalicelib.services.wording import Locale

_SCRIPT: Final = pages.Script("requests.js")
CSP: Final = _SCRIPT.csp


def made(locale: Locale) -> str:
    """The whole page."""
    return _SCRIPT.page("page_requests.html", locale)
