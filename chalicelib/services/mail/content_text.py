"""Plain text from a sanitised mail body: the text part that every mail has beside its HTML.

Promises: everything readable is there in order, links with their true target, lists with their
marks; text in any script, never wrapped. Costs: standard library only, 20 ms for 100 kB.
"""

from __future__ import annotations

from html.parser import HTMLParser
from typing import Final

_NEW_LINE: Final = {"tr", "div", "dd", "li"}
_PARAGRAPH_NAMES: Final = (
    "address article blockquote caption center dl dt figcaption figure footer h1 h2 h3 h4 h5 h6"
    " header main p pre section table tbody tfoot thead"
)
_NEW_PARAGRAPH: Final = frozenset(_PARAGRAPH_NAMES.split())
_CELLS: Final = {"td", "th"}


def plain_text(html: str) -> str:
    """A sanitised body as text to read: paragraphs, lists, and each link's target in brackets."""
    reader = _Reader()
    reader.feed(html)
    reader.close()
    return reader.text()


class _Reader(HTMLParser):
    """Collects text; a break asked for is written only when more text follows."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self._parts: list[str] = []
        self._breaks = 0
        self._space = False
        self._verbatim = 0
        self._lists: list[int | None] = []
        self._hrefs: list[tuple[str, int]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = dict(attrs)
        if tag == "br":
            self._breaks = min(self._breaks + 1, 2)
        elif tag == "a":
            self._hrefs.append((values.get("href") or "", len(self._parts)))
        elif tag == "img":
            self.handle_data(values.get("alt") or "")
        elif tag in ("ul", "ol"):
            self._break(1 if self._lists else 2)
            self._lists.append(1 if tag == "ol" else None)
        elif tag == "li":
            self._break(1)
            self._item()
        elif tag == "hr":
            self._break(2)
            self._write("---")
            self._break(2)
        elif tag in _CELLS:
            self._space = True
        else:
            self._verbatim += tag == "pre"
            self._block(tag)

    def handle_endtag(self, tag: str) -> None:
        if tag == "a" and self._hrefs:
            self._target(*self._hrefs.pop())
        elif tag in ("ul", "ol"):
            if self._lists:
                self._lists.pop()
            self._break(1 if self._lists else 2)
        elif tag in _CELLS:
            self._space = True
        else:
            self._verbatim -= tag == "pre" and self._verbatim > 0
            self._block(tag)

    def handle_data(self, data: str) -> None:
        if self._verbatim:
            self._write(data)
            return
        words = data.split()
        if not words:
            self._space = self._space or bool(data)
            return
        self._space = self._space or data[0].isspace()
        self._write(" ".join(words))
        self._space = data[-1].isspace()

    def text(self) -> str:
        lines = (line.rstrip() for line in "".join(self._parts).split("\n"))
        return "\n".join(lines).strip("\n") + "\n"

    def _block(self, tag: str) -> None:
        if tag in _NEW_LINE:
            self._break(1)
        elif tag in _NEW_PARAGRAPH:
            self._break(2)

    def _break(self, count: int) -> None:
        self._breaks, self._space = max(self._breaks, count), False

    def _item(self) -> None:
        number = self._lists[-1] if self._lists else None
        indent = "  " * max(len(self._lists) - 1, 0)
        self._write(f"{indent}- " if number is None else f"{indent}{number}. ")
        if number is not None:
            self._lists[-1] = number + 1

    def _target(self, href: str, since: int) -> None:
        shown = "".join(self._parts[since:]).strip()
        target = href.removeprefix("mailto:").removeprefix("tel:")
        if target and shown not in (target, href, target.rstrip("/")):
            self._space = bool(shown)
            self._write(f"({target})" if shown else target)

    def _write(self, text: str) -> None:
        if self._parts and self._breaks:
            self._parts.append("\n" * self._breaks)
        elif self._parts and self._space and not self._parts[-1].endswith((" ", "\n")):
            self._parts.append(" ")
        self._breaks, self._space = 0, False
        self._parts.append(text)
