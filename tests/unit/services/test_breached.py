"""A password that is in everybody's lists opens an account to everybody; one that is not must be accepted."""

from __future__ import annotations

import gzip
import hashlib
import re
import unicodedata
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from chalicelib.kernel.errors import InvalidError
from chalicelib.services.accounts import breached, passwords
from tools import breached_passwords as tool

NAMES = ("Anna Li", "Acme Export", "Anna.Li@acme.example", "anna.li@acme.example")


def refusal(password: str, personal: tuple[str, ...] = NAMES) -> str | None:
    try:
        passwords.check(password, personal=personal)
    except InvalidError as refused:
        (error,) = refused.errors
        assert error.field == "password"
        return error.code
    return None


# -- what people type ---------------------------------------------------------------------------------


@pytest.mark.clause("passwords")
@pytest.mark.parametrize(
    "password",
    [
        "qwertyuiop",
        "1234567890",
        "1qaz2wsx3edc",
        "woaini1314520",  # what our users' guessers begin with
        "5201314520",
        "zhang123456",
        "PASSWORD123",  # listed in lower case
        "ｑｗｅｒｔｙｕｉｏｐ",  # and as another keyboard composes it
        "Dragon2026!!",  # a listed word with a year and two marks
        "P@ssw0rd2024",
        "dragondragon",
        "Letmein123letmein123",
    ],
)
def test_a_password_everybody_tries_first_opens_nobodys_account(password: str) -> None:
    assert len(password) >= passwords.MIN_LENGTH
    assert refusal(password) == "breached"


@pytest.mark.clause("passwords")
@pytest.mark.parametrize(
    "password",
    [
        "correct horse battery",
        "seven green lanterns",
        "another password",
        "the password of the dragon",  # listed words inside a phrase are not the phrase
        "dragon-tiger-heron",
        "dragon 83920174655",  # a long tail is a secret of its own
        "七盏绿色的灯笼在河边",
        "七盏绿色的灯笼 и ключ 🔑",
        "Tr4 la la und noch was",
        "x7#Kq2!mVz9p",
    ],
)
def test_nobody_is_kept_from_a_good_password(password: str) -> None:
    assert refusal(password) is None


@pytest.mark.clause("passwords")
@pytest.mark.parametrize(
    "password",
    [
        "OKKI-Leads-2026!",
        "okki..2026!!",
        "Anna.Li@acme.example",
        "anna.li.1988",
        "1988 anna_li",
        "AcmeExport#1",
        "ＡｃｍｅＥｘｐｏｒｔ１",
    ],
)
def test_the_name_on_the_door_is_not_its_key(password: str) -> None:
    assert refusal(password) == "too_easy"


def test_a_name_of_no_letters_makes_nothing_too_easy() -> None:
    assert refusal("40 70 91 36 28", ("", "360", "12@34.example")) is None


def test_the_other_rules_come_first_and_stand() -> None:
    assert refusal("password1") == "too_short"
    assert refusal("ab" * 20) == "too_easy"
    assert refusal("x" * 257) == "too_long"
    assert refusal("the green of lanterns, " * 12) == "too_long"


@given(st.text(max_size=300))
@example("")
@example("\ud800" * 12)
@example("1" * 12)
@example("!" * 256)
def test_whatever_is_typed_gets_an_answer(password: str) -> None:
    forms = breached.forms(password)
    assert len(forms) <= breached.MOST_FORMS
    assert len(set(forms)) == len(forms)
    assert unicodedata.normalize("NFKC", password) in forms
    assert breached.known(password) in (True, False)


# -- the file -----------------------------------------------------------------------------------------


@pytest.mark.clause("passwords")
def test_the_list_is_there_and_long_and_seldom_wrong() -> None:
    assert breached.count() > 150_000
    assert breached.FILE.stat().st_size < 2_000_000
    data = breached.FILE.read_bytes()
    width = data[len(breached.MAGIC)]
    assert breached.MOST_FORMS * breached.count() / 256**width <= breached.FALSE_POSITIVES
    entries = [data[at : at + width] for at in range(breached.HEADER_BYTES, len(data), width)]
    assert entries == sorted(set(entries))


def test_strangers_to_the_list_are_strangers() -> None:
    """Twenty thousand passwords nobody chose: one refused in fifty runs would be the expected accident."""
    made = (hashlib.sha256(b"%d" % number).hexdigest()[:24] for number in range(20_000))
    assert sum(map(breached.known, made)) == 0


@pytest.mark.clause("passwords")
def test_without_its_list_no_password_is_taken(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = breached.FILE.read_bytes()
    for name, data in {
        "empty": b"",
        "of nothing": breached.MAGIC + bytes([5, 0, 0, 0, 0]),
        "of no width": breached.MAGIC + bytes([0, 0, 0, 0, 1]),
        "cut": whole[:-1],
        "another": b"OKKIPW99" + whole[8:],
    }.items():
        file = tmp_path / name
        file.write_bytes(data)
        monkeypatch.setattr(breached, "FILE", file)
        with pytest.raises(breached.DataError):
            passwords.check("seven green lanterns", personal=())
    monkeypatch.setattr(breached, "FILE", tmp_path / "missing")
    with pytest.raises(FileNotFoundError):
        passwords.check("seven green lanterns", personal=())


# -- the tool -----------------------------------------------------------------------------------------


def test_lists_and_the_dump_go_into_one_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    ordered = tmp_path / "top.txt"
    ordered.write_bytes(
        b"Ordered Long One\nKitten\nabc\npuppy\n" + "caf\xe9 au lait noir\n".encode("latin-1")
    )
    more = tmp_path / "more.txt.gz"
    more.write_bytes(gzip.compress(b"from a second list\r\nshorty\n"))
    partly = tmp_path / "partly.txt"
    partly.write_text("somebody who was listed\nwoaini and the moon\n")
    dump = tmp_path / "dump.txt"
    often, seldom = (
        hashlib.sha1(text).hexdigest().upper() for text in (b"As Dumped, Once", b"Hardly Ever Used")
    )
    dump.write_text(f"{often}:2000\n{seldom}:3\n")
    out = tmp_path / "out.bin"
    given = ["--ordered", ordered, "--common", "3", "--partly", partly, "--at-least", "1000", more, dump]
    arguments = [str(one) for one in [*given, "--out", out]]
    assert tool.main(arguments) == 0
    first = out.read_bytes()
    assert tool.main(arguments) == 0
    assert out.read_bytes() == first
    monkeypatch.setattr(breached, "FILE", out)
    for known in (
        "ordered long one",
        "kitten2026",
        "KittenKitten",
        "café au lait noir",
        "From a second list",
    ):
        assert breached.known(known), known
    for known in ("As Dumped, Once", "As Dumped, Once!", "woaini and the moon"):
        assert breached.known(known) == (known != "As Dumped, Once!"), (
            known
        )  # the dump's case is unknown to us
    for unknown in ("puppypuppy", "shorty2026", "Hardly Ever Used", "somebody who was listed", "abc"):
        assert not breached.known(unknown), unknown
    assert breached.count() == 6


def test_a_longer_list_gets_longer_digests() -> None:
    assert breached.width_for(1) < breached.width_for(breached.count()) == 5 < breached.width_for(10**9)
    for entries in (1, 1000, 212_414, 10**9):
        width = breached.width_for(entries)
        assert breached.MOST_FORMS * entries / 256**width <= breached.FALSE_POSITIVES
        assert breached.MOST_FORMS * entries / 256 ** (width - 1) > breached.FALSE_POSITIVES
    with pytest.raises(ValueError, match="no password"):
        tool.packed([])


def test_what_is_said_about_the_data_is_said_about_this_data() -> None:
    """Sources and licences must not outlive the file they describe."""
    folder = breached.FILE.parent
    readme = (folder / "README.md").read_text("utf-8")
    described = dict(re.findall(r"`([a-z]+\.bin)`[^#]*?sha256 `([0-9a-f]{64})`", readme))
    assert described == {
        file.name: hashlib.sha256(file.read_bytes()).hexdigest() for file in folder.glob("*.bin")
    }
