"""`python -m tools.rotate_company_key co_...`: add a key version for one company.

Needs AWS credentials that may read and write `okki-leads-company-keys` and use the vault's key. Nothing is
sealed anew: old rows stay readable under their version, new ones use the new version within five minutes.
See docs/runbooks/rotate-company-keys.md.
"""

from __future__ import annotations

import sys

from chalicelib.kernel import ids
from chalicelib.store import vault


def main(arguments: list[str]) -> int:
    """Rotate and say which version is current now."""
    if len(arguments) != 1 or not (ids.is_id(arguments[0], "co") or arguments[0] == ids.OPERATOR):
        print("usage: python -m tools.rotate_company_key co_...", file=sys.stderr)
        return 2
    print(f"current version: {vault.rotate(arguments[0])}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
