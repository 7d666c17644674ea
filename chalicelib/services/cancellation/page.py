"""The page on which a company whose accounts are closed fetches its contacts, with the code from the mail.

Promises: as the page for requests, one document that needs no network but ourselves; its style sheet and
script are named by hash. The code is typed into it and never stands in an address, where a log or a history
would keep it. Costs: standard library only; read and hashed once, at import.
"""

from __future__ import annotations

import base64
import hashlib
from pathlib import Path
from typing import Final

from chalicelib.services.mail import pages
from chalicelib.services.wording import Locale

_FILE: Final = Path(__file__).parents[2] / "templates" / "final_export.js"
_SCRIPT: Final = "\n" + _FILE.read_text(encoding="utf-8").strip() + "\n"
_HASH: Final = base64.b64encode(hashlib.sha256(_SCRIPT.encode()).digest()).decode("ascii")

CSP: Final = (
    f"default-src 'none'; style-src 'sha256-{pages.STYLE_HASH}'; script-src 'sha256-{_HASH}';"
    " connect-src 'self'; form-action 'none'; base-uri 'none'; frame-ancestors 'none'"
)
"""Content-Security-Policy of the page: one known style sheet, one known script, requests to ourselves."""


def made(locale: Locale) -> str:
    """The whole page. All its words are in the template: the script only shows and hides them."""
    return pages.scripted_page("page_final_export.html", locale, _SCRIPT)
