"""Writes docs/processing-record.md from the register and every record type of the product.

`python -m tools.processing_record` writes it; `--check` writes nothing and exits 1 when it is
stale.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import Final

from chalicelib.privacy import processing_forms
from chalicelib.records import catalogue

ROOT: Final = Path(__file__).resolve().parent.parent
PAGE: Final = ROOT / "docs" / "processing-record.md"


def import_records() -> None:
    """See that every record type of the product is known; importing the catalogue did it."""
    catalogue.every()


def page() -> str:
    """The page as it should be."""
    return processing_forms.markdown(catalogue.every())


def main(arguments: list[str] | None = None) -> int:
    """Write or check the page; the exit status."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="fail when the page is stale")
    wanted = page()
    if parser.parse_args(arguments).check:
        if not PAGE.exists() or PAGE.read_text("utf-8") != wanted:
            sys.stderr.write(f"{PAGE.name} is stale: run python -m tools.processing_record\n")
            return 1
        return 0
    PAGE.parent.mkdir(exist_ok=True)
    PAGE.write_text(wanted, "utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
