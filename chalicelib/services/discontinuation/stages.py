"""The stages of the state machine `discontinuation`, one deed each."""

from __future__ import annotations

from typing import Final

from chalicelib.services.workflows import engine

DEEDS: Final[engine.Deeds] = {}
