"""No prospect's data crosses a border without a ground (4.2), whatever the countries are."""

from __future__ import annotations

import hashlib
from datetime import date
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.privacy import transfer_texts
from chalicelib.privacy.decisions import Allowed, Refused
from chalicelib.privacy.transfers import (
    ADEQUATE,
    COMMISSION,
    EEA,
    UNKNOWN,
    Ground,
    Law,
    decide,
    is_known,
    law_of,
    origin_of,
)

pytestmark = pytest.mark.clause("cross-border")

LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
COUNTRIES = ["".join(pair) for pair in product(LETTERS, repeat=2)]
MISSING = Refused("cross-border", "transfer_ground_missing")
NOWHERE = Refused("cross-border", "company_country_missing")

countries = st.sampled_from(COUNTRIES)
junk = st.one_of(st.none(), st.text(max_size=4), st.just(UNKNOWN))


def without(origin: str, destination: str | None) -> Ground | Refused:
    return decide(origin, destination, clauses_accepted=False, consented=False)


def test_every_pair_of_countries_has_a_ground_that_its_law_takes_or_is_refused() -> None:
    """All 676 x 676 of them, by hand: what stays, what goes to where the law trusts, what Singapore lets go."""
    for origin, destination in product(COUNTRIES, repeat=2):
        found = without(origin, destination)
        if destination == UNKNOWN:
            assert found == NOWHERE
        elif found is Ground.SAME_COUNTRY:
            assert origin == destination
        elif found is Ground.ADEQUACY:
            assert destination in ADEQUATE[law_of(origin)]
        elif found is Ground.AGREEMENT:
            assert origin == "SG"
        else:
            assert found == MISSING


@given(origin=countries, destination=countries, clauses=st.booleans(), consent=st.booleans())
def test_a_ground_is_named_only_where_it_is_there(
    origin: str, destination: str, clauses: bool, consent: bool
) -> None:
    found = decide(origin, destination, clauses_accepted=clauses, consented=consent)
    if found is Ground.CLAUSES:
        assert clauses
    if found is Ground.CONSENT:
        assert consent and not clauses
    if destination != UNKNOWN:
        assert isinstance(found, Refused) == (
            isinstance(without(origin, destination), Refused) and not (clauses or consent)
        )


@given(origin=st.one_of(countries, st.text(max_size=4)), destination=junk)
def test_a_company_that_nobody_knows_the_country_of_receives_nothing_whatever_it_accepted(
    origin: str, destination: str | None
) -> None:
    if not is_known(destination):
        assert decide(origin, destination, clauses_accepted=True, consented=True) == NOWHERE


@given(origin=st.text(max_size=4), destination=countries)
def test_a_prospect_of_no_known_country_is_protected_by_every_law(origin: str, destination: str) -> None:
    if is_known(origin) or not is_known(destination):
        return
    assert without(origin, destination) == MISSING
    assert decide(origin, destination, clauses_accepted=True, consented=False) is Ground.CLAUSES


@pytest.mark.parametrize(
    ("origin", "destination", "wanted"),
    [
        ("DE", "DE", Ground.SAME_COUNTRY),
        ("DE", "FR", Ground.ADEQUACY),
        ("DE", "NO", Ground.ADEQUACY),
        ("DE", "GB", Ground.ADEQUACY),
        ("DE", "KR", Ground.ADEQUACY),
        ("DE", "US", MISSING),
        ("DE", "CN", MISSING),
        ("DE", "SG", MISSING),
        ("GB", "DE", Ground.ADEQUACY),
        ("GB", "US", MISSING),
        ("CH", "GB", Ground.ADEQUACY),
        ("CH", "KR", MISSING),
        ("SG", "CN", Ground.AGREEMENT),
        ("SG", "DE", Ground.AGREEMENT),
        ("CN", "CN", Ground.SAME_COUNTRY),
        ("CN", "HK", MISSING),
        ("CN", "DE", MISSING),
        ("BR", "DE", MISSING),
        (UNKNOWN, "DE", MISSING),
        (UNKNOWN, UNKNOWN, NOWHERE),
        ("DE", None, NOWHERE),
        ("DE", "de", NOWHERE),
        ("DE", "", NOWHERE),
    ],
)
def test_well_known_pairs(origin: str, destination: str | None, wanted: Ground | Refused) -> None:
    assert without(origin, destination) == wanted


@pytest.mark.parametrize("origin", ["DE", "GB", "CH", "CN", "BR", UNKNOWN])
def test_the_clauses_or_the_prospects_own_word_carry_what_nothing_else_does(origin: str) -> None:
    assert decide(origin, "US", clauses_accepted=True, consented=False) is Ground.CLAUSES
    assert decide(origin, "US", clauses_accepted=False, consented=True) is Ground.CONSENT


def test_the_tables_name_countries_once_with_a_source() -> None:
    assert len(EEA) == 30
    assert len({one.country for one in COMMISSION}) == len(COMMISSION)
    assert all(is_known(one.country) and "Decision" in one.source for one in COMMISSION)
    assert not EEA & {one.country for one in COMMISSION}
    assert "US" not in {one.country for one in COMMISSION}, "it covers certified recipients only"
    assert all(is_known(country) for trusted in ADEQUATE.values() for country in trusted)
    assert set(ADEQUATE) == {Law.GDPR, Law.UK_GDPR, Law.SWISS_DPA}


@given(said=st.lists(st.one_of(countries, junk), max_size=3))
def test_records_that_disagree_are_not_believed(said: list[str | None]) -> None:
    found = origin_of(*said)
    assert found == (said[0] if len(set(said)) == 1 and is_known(said[0]) else UNKNOWN)


# ---------------------------------------------------------------- texts


def test_published_texts_never_change_under_their_version() -> None:
    for texts in (transfer_texts.CLAUSES, transfer_texts.ADVICE):
        for version, text in texts.items():
            assert text.version == version
            whole = f"{text.en}\n{text.zh}".encode()
            assert hashlib.sha256(whole).hexdigest() == text.sha256


def test_only_the_clauses_in_force_can_be_accepted() -> None:
    on = date(2026, 11, 23)
    assert transfer_texts.may_accept("clauses-2026-11", on) == Allowed()
    for version in ("clauses-2026-12", "advice-2026-11", ""):
        refused = transfer_texts.may_accept(version, on)
        assert refused == Refused("cross-border", "not_the_current_clauses")


def test_recipients_read_the_advice_in_their_language_and_on_any_day() -> None:
    for on in (date(2000, 1, 1), date(2026, 11, 1), date(2099, 1, 1)):
        advice = transfer_texts.current_advice(on)
        assert advice.in_language("zh-CN") == advice.zh
        assert advice.in_language("de") == advice.en
        assert transfer_texts.current_clauses(on).sha256
