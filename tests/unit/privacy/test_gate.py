"""Nobody's data is used for what no table names, in another capacity than it was given in, or without their yes."""

from __future__ import annotations

from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.privacy.consent import ConsentPurpose
from chalicelib.privacy.decisions import Allowed, Refused
from chalicelib.privacy.gate import ASKED_APART, Consented, decide, may_collect
from chalicelib.privacy.register import PURPOSES, Category, Duty, LegalBasis, Purpose, Role
from tests.unit.privacy.test_register import ROW_NAMES, transcribed

pytestmark = pytest.mark.clause("purposes")

TABLES = {
    (name, role, category)
    for name, (_, role, categories, *_) in zip(ROW_NAMES, transcribed(), strict=True)
    for category in categories.split()
}
"""Purpose, role and category of the policy's three tables, from the transcription and not from the code."""
TEXT = {("generate_with_ai", "processor", "ai")}
"""What the text of 2.2.1(g) has us do and no table repeats: an answer to a user, on the client's instructions."""
ASKED = {
    Category.AI: ConsentPurpose.AI_IMPROVEMENT,
    Category.AUTOMATIC: ConsentPurpose.AI_IMPROVEMENT,
    Category.COOKIES: ConsentPurpose.COOKIES,
}
EVERY = [*product(Purpose, Role, Category)]
some = st.sampled_from


def yes(purpose: ConsentPurpose) -> Consented:
    return Consented(purpose, "rc_1", "usr_1")


@pytest.mark.clause("roles")
@pytest.mark.parametrize(("purpose", "role", "category"), EVERY, ids=str)
def test_data_is_used_exactly_where_a_table_says_so(purpose: Purpose, role: Role, category: Category) -> None:
    named = (str(purpose), str(role), str(category)) in TABLES | TEXT
    apart = purpose is Purpose.IMPROVE_PRODUCTS
    for said in (None, *ConsentPurpose):
        answer = decide(role, [category], purpose, None if said is None else yes(said))
        allowed = named and (not apart or said is ASKED[category])
        assert isinstance(answer, Allowed) is allowed, said
    assert isinstance(may_collect(role, [category], purpose), Allowed) is named


@pytest.mark.parametrize("duty", Duty)
@pytest.mark.parametrize("role", Role)
def test_a_promise_to_people_is_kept_in_whatever_capacity_we_hold_their_data(duty: Duty, role: Role) -> None:
    assert decide(role, list(Category), duty) == Allowed()
    assert may_collect(role, list(Category), duty) == Allowed()


@given(
    use=some([*Purpose, *Duty]),
    role=some(Role),
    held=st.lists(some(Category), min_size=1, max_size=4, unique=True),
    said=some([None, *ConsentPurpose]),
)
def test_a_record_is_as_closed_as_its_most_closed_category(
    use: Purpose | Duty, role: Role, held: list[Category], said: ConsentPurpose | None
) -> None:
    consent = None if said is None else yes(said)
    each = [decide(role, [category], use, consent) for category in held]
    together = decide(role, held, use, consent)
    assert isinstance(together, Allowed) is all(isinstance(one, Allowed) for one in each)
    assert isinstance(together, Allowed) or together in each


@pytest.mark.parametrize(
    ("role", "category", "use", "said", "refused"),
    [
        (
            "controller",
            "stored",
            "improve_products",
            "ai_improvement",
            ("purposes", "category_outside_purpose"),
        ),
        ("processor", "ai", "provide_functions", None, ("purposes", "category_outside_purpose")),
        ("processor", "automatic", "improve_products", "ai_improvement", ("roles", "role_outside_purpose")),
        ("controller", "automatic", "provide_functions", None, ("roles", "role_outside_purpose")),
        ("controller", "ai", "improve_products", None, ("consent", "no_live_consent")),
        ("controller", "ai", "improve_products", "cookies", ("consent", "no_live_consent")),
        ("controller", "cookies", "improve_products", "ai_improvement", ("consent", "no_live_consent")),
        ("controller", "ai", "improve_products", "account", ("consent", "no_live_consent")),
    ],
)
@pytest.mark.clause("consent", "roles")
def test_a_refusal_says_which_promise_stands_against_it(
    role: str, category: str, use: str, said: str | None, refused: tuple[str, str]
) -> None:
    consent = None if said is None else yes(ConsentPurpose(said))
    assert decide(Role(role), [Category(category)], Purpose(use), consent) == Refused(*refused)


@pytest.mark.clause("consent")
def test_every_category_that_a_yes_of_its_own_is_asked_for_has_its_question() -> None:
    for purpose, asked in ASKED_APART.items():
        assert asked.keys() == set(PURPOSES[purpose].categories)
        assert PURPOSES[purpose].bases == (LegalBasis.CONSENT,)
