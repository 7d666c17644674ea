"""Taking somebody out of lists that are on their way in (clause `requests`): an import's rows are kept for a
week, committed or not, so that it can be looked at and taken back.

A hold does not reach them: they go by themselves within days, and what became of them is kept as contacts.
"""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Final

from chalicelib import store
from chalicelib.records.imports import ImportChunk, RowState
from chalicelib.services.erasure.pages import Page, Range

if TYPE_CHECKING:
    from chalicelib.store.table import Stored

PIECES_PER_PAGE: Final = 20


def imported(where: Range) -> Page | None:
    """Pieces of imports that hold rows of the person; they are found by keyed hashes, unopened."""
    found = store.imports.chunks_with(
        where.company_id, where.person, where.after, where.until, PIECES_PER_PAGE
    )
    if not found:
        return None
    page = Page(found[-1])
    for sk in found:
        known = store.imports.chunk_to_erase(where.company_id, sk)
        if known is not None:
            page.acts.append(partial(take_out, known, where.person))
            page.counts["import_chunk"] += 1
    return page


def take_out(known: Stored[ImportChunk], person: str) -> None:
    """Take somebody out of the rows of an import: of theirs only the numbers stay.

    Raises:
        ConflictError: it is being changed this moment; to be done again.
    """
    chunk = known.value
    mine = {at for at, one in enumerate(chunk.persons) if one == person}

    def blank(column: tuple[str, ...]) -> tuple[str, ...]:
        return tuple("" if at in mine else cell for at, cell in enumerate(column))

    states = (RowState.SUPPRESSED.value if at in mine else one for at, one in enumerate(chunk.states))
    without = replace(
        chunk,
        states=tuple(states),
        existing={at: one for at, one in chunk.existing.items() if int(at) not in mine},
        persons=blank(chunk.persons),
        name=blank(chunk.name),
        email=blank(chunk.email),
        company=blank(chunk.company),
        position=blank(chunk.position),
        country=blank(chunk.country),
        phone=blank(chunk.phone),
        social=blank(chunk.social),
    )
    if mine:
        store.imports.rewrite_chunk(known, without)
