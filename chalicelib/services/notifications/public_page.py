"""The page of what we say in public, for people who follow no API (4.1.3, 4.3.4, 7).

Promises: one document that needs no script, cookie or network; every word in it is text, whatever it looks
like; each announcement has an address of its own (`#ann_…`) that can be passed on.
"""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from chalicelib.kernel import clock, settings
from chalicelib.services.companies.reminders import singapore_time
from chalicelib.services.mail import pages
from chalicelib.services.notifications.public import Shown
from chalicelib.services.wording import Locale, fill_html


def made(found: Sequence[Shown], locale: Locale) -> str:
    """The whole page, in the order given."""
    name = "page_announcements.html" if found else "page_announcements_none.html"
    top = fill_html(name, locale, {"requests_url": f"{settings.api_url()}/v1/requests/page"})
    return pages.document("\n".join([top.strip(), *(_section(one, locale) for one in found)]), locale)


def _section(one: Shown, locale: Locale) -> str:
    changed = one.changed_at or one.published_at
    values = {
        "id": one.announcement_id,
        "title": one.title,
        "published_at": clock.rfc3339(one.published_at) or "",
        "published": singapore_time(one.published_at),
        "changed_at": clock.rfc3339(changed) or "",
        "changed": singapore_time(changed),
    }
    name = "page_announcement.html" if one.changed_at is None else "page_announcement_changed.html"
    words = "\n".join(f"<p>{escape(part)}</p>" for part in one.text.split("\n\n") if part.strip())
    return f"<section>\n{fill_html(name, locale, values).strip()}\n{words}\n</section>"
