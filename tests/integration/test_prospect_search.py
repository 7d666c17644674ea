"""Finding prospects: what was asked for and nothing else, at the same cost however many there are, and of the
people no more than may be seen before they are revealed.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlencode

import pytest

from infra.local import LocalStack
from tests.integration import sharer
from tests.integration.apart import own_stack
from tests.integration.client import User, fresh_address, sign_up
from tests.integration.loader import Office, office
from tests.integration.stocking import located, reveal

stack = own_stack()

pytestmark = pytest.mark.clause("stocked-prospects")

MARK = uuid.uuid4().hex[:8]
NAME = "Kunigunde Zwickelbauer"
POSITIONS = ("CEO", "Head of Purchasing", "Sales Manager", "Buyer", "wanderer")
PLACES = ("Fiji", "France", "上海市")
INDUSTRIES = ("Mining", "Textiles")


class Base:
    """The base, with thirty prospects whose words are nobody else's."""

    def __init__(self, stack: LocalStack) -> None:
        self.stack = stack
        self.office: Office = office(stack)
        self.emails: list[str] = []
        rows = [
            {
                "business_name": f"Quarz{MARK} {uuid.uuid4().hex[:6]} GmbH",
                "website": "https://quarz.example/secret-page",
                "name": NAME,
                "position": f"{position} Quarzwart",
                "email": self.email(),
                "phone": "+49 40 5550 1234",
                "industry": industry,
                "country": place,
            }
            for position in POSITIONS
            for place in PLACES
            for industry in INDUSTRIES
        ]
        rows.append({"business_name": f"上海石英{MARK}进出口有限公司", "country": "中国", "industry": "外贸"})
        self.names = [row["business_name"] for row in rows]
        done = self.office.load(rows)
        assert done["progress"]["taken"] == len(rows), self.office.refused(done["id"])
        self.seeker = located(sign_up(stack))

    def email(self) -> str:
        self.emails.append(fresh_address("kunigunde", "zwickelbauer.example"))
        return self.emails[-1]


@pytest.fixture(scope="module")
def base(stack: LocalStack) -> Base:
    return Base(stack)


def ask(user: User, **filters: Any) -> dict[str, Any]:
    answer = user.call("GET", f"/v1/prospects?{urlencode(filters)}")
    assert answer.status == 200, answer.body
    found: dict[str, Any] = answer.json
    return found


def pages(user: User, **filters: Any) -> Iterator[dict[str, Any]]:
    """Everything, over all pages."""
    cursor: dict[str, str] = {}
    for _ in range(1_000):
        found = ask(user, **filters, **cursor)
        yield from found["items"]
        if found["next_cursor"] is None:
            return
        cursor = {"cursor": found["next_cursor"]}
    raise AssertionError("it never ends")


def faults(user: User, **filters: Any) -> list[tuple[str, str]]:
    answer = user.call("GET", f"/v1/prospects?{urlencode(filters)}")
    assert answer.status == 422, answer.body
    return [(one["field"], one["code"]) for one in answer.json["errors"]]


# ---------------------------------------------------------------- what is found


@pytest.mark.parametrize("limit", [7, 50])
@pytest.mark.parametrize(
    ("filters", "count"),
    [
        ({}, 30),
        ({"industry": "textiles"}, 15),
        ({"country": "CN"}, 10),
        ({"position": "chief"}, 6),
        ({"position": "Einkäufer"}, 6),
        ({"industry": "mining", "country": "FR"}, 5),
        ({"industry": "mining", "position": "CEO"}, 3),
        ({"country": "FJ", "position": "unknown"}, 2),
        ({"industry": "textiles", "country": "FJ", "position": "manager"}, 1),
        ({"industry": "food"}, 0),
    ],
)
def test_filters_are_combined_and_nothing_is_shown_twice(
    base: Base, filters: dict[str, str], count: int, limit: int
) -> None:
    found = list(pages(base.seeker, q=f"quarz{MARK}", limit=limit, **filters))
    assert len(found) == len({one["id"] for one in found}) == count


@pytest.mark.parametrize(
    "filters",
    [
        {},
        {"industry": "mining"},
        {"country": "FJ"},
        {"position": "chief"},
        {"industry": "mining", "country": "FJ"},
        {"industry": "mining", "position": "chief"},
        {"country": "FJ", "position": "chief"},
        {"industry": "mining", "country": "FJ", "position": "chief"},
    ],
)
def test_each_combination_without_words_finds_the_same_people(base: Base, filters: dict[str, str]) -> None:
    wanted = {one["id"] for one in pages(base.seeker, q=f"quarz{MARK}", **filters)}
    found = [one["id"] for one in pages(base.seeker, limit=50, **filters)]
    assert len(found) == len(set(found))
    assert wanted <= set(found)


def test_words_are_found_by_how_they_begin_and_all_of_them_must_be_there(base: Base) -> None:
    assert len({one["id"] for one in pages(base.seeker, q=f"head quarz{MARK[:4]}")}) == 6
    assert len({one["id"] for one in pages(base.seeker, q=f"manag quarz{MARK[:4]}")}) == 6
    assert len(list(pages(base.seeker, q=f"QUARZ{MARK.upper()}", limit=9))) == 30
    assert list(pages(base.seeker, q=f"quarz{MARK}x")) == []


def test_chinese_is_found_from_the_middle_of_a_name(base: Base) -> None:
    for words in (f"石英{MARK}", f"上海石英{MARK}", f"石英 {MARK}"):
        assert [one["company"] for one in pages(base.seeker, q=words)] == [base.names[-1]]


def test_a_business_is_found_in_any_spelling(base: Base) -> None:
    name = base.names[0]
    for spelled in (name, name.upper(), name.replace(" GmbH", ", Ltd.")):
        assert [one["company"] for one in pages(base.seeker, company=spelled)] == [name]
    assert list(pages(base.seeker, company=name, country="FR")) == []


@pytest.mark.clause("stocked-prospects", "access")
def test_nobody_is_found_by_their_own_name(base: Base) -> None:
    for word in NAME.split():
        assert list(pages(base.seeker, q=word)) == []


def test_a_hidden_title_cannot_be_spelled_out_letter_by_letter(base: Base) -> None:
    giver = sharer.sharer(base.stack)
    person = sharer.person(current_position=f"Head of Zwirn{MARK}", industry=f"Drechselei{MARK}")
    shared = sharer.shared(giver, person)
    for word in ("quarzwart", "quarzw", "wanderer", "purchasing", f"zwirn{MARK}", f"drechselei{MARK}"):
        assert list(pages(base.seeker, q=word)) == [], word
    for letter in ("p", "o", "w"):  # as a second word one letter would do
        assert list(pages(base.seeker, q=f"quarz{MARK} head {letter}")) == [], letter
    assert base.seeker.call("GET", f"/v1/prospects/{shared}").json["position"] == "***"
    assert shared in {one["id"] for one in pages(base.seeker, q="head", country="FI")}


# ---------------------------------------------------------------- stocked and shared


@pytest.mark.clause("stocked-prospects", "added-prospects", "retention")
@pytest.mark.parametrize("first", ["stocked", "shared"])
@pytest.mark.parametrize("place", [None, "Lyon, France"])
def test_who_is_stocked_and_shared_is_found_as_either_and_once(
    base: Base, first: str, place: str | None
) -> None:
    word = f"zinn{uuid.uuid4().hex[:8]}"
    person = sharer.person(base.email(), current_position="Buyer", location=place, industry=None)
    row = {"business_name": f"{word} AG", "email": person["email"], "position": "Buyer", "country": "Germany"}
    giver = sharer.sharer(base.stack)

    def load() -> None:
        base.office.load([row])

    def share() -> None:
        sharer.share(giver, person)

    for step in (load, share) if first == "stocked" else (share, load):
        step()
        base.stack.advance(600)
    base.stack.reset_clock()
    (found,) = pages(base.seeker, q=word)
    prospect = found["id"]
    assert (found["country"], found["company"]) == ("DE", f"{word} AG")
    shared_in = "ZZ" if place is None else "FR"
    for asked in ({"q": word}, {"q": "buyer"}, {"q": f"{word} buyer"}, {"position": "specialist"}, {}):
        for country in ("DE", shared_in):
            there = [one["id"] for one in pages(base.seeker, country=country, **asked)]
            wanted = 0 if country != "DE" and asked.get("q", "").startswith(word) else 1
            assert there.count(prospect) == wanted, (asked, country)
    ends = {row["kind"]["S"]: row["expires_at"] for row in sharer.of_prospect(base.stack, prospect)}
    leading = sharer.leading(base.stack, prospect)
    assert {row["sk"]["S"].rpartition("#")[2] for row in leading} == {"stocked", "added"}
    for posting in leading:  # none outlives what it leads to
        assert posting["expires_at"] == ends[posting["sk"]["S"].rpartition("#")[2]]
    # What was shared goes, and what finds the stocked record stays.
    taken = giver.call("GET", "/v1/prospects/shares").json["items"][0]["id"]
    assert giver.call("DELETE", f"/v1/prospects/shares/{taken}").status == 204
    sharer.withdrawn(base.stack, prospect)
    assert [one["id"] for one in pages(base.seeker, q=word, country="DE")] == [prospect]
    assert {row["sk"]["S"].rpartition("#")[2] for row in sharer.leading(base.stack, prospect)} == {"stocked"}


# ---------------------------------------------------------------- what is seen


@pytest.mark.clause("stocked-prospects", "access")
def test_nothing_of_the_person_is_seen_before_they_are_revealed(base: Base) -> None:
    text = json.dumps([*pages(base.seeker, q=f"quarz{MARK}")], ensure_ascii=False)
    for secret in (*NAME.split(), *base.emails, "zwickelbauer", "secret-page", "5550", "Quarzwart"):
        assert secret not in text
    (one, *_) = ask(base.seeker, q=f"quarz{MARK}", country="FJ", position="chief")["items"]
    assert (one["name"], one["email"], one["phone"]) == ("K***", "k***@***", "***34")
    assert (one["country"], one["level"], one["revealed"]) == ("FJ", "chief", False)
    assert {"email", "phone", "website"} <= set(one["has"])
    assert one["sources"][0]["kind"] == "stocked"


def test_what_was_revealed_is_seen_in_full_by_that_company_alone(base: Base) -> None:
    found = ask(base.seeker, q=f"quarz{MARK}", country="FR", position="specialist")["items"]
    wanted = found[0]["id"]
    other = located(sign_up(base.stack))
    assert reveal(base.seeker, wanted).status == 200
    mine = base.seeker.call("GET", f"/v1/prospects/{wanted}").json
    assert (mine["revealed"], mine["name"], mine["phone"]) == (True, NAME, "+49 40 5550 1234")
    assert mine["email"] in base.emails
    assert {
        "field": "email",
        "kind": "stocked",
        "source": "Register of exhibitors 2026",
        "on": "2026-10-01",
    } in mine["provenance"]
    (listed,) = (one for one in pages(base.seeker, q=f"quarz{MARK}") if one["id"] == wanted)
    assert listed == mine
    theirs = other.call("GET", f"/v1/prospects/{wanted}").json
    assert (theirs["revealed"], theirs["name"]) == (False, "K***")
    assert theirs["provenance"] == []


def test_who_is_not_there_is_not_there(base: Base) -> None:
    assert base.seeker.call("GET", f"/v1/prospects/pr_{'0' * 26}").status == 404


# ---------------------------------------------------------------- cost


@pytest.mark.clause("stocked-prospects", "access")
def test_a_page_costs_a_query_and_its_records_and_reads_nobody_elses_rows(base: Base) -> None:
    other = located(sign_up(base.stack))
    for filters in ({"q": f"quarz{MARK}"}, {"industry": "textiles"}, {"country": "FJ", "position": "chief"}):
        base.stack.wire.clear()
        found = ask(other, limit=10, **filters)
        calls = [
            one
            for one in base.stack.wire.calls
            if one.service == "dynamodb" and one.function == "okki-leads-api"
        ]
        searching = [one for one in calls if b"okki-leads-prospects" in one.request]
        by = sorted(one.operation for one in searching)
        assert by == ["BatchGetItem", "Query"], by
        assert not any(one.operation == "Scan" for one in calls)
        assert sum(one.read_units for one in searching) <= 3 * len(found["items"]) + 12
        for one in searching:
            named = {word for word in one.request.decode().split('"') if word.startswith("co_")}
            assert {word.partition("#")[0] for word in named} <= {other.company["id"]}


def test_looking_for_what_hardly_anybody_is_reads_no_more_than_its_share(base: Base) -> None:
    base.stack.wire.clear()
    ask(base.seeker, q=f"quarz{MARK}", industry="food")
    calls = [one for one in base.stack.wire.calls if one.function == "okki-leads-api"]
    queries = [one for one in calls if one.operation == "Query" and b"okki-leads-prospects" in one.request]
    assert len(queries) <= 2
    assert sum(one.read_units for one in queries) <= 12


# ---------------------------------------------------------------- pages


def test_a_cursor_survives_who_comes_and_belongs_to_its_search(base: Base) -> None:
    word = f"zweig{MARK}"
    rows = [{"business_name": f"{word} {number}", "country": "Germany"} for number in range(9)]
    base.office.load(rows[:6])
    first = ask(base.seeker, q=word, limit=3)
    base.office.load(rows[6:])
    rest: list[dict[str, Any]] = []
    cursor = first["next_cursor"]
    while cursor is not None:
        found = ask(base.seeker, q=word, limit=3, cursor=cursor)
        rest += found["items"]
        cursor = found["next_cursor"]
    ids = [one["id"] for one in (*first["items"], *rest)]
    assert len(ids) == len(set(ids))
    assert {f"{word} {number}" for number in range(6)} <= {one["company"] for one in (*first["items"], *rest)}

    malformed = [("cursor", "malformed")]
    cursor = first["next_cursor"]
    assert faults(base.seeker, q=f"{word}x", cursor=cursor) == malformed
    assert faults(base.seeker, q=word, country="FJ", cursor=cursor) == malformed
    assert faults(sign_up(base.stack), q=word, cursor=cursor) == malformed
    for broken in (cursor[:-1], "A" + cursor[1:], cursor + "A", "%00", "é", "A" * 500, "====", "-"):
        assert faults(base.seeker, q=word, cursor=broken) == malformed


def test_what_is_no_filter_is_said_to_be_none(base: Base) -> None:
    assert faults(base.seeker, industry="Machinery") == [("industry", "unknown")]
    assert faults(base.seeker, country="XX") == [("country", "unknown")]
    assert faults(base.seeker, position="no such thing") == [("position", "unknown")]
    assert faults(base.seeker, q="a") == [("q", "too_short")]
    assert faults(base.seeker, company="!") == [("company", "too_short")]
    assert faults(base.seeker, q="x" * 201) == [("q", "too_long")]
    assert faults(base.seeker, name="Kunigunde") == [("name", "unknown_field")]
    codes = base.seeker.call("GET", "/v1/prospects/industries").json["items"]
    assert {"code": "textiles", "en": "Textiles", "zh": "纺织"} in codes
