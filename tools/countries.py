"""Writes chalicelib/data/countries.bin from ranges of addresses and their countries.

    python -m tools.countries asn-country-ipv4.csv asn-country-ipv6.csv
    python -m tools.countries nro-delegated-stats

Takes `start,end,CC` (addresses, both ends included; the CSV files of ip-location-db without "-num") and the
registries' own statistics (`registry|CC|ipv4|start|count|date|status`, `...|ipv6|start|prefix length|...`),
both plain. The same input gives the same bytes.

Cells are coarser than the sources on purpose: an IPv4 /24 and an IPv6 /48 are the smallest networks routed
between providers. A cell that several countries share is given to the one with most of its addresses (the
first in the alphabet, of equal ones). Regions that are no country (EU, AP) and unknown ones (ZZ) are left
out. Which data is in the repository, and under which licence: chalicelib/data/README.md.
"""

from __future__ import annotations

import argparse
import hashlib
import ipaddress
import sys
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Final, NamedTuple

from chalicelib.services.accounts import countries

NO_COUNTRIES: Final = frozenset({"EU", "AP", "ZZ", "XX", ""})


class Range(NamedTuple):
    """Addresses of one country, both ends included."""

    version: int
    first: int
    last: int
    code: str


def ranges(lines: Iterable[str]) -> Iterator[Range]:
    """What the lines of a file say; lines of neither form (headers, summaries, AS numbers) are passed over.

    Raises:
        ValueError: a line of that form with something that is no address in it.
    """
    for line in lines:
        delegated, listed = line.strip().split("|"), line.strip().split(",")
        if len(delegated) >= 7 and delegated[2] in ("ipv4", "ipv6") and delegated[3] != "*":
            _, code, kind, start, size, _, status, *_ = delegated
            first = ipaddress.ip_address(start)
            count = int(size) if kind == "ipv4" else 1 << (128 - int(size))
            last = int(first) + count - 1
            if status not in ("allocated", "assigned"):
                continue
        elif len(listed) == 3:
            first, last = ipaddress.ip_address(listed[0]), int(ipaddress.ip_address(listed[1]))
            code = listed[2].strip('"')
        else:
            continue
        if code.upper() not in NO_COUNTRIES:
            yield Range(first.version, int(first), last, code.upper())


def cells(found: Iterable[Range], version: int) -> list[tuple[int, int, str]]:
    """The ranges of one protocol in cells: first, last, country; in order, neighbours of a country joined.

    Raises:
        ValueError: two ranges say something about the same cell, and one of them about all of it.
    """
    bits, total = countries.CELLS[version]
    size = 1 << (total - bits)
    whole: list[tuple[int, int, str]] = []
    shared: defaultdict[int, Counter[str]] = defaultdict(Counter)
    for one in found:
        if one.version != version:
            continue
        first, last = -(-one.first // size), (one.last + 1) // size - 1
        if first <= last:
            whole.append((first, last, one.code))
        for cell in {one.first // size, one.last // size}:
            start, end = max(one.first, cell * size), min(one.last, (cell + 1) * size - 1)
            if end - start + 1 < size:
                shared[cell][one.code] += end - start + 1
    for cell, parts in shared.items():
        most = max(parts.values())
        whole.append((cell, cell, min(code for code, count in parts.items() if count == most)))
    joined: list[tuple[int, int, str]] = []
    for first, last, code in sorted(whole):
        if joined and joined[-1][2] == code and joined[-1][1] + 1 == first:
            joined[-1] = (joined[-1][0], last, code)
        elif joined and first <= joined[-1][1]:
            raise ValueError("ranges overlap")
        else:
            joined.append((first, last, code))
    return joined


def packed(found: Iterable[Range]) -> bytes:
    """The file. Raises ValueError when ranges overlap or when there are too many countries to be true."""
    everything = list(found)
    runs = {version: cells(everything, version) for version in countries.CELLS}
    codes = sorted({code for part in runs.values() for _, _, code in part})
    if len(codes) > 255:
        raise ValueError("more than 255 countries")
    data = countries.MAGIC + bytes([len(codes)]) + "".join(codes).encode("ascii")
    for version, part in runs.items():
        data += _table(part, countries.CELLS[version][0] // 8, codes)
    return data


def _table(runs: Iterable[tuple[int, int, str]], width: int, codes: list[str]) -> bytes:
    """The runs cut into blocks of a power of two that lie on a multiple of it."""
    starts, sizes, numbers = bytearray(), bytearray(), bytearray()
    for first, last, code in runs:
        place = first
        while place <= last:
            power = min(_power(place, width), (last - place + 1).bit_length() - 1)
            starts += place.to_bytes(width, "big")
            sizes.append(power)
            numbers.append(codes.index(code))
            place += 1 << power
    return len(sizes).to_bytes(4, "big") + starts + sizes + numbers


def _power(place: int, width: int) -> int:
    """The largest block that may start here."""
    return ((place & -place) or 1 << (8 * width)).bit_length() - 1


def main(arguments: list[str] | None = None) -> int:
    """Write the file and say what it holds; the exit status."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("files", nargs="+", type=Path)
    parser.add_argument("--out", type=Path, default=countries.FILE)
    given = parser.parse_args(arguments)
    found = [one for path in given.files for one in ranges(path.read_text("ascii").splitlines())]
    data = packed(found)
    given.out.write_bytes(data)
    sys.stdout.write(f"{len(found)} ranges, {len(data)} bytes\nsha256 {hashlib.sha256(data).hexdigest()}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
