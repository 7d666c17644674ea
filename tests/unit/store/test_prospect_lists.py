"""Whoever is in a list is found through every question that the list answers, and through no other."""

from __future__ import annotations

from itertools import product

import pytest

from chalicelib.services.prospects import classes
from chalicelib.store import prospects

SAID = {"sector": "textiles", "country": "DE", "level": "manager"}
OTHER = {"sector": "textile", "country": "D", "level": "manage"}
"""Each the beginning of the other: one must not find the other's."""


def keys(said: dict[str, str]) -> list[tuple[str, str]]:
    found = prospects.postings("pr_x", "stocked", **said, words=(), business=None)
    return [(one.shelf, f"{one.place}#{one.prospect_id}") for one in found]


@pytest.mark.parametrize("asked", [one for one in product([True, False], repeat=3) if any(one)])
def test_every_combination_of_classes_leads_to_its_people_and_to_nobody_else(asked: tuple[bool, ...]) -> None:
    wanted = {name: SAID[name] if use else None for name, use in zip(SAID, asked, strict=True)}
    found = prospects.of_class(**wanted)
    assert found is not None
    shelf, beginning = found
    assert any(one == shelf and key.startswith(beginning) for one, key in keys(SAID))
    for changed in (name for name, use in zip(SAID, asked, strict=True) if use):
        others = keys({**SAID, changed: OTHER[changed]})
        assert not any(one == shelf and key.startswith(beginning) for one, key in others)


def test_no_class_at_all_has_no_list() -> None:
    assert prospects.of_class(None, None, None) is None
    assert all(prospects.of_class(None, None, level) for level in classes.LEVELS)


def test_a_key_is_taken_apart_into_what_it_was_made_of() -> None:
    for posting in prospects.postings("pr_" + "0" * 26, "added", **SAID, words=(), business=None):
        key = prospects.posting_key(posting)
        pk, _, sk = key.partition("\0")
        assert prospects.POSTINGS.fits(pk, sk), key
