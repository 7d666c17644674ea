"""A chain to take away and to check elsewhere (`tools/verify_evidence.py`), page by page.

A page is one line of JSON: whoever saves the pages one after another holds a file of JSON Lines. All pages
of a reading end at the same entry, however the chain grows meanwhile; the cursor says which. What is over is
not shown, and sealed contents are their digests.
"""

from __future__ import annotations

import base64
from typing import Any, Final, NamedTuple

from chalicelib import store
from chalicelib.kernel import clock, ids
from chalicelib.kernel.errors import FieldError, InvalidError
from chalicelib.privacy import evidence
from chalicelib.privacy.anchors import Reading
from chalicelib.privacy.evidence import Anchor, Link
from chalicelib.services.evidence import anchors

MAX_CURSOR: Final = 400
RUN_SECONDS: Final = 60
"""What was anchored within so long before a reading began may be ahead of the head it began with."""


class Place(NamedTuple):
    """Where a reading goes on: after this key, in the chain as it was with this head at that time."""

    began_at: int
    head: Link
    after: str | None


class Part(NamedTuple):
    """One page of a chain, as it was at ``exported_at``. ``anchors`` come with the last one, and for staff
    only: the companies' function has no way to the archive. ``archive`` is what they were read from, with
    what is wrong with it; None where nobody looked.
    """

    chain: str
    exported_at: int
    head: Link
    entries: list[dict[str, Any]]
    anchors: list[Anchor]
    archive: Reading | None
    cursor: str | None


def page(chain: str, limit: int, cursor: str | None, *, anchored: bool) -> Part:
    """Up to ``limit`` entries. A query, and a read for the head on the first page; ``anchored`` adds what the
    archive says of the chain to the last page.

    Raises:
        InvalidError: the cursor is not one of ours.
        UnavailableError: not everything could be read.
    """
    place = _place(cursor) if cursor is not None else Place(clock.now(), store.chain.read(chain), None)
    found = store.ledger.page(chain, limit, place.after, place.head.seq)
    last = found.after is None
    head = place.head
    archive = anchors.read() if anchored and last else None
    return Part(
        chain=chain,
        exported_at=place.began_at,
        head=head,
        entries=[evidence.as_json(entry, link) for entry, link in found.entries],
        anchors=[] if archive is None else _before(archive.of(chain), place.began_at),
        archive=archive,
        cursor=None if last else _cursor(f"{place.began_at}~{head.seq}~{head.link}~{found.after}"),
    )


def operators(lane: str | None, limit: int, cursor: str | None) -> Part:
    """A page of the operator's chain, or of one of those of cookie receipts, with anchors; as ``page``."""
    chain = ids.OPERATOR if lane is None else f"{ids.OPERATOR}{evidence.COOKIES}{lane}"
    return page(chain, limit, cursor, anchored=True)


def _before(found: list[Anchor], began_at: int) -> list[Anchor]:
    return [one for one in found if one.at <= began_at - RUN_SECONDS]


def _cursor(place: str) -> str:
    """In letters that need no escaping in an address: the keys of entries hold `#`."""
    return base64.urlsafe_b64encode(place.encode()).rstrip(b"=").decode()


def _place(cursor: str) -> Place:
    began_at, seq, link, after = [*_read(cursor).split("~", 3), "", "", "", ""][:4]
    numbers = all(text.isdecimal() and len(text) <= 12 for text in (began_at, seq))
    if not (numbers and len(link) == len(evidence.FIRST) and after):
        raise InvalidError(errors=[FieldError("cursor", "malformed")])
    return Place(int(began_at), Link(int(seq), link), after)


def _read(cursor: str) -> str:
    try:
        text = base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True).decode(
            "ascii"
        )
    except ValueError:
        return ""
    return text if len(text) <= MAX_CURSOR and text.isprintable() else ""
