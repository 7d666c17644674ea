"""Where the purpose gate stands: records are opened and stored through here or not at all (2.3).

A record type that holds nothing personal passes; for all others a use has to be named, and the gate's
refusal is counted (metric ``PurposeRefused``, an alarm) and ends what was being done. Closed: forgetting to
say what for is an error of ours and opens nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any, Final

from chalicelib.kernel import openings, telemetry
from chalicelib.kernel.errors import RefusedError
from chalicelib.privacy import fields
from chalicelib.privacy.decisions import Decision, Refused
from chalicelib.privacy.gate import Consented, decide
from chalicelib.privacy.register import Use

_WHOSE: Final = ("user_id", "person", "visitor")
"""The fields that say whom a record is about, in clear."""


def open_for(kind: str, use: Use | None, consent: Consented | None, facts: Mapping[str, Any]) -> None:
    """Let a record be opened for ``use``; ``facts`` is what of it lies in clear.

    Raises:
        RefusedError: the gate says no.
        TypeError: nobody said what for.
    """
    if not fields.declaration(fields.RECORDS[kind]).personal:
        return
    if use is None:
        raise TypeError("say what the record is opened for")
    _pass(kind, use, consent, facts)
    openings.note(kind, facts.get("company_id"))


def store_for(kind: str, consent: Consented | None, facts: Mapping[str, Any]) -> None:
    """Let a record be stored for what its type is collected for. Raises RefusedError."""
    made = fields.declaration(fields.RECORDS[kind])
    if made.collected_for is not None:
        _pass(kind, made.collected_for, consent, facts)


def _pass(kind: str, use: Use, consent: Consented | None, facts: Mapping[str, Any]) -> None:
    decision = _decided(kind, use) if consent is None else _decide(kind, use, consent)
    if consent is not None and consent.whose not in {facts.get(name) for name in _WHOSE}:
        decision = Refused("consent", "somebody_elses_consent")
    if isinstance(decision, Refused):
        telemetry.numbers("purpose_refused", {kind: 1, decision.reason: 1}, use=use)
        raise RefusedError(decision.reason, clause=decision.clause)


def _decide(kind: str, use: Use, consent: Consented | None) -> Decision:
    made = fields.declaration(fields.RECORDS[kind])
    return decide(made.role, fields.categories(made), use, consent)


@cache
def _decided(kind: str, use: Use) -> Decision:
    return _decide(kind, use, None)
