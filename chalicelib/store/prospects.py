"""The base of prospects: who is in it, what finds them, and which companies received them.

Under a prospect's id lie the stocked record, the shared one, who shared and who received it. Lists of
postings find them: by sector, country and level in every combination from three lists, because each is
ordered by the classes it does not name; by the beginning of a word through keyed hashes of one letter more
each, so that the table knows no word; by business name through one hash. A search reads one list and the
records of its page, whatever the base holds; nothing is scanned.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from chalicelib.kernel import ids
from chalicelib.records.prospects import AddedProspect, Holder, Posting, Reveal, Share, StockedProspect
from chalicelib.store import vault
from chalicelib.store.table import Rows

_OWNER = ids.OPERATOR

STOCKED = Rows(StockedProspect, pk="{prospect_id}", sk="stocked", owner=_OWNER)
ADDED = Rows(AddedProspect, pk="{prospect_id}", sk="added", owner=_OWNER)
SHARES = Rows(Share, pk="{prospect_id}", sk="share#{company_id}")
HOLDERS = Rows(Holder, pk="{prospect_id}", sk="holder#{company_id}")
REVEALS = Rows(Reveal, pk="{company_id}#revealed", sk="{prospect_id}")
POSTINGS = Rows(Posting, pk="find#{shelf}", sk="{place}#{prospect_id}", owner=_OWNER)

FIRST_LETTERS = 2
"""So many letters of a word choose its list; who searches types as many at least."""
LETTERS = 10
"""Further letters find no less."""


def prospect_id(canonical: str) -> str:
    """The id of the person behind a canonical address (``addresses.Address.person``), or of a business
    without one (`business:` and its domain, or its name and country). The same for ever, and no way back.
    """
    return ids.from_raw("pr", bytes.fromhex(vault.index(_OWNER, "prospect", canonical)))


def of_class(sector: str | None, country: str | None, level: str | None) -> tuple[str, str] | None:
    """The list, and how places in it begin, that holds exactly these classes; None for no class at all."""
    if sector is not None and (country is not None or level is None):
        rest = "" if country is None else f"{country}#" + ("" if level is None else f"{level}#")
        return f"sector#{sector}", rest
    if country is not None:
        return f"country#{country}", "" if level is None else f"{level}#"
    if level is not None:
        return f"level#{level}", "" if sector is None else f"{sector}#"
    return None


def of_word(beginning: str) -> tuple[str, str] | None:
    """The list, and how places in it begin, of words that begin so; None for fewer letters than it takes."""
    word = beginning[:LETTERS]
    if len(word) < FIRST_LETTERS:
        return None
    shelf = vault.index(_OWNER, "word", word[:FIRST_LETTERS])
    further = (vault.index(_OWNER, "word", word[: n + 1])[:4] for n in range(FIRST_LETTERS, len(word)))
    return f"word#{shelf}", "".join(further)


def of_business(name: str) -> tuple[str, str]:
    """The list of a business by its whole name, as it was normalised."""
    return f"business#{vault.index(_OWNER, 'business', name)}", ""


def postings(
    of: str, *, sector: str, country: str, level: str, words: Iterable[str], business: str | None
) -> list[Posting]:
    """All that finds one prospect: three lists of classes, one for each word, one for the business."""
    places: list[tuple[str, str]] = [
        (f"sector#{sector}", f"{country}#{level}"),
        (f"country#{country}", level),
        (f"level#{level}", sector),
    ]
    places += [found for word in words if (found := of_word(word)) is not None]
    if business:
        places.append(of_business(business))
    return [
        Posting(shelf=shelf, place=place, prospect_id=of, sector=sector, country=country, level=level)
        for shelf, place in dict.fromkeys(places)
    ]


def posting_keys(of: Sequence[Posting]) -> tuple[str, ...]:
    """Their keys as a record notes them."""
    return tuple(
        "\0".join(POSTINGS.place(**{n: getattr(one, n) for n in ("shelf", "place", "prospect_id")}))
        for one in of
    )
