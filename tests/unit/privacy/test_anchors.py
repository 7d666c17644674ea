"""Documents of the archive in which anything was hidden, covered or planted are found out."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from chalicelib.privacy import anchors
from chalicelib.privacy.anchors import Document, Doubt
from chalicelib.privacy.evidence import Anchor

pytestmark = pytest.mark.clause("access")

BEGAN = int(datetime(2026, 11, 22, 8, tzinfo=UTC).timestamp())
HOUR = 3600
DAY = 24 * HOUR
LATER = BEGAN + 40 * DAY
CHAIN = "co_06gv7s2k81r0bo4m5p3t9d6e8g"


def key_of(at: int, page: int = 0) -> str:
    return f"hours/{datetime.fromtimestamp(at, UTC):%Y/%m/%d/T%H%M%SZ}-0badcafe-{page:04d}.json"


def said(seq: int, chain: str = CHAIN) -> dict[str, Any]:
    return {"chain": chain, "seq": seq, "link": f"{seq:064x}"}


def hours(*heads: list[dict[str, Any]], began: int = BEGAN) -> dict[str, list[bytes]]:
    """Documents an hour apart, each naming the one before."""
    made: dict[str, list[bytes]] = {}
    previous = None
    for number, some in enumerate(heads):
        at = began + number * HOUR
        told = {"at": at, "since": 0, "page": 0, "last": True, "previous": previous, "heads": some}
        content = anchors.written(told)
        made[key_of(at)] = [content]
        previous = anchors.digest(content)
    return made


def with_sum(versions: dict[str, list[bytes]]) -> dict[str, list[bytes]]:
    """And the sum of their day."""
    (place,) = {anchors.place_of_sum(key) for key in versions}
    total = anchors.summed(anchors.read(versions, LATER).documents.values())
    return {**versions, str(place): [anchors.written(total)]}


def doubts(versions: dict[str, list[bytes]], now: int = LATER, listed: list[str] | None = None) -> set[str]:
    return {one.reason for one in anchors.read(versions, now, listed or []).doubts}


def test_documents_nobody_touched_raise_no_doubt_and_tell_every_head() -> None:
    reading = anchors.read(with_sum(hours([said(1)], [], [said(2), said(9, "co_other")])), LATER)
    assert (reading.doubts, reading.ignored) == ((), ())
    assert reading.of(CHAIN) == [
        Anchor(1, f"{1:064x}", BEGAN),
        Anchor(2, f"{2:064x}", BEGAN + 2 * HOUR),
    ]
    assert reading.newest == BEGAN + 2 * HOUR


def test_the_oldest_version_counts_and_a_second_one_with_other_bytes_is_a_doubt() -> None:
    versions = hours([said(1)], [said(2)])
    first = key_of(BEGAN)
    versions[first] *= 2
    assert doubts(versions) == set()
    versions[first] = [versions[first][0], hours([])[first][0]]
    reading = anchors.read(versions, LATER)
    assert reading.doubts == (Doubt(first, "versions_differ"),)
    assert len(reading.of(CHAIN)) == 2


def test_a_document_that_was_taken_from_the_middle_is_missed() -> None:
    versions = hours([said(1)], [said(2)], [said(3)])
    del versions[key_of(BEGAN + HOUR)]
    assert doubts(versions) == {"unlinked"}


def test_two_runs_at_once_are_no_reason_for_doubt() -> None:
    versions = hours([said(1)], [said(2)])
    (content,) = versions[key_of(BEGAN + HOUR)]
    again = {**json.loads(content), "at": BEGAN + HOUR + 5}
    assert doubts({**versions, key_of(BEGAN + HOUR + 5): [anchors.written(again)]}) == set()


@pytest.mark.parametrize(
    "key",
    [
        "hours/2099/01/01/z.json",
        key_of(LATER + DAY),
        "days/2027/01/01.json",  # the day it sums up is not over
        "months/2027/01.json",
        "hours/2026/13/45/T000000Z-0badcafe-0000.json",
        "months/2026/13.json",
        "months/9999/12.json",
        "probe",
    ],
)
def test_what_is_of_the_future_or_no_key_of_ours_counts_as_not_there(key: str) -> None:
    versions = hours([said(1)])
    (content,) = hours([said(7)]).values()
    reading = anchors.read({**versions, key: content}, LATER)
    assert (reading.ignored, reading.doubts) == ((key,), ())
    assert [one.seq for one in reading.of(CHAIN)] == [1]


@pytest.mark.parametrize(
    "content",
    [
        b"junk",
        b"[]",
        b"{}",
        b'{"at":1,"heads":[{}],"previous":null,"since":0,"last":true}',
        b'{"at":true,"heads":[],"previous":null,"since":0,"last":true}',
        b'{"at":1,"heads":[],"previous":"x","since":0,"last":true}',
        b'{"at":1,"heads":null,"previous":null,"since":0,"last":true}',
        b"\xff",
        b"[" * 100_000,
    ],
)
def test_junk_under_a_key_of_ours_is_a_doubt_and_stops_nobody(content: bytes) -> None:
    reading = anchors.read({**hours([said(1)]), key_of(BEGAN + 5): [content]}, LATER)
    assert reading.doubts == (Doubt(key_of(BEGAN + 5), "unreadable"),)
    assert len(reading.of(CHAIN)) == 1


def test_a_document_under_the_key_of_another_hour_is_a_doubt() -> None:
    (content,) = hours([said(1)]).values()
    assert doubts({key_of(BEGAN + HOUR): content}) == {"misplaced"}


def test_a_sum_that_leaves_out_or_changes_a_head_is_a_doubt() -> None:
    versions = with_sum(hours([said(1)], [said(2)]))
    place = "days/2026/11/22.json"
    true = json.loads(versions[place][0])
    for false in (
        {**true, "heads": []},
        {**true, "heads": [{**true["heads"][0], "link": "0" * 64}]},
        {**true, "sums_up": [{**one, "sha256": "0" * 64} for one in true["sums_up"]]},
    ):
        assert doubts({**versions, place: [anchors.written(false)]}) == {"not_as_summed"}
    assert doubts({**versions, place: [anchors.written({**true, "sums_up": true["sums_up"][:1]})]}) == {
        "left_out"
    }


def test_a_sum_has_to_name_what_lies_there_even_if_nobody_read_it() -> None:
    versions = {"days/2026/11/22.json": with_sum(hours([said(1)]))["days/2026/11/22.json"]}
    assert doubts(versions, listed=[key_of(BEGAN)]) == set()
    assert doubts(versions, listed=[key_of(BEGAN), key_of(BEGAN + HOUR)]) == {"left_out"}
    assert doubts(versions, listed=[key_of(BEGAN), "hours/2026/11/22/z.json"]) == set()


def test_a_sum_is_the_same_whoever_makes_it_and_keeps_words_that_disagree() -> None:
    found = list(
        anchors.read(hours([said(1)], [said(2), said(3, "co_b")], [said(2)]), LATER).documents.values()
    )
    assert anchors.summed(found) == anchors.summed(reversed(found))
    (false,) = anchors.read(
        hours([{**said(2), "link": "f" * 64}], began=BEGAN + 9 * HOUR), LATER
    ).documents.values()
    links = [one["link"] for one in anchors.summed([*found, false])["heads"] if one["chain"] == CHAIN]
    assert links == [f"{2:064x}", "f" * 64]
    assert all(isinstance(one, Document) for one in found)
