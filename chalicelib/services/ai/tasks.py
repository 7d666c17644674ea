"""What users can ask AI to do (2.2.1(g), clause `ai`): five tasks, each with what it takes, what the model is
told and what may come back.

Whatever comes back is for a person. Nothing is sent, shared, changed or decided by it: a draft waits until
somebody makes a message of it, and a score is a suggestion (GDPR 22), which its answer says. That holds
whichever way a company has set `needs_approval`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from functools import cache
from pathlib import Path
from string import Template
from types import MappingProxyType
from typing import Any, Final

from chalicelib.privacy import placeholders
from chalicelib.privacy.placeholders import Masked, own_words
from chalicelib.services.ai import fencing, plain, schemas
from chalicelib.services.ai.shapes import JobInput, Prompt, Task, UnusableAnswerError
from chalicelib.services.prospects import classes

LANGUAGES: Final = MappingProxyType(
    {
        "ar": "Arabic",
        "de": "German",
        "en": "English",
        "es": "Spanish",
        "fr": "French",
        "id": "Indonesian",
        "it": "Italian",
        "ja": "Japanese",
        "ko": "Korean",
        "nl": "Dutch",
        "pl": "Polish",
        "pt": "Portuguese",
        "ru": "Russian",
        "th": "Thai",
        "tr": "Turkish",
        "vi": "Vietnamese",
        "zh": "Chinese, in simplified characters",
    }
)
"""Languages an answer can be in, by code."""
TONES: Final = ("brief", "formal", "friendly", "neutral", "persuasive")

_TO_WRITE: Final = ("name", "company", "position", "industry", "country", "location")
"""What of a record a draft may build on."""
_TO_JUDGE: Final = ("company", "industry", "position", "previous_positions", "country", "location", "profile")
"""What of a record a score may build on: the business and the work, nothing that says who somebody is."""
_PROMPTS: Final = Path(__file__).parents[2] / "templates" / "prompts"
_LEADING: Final = ("⟦URL_", "⟦HANDLE_", "⟦EMAIL_", "⟦PHONE_", "⟦ACCOUNT_", "⟦SIGN_")
"""Placeholders that lead somewhere: they come from the user, or they are left out."""


@cache
def _source(name: str) -> tuple[str, str]:
    """The version of a prompt, and its text."""
    first, _, rest = (_PROMPTS / f"{name}.txt").read_text("utf-8").partition("\n")
    return first.removeprefix("version ").strip(), rest


def version(name: str) -> str:
    """Which words the model is told for a task; a change of a word is a new version."""
    return _source(name)[0]


def _prompt(
    job: JobInput,
    *,
    blocks: Iterable[tuple[str, Masked]],
    trusted: Iterable[str],
    notes: Mapping[str, Any] | None = None,
    **words: str,
) -> Prompt:
    """Our words, and behind the fence the blocks. ``trusted`` are the fields that the user wrote themselves:
    only what these link to may be linked to in the answer.
    """
    fence, blocks = fencing.Fence(), list(blocks)
    values = {"language": _language(job), "tone": _word(job, "tone", "neutral"), "mark": fence.mark, **words}
    number, text = _source(job.task)
    theirs = [job.given[name] for name in trusted if name in job.given] + list(job.writer.values())
    leading = {one for one in placeholders.within(*theirs) if one.startswith(_LEADING)}
    naming = {
        one for one in placeholders.within(*(text for _, text in blocks)) if not one.startswith(_LEADING)
    }
    return Prompt(
        system=own_words(Template(text).substitute(values)),
        parts=tuple(fence.around(label, one) for label, one in blocks),
        notes={"version": number, "may": frozenset(leading | naming), **(notes or {})},
    )


def _word(job: JobInput, name: str, otherwise: str) -> str:
    return job.given[name].text if name in job.given else otherwise


def _language(job: JobInput) -> str:
    return LANGUAGES[_word(job, "language", job.locale)]


def _record(job: JobInput, wanted: Iterable[str]) -> list[tuple[str, Masked]]:
    found = ((name, job.about.get(name)) for name in wanted)
    return [(f"RECORD {name}", text) for name, text in found if text and len(text) <= fencing.MAX_FIELD]


def _clean(text: str, prompt: Prompt) -> str:
    """One text of an answer: plain, and with no placeholder that does not belong in it.

    Raises:
        UnusableAnswerError: nothing is left of it.
    """
    made = plain.drafted(placeholders.only(text, prompt.notes["may"].__contains__, plain.GONE))
    if not made.strip(f"{plain.GONE} \n"):
        raise UnusableAnswerError
    return made


# -- an e-mail ------------------------------------------------------------------------------------


def _prepare_draft(job: JobInput) -> Prompt:
    blocks = [(f"REQUEST {name}", job.given[name]) for name in ("goal", "product") if name in job.given]
    blocks += [(f"REQUEST our {name}", text) for name, text in job.writer.items() if text]
    blocks += _record(job, _TO_WRITE)
    if "answering" in job.given:
        blocks.append(("MAIL to be answered", job.given["answering"]))
    return _prompt(job, blocks=blocks, trusted=("goal", "product"))


def _read_draft(text: str, prompt: Prompt) -> dict[str, Any]:
    found = schemas.read(text, ("subject", "paragraphs"))
    subject = _clean(schemas.words(found["subject"], 200), prompt)
    return {
        "subject": " ".join(subject.split())[:200],
        "paragraphs": [_clean(one, prompt) for one in schemas.several(found["paragraphs"], 12, 3000)],
        "needs_person": True,
    }


# -- texts ----------------------------------------------------------------------------------------


def _prepare_polish(job: JobInput) -> Prompt:
    return _prompt(job, blocks=[("TEXT", job.given["text"])], trusted=("text",))


def _read_polish(text: str, prompt: Prompt) -> dict[str, Any]:
    found = schemas.read(text, ("text",))
    return {"text": _clean(schemas.words(found["text"], 16_000), prompt)}


def _prepare_summary(job: JobInput) -> Prompt:
    # Somebody else may have written it: nothing it links to is linked to.
    return _prompt(job, blocks=[("TEXT", job.given["text"])], trusted=())


def _read_summary(text: str, prompt: Prompt) -> dict[str, Any]:
    found = schemas.read(text, ("bullets",))
    return {"bullets": [_clean(one, prompt) for one in schemas.several(found["bullets"], 12, 600)]}


# -- a search -------------------------------------------------------------------------------------


def _prepare_search(job: JobInput) -> Prompt:
    return _prompt(
        job,
        blocks=[("DESCRIPTION", job.given["words"])],
        trusted=(),
        sectors=", ".join(classes.SECTORS),
        levels=", ".join(level for level in classes.LEVELS if level != "unknown"),
    )


def _read_search(text: str, prompt: Prompt) -> dict[str, Any]:
    """Filters as `GET /v1/prospects` takes them. Closed: one that the search does not know is no answer; left
    out, it would find everybody else.
    """
    found = schemas.read(text, ("sector", "country", "level", "q"))
    filters = {
        "industry": _code(found["sector"], classes.sector, "other"),
        "country": _code(found["country"], classes.country, "ZZ"),
        "position": _code(found["level"], classes.level, "unknown"),
        "q": None if found["q"] is None else _clean(schemas.words(found["q"], 40), prompt),
    }
    filters = {name: value for name, value in filters.items() if value is not None}
    if not filters:
        raise UnusableAnswerError
    return {"filters": filters}


def _code(value: Any, known: Callable[[str | None], str], unknown: str) -> str | None:
    if value is None:
        return None
    code = known(schemas.words(value, 60))
    if code == unknown:
        raise UnusableAnswerError
    return code


# -- a score --------------------------------------------------------------------------------------


def _prepare_score(job: JobInput) -> Prompt:
    fields = _record(job, _TO_JUDGE)
    names = tuple(label.removeprefix("RECORD ") for label, _ in fields)
    return _prompt(
        job,
        blocks=[("REQUEST whom we look for", job.given["ideal"]), *fields],
        trusted=("ideal",),
        notes={"fields": names},
        fields=", ".join(names) or "company",
    )


def _read_score(text: str, prompt: Prompt) -> dict[str, Any]:
    found = schemas.read(text, ("score", "reasons"))
    reasons = []
    for one in schemas.things(found["reasons"], 8):
        reason = schemas.member(one, ("field", "text"))
        if reason["field"] not in prompt.notes["fields"]:
            raise UnusableAnswerError  # a reason that rests on nothing we know
        reasons.append({"field": reason["field"], "text": _clean(schemas.words(reason["text"], 500), prompt)})
    return {"score": schemas.number(found["score"], 0, 100), "reasons": reasons, "needs_person": True}


# -- all of them ----------------------------------------------------------------------------------


def finished(result: Any, prompt: Prompt, put_back: Callable[[str], str]) -> Any:
    """What was read, once its values are back in. A value may itself be a stranger's text (a name with markup
    in it), so each text is judged once more; links are those the user gave, which ``put_back`` spells out.
    """
    if isinstance(result, str):
        may = sorted(prompt.notes["may"])
        links = [put_back(one) for one in may if one.startswith("⟦URL_")]
        names = [put_back(one) for one in may if one.startswith("⟦COMPANY_")]
        return plain.finished(result, links, [name for name in names if plain.is_name(name)])
    if isinstance(result, list):
        return [finished(one, prompt, put_back) for one in result]
    if isinstance(result, dict):
        return {name: finished(one, prompt, put_back) for name, one in result.items()}
    return result


_LANGUAGE: Final = {"language": tuple(LANGUAGES)}
_STYLE: Final = {**_LANGUAGE, "tone": TONES}

TASKS: Final[Mapping[str, Task]] = MappingProxyType(
    {
        task.name: task
        for task in (
            Task(
                name="draft_email",
                takes=MappingProxyType({"goal": 1000, "product": 4000, "answering": 8000, **_STYLE}),
                needs=frozenset({"goal"}),
                prepare=_prepare_draft,
                read=_read_draft,
                max_output_tokens=2000,
            ),
            Task(
                name="polish",
                takes=MappingProxyType({"text": 8000, **_STYLE}),
                needs=frozenset({"text"}),
                prepare=_prepare_polish,
                read=_read_polish,
                max_output_tokens=4000,
            ),
            Task(
                name="summarise",
                takes=MappingProxyType({"text": 20_000, **_LANGUAGE}),
                needs=frozenset({"text"}),
                prepare=_prepare_summary,
                read=_read_summary,
                max_output_tokens=1500,
            ),
            Task(
                name="search",
                takes=MappingProxyType({"words": 400}),
                needs=frozenset({"words"}),
                prepare=_prepare_search,
                read=_read_search,
                max_output_tokens=200,
            ),
            Task(
                name="score",
                takes=MappingProxyType({"ideal": 2000, **_LANGUAGE}),
                needs=frozenset({"ideal"}),
                prepare=_prepare_score,
                read=_read_score,
                max_output_tokens=1000,
                needs_record=True,
            ),
        )
    }
)
"""By name. The same names are what an admin switches on (``services.companies.ai_settings``)."""
