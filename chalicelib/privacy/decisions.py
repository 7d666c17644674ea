"""What a rule answers: allowed, or refused with the clause that says so.

Promise: a refusal is plain data, so it can be counted, audited and shown as a problem document
without parsing text. Cost: the reason is a code, never a sentence, and can therefore carry no
personal value.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Allowed:
    """The policy lets this happen. Carries nothing: what is allowed is what was asked."""


@dataclass(frozen=True, slots=True)
class Refused:
    """The policy forbids this.

    `clause` is an id of the clause registry (a test reads the code and refuses an unknown one);
    `reason` is a stable snake_case code that clients may key on. Raises ValueError on anything
    else, so that free text, which might name a person, never travels in a refusal.
    """

    clause: str
    reason: str

    def __post_init__(self) -> None:
        if not self.reason.isidentifier() or self.reason != self.reason.lower():
            raise ValueError("a refusal's reason is a snake_case code")


Decision = Allowed | Refused
