"""A chain that anything was done to is found out, and the first bad entry is named."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable
from dataclasses import fields, replace
from datetime import UTC, datetime, timedelta
from itertools import combinations, pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.privacy import evidence, retention
from chalicelib.privacy.anchors import covered
from chalicelib.privacy.evidence import ANCHORED_LATE, FIRST, Anchor, Entry, Link, Verdict, verify

pytestmark = pytest.mark.clause("access")

CHAIN = "co_06gv7s2k81r0bo4m5p3t9d6e8g"
BEGAN = int(datetime(2026, 11, 22, 8, tzinfo=UTC).timestamp())
LATER = BEGAN + 86_400

Chain = list[tuple[Entry, str]]


def grown(number: int, *, after: Link = evidence.START, chain: str = CHAIN, salt: str = "") -> Chain:
    """A chain of so many entries, one an hour."""
    made: Chain = []
    for seq in range(after.seq + 1, after.seq + number + 1):
        entry = Entry(
            pk=chain,
            sk=f"receipt#rc_{seq:04d}{salt}",
            kind="receipt",
            policy="2025-01-16",
            facts={"at": BEGAN + seq * 3600, "state": "granted", "links": ["a", "b"], "live": True},
            expires_at=BEGAN + seq * 3600 + 10**8,
            sealed=hashlib.sha256(b"x").hexdigest() if seq % 2 else None,
            seq=seq,
            prev=made[-1][1] if made else after.link,
        )
        made.append((entry, evidence.link(entry)))
    return made


def head_of(chain: Chain) -> Link:
    return Link(chain[-1][0].seq, chain[-1][1]) if chain else evidence.START


def anchored(chain: Chain, *numbers: int, at: int = BEGAN) -> list[Anchor]:
    return [Anchor(entry.seq, link, at) for entry, link in chain if entry.seq in numbers]


def relinked(chain: Chain, place: int, changed: Entry) -> Chain:
    """What somebody would do who knows how this works: all links from the changed entry on made anew."""
    made = chain[:place]
    for entry in [changed, *(entry for entry, _ in chain[place + 1 :])]:
        prev = made[-1][1] if made else changed.prev
        entry = replace(entry, prev=prev)
        made.append((entry, evidence.link(entry)))
    return made


def first_bad(
    chain: Chain, head: Link | None, anchors: Iterable[Anchor] = ()
) -> tuple[int | None, str | None]:
    verdict = verify(CHAIN, chain, head, anchors, LATER)
    return verdict.bad_seq, verdict.reason


@given(st.integers(0, 12), st.randoms(use_true_random=False))
def test_a_chain_nobody_touched_is_sound_in_whatever_order_it_is_read(number: int, chance: Any) -> None:
    chain = grown(number)
    mixed = chain[:]
    chance.shuffle(mixed)
    verdict = verify(CHAIN, mixed, head_of(chain) if chain else None, anchored(chain, 3, 7, number), LATER)
    assert verdict.sound, verdict
    assert verdict.checked == number
    assert verdict.anchored == number


CHANGES: dict[str, Callable[[Entry], Any]] = {
    "pk": lambda entry: "co_06gv7s2k81r0bo4m5p3t9d6e8h",
    "sk": lambda entry: entry.sk + "x",
    "kind": lambda entry: "consent",
    "policy": lambda entry: None,
    "facts": lambda entry: {**entry.facts, "state": "denied"},
    "expires_at": lambda entry: None,
    "sealed": lambda entry: "0" * 64,
    "seq": lambda entry: entry.seq + 1,
    "prev": lambda entry: "f" * 64,
}


def test_the_hash_covers_everything_an_entry_says() -> None:
    assert CHANGES.keys() == {field.name for field in fields(Entry)}


@pytest.mark.parametrize("size", [1, 2, 5])
@pytest.mark.parametrize("name", CHANGES)
def test_an_entry_in_which_one_thing_was_changed_is_named(name: str, size: int) -> None:
    whole = grown(size)
    for place in range(size):
        entry, link = whole[place]
        chain = whole[:]
        chain[place] = replace(entry, **{name: CHANGES[name](entry)}), link
        bad, reason = first_bad(chain, head_of(whole))
        assert reason is not None
        # An entry that claims the next one's number leaves its own empty.
        assert bad == place + 1, (name, place, reason)


@given(st.integers(1, 6), st.data())
def test_a_single_changed_bit_of_a_stored_hash_is_found(size: int, data: st.DataObject) -> None:
    whole = grown(size)
    place = data.draw(st.integers(0, size - 1))
    digit = data.draw(st.integers(0, 63))
    entry, link = whole[place]
    other = link[:digit] + ("0" if link[digit] != "0" else "1") + link[digit + 1 :]
    chain = whole[:]
    chain[place] = entry, other
    assert first_bad(chain, head_of(whole)) == (place + 1, "altered")


@given(st.integers(2, 8), st.data())
def test_an_entry_that_was_rewritten_with_a_hash_of_its_own_is_named_by_the_next_one(
    size: int, data: st.DataObject
) -> None:
    whole = grown(size)
    place = data.draw(st.integers(0, size - 2))
    entry = replace(whole[place][0], facts={"state": "denied"})
    chain = whole[:]
    chain[place] = entry, evidence.link(entry)
    assert first_bad(chain, head_of(whole)) == (place + 1, "altered")


@given(st.integers(2, 8), st.data())
def test_an_entry_that_names_another_predecessor_is_named_itself(size: int, data: st.DataObject) -> None:
    whole = grown(size)
    place = data.draw(st.integers(0, size - 1))
    entry = replace(whole[place][0], prev="f" * 64)
    chain = whole[:]
    chain[place] = entry, evidence.link(entry)
    assert first_bad(chain, head_of(whole)) == (place + 1, "before_altered")


@pytest.mark.parametrize("size", range(1, 7))
def test_a_dropped_entry_is_named(size: int) -> None:
    whole = grown(size)
    for place in range(size):
        bad, reason = first_bad(whole[:place] + whole[place + 1 :], head_of(whole))
        if place == size - 1:
            assert (bad, reason) == (size, "cut_off")
        elif place == 0:
            assert (bad, reason) == (1, "begins_late")
        else:
            assert (bad, reason) == (place + 1, "missing")


@pytest.mark.parametrize("size", range(1, 6))
def test_an_inserted_entry_is_found_wherever_it_was_put(size: int) -> None:
    whole = grown(size)
    for place in range(size + 1):
        after = head_of(whole[:place])
        ((entry, link),) = grown(1, after=after, salt="-slipped-in")
        bad, reason = first_bad([*whole, (entry, link)], head_of(whole))
        assert reason is not None
        assert bad in {place + 1, place}, (place, bad, reason)
        # All later ones moved up by one, links and all: the head tells, or the anchor.
        shifted = [*whole[:place], (entry, link)]
        for old, _ in whole[place:]:
            moved = replace(old, seq=old.seq + 1, prev=shifted[-1][1])
            shifted.append((moved, evidence.link(moved)))
        assert not verify(CHAIN, shifted, head_of(whole)).sound
        if place < size:
            bad, reason = first_bad(shifted, head_of(shifted), anchored(whole, size))
            assert (bad, reason) == (size, "not_as_anchored")


@pytest.mark.parametrize("size", range(2, 7))
def test_two_entries_that_changed_places_are_found(size: int) -> None:
    whole = grown(size)
    for one, two in combinations(range(size), 2):
        chain = whole[:]
        for there, here in ((one, two), (two, one)):
            moved = replace(whole[here][0], seq=there + 1, prev=whole[there][0].prev)
            chain[there] = moved, whole[here][1]
        assert first_bad(chain, head_of(whole)) == (one + 1, "altered")
        for place in (one, two):  # with hashes of their own
            chain[place] = chain[place][0], evidence.link(chain[place][0])
        bad, reason = first_bad(chain, head_of(whole))
        assert reason is not None
        assert bad == one + 1


@pytest.mark.parametrize("size", range(1, 6))
def test_a_chain_that_was_cut_off_is_found_and_with_its_head_only_through_the_anchor(size: int) -> None:
    whole = grown(size)
    for left in range(size):
        chain = whole[:left]
        assert first_bad(chain, head_of(whole)) == (left + 1, "cut_off")
        cut = head_of(chain)
        if left:
            assert verify(CHAIN, chain, cut).sound, "nothing in it tells"
        assert first_bad(chain, cut, anchored(whole, size)) == (left + 1, "cut_off")


def test_a_head_that_was_set_back_or_taken_away_is_found() -> None:
    whole = grown(4)
    assert first_bad(whole, Link(3, whole[2][1])) == (4, "head_altered")
    assert first_bad(whole, Link(4, "0" * 64)) == (4, "head_altered")
    assert first_bad(whole, Link(5, whole[3][1])) == (5, "cut_off")
    assert first_bad(whole, None) == (None, "head_missing")
    assert first_bad([], None, anchored(whole, 2)) == (None, "head_missing")


@pytest.mark.parametrize("place", range(5))
def test_a_chain_that_was_rewritten_whole_shows_against_its_anchors(place: int) -> None:
    whole = grown(5)
    forged = relinked(whole, place, replace(whole[place][0], facts={"state": "denied"}))
    assert verify(CHAIN, forged, head_of(forged)).sound, "nothing in it tells"
    for anchor in range(place + 1, 6):
        verdict = verify(CHAIN, forged, head_of(forged), anchored(whole, anchor, *range(1, place + 1)), LATER)
        assert (verdict.bad_seq, verdict.reason) == (anchor, "not_as_anchored")
        assert verdict.anchored == place, "everything from there on is in doubt"


def test_of_a_chain_that_forks_the_branch_that_was_not_anchored_is_found() -> None:
    trunk = grown(3)
    one = trunk + grown(2, after=head_of(trunk))
    two = trunk + grown(2, after=head_of(trunk), salt="-other")
    assert verify(CHAIN, two, head_of(two)).sound, "each branch is a chain"
    assert first_bad(two, head_of(two), anchored(one, 4)) == (4, "not_as_anchored")
    both = [*one, *two[3:]]
    assert first_bad(both, head_of(one))[0] == 4
    assert first_bad(both, head_of(one))[1] in {"inserted", "altered"}


def test_an_anchor_that_somebody_added_to_hide_something_shows() -> None:
    whole, forged = grown(3), grown(3, salt="-forged")
    anchors = [*anchored(whole, 3), *anchored(forged, 3)]
    assert first_bad(forged, head_of(forged), anchors) == (3, "anchors_disagree")


def test_another_companys_chain_is_not_taken_for_this_one() -> None:
    other = grown(3, chain="co_06gv7s2k81r0bo4m5p3t9d6e8h")
    assert first_bad(other, head_of(other)) == (1, "of_another_chain")


def test_a_row_that_nobody_linked_is_found() -> None:
    whole = grown(2)
    entry = replace(whole[0][0], sk="receipt#slipped-in", seq=0, prev="")
    assert first_bad([*whole, (entry, "")], head_of(whole)) == (0, "inserted")


# ---------------------------------------------------------------- entries whose time is over


def over(chain: str = CHAIN) -> int:
    until = retention.after(datetime.fromtimestamp(BEGAN, UTC), evidence.kept(chain))
    return int((until - ANCHORED_LATE).timestamp())


@pytest.mark.clause("retention")
@pytest.mark.parametrize("gone", range(1, 6))
def test_a_beginning_whose_time_is_over_may_be_gone_and_one_second_before_it_may_not(gone: int) -> None:
    whole = grown(6)
    left, anchors = whole[gone:], anchored(whole, 5)
    assert verify(CHAIN, left, head_of(whole), anchors, over()).sound
    assert verify(CHAIN, left, head_of(whole), anchors, over() - 1).reason == "begins_late"
    assert verify(CHAIN, left, head_of(whole), anchors).reason == "begins_late", "nobody says what time it is"


@pytest.mark.clause("retention")
def test_a_beginning_is_not_taken_for_expired_without_an_anchor_that_says_so() -> None:
    whole = grown(6)
    for gone in range(1, 6):
        bad = verify(CHAIN, whole[gone:], head_of(whole), (), over() + 10**9)
        assert (bad.bad_seq, bad.reason) == (1, "begins_late")
    # Anchored up to 2: that 3 is gone as well does not follow from it.
    assert verify(CHAIN, whole[3:], head_of(whole), anchored(whole, 2), over()).reason == "begins_late"


@pytest.mark.clause("retention")
def test_what_the_first_entry_left_names_has_to_be_what_was_anchored() -> None:
    whole = grown(6)
    first = replace(whole[3][0], prev="0" * 64)
    forged = relinked(whole[3:], 0, first)
    verdict = verify(CHAIN, forged, head_of(forged), anchored(whole, 3), over())
    assert (verdict.bad_seq, verdict.reason) == (4, "before_altered")


@pytest.mark.clause("retention")
def test_a_chain_of_which_everything_has_expired_is_sound_up_to_its_anchor_and_no_further() -> None:
    whole = grown(4)
    assert verify(CHAIN, [], head_of(whole), anchored(whole, 4), over()).sound
    assert verify(CHAIN, [], head_of(whole), anchored(whole, 3), over()).bad_seq == 4
    assert verify(CHAIN, [], head_of(whole), anchored(whole, 4), over() - 1).reason == "cut_off"


@pytest.mark.clause("retention", "cookies")
def test_cookie_receipts_go_after_their_own_time() -> None:
    cookies = "co_operator#cookies#3"
    whole = grown(4, chain=cookies)
    assert over(cookies) < over()
    assert verify(cookies, whole[2:], head_of(whole), anchored(whole, 2), over(cookies)).sound
    assert not verify(cookies, whole[2:], head_of(whole), anchored(whole, 2), over(cookies) - 1).sound


# ---------------------------------------------------------------- its form


def test_an_entry_comes_back_from_an_export_as_it_was() -> None:
    for entry, link in grown(3):
        assert evidence.from_json(evidence.as_json(entry, link)) == (entry, link)


@pytest.mark.parametrize("spoiled", ["seq", "facts", "link", "sk"])
def test_an_export_that_is_no_export_is_refused(spoiled: str) -> None:
    told = evidence.as_json(*grown(1)[0])
    del told[spoiled]
    with pytest.raises(KeyError):
        evidence.from_json(told)


def test_a_number_with_two_spellings_is_never_hashed() -> None:
    entry, _ = grown(1)[0]
    for facts in ({"at": 1.0}, {"at": {"deep": [1.5]}}):
        with pytest.raises(TypeError):
            evidence.canonical(replace(entry, facts=facts))


@given(st.dictionaries(st.text(max_size=5), st.one_of(st.integers(), st.text(max_size=5), st.booleans())))
def test_the_hash_does_not_depend_on_the_order_of_facts(facts: dict[str, Any]) -> None:
    entry, _ = grown(1)[0]
    turned = dict(reversed(facts.items()))
    assert evidence.link(replace(entry, facts=facts)) == evidence.link(replace(entry, facts=turned))


def test_the_bytes_that_are_hashed_do_not_change_from_one_release_to_the_next() -> None:
    """What was written years ago has to be checked by the code of then and of now alike."""
    entry = Entry("co_1", "receipt#rc_1", "receipt", "2025-01-16", {"b": "ü", "a": [1]}, 5, None, 1, FIRST)
    assert (
        evidence.canonical(entry)
        == (
            '{"expires_at":5,"facts":{"a":[1],"b":"ü"},"kind":"receipt","pk":"co_1","policy":"2025-01-16",'
            f'"prev":"{FIRST}","sealed":null,"seq":1,"sk":"receipt#rc_1"}}'
        ).encode()
    )


def test_a_lane_holds_some_chains_and_none_holds_all() -> None:
    lanes = [evidence.lane(f"co_{number}") for number in range(400)]
    assert set(lanes) == {f"heads#{name}" for name in evidence.LANES}
    assert all(lanes.count(lane) < 60 for lane in set(lanes))


def test_time_is_given_to_an_anchor_that_came_late_and_no_more_than_that() -> None:
    assert timedelta(days=2) < ANCHORED_LATE < timedelta(days=30)
    assert all(one < two for one, two in pairwise([over("x#cookies#1"), over()]))


def test_what_is_older_than_hours_and_not_anchored_is_not_called_sound() -> None:
    made: Chain = []
    for seq, age in ((1, 30), (2, 4), (3, 2)):
        written_at = datetime.fromtimestamp(LATER, UTC) - timedelta(hours=age)
        entry = replace(
            grown(1, after=Link(seq - 1, made[-1][1] if made else FIRST))[0][0],
            expires_at=int(retention.after(written_at, evidence.kept(CHAIN)).timestamp()),
        )
        made.append((entry, evidence.link(entry)))

    def found(*numbers: int) -> tuple[int | None, str | None, int]:
        verdict = verify(CHAIN, made, head_of(made), anchored(made, *numbers), LATER)
        verdict = covered(CHAIN, verdict, (entry for entry, _ in made), LATER)
        return verdict.bad_seq, verdict.reason, verdict.anchored

    assert found(2) == (None, None, 2), "two hours old: the next run anchors it"
    assert found(1) == (2, "not_anchored", 1)
    assert found() == (1, "not_anchored", 0)
    endless = replace(made[0][0], expires_at=None)
    assert covered(CHAIN, Verdict(1), [endless], LATER).reason == "not_anchored"
    altered = Verdict(0, 1, "altered")
    assert covered(CHAIN, altered, [endless], LATER) is altered, "whatever else is wrong says more"
