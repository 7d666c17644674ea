"""Mail addresses: one person, however spelled; nothing that could not be sent to, nothing that breaks a header."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.gateways import mime
from chalicelib.kernel import addresses

local = st.from_regex(r"[a-z0-9]{1,10}([._-][a-z0-9]{1,10}){0,2}", fullmatch=True)
domain = st.from_regex(r"[a-z][a-z0-9]{0,10}(-[a-z0-9]{1,5})?\.(com|example|co\.uk)", fullmatch=True)


@given(local, st.from_regex(r"[a-z0-9]{1,8}", fullmatch=True), domain, st.data())
def test_a_stop_covers_every_spelling_of_a_mailbox(
    name: str, tag: str, host: str, data: st.DataObject
) -> None:
    plain = addresses.parse(f"{name}@{host}")
    assert plain.person == plain.login == f"{name}@{host}"
    cased = "".join(data.draw(st.sampled_from([c, c.upper()])) for c in f"{name}+{tag}@{host}")
    spelled = addresses.parse(cased)
    assert spelled.person == plain.person
    assert spelled.login == f"{name}+{tag}@{host}"
    assert spelled.domain == plain.domain


@given(st.text(max_size=80))
def test_any_text_is_an_address_or_a_value_error_without_it(text: str) -> None:
    try:
        found = addresses.parse(text)
    except ValueError as error:
        assert str(error) in {"not a mail address", "not a mail domain"}
    else:
        assert found.login.isascii()


@given(
    st.text(st.sampled_from("ab.+-_'!#$%&*/=?^`{|}~\"()<>[]:;@\\, \r\n\t\x00é林"), max_size=70),
    st.text(st.sampled_from("ab.-_é林。[]1:@ \r\n"), max_size=70),
)
def test_what_is_taken_can_be_written_into_a_header(name: str, host: str) -> None:
    try:
        found = addresses.parse(f"{name}@{host}")
    except ValueError:
        return
    for form in (found.written, found.login, found.person):
        assert not set(form) & set("\r\n\0 ,;<>")
    wire = mime.wire_address(found.written)
    assert wire.isascii()
    assert wire.rpartition("@")[2].lower() == found.domain


@pytest.mark.parametrize(
    ("text", "written", "login"),
    [
        ("Bob@Bücher.example", "Bob@bücher.example", "bob@xn--bcher-kva.example"),
        ("Bob@xn--bcher-kva.EXAMPLE", "Bob@bücher.example", "bob@xn--bcher-kva.example"),
        ("bob@公司.example", "bob@公司.example", "bob@xn--55qx5d.example"),
        ("bob@buyer。example", "bob@buyer.example", "bob@buyer.example"),
        ("b" * 64 + "@buyer.example", "b" * 64 + "@buyer.example", "b" * 64 + "@buyer.example"),
    ],
)
def test_a_domain_in_any_script_is_one_domain(text: str, written: str, login: str) -> None:
    found = addresses.parse(text)
    assert (found.written, found.login) == (written, login)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "bob",
        "@buyer.example",
        "bob@localhost",
        "bob@buyer.example.",
        "bob@[192.0.2.1]",
        "采购@buyer.example",
        "bob@buyer.example\nBcc: eve@evil.example",
        "Bob <bob@buyer.example>",
        '"a b"@buyer.example',
        "b" * 65 + "@buyer.example",
    ],
)
def test_what_we_cannot_send_to_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"^not a mail (address|domain)$"):
        addresses.parse(text)


SCRIPTS = ["bücher", "münchen", "公司", "例え", "компания", "straße", "café", "ñandú", "buyer"]


@given(local, st.sampled_from(SCRIPTS), st.data())
def test_a_person_is_the_same_under_every_spelling_of_a_domain(
    name: str, host: str, data: st.DataObject
) -> None:
    ascii_host = addresses.parse(f"{name}@{host}.example").domain
    assert ascii_host.isascii()
    wide = "".join(chr(ord(c) + 0xFEE0) if "a" <= c <= "z" else c for c in host)
    spellings = [
        host,
        ascii_host.removesuffix(".example"),
        unicodedata.normalize("NFD", host),
        unicodedata.normalize("NFC", host),
        wide,
        host.title() if "ß" not in host else host,
    ]
    person = addresses.parse(f"{name}@{host}.example").person
    one = data.draw(st.sampled_from(spellings))
    stop = data.draw(st.sampled_from([".", "\u3002", "\uff0e", "\uff61"]))
    assert addresses.parse(f"{name.upper()}+x@{one}{stop}EXAMPLE").person == person
    assert addresses.parse(person).person == person, "once more changes nothing"


@given(local, local, domain)
def test_two_people_are_not_taken_for_one(one: str, other: str, host: str) -> None:
    """Dots count: whether two spellings with and without are one mailbox, only their provider knows."""
    same = addresses.parse(f"{one}@{host}").person == addresses.parse(f"{other}@{host}").person
    assert same == (one == other)


def test_an_address_that_is_only_a_tag_is_still_somebody() -> None:
    assert addresses.parse("+news@buyer.example").person == "+news@buyer.example"
