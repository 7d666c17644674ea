"""The stages of the state machine `discontinuation`, one deed each."""

from __future__ import annotations

from typing import Final

from chalicelib.services.discontinuation import closing, telling
from chalicelib.services.workflows import engine

DEEDS: Final[engine.Deeds] = {
    "announce": telling.announce,
    "tell": telling.tell,
    "count": telling.count,
    "close": closing.close,
    "erase": closing.erase,
    "certify": closing.certify,
    "empty": closing.empty,
    "finish": closing.finish,
}
