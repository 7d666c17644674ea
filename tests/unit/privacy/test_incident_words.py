"""What people and authorities are told about an incident: all four contents in both languages, or nobody is
told; and forms that say what is missing in them and nothing about anybody concerned.
"""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import datetime
from typing import Any

import pytest

from chalicelib.privacy import incident_clocks as of
from chalicelib.privacy import incident_contents, incident_forms, incidents
from chalicelib.privacy.incident_contents import LOCALES, Content
from chalicelib.privacy.incident_facts import Facts, Level, Moments, Risk, groups
from chalicelib.privacy.incidents import Obligation, Toward
from chalicelib.privacy.register import Category

pytestmark = pytest.mark.clause("incidents")

CONTENTS: dict[str, dict[str, str]] = {
    "en": {
        "situation": "Somebody read names and mail addresses of accounts on 22 November. They may write to you.",
        "measures": "We closed the way in within the hour and changed every key that was within reach.",
        "advice": "Be wary of mail that asks for your password, and switch on one-time codes.",
        "remedies": "Write to Dataprivacy@okki.ai: we answer within a day, and renew your sign-in at no cost.",
    },
    "zh": {
        "situation": "11月22日有人读取了账户的姓名和邮箱地址，可能会向您发送邮件。",
        "measures": "我们在一小时内关闭了入口，并更换了所有可能泄露的密钥。",
        "advice": "请警惕索要密码的邮件，并启用一次性验证码。",
        "remedies": "请联系我们的数据隐私邮箱，我们会在一天内答复。",
    },
}


def without(locale: str, content: str) -> dict[str, dict[str, str]]:
    return {**CONTENTS, locale: {name: text for name, text in CONTENTS[locale].items() if name != content}}


def test_all_four_contents_in_both_languages_may_go() -> None:
    assert incident_contents.faults(CONTENTS) == ()


@pytest.mark.parametrize("content", Content)
@pytest.mark.parametrize("locale", LOCALES)
def test_nobody_is_told_half_of_it(locale: str, content: Content) -> None:
    place = f"{locale}.{content.value}"
    assert incident_contents.faults(without(locale, content.value)) == ((place, "missing"),)
    for blank in ("", "   ", "\n\t"):
        given = {**CONTENTS, locale: {**CONTENTS[locale], content.value: blank}}
        assert incident_contents.faults(given) == ((place, "missing"),)


@pytest.mark.parametrize(
    ("locale", "text", "code"),
    [
        ("en", "See above.", "too_short"),
        ("zh", "见上", "too_short"),
        ("en", "x" * 4_001, "too_long"),
        ("en", "我们在一小时内关闭了入口，并更换了所有可能泄露的密钥，并通知了监管部门。", "other_language"),
        ("zh", "We closed the way in within the hour and changed every key.", "other_language"),
        ("en", "We closed the way in at {time} and changed every key.", "blank_left"),
        ("en", "We closed the way in at [time] and changed every key.", "blank_left"),
        ("en", "Measures will be described here, TBD by the team on duty.", "blank_left"),
        ("zh", "我们在____关闭了入口，并更换了所有密钥。", "blank_left"),
    ],
)
def test_a_form_that_nobody_has_filled_in_is_not_sent(locale: str, text: str, code: str) -> None:
    given = {**CONTENTS, locale: {**CONTENTS[locale], "measures": text}}
    assert incident_contents.faults(given) == ((f"{locale}.measures", code),)


def test_nothing_at_all_is_missing_eight_times_and_anything_else_is_unknown() -> None:
    assert len(incident_contents.faults(None)) == 8
    assert ("de", "unknown") in incident_contents.faults({**CONTENTS, "de": {}})
    more = {**CONTENTS, "en": {**CONTENTS["en"], "apology": "We are very sorry about all of this."}}
    assert incident_contents.faults(more) == (("en.apology", "unknown"),)


# ---------------------------------------------------------------- forms


def at(text: str) -> int:
    return int(datetime.fromisoformat(text).timestamp())


AWARE = at("2026-11-23T01:00:00Z")
FACTS = Facts(
    people=groups({"controller/user/SG": 480, "controller/user/DE": 20, "controller/user/CN": 5}),
    categories=frozenset({Category.LOGON, Category.AUTOMATIC}),
    credentials=False,
    significant_harm=True,
    risk=Risk.HIGH,
    serves_china=True,
    level=Level.RELATIVELY_MAJOR,
    national=True,
)
CAUSE = "A key in a build log was used from outside."


def filled(**changes: Any) -> incident_forms.Known:
    facts = changes.pop("facts", FACTS)
    moments = Moments(AWARE, AWARE, AWARE, AWARE)
    made = incident_forms.Known(
        facts=facts,
        as_of=AWARE + 1,
        aware_at=AWARE,
        from_at=AWARE - 7_200,
        until_at=AWARE - 3_600,
        contained_at=AWARE,
        contents=CONTENTS,
        cause=CAUSE,
        closing="The way in was closed, the keys are new.",
        steps=[(AWARE, "opened"), (AWARE + 60, "facts_changed"), (AWARE + 120, "assessed")],
        owed=incidents.obligations(facts, moments),
    )
    return replace(made, **changes)


def to_authorities(known: incident_forms.Known) -> list[Obligation]:
    return [one for one in known.owed if one.toward is Toward.AUTHORITY]


def test_every_authority_has_a_form_and_a_whole_one_misses_nothing() -> None:
    known = filled()
    asked = {one.clock.id for one in to_authorities(known)} | {of.UK_AUTHORITY.id, of.CAC_CRITICAL.id}
    assert asked == set(incident_forms.FORMS)
    for obligation in to_authorities(known):
        made = incident_forms.form(obligation, known)
        assert made["missing"] == [], made["obligation"]
        assert len(made["sha256"]) == 64 and json.dumps(made)


def test_a_form_names_what_is_missing_and_can_go_first() -> None:
    bare = filled(facts=Facts(), contents=None, cause=None, closing=None, contained_at=None)
    missing = {one.name: incident_forms.form(one, bare)["missing"] for one in to_authorities(bare)}
    assert set(missing["pdpa_authority"]) == {"cause", "people", "classes", "situation", "harm", "measures"}
    assert "situation" in missing["gdpr_authority:ZZ"] and "cause" not in missing["gdpr_authority:ZZ"]
    assert "advice" in missing["pipl_authority"] and "level" in missing["cac_report"]
    assert {"contained", "summary"} <= set(missing["cac_summary"])


def test_a_late_report_says_why() -> None:
    first = next(one for one in to_authorities(filled()) if one.name == "gdpr_authority:DE")
    assert first.ends_at is not None

    def names(known: incident_forms.Known) -> set[str]:
        return {one["name"] for one in incident_forms.form(first, known)["questions"]}

    assert "delay" not in names(filled(as_of=first.ends_at - 1))
    late = filled(as_of=first.ends_at)
    assert incident_forms.form(first, late)["missing"] == ["delay"]
    said = incident_forms.form(first, replace(late, delay_reasons="The logs had to be restored first."))
    assert said["missing"] == []


def test_each_authority_hears_of_its_own_people_first_and_in_its_language() -> None:
    known = filled()
    made = {one.name: incident_forms.form(one, known) for one in to_authorities(known)}
    assert "20 / 505" in made["gdpr_authority:DE"]["text"]
    assert "505 / 505" in made["pdpa_authority"]["text"]
    assert "5 / 505" in made["pipl_authority"]["text"]
    assert made["pdpa_authority"]["language"] == "en" and made["cac_report"]["language"] == "zh"
    assert CONTENTS["zh"]["situation"] in made["pipl_authority"]["text"]
    assert CONTENTS["en"]["situation"] in made["gdpr_authority:DE"]["text"]


def test_who_is_not_told_and_why_is_in_the_commissions_form() -> None:
    spared = replace(FACTS, unreadable=True, key_evidence="KEY-7")
    known = filled(facts=replace(spared, people=groups({"controller/user/SG": 505}), serves_china=False))
    pdpc = next(one for one in known.owed if one.name == "pdpa_authority")
    assert "not told: encrypted, keys out of reach" in incident_forms.form(pdpc, known)["text"]
    held = filled(facts=replace(FACTS, telling_forbidden=True, forbidden_under="SPF-2026-77"))
    assert "held up by an order: SPF-2026-77" in incident_forms.form(pdpc, held)["text"]


def test_what_is_owed_to_people_has_no_form() -> None:
    known = filled()
    people = next(one for one in known.owed if one.toward is Toward.PEOPLE)
    with pytest.raises(KeyError):
        incident_forms.form(people, known)
