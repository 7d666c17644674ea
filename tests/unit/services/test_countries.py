"""A login from another country is noticed, and nobody is stopped because an address is not understood."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from chalicelib.services.accounts import countries
from tools import countries as tool

# Networks of large holders, known to everybody and unlikely to move.
KNOWN = {
    "114.114.114.114": "CN",
    "223.5.5.5": "CN",
    "240e:3a1::1": "CN",
    "2409:8a00::1": "CN",
    "8.8.8.8": "US",
    "::ffff:8.8.8.8": "US",
    "2600:1f18::1": "US",
    "49.36.1.1": "IN",
    "2405:201::1": "IN",
    "2a02:810d::1": "DE",
    "2001:200::1": "JP",
}


@pytest.mark.clause("automatic")
@pytest.mark.parametrize("ip", KNOWN)
def test_a_login_from_abroad_can_be_told_from_one_at_home(ip: str) -> None:
    assert countries.country(ip) == KNOWN[ip]


@pytest.mark.parametrize(
    "ip",
    [
        "10.0.0.1",
        "100.64.0.1",
        "127.0.0.1",
        "169.254.1.1",
        "192.0.2.7",
        "203.0.113.9",
        "224.0.0.1",
        "0.0.0.0",
        "255.255.255.255",
        "::",
        "::1",
        "fe80::1",
        "fe80::1%eth0",
        "fd00::1",
        "ff02::1",
        "2001:db8::1",
        "::ffff:10.0.0.1",
        "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff",
        "unknown",
        "",
        "8.8.8.8, 1.1.1.1",
        "८.8.8.8",
    ],
)
def test_an_address_of_no_country_raises_no_alarm(ip: str) -> None:
    assert countries.country(ip) is None


@given(st.one_of(st.text(max_size=60), st.ip_addresses().map(str)))
@example("1" * 10_000)
def test_whatever_the_address_the_login_goes_on(ip: str) -> None:
    code = countries.country(ip)
    assert code is None or (len(code) == 2 and code.isascii() and code.isupper())


def test_the_table_is_there_and_whole() -> None:
    assert countries.FILE.stat().st_size < 1_500_000
    tables = countries.tables()
    assert len(tables[4].sizes) > 100_000
    assert len(tables[6].sizes) > 50_000
    assert 200 < len(tables[4].codes) <= 255
    for table in tables.values():
        starts = [table.start(index) for index in range(len(table.sizes))]
        ends = [start + (1 << size) for start, size in zip(starts, table.sizes, strict=True)]
        assert all(end <= start for end, start in zip(ends, starts[1:], strict=False))
        assert max(table.numbers) < len(table.codes)


@pytest.mark.parametrize("data", [b"", b"OKKINET1", b"OKKINET1\x00" + bytes(8), b"another file altogether"])
def test_a_table_that_is_none_is_heard_of(
    data: bytes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "countries.bin"
    file.write_bytes(data)
    monkeypatch.setattr(countries, "FILE", file)
    countries.tables.cache_clear()
    try:
        with pytest.raises(countries.DataError):
            countries.country("8.8.8.8")
    finally:
        countries.tables.cache_clear()


# -- the tool -----------------------------------------------------------------------------------------

CSV = """\
1.0.0.0,1.0.0.255,AU
1.0.1.0,1.0.3.255,CN
5.0.0.0,5.0.0.191,FR
5.0.0.192,5.0.0.255,ZA
5.0.1.0,5.0.1.127,SE
5.0.1.128,5.0.1.255,NO
6.0.0.128,6.0.2.127,BR
9.0.0.0,9.255.255.255,EU
2400::,2400:1:ffff:ffff:ffff:ffff:ffff:ffff,JP
2400:2::,2400:2::ffff:ffff:ffff:ffff,KR
"""
DELEGATED = """\
2|nro|20260101|4|19700101|20260101|+0000
nro|*|ipv4|*|2|summary
apnic|AU|ipv4|1.0.0.0|256|20110811|assigned|A91872ED|e-stats
apnic|CN|ipv4|1.0.1.0|768|20110414|allocated|A92E1062|e-stats
apnic||ipv4|1.0.8.0|256||available||e-stats
apnic|JP|asn|173|1|20020801|allocated|A91872ED|e-stats
apnic|JP|ipv6|2400::|31|19990813|allocated|A91872ED|e-stats
"""


def built(text: str, tmp_path: Path) -> bytes:
    source, out = tmp_path / "source", tmp_path / "out.bin"
    source.write_text(text)
    assert tool.main([str(source), "--out", str(out)]) == 0
    return out.read_bytes()


def asked(data: bytes, ip: str, monkeypatch: pytest.MonkeyPatch) -> str | None:
    monkeypatch.setattr(countries, "tables", lambda: countries.read(data))
    return countries.country(ip)


def test_what_the_sources_say_is_what_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    data = built(CSV, tmp_path)
    assert built("".join(reversed(CSV.splitlines(keepends=True))), tmp_path) == data
    expected = {
        "1.0.0.0": "AU",
        "1.0.0.255": "AU",
        "1.0.1.0": "CN",
        "1.0.3.255": "CN",
        "1.0.4.0": None,
        "0.255.255.255": None,
        "5.0.0.200": "FR",  # most of the cell
        "5.0.1.200": "NO",  # half each: the first in the alphabet
        "6.0.0.1": "BR",  # nobody else is in the cell
        "6.0.1.1": "BR",
        "6.0.2.200": "BR",
        "6.0.3.0": None,
        "9.1.1.1": None,  # no country
        "2400::1": "JP",
        "2400:1:ffff::1": "JP",
        "2400:2:0:ffff::1": "KR",
        "2400:2:1::1": None,
    }
    assert {ip: asked(data, ip, monkeypatch) for ip in expected} == expected


def test_the_registries_own_statistics_give_the_same(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    data = built(DELEGATED, tmp_path)
    expected = {
        "1.0.0.1": "AU",
        "1.0.3.255": "CN",
        "1.0.4.0": None,
        "1.0.8.1": None,
        "2400:1::1": "JP",
        "2400:2::": None,
    }
    assert {ip: asked(data, ip, monkeypatch) for ip in expected} == expected


def test_sources_that_contradict_themselves_are_refused() -> None:
    lines = ["1.0.0.0,1.0.3.255,AU", "1.0.1.0,1.0.1.255,CN", "2400::,2400::ffff,JP"]
    with pytest.raises(ValueError, match="overlap"):
        tool.packed(tool.ranges(lines))


@given(st.lists(st.integers(0, 400), min_size=2, max_size=12, unique=True).map(sorted))
def test_no_address_falls_between_two_blocks(bounds: list[int]) -> None:
    """Ranges of any shape, cut into blocks: every cell has the country its range has."""
    found = [
        tool.Range(version, first * size, second * size - 1, code)
        for version, size in ((4, 1 << 8), (6, 1 << 80))
        for first, second, code in zip(bounds, bounds[1:], ["AA", "BB", "CC"] * 7, strict=False)
    ]
    data = tool.packed(found)
    assert data == tool.packed(reversed(found))
    for version, table in countries.read(data).items():
        bits, total = countries.CELLS[version]
        inside = {
            cell: one.code
            for one in found
            if one.version == version
            for cell in range(one.first >> (total - bits), (one.last >> (total - bits)) + 1)
        }
        assert {cell: table.country(cell) for cell in inside} == inside
        outside = {bounds[0] - 1, bounds[-1], bounds[-1] + 1} - {-1}
        assert {table.country(cell) for cell in outside} == {None}
