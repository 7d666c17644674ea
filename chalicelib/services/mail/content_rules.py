"""The allow-list for mail bodies: which HTML may leave, and nh3 (Ammonia) set up to hold it.

Promises: what is not named here does not pass. No script, form, frame, embedded object, style
sheet, class, id or event handler; links only to http, https, mailto and tel; pictures over https
and large enough to be seen. Costs: nh3 loads on first use (1 ms).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Final

Keep = Callable[[str, str, str], str | None]
"""(tag, attribute, value with entities decoded) -> the value that stays, or None."""

_TAG_NAMES: Final = (
    "a abbr address article b bdi blockquote br caption center cite code col colgroup dd del div dl"
    " dt em figcaption figure font footer h1 h2 h3 h4 h5 h6 header hr i img ins kbd li main mark ol"
    " p pre q rp rt ruby s samp section small span strike strong sub sup table tbody td tfoot th"
    " thead time tr u ul var wbr"
)
TAGS: Final = frozenset(_TAG_NAMES.split())
# These go with their text, which is not for reading. Any other unknown element keeps its text.
_GONE_NAMES: Final = (
    "applet audio canvas iframe math noembed noframes noscript object plaintext script select style"
    " svg template textarea title video xmp"
)
_CELL: Final = {"align", "valign", "bgcolor", "width", "height"}
_ATTRIBUTES: Final[Mapping[str, set[str]]] = {
    "*": {"style", "dir", "lang", "title", "align"},
    "a": {"href", "name"},
    "img": {"src", "alt", "width", "height", "border"},
    "table": _CELL | {"cellpadding", "cellspacing", "border", "role", "summary"},
    "tr": _CELL,
    "td": _CELL | {"colspan", "rowspan", "nowrap"},
    "th": _CELL | {"colspan", "rowspan", "nowrap", "scope"},
    "col": {"span", "width"},
    "colgroup": {"span", "width"},
    "ol": {"start", "type", "reversed"},
    "ul": {"type"},
    "li": {"value"},
    "font": {"color", "face", "size"},
    "time": {"datetime"},
}
# What a style may say: looks, never position, visibility or anything that loads an address.
_STYLE_NAME: Final = re.compile(
    r"(?:(?:background-)?color|font(?:-(?:family|size|style|weight|variant))?|table-layout"
    r"|text-(?:align|decoration|indent|transform)|(?:letter|word)-spacing|word-break|overflow-wrap"
    r"|line-height|white-space|vertical-align|direction|list-style-type|(?:max-|min-)?(?:width|height)"
    r"|(?:margin|padding)(?:-(?:top|right|bottom|left))?|border-(?:collapse|spacing|radius)"
    r"|border(?:-(?:top|right|bottom|left))?(?:-(?:color|style|width))?)\Z"
)
_STYLE_VALUE: Final = re.compile(r"(?:[\w\s#%.,'\"!+-]|(?<!\w)(?:rgb|rgba|hsl|hsla)\([\d\s.,%]*\))+\Z")
# Negative lengths move text out of sight or over other text.
_MOVES: Final = re.compile(r"margin|padding|text-indent|letter-spacing|word-spacing|line-height")
_SIZE: Final = re.compile(r"[0-9]{1,4}%?\Z")
_HOST: Final = r"(?:\[[0-9a-fA-F:.]+\]|[^\s\x00-\x20\x7f/\\?#@:%\[\]<>\"'{}|^`]+)"
HTTP: Final = re.compile(rf"https?://{_HOST}(?::[0-9]{{1,5}})?(?:[/?#][^\x00-\x1f\x7f]*)?\Z", re.IGNORECASE)
"""Plain http or https: a host, no user name, no control character. Anything else is no link."""
_OTHER_LINK: Final = re.compile(r"(?:mailto:[^\x00-\x20\x7f\\]+|tel:[+0-9().;=-]+)\Z", re.IGNORECASE)
_IMAGE: Final = re.compile(r"<img(?: [^>]*)?>")
_UNSEEN: Final = re.compile(
    r"""[ ";](?:max-)?(?:width|height)(?:="|: )\+?0*[0-2]?(?:\.[0-9]*)?(?:px|pt)?(?=[";! ])""", re.IGNORECASE
)
_TAG: Final = re.compile(r"<(/?)([A-Za-z][^\s/>]*)")
# No end tag, or one often left out, which a parser then supplies: they cannot nest by themselves.
_FLAT_NAMES: Final = (
    "area base body br col dd dt hr html img input li link meta option p source tbody td th tr wbr"
)
_FLAT: Final = frozenset(_FLAT_NAMES.split())


def clean(html: str, keep: Keep) -> str:
    """One pass of nh3 with this allow-list. `keep` sees attributes in document order."""
    import nh3

    return nh3.clean(
        html,
        tags=set(TAGS),
        clean_content_tags=set(_GONE_NAMES.split()),
        attributes=dict(_ATTRIBUTES),
        attribute_filter=keep,
        url_schemes={"http", "https", "mailto", "tel"},
        url_relative="deny",  # a mail has no base address; "//host" counts as relative
        link_rel=None,  # webmail sets its own
        strip_comments=True,
    )


def keep(_tag: str, name: str, value: str) -> str | None:
    """The attribute as it may stay. Never raises: nh3 would swallow that and print a trace."""
    if name == "style":
        return _style(value)
    if name == "href":
        url = value.strip()
        return url if HTTP.match(url) or _OTHER_LINK.match(url) else None
    if name == "src":
        url = value.strip()
        return url if HTTP.match(url) and url[:6].lower() == "https:" else None
    if name in ("width", "height"):
        size = value.strip().lower().removesuffix("px")
        return size if _SIZE.match(size) else None
    return value


def without_unseen_images(html: str) -> str:
    """Cleaned HTML less the pictures nobody can see.

    Such a picture only measures, for somebody else and without asking the recipient. nh3 writes
    "<" and ">" in attributes as entities, so a tag ends where the expression says.
    """
    return _IMAGE.sub(lambda m: m[0] if " src=" in m[0] and not _UNSEEN.search(m[0]) else "", html)


def depth(html: str) -> int:
    """Nesting of elements, not less than in any ordinary HTML; linear in time.

    An end tag takes back one start tag of its own name, wherever that stands.
    """
    open_elements: dict[str, int] = {}
    now = deepest = 0
    for match in _TAG.finditer(html):
        name = match[2].lower()
        if name in _FLAT:
            continue
        if not match[1]:
            open_elements[name] = open_elements.get(name, 0) + 1
            now += 1
            deepest = max(deepest, now)
        elif open_elements.get(name):
            open_elements[name] -= 1
            now -= 1
    return deepest


def _style(value: str) -> str | None:
    kept = []
    for declaration in value.split(";"):
        name, colon, content = declaration.partition(":")
        name, content = name.strip().lower(), " ".join(content.split())
        quotes_close = content.count('"') % 2 == 0 and content.count("'") % 2 == 0
        pushes = "-" in content and _MOVES.match(name)
        if not (colon and quotes_close) or pushes:
            continue
        if _STYLE_NAME.match(name) and _STYLE_VALUE.match(content):
            kept.append(f"{name}: {content}")
    return "; ".join(kept) or None
