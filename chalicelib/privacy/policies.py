"""The versions of the privacy policy, as data: one file each under `published`, read once.

Promise: what is in force follows from the day alone, so a new version is a new file and no line of code; a
file that contradicts itself or its neighbours fails the tests, and if it got past them, everything. People
hear of a version before it applies, and are asked again where consent is the basis and the purposes
changed (7). Cost: a file that has been published is not edited any more; a correction is the next version.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache
from itertools import pairwise
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final

from chalicelib.privacy.clocks import day
from chalicelib.privacy.decisions import Allowed, Decision, Refused
from chalicelib.privacy.register import PURPOSES, LegalBasis, Purpose

NOTICE: Final = timedelta(days=14)
"""A new version is published at least this long before it applies, so that people can leave first. The policy
gives no period; our choice, to confirm.
"""

_FOLDER: Final = Path(__file__).parent / "published"
_LANGUAGES: Final = ("en", "zh")
_DATES: Final = ("published_on", "effective_on")
_WORDS: Final = ("summary", "changes")
_MEMBERS: Final = frozenset(
    {"version", "consent_again", "purposes_changed", "third_parties", *_DATES, *_WORDS}
)


class PolicyFileError(ValueError):
    """A file of the operator's cannot be a version of the policy. Names the file, the member and a code."""

    def __init__(self, file: str, member: str, code: str) -> None:
        super().__init__(f"{file}: {member}: {code}")
        self.member = member
        self.code = code


@dataclass(frozen=True, slots=True)
class ThirdParty:
    """A service that can be connected but is not covered by this policy (1). `url` None: everybody's own."""

    service: str
    url: str | None


@dataclass(frozen=True, slots=True)
class Policy:
    """One version. `consent_again`: whoever agreed to an earlier one is asked anew once it applies."""

    version: str
    published_on: date
    effective_on: date
    summary: MappingProxyType[str, tuple[str, ...]]
    changes: MappingProxyType[str, tuple[str, ...]]
    purposes_changed: frozenset[Purpose]
    consent_again: bool
    third_parties: tuple[ThirdParty, ...]


@dataclass(frozen=True, slots=True)
class Versions:
    """All versions, the earliest first; made by `read`, which has checked them."""

    all: tuple[Policy, ...]

    def in_force(self, on: date) -> Policy:
        """The version that applies on a day. Raises LookupError before the first one."""
        for policy in reversed(self.all):
            if policy.effective_on <= on:
                return policy
        raise LookupError("no version of the policy is in force yet")

    def get(self, version: str, on: date) -> Policy | None:
        """A version by its name; None when it was never published, or will be on a later day."""
        for policy in self.all:
            if policy.version == version and policy.published_on <= on:
                return policy
        return None

    def announced(self, on: date) -> tuple[Policy, ...]:
        """What is published and does not apply yet, the next one first."""
        return tuple(p for p in self.all if p.published_on <= on < p.effective_on)

    def consent_needed(self, agreed: str, on: date) -> bool:
        """Whether somebody who agreed to a version must be asked again before the processing goes on.

        True when any version that came into force after the agreed one says so, also when a later one does
        not: what changed in between stays unasked otherwise. A version nobody knows proves no agreement, so
        it is asked about (closed, for the sake of the person). Agreeing early to an announced one counts.
        """
        known = next((p for p in self.all if p.version == agreed), None)
        if known is None:
            return True
        return any(p.consent_again for p in self.all if known.effective_on < p.effective_on <= on)


def read(folder: Path) -> Versions:
    """The versions in a folder. Raises PolicyFileError for the first thing that is wrong."""
    found = sorted(
        (_policy(path) for path in sorted(folder.glob("*.json"))), key=lambda policy: policy.effective_on
    )
    if not found:
        raise PolicyFileError(folder.name, "*.json", "no_version")
    for before, after in pairwise(found):
        if before.effective_on == after.effective_on:
            raise PolicyFileError(after.version, "effective_on", "taken_by_another_version")
        if after.published_on < before.published_on:
            raise PolicyFileError(after.version, "published_on", "out_of_order")
        if after.effective_on - after.published_on < NOTICE:
            raise PolicyFileError(after.version, "effective_on", "too_soon_after_publishing")
    return Versions(tuple(found))


@cache
def versions() -> Versions:
    """The versions this package was built with, read on the first call."""
    return read(_FOLDER)


def in_force(on: date) -> Policy:
    """The version that applies on a day. Raises LookupError before the first one."""
    return versions().in_force(on)


def current(now: float) -> Policy:
    """The version that applies at an epoch time in seconds."""
    return in_force(day(now))


def get(version: str, on: date) -> Policy | None:
    """A published version by its name, also one that has been replaced or does not apply yet."""
    return versions().get(version, on)


def announced(on: date) -> tuple[Policy, ...]:
    """What is published and does not apply yet, the next one first."""
    return versions().announced(on)


def consent_needed(agreed: str, on: date) -> bool:
    """Whether somebody who agreed to a version must be asked again (see `Versions.consent_needed`)."""
    return versions().consent_needed(agreed, on)


def known(version: str, now: float) -> Decision:
    """Whether a person may agree to this version now: only to the one in force, so that nobody agrees to an
    old one. Closed.
    """
    if version != current(now).version:
        return Refused("policy-updates", "policy_version_not_in_force")
    return Allowed()


def rests_on_consent(purpose: Purpose) -> bool:
    """Whether consent is among the bases the policy names for a purpose (2.3)."""
    return LegalBasis.CONSENT in PURPOSES[purpose].bases


def _policy(path: Path) -> Policy:
    said = _content(path)
    name = path.name
    if said["version"] != path.stem or not _date(name, "version", said["version"]):
        raise PolicyFileError(name, "version", "not_the_name_of_the_file")
    published, effective = (_date(name, member, said[member]) for member in _DATES)
    if effective < published:
        raise PolicyFileError(name, "effective_on", "before_published_on")
    changed = _purposes(name, said["purposes_changed"])
    again = said["consent_again"]
    if not isinstance(again, bool):
        raise PolicyFileError(name, "consent_again", "not_a_boolean")
    if not again and any(rests_on_consent(purpose) for purpose in changed):
        raise PolicyFileError(name, "consent_again", "required_by_purposes_changed")
    return Policy(
        version=path.stem,
        published_on=published,
        effective_on=effective,
        summary=_words(name, "summary", said["summary"]),
        changes=_words(name, "changes", said["changes"]),
        purposes_changed=changed,
        consent_again=again,
        third_parties=_third_parties(name, said["third_parties"]),
    )


def _content(path: Path) -> dict[str, Any]:
    try:
        said = json.loads(path.read_text(encoding="utf-8"))
    except ValueError:
        raise PolicyFileError(path.name, "*", "not_json") from None
    if not isinstance(said, dict):
        raise PolicyFileError(path.name, "*", "not_an_object")
    for member in sorted(_MEMBERS ^ said.keys()):
        raise PolicyFileError(path.name, member, "required" if member in _MEMBERS else "unknown_member")
    return said


def _date(file: str, member: str, said: object) -> date:
    try:
        found = date.fromisoformat(str(said))
    except ValueError:
        raise PolicyFileError(file, member, "not_a_date") from None
    if found.isoformat() != said:  # 20250116 and 2025-W03-4 are dates too, in other words
        raise PolicyFileError(file, member, "not_a_date")
    return found


def _purposes(file: str, said: object) -> frozenset[Purpose]:
    if not isinstance(said, list):
        raise PolicyFileError(file, "purposes_changed", "not_a_list")
    try:
        return frozenset(Purpose(name) for name in said)
    except ValueError:
        raise PolicyFileError(file, "purposes_changed", "unknown_purpose") from None


def _words(file: str, member: str, said: object) -> MappingProxyType[str, tuple[str, ...]]:
    """Sentences in each language, equally many: nobody is told less because of the language they read."""
    if not isinstance(said, dict) or said.keys() != set(_LANGUAGES):
        raise PolicyFileError(file, member, "not_in_both_languages")
    for lines in said.values():
        if not isinstance(lines, list) or not lines or not all(_is_text(line) for line in lines):
            raise PolicyFileError(file, member, "not_sentences")
    if len({len(lines) for lines in said.values()}) > 1:
        raise PolicyFileError(file, member, "languages_differ")
    return MappingProxyType({language: tuple(lines) for language, lines in said.items()})


def _third_parties(file: str, said: object) -> tuple[ThirdParty, ...]:
    if not isinstance(said, list):
        raise PolicyFileError(file, "third_parties", "not_a_list")
    for one in said:
        if not isinstance(one, dict) or one.keys() != {"service", "url"} or not _is_text(one["service"]):
            raise PolicyFileError(file, "third_parties", "malformed")
        if one["url"] is not None and not str(one["url"]).startswith("https://"):
            raise PolicyFileError(file, "third_parties", "not_https")
    return tuple(ThirdParty(one["service"], one["url"]) for one in said)


def _is_text(said: object) -> bool:
    return isinstance(said, str) and bool(said.strip())
