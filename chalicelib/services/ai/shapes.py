"""What the engine and the tasks say to each other: what a job is given, a prompt, a task.

A task never sees a value in clear: all text it is given is `Masked` already, so whatever it makes of it can
name nobody, and a prompt takes nothing else. Placeholders are put back by the engine after ``read``.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from chalicelib.privacy.placeholders import Masked


class UnusableAnswerError(Exception):
    """The model's answer is not what the task may pass on. The job fails as ``unusable_answer``; no second
    generation is paid for.
    """


@dataclass(frozen=True, slots=True)
class JobInput:
    """What one job is about, with nobody in person in it."""

    task: str
    given: Mapping[str, Masked]
    """The user's own input, by field; only fields that the task takes."""
    about: Mapping[str, Masked]
    """The contact or prospect, if the job names one: fields like name, company, position, country."""
    writer: Mapping[str, Masked]
    """The user and their company: ``name``, ``company``."""
    locale: str
    """``en`` or ``zh``: the language to answer in unless the input says otherwise."""


@dataclass(frozen=True, slots=True)
class Prompt:
    """What the model is sent: our instructions, and data it must not take for instructions."""

    system: Masked
    parts: tuple[Masked, ...]
    """The user's turn, one content block each."""
    notes: Mapping[str, Any] = field(default_factory=dict)
    """For the task's own ``read``; never sent."""

    def __post_init__(self) -> None:
        """Closed, for the sake of whoever the text is about: plain text is no prompt."""
        if not all(isinstance(text, Masked) for text in (self.system, *self.parts)):
            raise TypeError("a prompt is made of masked text only")


@dataclass(frozen=True, slots=True)
class Task:
    """One thing that can be asked of AI."""

    name: str
    takes: Mapping[str, int | tuple[str, ...]]
    """Fields of the input: the most characters each may have, or the words it may be."""
    needs: frozenset[str]
    """Those it cannot do without."""
    prepare: Callable[[JobInput], Prompt]
    read: Callable[[str, Prompt], dict[str, Any]]
    """The model's answer, judged and in shape, placeholders still in it. Raises UnusableAnswerError."""
    max_output_tokens: int
    needs_record: bool = False
    """Whether a contact or a prospect must be named."""
