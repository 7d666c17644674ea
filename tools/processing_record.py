"""Writes docs/processing-record.md from the register and every record type of the product.

`python -m tools.processing_record` writes it; `--check` writes nothing and exits 1 when it is
stale.
"""

from __future__ import annotations

import argparse
import importlib
import importlib.util
import pkgutil
import sys
from pathlib import Path
from typing import Final

from chalicelib.privacy import fields, processing

ROOT: Final = Path(__file__).resolve().parent.parent
PAGE: Final = ROOT / "docs" / "processing-record.md"
RECORDS_PACKAGE: Final = "chalicelib.records"


def import_records() -> None:
    """Import every module that may declare a record type, so that none is missing from the page."""
    if importlib.util.find_spec(RECORDS_PACKAGE) is None:
        return
    package = importlib.import_module(RECORDS_PACKAGE)
    for module in pkgutil.walk_packages(package.__path__, f"{RECORDS_PACKAGE}."):
        importlib.import_module(module.name)


def page() -> str:
    """The page as it should be. Types declared outside the product (in tests) are left out."""
    import_records()
    ours = [cls for cls in fields.RECORDS.values() if cls.__module__.startswith("chalicelib.")]
    return processing.markdown(ours)


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
