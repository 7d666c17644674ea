"""The base of prospects: who is in it, what finds them, and which companies received them.

Under a prospect's id lie the stocked record, the shared one, who shared and who received it. Lists of
postings find them: by sector, country and level in every combination from three lists, because each is
ordered by the classes it does not name; by the beginning of a word through keyed hashes of one letter more
each, so that the table knows no word; by business name through one hash. A search reads one list and the
records of its page, whatever the base holds; nothing is scanned.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from pynamodb.exceptions import PynamoDBException
from pynamodb.expressions.condition import Condition

from chalicelib.kernel import ids
from chalicelib.privacy.register import Use
from chalicelib.records.prospects import AddedProspect, Claim, Holder, Posting, Reveal, Share, StockedProspect
from chalicelib.store import batches, vault
from chalicelib.store.failures import translate
from chalicelib.store.table import Rows, Stored, get_together, query_rows

_OWNER = ids.OPERATOR

STOCKED = Rows(StockedProspect, pk="{prospect_id}", sk="stocked", owner=_OWNER)
ADDED = Rows(AddedProspect, pk="{prospect_id}", sk="added", owner=_OWNER)
SHARES = Rows(Share, pk="{prospect_id}", sk="share#{company_id}")
HOLDERS = Rows(Holder, pk="{prospect_id}", sk="holder#{company_id}")
REVEALS = Rows(Reveal, pk="{company_id}#revealed", sk="{prospect_id}")
CLAIMS = Rows(Claim, pk="{company_id}#claims", sk="{user_id}#{prospect_id}")
POSTINGS = Rows(Posting, pk="find#{shelf}", sk="{place}#{prospect_id}#{part}", owner=_OWNER)

FIRST_LETTERS = 2
"""So many letters of a word choose its list; who searches types as many at least."""
_START = "-"
"""What places begin with that might else be empty: no part of a key may be."""
_LAST = "~"
"""Behind everything that a place is made of, as DynamoDB sorts."""
LETTERS = 10
"""Further letters find no less."""


def prospect_id(canonical: str) -> str:
    """The id of the person behind a canonical address (``addresses.Address.person``), or of a business
    without one (`business:` and its domain, or its name and country). The same for ever, and no way back.
    """
    return ids.from_raw("pr", bytes.fromhex(vault.index(_OWNER, "prospect", canonical)))


def both(prospect_id: str, use: Use) -> tuple[Stored[StockedProspect] | None, Stored[AddedProspect] | None]:
    """The stocked and the shared record of somebody, as far as there are any. One call, two reads."""
    key = {"prospect_id": prospect_id}
    stocked, added = get_together((STOCKED, key), (ADDED, key), use=use)
    return stocked, added


def of_class(sector: str | None, country: str | None, level: str | None) -> tuple[str, str] | None:
    """The list, and how places in it begin, that holds exactly these classes; None for no class at all."""
    if sector is not None and (country is not None or level is None):
        rest = "" if country is None else f"{country}." + ("" if level is None else f"{level}#")
        return f"sector.{sector}", rest
    if country is not None:
        return f"country.{country}", "" if level is None else f"{level}#"
    if level is not None:
        return f"level.{level}", "" if sector is None else f"{sector}#"
    return None


def of_word(beginning: str) -> tuple[str, str] | None:
    """The list, and how places in it begin, of words that begin so; None for fewer letters than it takes."""
    word = beginning[:LETTERS]
    if len(word) < FIRST_LETTERS:
        return None
    shelf = vault.index(_OWNER, "word", word[:FIRST_LETTERS])
    further = (vault.index(_OWNER, "word", word[: n + 1])[:4] for n in range(FIRST_LETTERS, len(word)))
    return f"word.{shelf}", _START + "".join(further)


def of_business(name: str) -> tuple[str, str]:
    """The list of a business by its whole name, as it was normalised."""
    return f"business.{vault.index(_OWNER, 'business', name)}", _START


def postings(
    of: str,
    part: str,
    *,
    sector: str,
    country: str,
    level: str,
    words: Iterable[str],
    business: str | None,
) -> list[Posting]:
    """All that finds one record of a prospect, ``part`` being its kind: three lists of classes, one for each
    word, one for the business. Of two records none touches what finds the other.
    """
    places: list[tuple[str, str]] = [
        (f"sector.{sector}", f"{country}.{level}"),
        (f"country.{country}", level),
        (f"level.{level}", sector),
    ]
    places += [found for word in words if (found := of_word(word)) is not None]
    if business:
        places.append(of_business(business))
    return [
        Posting(
            shelf=shelf,
            place=place,
            prospect_id=of,
            part=part,
            sector=sector,
            country=country,
            level=level,
        )
        for shelf, place in dict.fromkeys(places)
    ]


def find(shelf: str, place: str, after: str | None, limit: int) -> list[tuple[str, Posting | None]]:
    """Up to so many of a list, those whose place begins so, behind a sort key; None for one whose time is
    over. One query, half a read unit for each 4 KB: a dozen postings. It may be a moment late.

    Raises:
        UnavailableError: DynamoDB could not say.
    """
    row = POSTINGS.model
    where: Condition | None = row.sk.startswith(place) if place else None
    if after is not None:
        where = row.sk.between(after, f"{place}{_LAST}")  # a key condition has no "behind, and begins with"
        limit += 1
    try:
        rows: list[Any] = list(row.query(f"find#{shelf}", where, limit=limit))
    except PynamoDBException as error:
        raise translate(error) from None
    found = [(one.sk, POSTINGS.live(one, None)) for one in rows if one.sk != after]
    return [(sk, None if one is None else one.value) for sk, one in found]


def shared(prospect_id: str, use: Use) -> tuple[AddedProspect | None, set[str]]:
    """What was shared of a person, and the companies that shared it or received it. One query."""
    row = ADDED.model
    added, parties = None, set()
    where = row.sk.between("added", f"share#{_LAST}")  # holders lie between the two
    try:
        for one in row.query(prospect_id, where, consistent_read=True):
            rows = next(rows for rows in (ADDED, SHARES, HOLDERS) if rows.kind == one.kind)
            known = rows.live(one, use)
            if known is None:
                continue
            if isinstance(known.value, AddedProspect):
                added = known.value
            elif isinstance(known.value, Share) or known.value.added:
                parties.add(known.value.company_id)
    except PynamoDBException as error:
        raise translate(error) from None
    return added, parties


def posting_key(posting: Posting) -> str:
    """Its key as a record notes it."""
    return posting_keys([posting])[0]


def posting_keys(of: Sequence[Posting]) -> tuple[str, ...]:
    """Their keys as a record notes them."""
    return tuple(
        "\0".join(POSTINGS.place(**{n: getattr(one, n) for n in ("shelf", "place", "prospect_id", "part")}))
        for one in of
    )


def claims_of(company_id: str, user_id: str) -> list[tuple[str, str]]:
    """Keys of what a user works on, over or not; a query for each MB, nothing is opened. Whose a prospect is
    says its `Reveal`, where a claim ends by the clock or with the membership.
    """
    rows = query_rows(CLAIMS.model, f"{company_id}#claims", f"{user_id}#")
    return [(row.pk, row.sk) for row in rows]


def forget_claims(company_id: str, user_id: str) -> int:
    """Delete those lines when the user is gone; how many there were. Repeatable.

    Raises:
        UnavailableError: what is gone stays gone.
    """
    return batches.delete(CLAIMS.model.Meta.table_name, claims_of(company_id, user_id))
