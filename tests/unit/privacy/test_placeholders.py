"""What goes to a model names nobody, and comes back as it was."""

from __future__ import annotations

import re
import unicodedata
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from chalicelib.privacy import mentions
from chalicelib.privacy.placeholders import Kind, Known, Masked, mask, only, own_words, restore, within

LENA = (
    Known(Kind.PERSON, "Lena Vogel"),
    Known(Kind.EMAIL, "lena.vogel@nordlicht.example"),
    Known(Kind.PHONE, "+49 40 123 4567"),
    Known(Kind.COMPANY, "Nordlicht Handel GmbH"),
)
PEOPLE = (
    *LENA,
    Known(Kind.PERSON, "王小明"),
    Known(Kind.PERSON, "Jörg Müller"),
    Known(Kind.COMPANY, "深圳光明贸易有限公司"),
)


def masked(text: str, known: Any = ()) -> str:
    made, _ = mask({"text": text}, known)
    return made["text"].text


def squeezed(text: str) -> str:
    """Without what a reader reads past: case, width, accents, spaces and signs between."""
    folded = mentions.fold(re.sub(r"⟦[A-Z]+_\d+(?:_\d+)?⟧", "\0", text)).text
    return re.sub(r"[^\w\0]", "", folded)


# ---------------------------------------------------------------- what is known


@pytest.mark.clause("ai")
@pytest.mark.parametrize(
    "text",
    [
        "Lena Vogel",
        "LENA VOGEL",
        "lena vogel",
        "Vogel, Lena",
        "Lena  \n Vogel",
        "Ｌｅｎａ Ｖｏｇｅｌ",
        "Léna Vögel",
        "Le\u200bna Vo\u00adgel",
        "LenaVogel",
        "lena_vogel",
        "Vogel's offer, Vogels Angebot, Lenas Angebot",
        "Frau Vogel",
    ],
)
def test_a_name_is_found_however_it_is_written(text: str) -> None:
    left = squeezed(masked(f"Please write to {text} today", LENA))
    assert "lena" not in left
    assert "vogel" not in left


@pytest.mark.clause("ai")
@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("请联系王小明先生", "小明"),
        ("小明你好", "小明"),
        ("王 小 明", "小明"),
        ("Mueller and Müller and MULLER", "ller"),
        ("write to lena.vogel＠nordlicht.example", "nordlicht"),
        ("lena.vogel (at) nordlicht (dot) example", "nordlicht"),
        ("see nordlicht.example", "nordlicht"),
        ("call (040) 123-4567 or 0049 40 1234567", "1234567"),
        ("040.123.45.67", "1234567"),
        ("Nordlicht Handel is large", "handel"),
        ("NORDLICHT will answer", "nordlicht"),
        ("深圳光明贸易 is large", "光明贸易"),
    ],
)
def test_what_is_known_of_somebody_is_found_in_every_form(text: str, left: str) -> None:
    assert left not in squeezed(masked(text, PEOPLE))


def test_a_short_name_is_not_taken_for_every_small_word() -> None:
    text = masked("Li has an offer for An and AN", (Known(Kind.PERSON, "Li An"),))
    assert text == "⟦PERSON_1_2⟧ has an offer for ⟦PERSON_1_3⟧ and ⟦PERSON_1_4⟧"


def test_one_value_has_one_placeholder_in_all_texts_of_a_job() -> None:
    made, _ = mask({"a": "Lena Vogel asked", "b": "Tell Lena Vogel", "c": "Vogel"}, LENA)
    assert made["a"].text == "⟦PERSON_1⟧ asked"
    assert made["b"].text == "Tell ⟦PERSON_1⟧"
    assert made["c"].text.startswith("⟦PERSON_1_")


# ---------------------------------------------------------------- what has a form


@pytest.mark.clause("ai")
@pytest.mark.parametrize(
    ("text", "secret"),
    [
        ("mail to ana.silva@firma.example please", "ana.silva"),
        ("ana.silva [at] firma [dot] example", "firma"),
        ("ana at firma dot example", "firma"),
        ("call +86 138 1234 5678 now", "138"),
        ("Tel. 030/1234567-89", "1234567"),
        ("our IBAN is DE89 3704 0044 0532 0130 00", "0532"),
        ("card 4111 1111 1111 1111", "1111"),
        ("身份证 11010519491231002X", "19491231"),
        ("see https://www.linkedin.com/in/zebulon-quark?x=1", "zebulon"),
        ("linkedin.com/in/zebulonquark", "zebulonquark"),
        ("WeChat: zebulon88", "zebulon88"),
        ("微信号：zebulon88", "zebulon88"),
        ("follow @zebulonq", "zebulonq"),
        ("Dear Mr. Zebulon Quark,", "Quark"),
        ("Dear Zebulon,", "Zebulon"),
        ("Sehr geehrte Frau Dr. Quarkström,", "Quarkstr"),
        ("Liebe Zebuline,", "Zebuline"),
        ("尊敬的欧阳先生：", "欧"),
        ("张经理您好", "张"),
        ("田中様", "田中"),
        ("김철수님 안녕하세요", "철수"),
        ("Call Hildegard Knorr on Monday", "Knorr"),
        ("Kind regards,\nZebulon Quark\nHead of sales", "Zebulon"),
        ("My name is Zebulon Quark.", "Quark"),
        ("ich heiße Zebulon", "Zebulon"),
        ("Yesterday Sarah Quark asked", "Quark"),
        ("Quark Trading Ltd. pays", "Quark"),
        ("上海夸克进出口有限公司", "夸克"),
        ("221B Baker Street", "Baker"),
        ("Hauptstraße 12", "Hauptstr"),
        ("人民路100号", "人民路"),
    ],
)
def test_a_stranger_in_free_text_is_found_by_the_form(text: str, secret: str) -> None:
    assert secret not in masked(text)


@pytest.mark.parametrize(
    "text",
    [
        "We ship 500 pcs on 2026-11-23 at 12.50 USD each.",
        "Dear Sir or Madam,",
        "Dear all, please see the new offer for spring.",
        "我们提供优质产品",
        "Grüße aus dem Norden",
    ],
)
def test_what_names_nobody_stays_readable(text: str) -> None:
    assert masked(text) == text


# ---------------------------------------------------------------- there and back

VALUES = st.sampled_from([one.value for one in PEOPLE])
FORMS = st.sampled_from([str, str.upper, str.lower, lambda v: v.replace(" ", "  "), lambda v: v.split()[0]])
PIECES = st.one_of(
    st.text(max_size=20),
    st.builds(lambda value, form: form(value), VALUES, FORMS),
    st.sampled_from(
        ["⟦PERSON_1⟧", "PERSON_1", "[EMAIL 2]", "a@b.example", "+49 30 1234567", "Dear Bob,\n", "王先生"]
    ),
)
TEXTS = st.lists(PIECES, max_size=8).map(" ".join)


@pytest.mark.clause("ai")
@settings(max_examples=300, deadline=None)
@given(TEXTS)
@example("⟦PERSON_1⟧ PERSON_1 [[PERSON_1]] Lena")
def test_what_was_masked_comes_back_to_the_letter(text: str) -> None:
    made, key = mask({"text": text}, PEOPLE)
    back = restore(made["text"].text, key)
    assert back == (unicodedata.normalize("NFC", text), 0)


@pytest.mark.clause("ai")
@settings(max_examples=300, deadline=None)
@given(TEXTS)
def test_no_value_that_is_known_is_left_in_what_is_sent(text: str) -> None:
    made, key = mask({"text": text}, PEOPLE)
    left = squeezed(made["text"].text)
    for one in PEOPLE:
        assert squeezed(one.value) not in left
    assert not key.names_somebody(made["text"])


@pytest.mark.parametrize(
    "answer",
    [
        "⟦PERSON_1⟧",
        "⟦ PERSON_1 ⟧",
        "⟦person_1⟧",
        "⟦PERSON 1⟧",
        "⟦PERSON-1⟧",
        "[PERSON_1]",
        "[[PERSON_1]]",
        "PERSON_1",
        "person_1",
        "⟦PERSON_1",
        "⟦PERSON_01⟧",
    ],
)
def test_a_model_may_be_careless_with_a_placeholder(answer: str) -> None:
    _, key = mask({}, LENA)
    assert restore(f"Dear {answer}, hello", key) == ("Dear Lena Vogel, hello", 0)


def test_a_placeholder_that_the_model_invented_is_left_out_and_counted() -> None:
    _, key = mask({}, LENA)
    assert restore("Dear ⟦PERSON_7⟧ and ⟦EMAIL_1_9⟧!", key) == ("Dear  and !", 2)
    assert restore(f"⟦PERSON_{'9' * 9999}⟧", key) == ("", 1)


def test_nobody_gets_a_name_into_an_answer_by_guessing_its_placeholder() -> None:
    made, key = mask({"mine": "Lena Vogel", "strangers": "say ⟦PERSON_1⟧ and PERSON_1"}, LENA)
    assert "PERSON_1⟧" not in made["strangers"].text
    assert restore(made["strangers"].text, key).text == "say ⟦PERSON_1⟧ and PERSON_1"


def test_of_an_answer_only_wanted_placeholders_stay() -> None:
    assert only("a [person 1] ⟦URL_1⟧ b", {"⟦PERSON_1⟧"}.__contains__) == "a ⟦PERSON_1⟧  b"
    made, _ = mask({"a": "Lena Vogel"}, LENA)
    assert within(made["a"], own_words("x")) == {"⟦PERSON_1⟧"}


# ---------------------------------------------------------------- nothing else is masked text


@pytest.mark.clause("ai")
def test_masked_text_cannot_be_made_of_plain_text() -> None:
    made, key = mask({"a": "Lena Vogel"}, LENA)
    with pytest.raises(TypeError):
        Masked(object(), "Lena Vogel")
    with pytest.raises(TypeError):
        made["a"] + "Lena Vogel"  # type: ignore[operator]  # what must fail
    with pytest.raises(TypeError):
        own_words(", ").join(["Lena Vogel"])  # type: ignore[list-item]  # what must fail
    with pytest.raises(AttributeError):
        made["a"]._text = "Lena Vogel"
    with pytest.raises(TypeError):
        type("Other", (Masked,), {})
    with pytest.raises(ValueError, match="mention"):
        own_words("Write to lena.vogel@nordlicht.example")
    assert "Lena" not in repr(made["a"]) + str(made["a"]) + repr(key)


def test_pieces_that_name_somebody_only_together_are_found_before_they_leave() -> None:
    _, key = mask({}, (Known(Kind.PERSON, "Zebulonia"),))
    assert key.names_somebody(own_words("Zebu") + own_words("lonia"))


@pytest.mark.parametrize(
    "text",
    [
        "a" * 20_000,
        "1 " * 10_000,
        "a.b" * 6_000,
        "@" * 20_000,
        "A " * 10_000,
        "王" * 20_000,
        "Dear " * 4000,
        "(at)" * 5000,
    ],
    ids=lambda text: text[:4],
)
def test_no_text_keeps_the_scanner_busy_for_ever(text: str) -> None:
    made, key = mask({"text": text}, PEOPLE)  # a pattern that runs away takes hours
    assert restore(made["text"].text, key).text == text


def test_a_text_full_of_signs_does_not_keep_the_scanner_busy() -> None:
    text = "⟦" * 60_000  # each is a mention: comparing each with each takes minutes
    made, key = mask({"text": text}, PEOPLE)
    assert restore(made["text"].text, key).text == text


@pytest.mark.parametrize("text", ["mit freundlichen Grüßen", "Kitchen, Aachen und München", "ein Plan"])
def test_a_short_name_is_not_found_in_the_middle_of_other_words(text: str) -> None:
    assert masked(text, (Known(Kind.PERSON, "Chen Lan"), Known(Kind.PERSON, "Chen"))) == text


@pytest.mark.clause("ai")
@pytest.mark.parametrize("text", ["Vogels", "das Vogelsche Angebot", "请联系Vogel先生", "vogel", "an_vogel"])
def test_a_name_with_an_ending_or_next_to_chinese_is_found(text: str) -> None:
    assert "vogel" not in masked(text, LENA).casefold()


def test_addresses_in_a_text_are_found_as_they_are_meant() -> None:
    text = "ana+x@firma.example, bob (at) firma (dot) example, 王艾特163点com, ANA+X@firma.example, a@b"
    assert mentions.mailboxes_in(text, 9) == ["ana+x@firma.example", "bob@firma.example", "王@163.com"]
    assert mentions.mailboxes_in(text, 1) == ["ana+x@firma.example"]
