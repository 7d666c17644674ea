"""The page on which a company whose accounts are closed fetches its contacts, with the code from the mail.

Promises: as the page for requests, one document that needs no network but ourselves; its style sheet and
script are named by hash. The code is typed into it and never stands in an address, where a log or a history
would keep it. Costs: standard library only; read and hashed once, at import.
"""

from __future__ import annotations

from typing import Final

from chalicelib.services.mail import pages
from chalicelib.services.wording import Locale

_SCRIPT: Final = pages.Script("final_export.js")
CSP: Final = _SCRIPT.csp


def made(locale: Locale) -> str:
    """The whole page."""
    return _SCRIPT.page("page_final_export.html", locale)
