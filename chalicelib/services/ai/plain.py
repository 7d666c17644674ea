"""What may stand in an answer: plain text, and links of the user's own (clause `ai`).

Judged as if the model had obeyed whoever wrote the mail or the profile it was shown. In a prompt every
address, number and link is a placeholder, so one that an answer writes out was invented, or came from a
stranger: it goes. Closed, for the sake of the reader: an invoice with somebody else's account is worse than a
gap, and the gap shows (`[…]`). What cannot be told from honest text is not caught: an untrue sentence, or a
number spelled out in words. A person reads every answer.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection
from html import unescape
from typing import Final
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from chalicelib.services.ai import fencing

GONE: Final = "[…]"
"""Stands where something was taken out."""
_ROUNDS: Final = 8

_END: Final = r"[^\s<>)\"'\uff0c。\uff1b、\uff01\uff1f\uff09】》」]"
_TAG: Final = re.compile(r"<!--.*?(?:-->|\Z)|</?[A-Za-z!?][^<>]{0,5000}(?:>|\Z)", re.DOTALL)
_OPENS_TAG: Final = re.compile(r"(?<!<)<+(?=[A-Za-z/!?])")
_IMAGE: Final = re.compile(r"!\[[^\]\n]{0,500}\](?:\([^)\n]{0,3000}\)?|\[[^\]\n]{0,200}\])?")
_BANG: Final = re.compile(r"!+\[")
_LINK: Final = re.compile(r"\[([^\[\]\n]{0,500})\]\(\s*<?([^()\s<>]{0,3000})>?[^()\n]{0,300}\)")
_BY_NUMBER: Final = re.compile(r"^[ \t]{0,3}\[[^\]\n]{1,100}\]:[^\n]*$", re.MULTILINE)
_STRONG: Final = re.compile(r"\*\*(?=\S)|(?<=\S)\*\*|^#{1,6}[ \t]+", re.MULTILINE)
_SCRIPT: Final = re.compile(
    r"(?:j\s?a\s?v\s?a|v\s?b)\s?s\s?c\s?r\s?i\s?p\s?t\s*:\S*|\bdata:\s*\w+/\S*", re.IGNORECASE
)
_SCHEME: Final = re.compile(
    rf"[a-z0-9+.\-]{{0,20}}\s?:\s?//{_END}*|\b(?:mailto|sms|tel|weixin|whatsapp|intent):(?=\S){_END}*",
    re.IGNORECASE,
)
_WWW: Final = re.compile(rf"(?<![\w.@])www\d?\.{_END}{{2,}}|(?<![\w:/])//(?=\w){_END}+", re.IGNORECASE)
_MAILBOX: Final = re.compile(r"[\w.+\-%]{1,64}@[\w\-]{1,63}(?:\.[\w\-]{1,63}){1,6}")
_ENDINGS: Final = (
    "ac|ad|ae|af|ag|ai|al|am|ao|aq|ar|as|at|au|aw|ax|az|ba|bb|bd|be|bf|bg|bh|bi|bj|bm|bn|bo|br|bs|bt"
    "|bw|by|bz|ca|cc|cd|cf|cg|ch|ci|ck|cl|cm|cn|co|cr|cu|cv|cw|cx|cy|cz|de|dj|dk|dm|do|dz|ec|ee|eg|er"
    "|es|et|eu|fi|fj|fk|fm|fo|fr|ga|gb|gd|ge|gf|gg|gh|gi|gl|gm|gn|gp|gq|gr|gs|gt|gu|gw|gy|hk|hm|hn|hr"
    "|ht|hu|id|ie|il|im|in|io|iq|ir|is|it|je|jm|jo|jp|ke|kg|kh|ki|km|kn|kp|kr|kw|ky|kz|la|lb|lc|li|lk"
    "|lr|ls|lt|lu|lv|ly|ma|mc|md|me|mg|mh|mk|ml|mm|mn|mo|mp|mq|mr|ms|mt|mu|mv|mw|mx|my|mz|na|nc|ne|nf"
    "|ng|ni|nl|no|np|nr|nu|nz|om|pa|pe|pf|pg|ph|pk|pl|pm|pn|pr|ps|pt|pw|py|qa|re|ro|rs|ru|rw|sa|sb|sc"
    "|sd|se|sg|sh|si|sk|sl|sm|sn|so|sr|ss|st|su|sv|sx|sy|sz|tc|td|tf|tg|th|tj|tk|tl|tm|tn|to|tr|tt|tv"
    "|tw|tz|ua|ug|uk|us|uy|uz|va|vc|ve|vg|vi|vn|vu|wf|ws|ye|yt|za|zm|zw|com|net|org|info|biz|app|dev"
    "|xyz|top|shop|site|online|club|live|link|click|example|test|invalid|zip|mov|pro|name|mobi|公司|网络"
    "|中国|在线"
)
"""Ends of names of hosts (IANA), the countries' and those that mail programs most often make links of."""
_NAME_OF_HOST: Final = r"(?:[^\W_](?:[\w\-]{0,61}[^\W_])?\.){1,6}" rf"(?:{_ENDINGS}|xn--[a-z0-9\-]+)"
# Beside it only a letter or a digit hides one: what is underlined is made a link of all the same.
_HOST: Final = re.compile(rf"(?<![^\W_]|@){_NAME_OF_HOST}(?![^\W_])(?::\d{{1,5}})?(?:[/?#]{_END}*)?")
_NUMBERED: Final = re.compile(
    rf"(?<![\w.])(?:\d{{1,3}}\.){{3}}\d{{1,3}}(?![\w.])(?::\d{{1,5}})?(?:[/?#]{_END}*)?"
    rf"|(?<![\w@.\-])(?:[\w\-]{{1,63}}\.){{1,6}}[a-z]{{2,24}}[/?]{_END}+",
    re.IGNORECASE,
)
_CALL: Final = re.compile(r"(?<!\w)(?:\+|00)\s?\d(?:[\s().\-/]{0,3}\d){7,15}(?!\w)")
_ACCOUNT: Final = re.compile(r"\b[A-Z]{2}\d{2}(?:[ \-]?[A-Z0-9]{4}){2,7}(?:[ \-]?[A-Z0-9]{1,4})?\b")
_HANDLE: Final = re.compile(r"(?<![\w.])@[A-Za-z0-9_][A-Za-z0-9_.]{2,40}")
_INVENTED: Final = (_SCRIPT, _SCHEME, _MAILBOX, _WWW, _NUMBERED, _HOST, _ACCOUNT, _CALL, _HANDLE)

_PLACE: Final = r"⟦(?:URL|HANDLE|EMAIL)_\d+(?:_\d+)?⟧"
_HALF: Final = re.compile(r"(⟦[A-Z]+_\d+(?:_\d+)?⟧)|[⟦⟧]")
_BEFORE: Final = re.compile(rf"(?<=[^\s(\[{{\"'“\u2018\uff08「\uff0c。\uff1a:])(?={_PLACE})")
_AFTER: Final = re.compile(
    rf"({_PLACE})(?=[^\s)\]}}\"'”\u2019\uff09」\uff0c。\uff1b\uff01\uff1f,;.:!?]|[.,;:!?](?=[^\s)]))"
)
_DISGUISED: Final = re.compile(
    "[\uff10-\uff19\uff21-\uff3a\uff41-\uff5a\uff0e\uff0f\uff20\U0001d400-\U0001d7ff\u24b6-\u24e9]"
)

TRACKING: Final = re.compile(
    r"utm_\w+|[a-z]{1,4}clid|[gw]braid|mc_[ce]id|_hs(?:enc|mi)|mkt_tok|igshid|vero_\w+|oly_\w+_id|spm|scm",
    re.IGNORECASE,
)
"""Parameters of links that tell who followed them, and serve nobody who reads."""


def drafted(text: str) -> str:
    """A model's text, placeholders still in it, as plain text without anything that leads anywhere. A link
    placeholder stands alone: nothing can be hung onto it.
    """
    made = _unmarked(text)
    made = _DISGUISED.sub(lambda found: unicodedata.normalize("NFKC", found[0]), made)
    made = _AFTER.sub(r"\1 ", _BEFORE.sub(" ", made))
    for _ in range(_ROUNDS):  # what is taken out may bare what stood behind it
        before = made
        for pattern in _INVENTED:
            made = pattern.sub(GONE, made)
        if made == before:
            break
    # Wide letters became letters, and may have made of a sign before them the beginning of a tag.
    return _OPENS_TAG.sub("", _BANG.sub("[", _HALF.sub(r"\1", made))).strip()


def is_name(company: str) -> bool:
    """Whether what a record calls a business may stand where it looks like a host: `Alibaba.com` may, a way
    to a page or a number of a machine may not, for whoever filled in the field wants it followed.
    """
    seen = unicodedata.normalize("NFKC", company)
    return not _LEADS.search(seen) and any(sign.isalpha() for sign in seen)


_LEADS: Final = re.compile(r"[/?#:@%\\]|(?:\d{1,3}\.){3}\d")


def finished(text: str, links: Collection[str], names: Collection[str] = ()) -> str:
    """A text with its values back in: no markup that one of them brought, and of links those in ``links``,
    without what tracks. ``names`` of businesses (``is_name``) may look like a host and stay.
    """
    allowed = {_identity(link): untracked(link) for link in links} | {_identity(name): name for name in names}

    def link(found: re.Match[str]) -> str:
        written = found[0].rstrip(".,;:!?")
        return allowed.get(_identity(written), GONE) + found[0][len(written) :]

    made = _SCRIPT.sub(GONE, _unmarked(text))
    return _BANG.sub("[", _LEADING.sub(link, made)).strip()


_LEADING: Final = re.compile(
    "|".join(f"(?i:{one.pattern})" for one in (_SCHEME, _WWW, _NUMBERED))
    + rf"|(?<![\w@\-]){_NAME_OF_HOST}(?![\w\-@])(?::\d{{1,5}})?(?:[/?#]{_END}*)?"
)
"""Whatever leads somewhere; what comes before the sign of a mailbox does not."""


def untracked(link: str) -> str:
    """A link without the parameters that track; as it was if it has none."""
    try:
        parts = urlsplit(link)
        asked = parse_qsl(parts.query, keep_blank_values=True)
    except ValueError:
        return link
    kept = [(name, value) for name, value in asked if not TRACKING.fullmatch(name)]
    return link if kept == asked else urlunsplit(parts._replace(query=urlencode(kept)))


def _identity(link: str) -> str:
    """What two ways to write one link have in common."""
    bare = re.sub(r"^(?:https?://)?(?:www\.)?", "", untracked(link.strip()), flags=re.IGNORECASE)
    host, slash, rest = bare.partition("/")
    return host.lower() + (slash + rest if rest else "")


def _unmarked(text: str) -> str:
    """Text without HTML, images and links of Markdown, and what nobody sees; settled, so that nothing is put
    together by what is taken out.
    """
    made = fencing.clean(text)
    for _ in range(_ROUNDS):
        before, made = made, unescape(made)
        made = _TAG.sub("", made)
        made = _BANG.sub("[", _IMAGE.sub("", made))
        made = _STRONG.sub("", _BY_NUMBER.sub("", _LINK.sub(_shown, made)))
        if made == before:
            break
    return _OPENS_TAG.sub("", made)


def _shown(found: re.Match[str]) -> str:
    words, target = found[1].strip(), found[2].strip()
    return words if not target or words == target else f"{words} ({target})"
