"""Which country a place lies in, from what people write for it.

The country decides on what ground data may cross a border (4.2), so a guess does more harm than no answer:
what is not clear is `ZZ`, and whoever decides treats that as abroad and unprotected. "Wilmington, DE" is in
Delaware and "Hamburg, DE" in Germany; without a table of the world's towns that is not clear, hence ZZ.

Names: Unicode CLDR in 16 languages (`chalicelib/data/country_names.tsv`), and the ones below.
"""

from __future__ import annotations

import re
import unicodedata
from functools import cache
from pathlib import Path
from typing import Final

UNKNOWN: Final = "ZZ"
"""ISO 3166-1 leaves it to users; CLDR uses it for "unknown"."""

MAX_LENGTH: Final = 200
"""Nothing longer is a place; it is not looked at."""

_FILE: Final = Path(__file__).resolve().parent.parent.parent / "data" / "country_names.tsv"

_SEPARATORS: Final = re.compile("[,;/()|\n\u3001]")

_MORE: Final = {
    "CN": "prc|p r c|pr china|p r china|people s republic of china|peoples republic of china|mainland china"
    "|中华人民共和国|中国大陆|大陆|北京|上海|广州|深圳|杭州|宁波|义乌|苏州|厦门|天津|重庆|广东|浙江|江苏|山东|福建"
    "|beijing|shanghai|guangzhou|shenzhen|ningbo|hangzhou|yiwu|guangdong|zhejiang|jiangsu",
    "HK": "hong kong sar|hksar",
    "US": "usa|u s a|u s|united states of america|america|alabama|alaska|arizona|arkansas|california|colorado"
    "|connecticut|delaware|florida|hawaii|idaho|illinois|indiana|iowa|kansas|kentucky|louisiana|maine|maryland"
    "|massachusetts|michigan|minnesota|mississippi|missouri|montana|nebraska|nevada|new hampshire|new jersey"
    "|new mexico|new york|north carolina|north dakota|ohio|oklahoma|oregon|pennsylvania|rhode island"
    "|south carolina|south dakota|tennessee|texas|utah|vermont|virginia|washington|west virginia|wisconsin"
    "|wyoming|washington dc|district of columbia",
    "GB": "uk|u k|great britain|england|scotland|wales|northern ireland|britain|großbritannien",
    "CA": "ontario|quebec|british columbia|alberta|manitoba|saskatchewan|nova scotia|new brunswick",
    "AU": "new south wales|queensland|western australia|south australia|tasmania",
    "AE": "uae|u a e|dubai|abu dhabi|迪拜",
    "KR": "korea|republic of korea|s korea",
    "KP": "dprk",
    "RU": "russian federation",
    "CZ": "czech republic|tschechische republik",
    "NL": "holland|the netherlands",
    "CI": "ivory coast",
    "VN": "viet nam",
    "LA": "laos",
    "MK": "macedonia",
    "TR": "turkey|turkiye",
    "MM": "burma",
    "SZ": "swaziland",
    "MO": "macau|macao",
    "TW": "taiwan|r o c taiwan",
    "DE": "bundesrepublik deutschland|brd",
}

_AMBIGUOUS: Final = frozenset({"georgia", "jersey", "guinea"})
"""Names of a country and of something else: believed only where nothing else is said."""

_STATES: Final = frozenset(
    re.findall(
        r"\w+",
        "al ak az ar ca co ct de fl ga hi id il in ia ks ky la me md ma mi mn ms mo mt ne nv nh nj nm ny "
        "nc nd oh ok or pa ri sc sd tn tx ut vt va wa wv wi wy dc ab bc mb nb nl ns nt nu on pe qc sk yt "
        "nsw qld sa tas vic act ac ap am ba ce es go ms mg pb pr pi rj rn rs ro rr sp se to ",
    )
)
"""Codes of states that are written where a country's could be (US, Canada, Australia, Brazil)."""


def countries() -> frozenset[str]:
    """The codes of ISO 3166-1."""
    return frozenset(_names().values())


def country(location: str | None) -> str:
    """The country of a place, ISO 3166-1 alpha-2; ``ZZ`` where it is not clear.

    Takes codes of two letters, names in 16 languages, and places that end or begin with one ("20095 Hamburg,
    Germany", "中国上海市浦东新区").
    """
    if not location or len(location) > MAX_LENGTH:
        return UNKNOWN
    parts = [part for part in map(_plain, _SEPARATORS.split(unicodedata.normalize("NFKC", location))) if part]
    if not parts:
        return UNKNOWN
    if len(parts) == 1 and (code := parts[0].upper()) in countries():
        return code
    for part in reversed(parts):
        if found := _of_part(part, alone=len(parts) == 1):
            return found
    return UNKNOWN


def _of_part(part: str, *, alone: bool) -> str | None:
    names = _names()
    if part in _STATES or (part in _AMBIGUOUS and not alone):
        return UNKNOWN
    if len(part) == 2 and part.upper() in countries():
        return part.upper()
    if part in names:
        return names[part]
    if not part.isascii() and (found := _begins(part)):
        return found
    words = part.split()
    for start in range(max(1, len(words) - 4), len(words)):
        ending = " ".join(words[start:])
        if ending not in _AMBIGUOUS and len(ending) > 3 and ending in names and words[start - 1] not in _NEW:
            return names[ending]
    return None


_NEW: Final = frozenset({"new", "nueva", "nova", "neu", "north", "south", "east", "west", "little"})
"""New England is not in England, nor does "South China" tell a border: what follows is no country."""


def _begins(part: str) -> str | None:
    """The country that a text without spaces begins with: Chinese and Japanese write the largest first."""
    if not any("\u3040" <= letter <= "\u9fff" for letter in part[:2]):
        return None
    names = _names()
    return next(
        (names[part[:size]] for size in range(min(len(part), 12), 1, -1) if part[:size] in names), None
    )


def _plain(text: str) -> str:
    folded = unicodedata.normalize("NFKC", text).casefold()
    return " ".join("".join(one if one.isalnum() else " " for one in _without_accents(folded)).split())


def _without_accents(text: str) -> str:
    bare = "".join(one for one in unicodedata.normalize("NFKD", text) if not "\u0300" <= one <= "\u036f")
    return unicodedata.normalize("NFKC", bare)


@cache
def _names() -> dict[str, str]:
    """Plain name -> code. One that two countries bear in two languages belongs to neither."""
    found: dict[str, str] = {}
    shared: set[str] = set()
    for line in _FILE.read_text("utf-8").splitlines():
        code, *names = line.split("\t")
        for name in {_plain(one) for one in names}:
            if found.setdefault(name, code) != code:
                shared.add(name)
    for name in shared:
        del found[name]
    found.update({_plain(name): code for code, names in _MORE.items() for name in names.split("|")})
    return found
