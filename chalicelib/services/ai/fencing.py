"""Untrusted text on its way to a model (clause `ai`): mail, profiles and fields that strangers wrote, put
behind a fence so that it is read and not obeyed.

A fence is two lines with a mark that nobody can know before, and nothing inside looks like one. A model can
be talked round all the same, so safety rests on none of this: the model has no tools, sees one job's data
only, and its answer is judged as if the worst had happened (``schemas``, ``plain``).
"""

from __future__ import annotations

import re
import secrets
from typing import Final

from chalicelib.privacy.placeholders import Masked, own_words

MAX_FIELD: Final = 4000
"""Characters of one field of a record: what is longer is left out whole, since half a text says other things.
"""
_LETTERS: Final = "bcdfghjkmnpqrstvwxz"
_MARK: Final = 12

_UNSEEN: Final = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u2028-\u202e"
    "\u2060-\u206f\u2800\u3164\ud800-\udfff\ue000-\uf8ff\ufe00-\ufe0f\ufeff\uffa0\ufff9-\ufffb\U0001bca0-\U0001bca3"
    "\U0001d173-\U0001d17a\U000e0000-\U0010ffff]"
)
"""Control, zero-width, direction, filler, private and tag characters, and variation selectors: what a person
does not see and a model reads. The joiners of Persian and of composed emoji go as well.
"""
_BREAKS: Final = re.compile("\r\n?|[\u2028\u2029\x0b\x0c\x85]")
_FENCE: Final = re.compile(
    r"[<>\uff1c\uff1e〈〉《》«»\u2039\u203a⟨⟩≪≫﹤﹥]{2,}"
    r"|[<\uff1c]\s*\|[^\n|]{0,40}\|?\s*[>\uff1e]?|\|\s*[>\uff1e]"
    r"|\[/?(?:INST|SYS)\]|</?(?:s|sys|inst|system|assistant|user|human|data)>",
    re.IGNORECASE,
)
"""What looks like a fence of ours, or like the marks that chat models end and begin turns with."""

_OURS: Final = re.compile(r"\A<<<[^\n]*\n|\n[a-z]+>>>\Z")
_SPACE: Final = own_words(" ")
_NOTHING: Final = own_words("")
_LINE: Final = own_words("\n")


def clean(text: str) -> str:
    """A text with everything seen in it and nothing unseen; lines end in a line feed."""
    return _UNSEEN.sub("", _BREAKS.sub("\n", text))


class Fence:
    """The fence of one prompt: a mark of its own, drawn anew each time."""

    __slots__ = ("mark",)
    mark: str

    def __init__(self) -> None:
        # Letters only, and no vowels: a mark that could be read as a word or a number would be masked itself.
        self.mark = "".join(secrets.choice(_LETTERS) for _ in range(_MARK))

    def around(self, label: str, text: Masked) -> Masked:
        """A text behind the fence, under a label of ours."""
        inside = text.without(_BREAKS, _LINE).without(_UNSEEN, _NOTHING).without(_FENCE, _SPACE)
        return own_words(f"<<<{self.mark} {label}\n") + inside + own_words(f"\n{self.mark}>>>")


def inside(part: Masked) -> Masked:
    """What stands behind the fence, without the two lines that are ours. Nothing inside looks like them."""
    return part.without(_OURS, _NOTHING)
