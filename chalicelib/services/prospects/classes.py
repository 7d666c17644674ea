"""From what is written about a prospect to what they are found by: coarse classes, words of the business.

Classes are shared by thousands. Words come from the business and its branch, and of a position only those
that are in our own list: a title is hidden before a reveal, and could be spelled out letter by letter if its
own words were found. Never from a person's name: nobody is to be looked up by it in a base they did not ask
to be in. What cannot be placed is in a class
of its own (`other`, `ZZ`, `unknown`) and stays findable there.
"""

from __future__ import annotations

import re
import unicodedata
from functools import cache
from typing import Final

from chalicelib.services.prospects import places, sectors

LEVELS: Final = ("owner", "chief", "director", "manager", "specialist", "assistant", "unknown")
"""The position in a business, from the top. Searching without any filter reads them in this order."""

SECTORS: Final = tuple(sectors.SECTORS)
"""All codes that ``sector`` gives."""

MAX_WORDS: Final = 8
"""A prospect is found by so many words: each is a row, and 2 write units at loading."""

_MAX_LENGTH: Final = 200
"""Letters that are looked at; the rest of a text longer than that finds nothing."""

_LEVEL_WORDS: Final = (
    # the first line that has a word in the text decides, so what narrows a title comes before the title
    ("director", "vice president|vp|deputy general manager|副总裁|副总经理|副总"),
    ("manager", "assistant manager|assistant general manager|deputy manager|副经理|经理助理"),
    (
        "assistant",
        "assistant to|executive assistant|personal assistant|assistant|assistenz|assistentin|assistent",
    ),
    ("assistant", "intern|trainee|praktikant|praktikantin|auszubildende|secretary|sekretär|sekretärin|clerk"),
    ("assistant", "receptionist|助理|实习|秘书|前台|文员"),
    (
        "owner",
        "owner|founder|co founder|cofounder|proprietor|inhaber|inhaberin|gründer|gründerin|gesellschafter",
    ),
    ("owner", "partner|创始人|老板|业主|法人|合伙人|所有者"),
    (
        "chief",
        "ceo|cto|cfo|coo|cmo|cio|cpo|cso|chief|president|chairman|chairwoman|chairperson|managing director",
    ),
    (
        "chief",
        "general manager|geschäftsführer|geschäftsführerin|geschäftsführung|vorstand|vorstandsvorsitzender",
    ),
    ("chief", "总裁|总经理|董事长|首席|执行董事"),
    (
        "director",
        "director|head|direktor|direktorin|bereichsleiter|bereichsleiterin|prokurist|leiter|leiterin",
    ),
    ("director", "leitung|总监|董事|厂长|主任"),
    ("specialist", "account manager|客户经理"),
    ("manager", "manager|managerin|supervisor|team lead|lead|teamleiter|abteilungsleiter|abteilungsleiterin"),
    ("manager", "经理|主管|部长|组长|店长"),
    (
        "specialist",
        "engineer|developer|analyst|consultant|buyer|purchaser|procurement|sales|representative|agent",
    ),
    (
        "specialist",
        "executive|officer|technician|designer|accountant|merchandiser|specialist|expert|advisor|lawyer",
    ),
    ("specialist", "einkäufer|einkäuferin|verkäufer|verkäuferin|referent|referentin|sachbearbeiter|berater"),
    (
        "specialist",
        "sachbearbeiterin|beraterin|ingenieur|ingenieurin|entwickler|entwicklerin|einkauf|vertrieb",
    ),
    ("specialist", "工程师|专员|采购|销售|顾问|会计|业务员|设计师|买手|律师|跟单"),
)

_NOISE: Final = frozenset(
    re.findall(
        r"\w+",
        "gmbh mbh ag kg ohg gbr ug ek ev se kgaa co ltd limited inc incorporated llc llp lp plc corp "
        "corporation company sa sas sarl srl sl slu spa snc bv nv oy oyj ab asa aps as kft zrt doo dd sro "
        "zoo spzoo kk gk pty pte pvt sdn bhd jsc ooo oao zao pao ltda eirl cv sabdecv und and et y the de "
        "of ",
    )
)
_CJK_NOISE: Final = re.compile(
    "(?:集团)?(?:股份|责任)?(?:有限责任|股份有限|有限)公司|股份公司|株式会社|有限会社|合同会社|公司$"
)
_CJK: Final = "\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
_RUN: Final = re.compile(f"[{_CJK}]+|[^{_CJK} ]+")
_DOTTED: Final = re.compile(r"\b(?:[^\W\d_]\.){2,}")


def sector(text: str | None) -> str:
    """The branch that free text names, a code of ``SECTORS``; ``other`` where it names none we know.

    The longest word of ours that begins a word of the text decides; of equal ones the first in the list.
    """
    plain = _plain(text)
    if not plain:
        return sectors.OTHER
    if (code := plain.replace(" ", "_")) in sectors.SECTORS:
        return code
    exact, cues = _sector_words()
    if plain in exact:
        return exact[plain]
    padded = f" {plain} "
    for cue, code in cues:  # longest first
        if cue in padded:
            return code
    return sectors.OTHER


def level(position: str | None) -> str:
    """How high a position is, a code of ``LEVELS``; ``unknown`` where the text does not tell."""
    plain = _plain(position)
    if plain in LEVELS:
        return plain
    padded = f" {plain} "
    for code, cues in _level_words():
        if any(cue in padded for cue in cues):
            return code
    return "unknown"


def country(location: str | None) -> str:
    """The country of a place, ISO 3166-1 alpha-2; ``ZZ`` where it is not clear (``places.country``)."""
    return places.country(location)


def found_by(
    *, business: str | None = None, sector: str | None = None, position: str | None = None
) -> list[str]:
    """The texts whose words find a prospect: the name of the business, those of the branch, and of a title
    the words that are in our list. Closed, for the person's sake: whatever else the title says finds nobody.
    """
    branch = sectors.SECTORS.get(sector or sectors.OTHER)
    names = [] if branch is None or sector in {None, sectors.OTHER} else [branch.en, branch.zh]
    return [*([business] if business else []), *names, roles(position)]


def roles(position: str | None) -> str:
    """The words of a title that ``level`` knows, in the order of its list and however they are written there;
    "" for none.
    """
    padded = f" {_plain(position)} "
    return " ".join(dict.fromkeys(cue.strip() for _, cues in _level_words() for cue in cues if cue in padded))


def words(*texts: str | None) -> list[str]:
    """What a prospect is found by, from the texts of ``found_by``: at most ``MAX_WORDS``.

    Folded (NFKC, case, accents), without legal forms, two letters or more. Where a script has no spaces each
    place where a word could start counts as one. The texts take turns, so that a long one leaves room.
    """
    queues = [list(_words(text)) for text in texts]
    found: dict[str, None] = {}
    for turn in range(max(map(len, queues), default=0)):
        found |= {queue[turn]: None for queue in queues if turn < len(queue)}
    return list(found)[:MAX_WORDS]


def terms(asked: str) -> list[str]:
    """What somebody types into a search, as the beginnings of words it looks for; all of them must be met."""
    return _pieces(asked)[:MAX_WORDS]


def meets(wanted: list[str], *texts: str | None) -> bool:
    """Whether every one of these beginnings begins a word of the texts."""
    there = [word for text in texts for word in _words(text)]
    return all(any(word.startswith(one) for word in there) for one in wanted)


def business(name: str | None) -> str:
    """The whole name of a business, so that spellings of it meet: as `words`, in one piece; "" for none."""
    return "".join(_pieces(name))


def _words(text: str | None) -> list[str]:
    found: list[str] = []
    for piece in _pieces(text):
        if _is_cjk(piece[0]):
            found += [piece[start:] for start in range(len(piece) - 1)]
        elif len(piece) > 1:
            found.append(piece)
    return found


def _pieces(text: str | None) -> list[str]:
    """Words as written, runs of unspaced script whole; legal forms only if there is nothing else."""
    bare = _CJK_NOISE.sub("", without := _plain(text).replace(" ", " "))
    said = [one for one in _RUN.findall(bare) if one not in _NOISE]
    return said or _RUN.findall(without)


def _is_cjk(text: str) -> bool:
    return bool(re.match(f"[{_CJK}]", text))


def _plain(text: str | None) -> str:
    """Folded, letters and digits of any script, one space between words."""
    if not text:
        return ""
    folded = unicodedata.normalize("NFKC", text[:_MAX_LENGTH]).casefold()
    joined = _DOTTED.sub(lambda found: found.group().replace(".", ""), folded)
    bare = "".join(one for one in unicodedata.normalize("NFKD", joined) if not "\u0300" <= one <= "\u036f")
    whole = unicodedata.normalize("NFKC", bare)
    return " ".join("".join(one if one.isalnum() else " " for one in whole).split())


@cache
def _sector_words() -> tuple[dict[str, str], list[tuple[str, str]]]:
    """Whole names -> code; and what begins a word, longest first."""
    exact = {_plain(name): code for code, one in sectors.SECTORS.items() for name in (one.en, one.zh)}
    cues = [(_plain(word), code) for code, one in sectors.SECTORS.items() for word in one.words.split()]
    ready = [(cue if _is_cjk(cue) else f" {cue}{' ' * (len(cue) < 4)}", code) for cue, code in cues]
    return exact, sorted(ready, key=lambda one: -len(one[0]))


@cache
def _level_words() -> list[tuple[str, list[str]]]:
    return [
        (code, [word if _is_cjk(word) else f" {word} " for word in map(_plain, cues.split("|"))])
        for code, cues in _LEVEL_WORDS
    ]
