"""A prospect that cannot be placed stays findable; a country that is not clear is not made up; and nobody's name
becomes a word to search by.
"""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from chalicelib.services.prospects import classes, places, sectors

TEXT = st.text(max_size=60)


@given(TEXT)
def test_every_text_has_a_class_and_one_that_is_in_the_list(text: str) -> None:
    assert classes.sector(text) in classes.SECTORS
    assert classes.level(text) in classes.LEVELS
    assert classes.country(text) in {*places.countries(), places.UNKNOWN}


@pytest.mark.parametrize("nothing", [None, "", " ", "!!!", "\0"])
def test_nothing_is_in_the_classes_for_nothing(nothing: str | None) -> None:
    found = classes.sector(nothing), classes.level(nothing), classes.country(nothing)
    assert found == ("other", "unknown", "ZZ")
    assert classes.words(nothing) == []
    assert classes.business(nothing) == ""


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("Maschinenbau", "machinery"),
        ("maschinenbau", "machinery"),
        ("MACHINERY", "machinery"),
        ("Textile manufacturing", "textiles"),
        ("IT", "software"),
        ("软件和信息技术", "software"),
        ("跨境电商", "ecommerce"),
        ("Foreign trade", "wholesale"),
        ("Banking", "finance"),
        ("real_estate", "real_estate"),
        ("Real estate", "real_estate"),
        ("Zen archery", "other"),
    ],
)
def test_a_branch_is_found_however_it_is_written(text: str, code: str) -> None:
    assert classes.sector(text) == code


@pytest.mark.parametrize("code", sectors.SECTORS)
def test_a_branch_is_found_by_its_code_and_by_both_of_its_names(code: str) -> None:
    one = sectors.SECTORS[code]
    assert {classes.sector(text) for text in (code, one.en, one.zh, one.en.upper())} == {code}


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("CEO", "chief"),
        ("President & CEO", "chief"),
        ("Vice President Sales", "director"),
        ("Assistant to the CEO", "assistant"),
        ("Geschäftsführerin", "chief"),
        ("Head of Purchasing", "director"),
        ("Key Account Manager", "specialist"),
        ("Sales Manager", "manager"),
        ("采购经理", "manager"),
        ("副总经理", "director"),
        ("总经理", "chief"),
        ("Inhaber", "owner"),
        ("实习生", "assistant"),
        ("wanderer", "unknown"),
    ],
)
def test_a_position_is_as_high_as_its_title(text: str, code: str) -> None:
    assert classes.level(text) == code


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("DE", "DE"),
        ("de", "DE"),
        ("Hamburg, Germany", "DE"),
        ("20095 Hamburg Germany", "DE"),
        ("Deutschland", "DE"),
        ("Germany, Hamburg", "DE"),
        ("中国", "CN"),
        ("中国上海市浦东新区", "CN"),
        ("广东省深圳市", "CN"),
        ("P.R. China", "CN"),
        ("香港", "HK"),
        ("Việt Nam", "VN"),
        ("Österreich", "AT"),
        ("UK", "GB"),
        ("Boston, MA, USA", "US"),
        ("Trenton, New Jersey", "US"),
        ("Georgia", "GE"),
    ],
)
def test_a_country_is_found_however_it_is_written(text: str, code: str) -> None:
    assert classes.country(text) == code


@pytest.mark.clause("cross-border")
@pytest.mark.parametrize(
    "text",
    [
        "Wilmington, DE",
        "San Francisco, CA",
        "Lebanon, PA",
        "Atlanta, Georgia",
        "Tbilisi, Georgia",
        "New England",
        "somewhere",
        "DE" * 200,
    ],
)
def test_a_country_that_is_not_clear_is_not_made_up(text: str) -> None:
    """What may cross a border is decided by it: unknown is judged as abroad and unprotected."""
    assert classes.country(text) == "ZZ"


@pytest.mark.parametrize("code", ["DE", "CN", "FR", "BR", "US", "JP", "IN"])
def test_every_country_is_its_own_code(code: str) -> None:
    assert classes.country(code) == code


def test_all_names_of_all_countries_lead_home_or_nowhere() -> None:
    from chalicelib.services.prospects.places import _FILE

    for line in _FILE.read_text("utf-8").splitlines():
        code, english, *_ = line.split("\t")
        assert classes.country(english) in {code, "ZZ"}, code
    assert len(places.countries()) == 249


@given(TEXT, TEXT)
@example("上海示例进出口有限公司", "采购经理")
@example("Müller & Söhne GmbH & Co. KG", "Head of Purchasing")
@example("ﬁne ＡＢＣ", "İstanbul")
def test_a_word_is_found_again_by_itself(name: str, position: str) -> None:
    found = classes.words(name, position)
    assert len(found) == len(set(found)) <= classes.MAX_WORDS
    for word in found:
        assert len(word) > 1
        assert word == unicodedata.normalize("NFKC", word)
        assert classes.words(word)[:1] == [word]


@given(st.sampled_from(["ACME Trading", "Müller Söhne", "上海示例", "Ärzte Bedarf"]))
def test_the_spelling_of_a_business_and_its_legal_form_do_not_hide_it(name: str) -> None:
    spelled = {name, name.upper(), f"  {name}  ", unicodedata.normalize("NFD", name), name.replace(" ", "-")}
    forms = ("", " GmbH", ", Ltd.", " Co., Ltd.", "有限公司", " S.p.A.")
    assert len({classes.business(one + form) for one in spelled for form in forms}) == 1


def test_a_business_that_is_called_company_keeps_its_name() -> None:
    assert classes.business("Company AG") == "companyag"
    assert classes.words("Company AG") == ["company", "ag"]


def test_chinese_is_found_from_any_word_of_it() -> None:
    found = classes.words("上海示例进出口有限公司", "采购经理")
    assert {"上海示例进出口", "示例进出口", "进出口", "采购经理", "经理"} <= set(found)
    assert not any("有限公司" in word for word in found)


def test_a_long_name_leaves_room_for_the_position() -> None:
    assert "buyer" in classes.words("one two three four five six seven eight nine ten", "Buyer")


@pytest.mark.parametrize(
    ("title", "left"),
    [
        ("Head of Purchasing", ["head"]),
        ("Vice President Zwickelbau", ["vice", "president"]),
        ("Leiterin Quarzwart", ["leiterin"]),
        ("上海采购经理", ["经理", "采购"]),
        ("wanderer", []),
        (None, []),
    ],
)
def test_a_title_is_found_by_the_words_of_our_list_alone(title: str | None, left: list[str]) -> None:
    found = classes.words(*classes.found_by(position=title))
    assert found == left
    texts = classes.found_by(business="Acme", position=title)
    assert not any(classes.meets(["acme", one], *texts) for one in ("purch", "zw", "quarz", "wa", "上海"))


def test_a_shared_branch_is_found_by_its_names_and_not_by_what_was_written() -> None:
    sector = classes.sector("Weberei Zwickel seit 1907")
    assert classes.words(*classes.found_by(sector=sector)) == ["textiles", "纺织"]
    assert classes.words(*classes.found_by(sector=classes.sector("Zwickel"))) == []
