"""The country a network is registered in: only to notice that a login comes from another one than the last.

It is derived at a login from the two addresses the device record has anyway, compared, and dropped. No
country is stored, shown, logged or sent anywhere: the policy's list of what is collected (2.2.1(c), clause
`device`) does not have it. Nobody else is asked, so nobody learns who logs in.

Fails open, for the sake of the person at the door: an address nobody registered, a private or reserved one,
or one that is no address at all gives None, and None never counts as another country. That is one sign of
several: the device has to be known as well.

How good it is: the registries' own data (which country a network's holder is registered in), one cell per
IPv4 /24 and IPv6 /48. A traveller is recognised by the network of the country they are in; clouds, VPNs and
satellites have the country of their holder, always the same one, and cause no alarm by themselves. The data
ages: renumbered networks alarm at most once per move.

File: magic (8); the number of countries (1) and their codes (2 letters each); then one table for IPv4 and
one for IPv6, each: count of blocks (4), the starts of the blocks in cells (3 or 6 bytes each, in order),
their sizes as powers of two (1 each), the numbers of their countries (1 each).

Costs, measured: 1.4 MB in memory, 0.8 MB of the zip, 0.9 ms to read at the first question of a process,
then 10 us each.
"""

from __future__ import annotations

import ipaddress
from bisect import bisect_right
from functools import cache
from pathlib import Path
from typing import Final, NamedTuple

FILE: Final = Path(__file__).resolve().parents[2] / "data" / "countries.bin"
MAGIC: Final = b"OKKINET1"
CELLS: Final = {4: (24, 32), 6: (48, 128)}
"""By version of the protocol: bits of a cell, bits of an address."""


class DataError(Exception):
    """The file is not one that `tools.countries` wrote."""


class Table(NamedTuple):
    """The blocks of one protocol, as the bytes they are in."""

    starts: bytes
    sizes: bytes
    numbers: bytes
    width: int
    codes: tuple[str, ...]

    def start(self, index: int) -> int:
        """The first cell of a block."""
        return int.from_bytes(self.starts[index * self.width : (index + 1) * self.width], "big")

    def country(self, cell: int) -> str | None:
        """The country of the block the cell is in."""
        index = bisect_right(range(len(self.sizes)), cell, key=self.start) - 1
        if index < 0 or cell - self.start(index) >= 1 << self.sizes[index]:
            return None
        return self.codes[self.numbers[index]]


def country(ip: str) -> str | None:
    """ISO 3166-1 alpha-2 code of the country an address is registered in; None if there is none to name.

    An IPv4 address written as an IPv6 one (RFC 4291, 2.5.5.2) counts as what it is. Never raises for an
    address.

    Raises:
        OSError: the file is missing.
        DataError: it is not such a file.
    """
    try:
        address = ipaddress.ip_address(ip)
    except ValueError:
        return None
    if isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped is not None:
        address = address.ipv4_mapped
    if not address.is_global:
        return None
    bits, total = CELLS[address.version]
    return tables()[address.version].country(int(address) >> (total - bits))


@cache
def tables() -> dict[int, Table]:
    """What the file holds, by version of the protocol. Raises as `country` does."""
    return read(FILE.read_bytes())


def read(data: bytes) -> dict[int, Table]:
    """What the bytes of a file hold. Raises DataError."""
    if not data.startswith(MAGIC):
        raise DataError("not a table of countries")
    place = len(MAGIC) + 1
    end = place + 2 * int.from_bytes(data[place - 1 : place], "big")
    codes = tuple(data[at : at + 2].decode("ascii") for at in range(place, end, 2))
    found, place = {}, end
    for version, (bits, _) in CELLS.items():
        count, width = int.from_bytes(data[place : place + 4], "big"), bits // 8
        sizes = place + 4 + count * width
        numbers, end = sizes + count, sizes + 2 * count
        found[version] = Table(data[place + 4 : sizes], data[sizes:numbers], data[numbers:end], width, codes)
        place = end
    if place != len(data) or not all(table.sizes for table in found.values()):
        raise DataError("not a table of countries")
    return found
