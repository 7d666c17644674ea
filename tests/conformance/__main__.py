"""`make conformance`: the store's and the vault's tests against AWS's own DynamoDB Local and a real AES KMS.

Nothing is skipped: without Java 17 or npm the run fails and says what to install.
"""

from __future__ import annotations

import os
import sys

import pytest

from tests.conformance.engine import CHOICE
from tools.dynamodb_local import ROOT, EngineError, fetch, home_in, java


def main() -> int:
    """Check what is needed, then run; the exit status is pytest's."""
    os.chdir(ROOT)
    try:
        java()
        if not home_in().exists():
            print("  fetching DynamoDB Local (57 MB, once) ...", file=sys.stderr, flush=True)
        fetch()
    except EngineError as error:
        print(f"\n{error}", file=sys.stderr)
        return 1
    os.environ[CHOICE] = "dynamodb-local"
    return int(pytest.main(["tests/conformance", "tests/unit/store", *sys.argv[1:]]))


if __name__ == "__main__":
    raise SystemExit(main())
