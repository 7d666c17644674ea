"""Writes chalicelib/data/breached.bin from lists of passwords and from the Pwned Passwords dump.

    python -m tools.breached_passwords --ordered TOP.txt --partly HUGE.txt MORE.txt MORE.txt.gz
    python -m tools.breached_passwords --at-least 1000 pwned-passwords-sha1.txt --out /elsewhere/breached.bin

A list has one password per line, plain or gzipped; lines of the form `SHA1:count` are taken for what they
are. Of a list, the entries of ten characters and more are taken. Of an `--ordered` one (most used first)
also the shorter ones among its first `--common` lines: they are refused as stems and repetitions. Of a
`--partly` one (for long lists that nobody ordered) the entries in which `--only`, a pattern, is found: by
default what Chinese lists are full of and Western ones short of, because that is where our users are. Of
the dump, all with a count of `--at-least`: a digest does not tell its length.

The same input gives the same bytes. Everything is held in memory once: 100 bytes per entry. Which lists the
file in the repository came from, and under which licences, is in chalicelib/data/README.md.
"""

from __future__ import annotations

import argparse
import gzip
import hashlib
import re
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Final

from chalicelib.services.accounts import breached, passwords

SHORTEST: Final = 4
"""A stem has four signs at least (ten less the tail), and what repeats fewer than four is too easy anyway."""
COMMON: Final = 60_000
CHINESE: Final = (
    r"woaini|wodemima|^woai|5201314|1314520|520520|^520[0-9]+$"
    r"|^(zhang|wang|chen|liu|yang|zhao|huang|zhou|wu|li|xu|sun|zhu|lin|guo)[0-9]{3,}$"
)
"""Pinyin and numbers for "I love you" and "my password", and a family name with a number."""
_DUMPED: Final = re.compile(r"([0-9A-Fa-f]{40}):([0-9]+)")


def digests(
    lines: Iterable[str], *, common: int = 0, at_least: int = 1, only: re.Pattern[str] | None = None
) -> Iterator[bytes]:
    """Full SHA-1 digests of what counts in a list whose first ``common`` lines are the most used ones.

    ``only`` leaves out the entries, folded, in which it is not found.
    """
    for number, line in enumerate(lines):
        if dumped := _DUMPED.fullmatch(line):
            if int(dumped[2]) >= at_least:
                yield bytes.fromhex(dumped[1])
            continue
        word = breached.fold(line)
        if only is not None and not only.search(word):
            continue
        if len(word) >= passwords.MIN_LENGTH or (number < common and len(word) >= SHORTEST):
            yield breached.digest(word)


def packed(found: Iterable[bytes]) -> bytes:
    """The file. Raises ValueError when there is nothing to put into it."""
    entries = set(found)
    if not entries:
        raise ValueError("no password in these lists counts")
    width = breached.width_for(len(entries))
    short = sorted({entry[:width] for entry in entries})
    return breached.MAGIC + bytes([width]) + len(short).to_bytes(4, "big") + b"".join(short)


def lines(path: Path) -> Iterator[str]:
    """The passwords of a file; bytes that are no UTF-8 are those of old dumps, and read as Latin-1."""
    with gzip.open(path, "rb") if path.suffix == ".gz" else path.open("rb") as file:
        for raw in file:
            try:
                yield raw.decode().rstrip("\r\n")
            except UnicodeDecodeError:
                yield raw.decode("latin-1").rstrip("\r\n")


def main(arguments: list[str] | None = None) -> int:
    """Write the file and say what it holds; the exit status."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("lists", nargs="*", type=Path)
    parser.add_argument("--ordered", action="append", type=Path, default=[], help="a list, most used first")
    parser.add_argument("--common", type=int, default=COMMON, help="lines of it that give short words, too")
    parser.add_argument("--partly", action="append", type=Path, default=[], help="a list, of which --only")
    parser.add_argument("--only", type=re.compile, default=re.compile(CHINESE), help="a pattern")
    parser.add_argument("--at-least", type=int, default=1, help="the least count of a line of the dump")
    parser.add_argument("--out", type=Path, default=breached.FILE)
    given = parser.parse_args(arguments)
    found: set[bytes] = set()
    for path in [*given.ordered, *given.lists, *given.partly]:
        common = given.common if path in given.ordered else 0
        only = given.only if path in given.partly else None
        before = len(found)
        found.update(digests(lines(path), common=common, at_least=given.at_least, only=only))
        sys.stdout.write(f"{path.name}: {len(found) - before} new\n")
    data = packed(found)
    given.out.write_bytes(data)
    width = data[len(breached.MAGIC)]
    odds = breached.MOST_FORMS * len(found) / 256**width
    sys.stdout.write(
        f"{len(found)} entries of {width} bytes, {len(data)} bytes, at most {odds:.1e} refused by accident,\n"
        f"sha256 {hashlib.sha256(data).hexdigest()}\n"
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
