"""A job between the mask and the model, as the engine has it: what a task is given, and what becomes of an answer."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from chalicelib.privacy.placeholders import Key, Kind, Known, mask, restore
from chalicelib.services.ai import fencing
from chalicelib.services.ai.shapes import JobInput, Prompt
from chalicelib.services.ai.tasks import TASKS, finished

WRITER = {"name": "Anna Tan", "company": "Tan Logistics Pte Ltd", "website": "https://tan.example"}
KINDS = {"name": Kind.PERSON, "company": Kind.COMPANY, "email": Kind.EMAIL, "website": Kind.URL}


class Job(NamedTuple):
    """One job, prepared."""

    task: str
    prompt: Prompt
    key: Key

    @property
    def sent(self) -> str:
        """All the model would see."""
        return "\n".join(text.text for text in (self.prompt.system, *self.prompt.parts))

    def answered(self, text: str) -> Any:
        """What the user gets for an answer. Raises UnusableAnswerError."""

        def put_back(value: Any) -> Any:
            if isinstance(value, str):
                return restore(value, self.key).text
            if isinstance(value, list):
                return [put_back(one) for one in value]
            if isinstance(value, dict):
                return {name: put_back(one) for name, one in value.items()}
            return value

        read = TASKS[self.task].read(text, self.prompt)
        return finished(put_back(read), self.prompt, lambda one: restore(one, self.key).text)


def job(
    task: str, given: Mapping[str, str], about: Mapping[str, str] | None = None, locale: str = "en"
) -> Job:
    """Mask a job's texts and let its task prepare the prompt."""
    groups = {"given": given, "about": about or {}, "writer": WRITER}
    texts = {f"{group}.{n}": fencing.clean(t) for group, all_ in groups.items() for n, t in all_.items()}
    known = [
        Known(KINDS[name], text)
        for group in (about or {}, WRITER)
        for name, text in group.items()
        if name in KINDS
    ]
    masked, key = mask(texts, known)
    of = {
        group: {n.partition(".")[2]: one for n, one in masked.items() if n.startswith(f"{group}.")}
        for group in groups
    }
    made = JobInput(task, of["given"], of["about"], of["writer"], locale)
    return Job(task, TASKS[task].prepare(made), key)


def texts_in(value: Any) -> list[str]:
    """Every text in an answer."""
    if isinstance(value, str):
        return [value]
    parts = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return [text for one in parts for text in texts_in(one)]
