"""`python -m tools.destroy_company_key co_... co_...`: make what a company has sealed unreadable, for good.

The id is given twice, because there is no way back. Needs AWS credentials that may delete from
`okki-leads-company-keys` and write to `okki-leads-ledger`. Prints the certificate; see
docs/runbooks/restore.md for what it means for backups. Its users are erased before, one by one: logins lie
under the operator's key.
"""

from __future__ import annotations

import json
import sys

from chalicelib.kernel import clock, ids
from chalicelib.services.erasure import shredding


def main(arguments: list[str]) -> int:
    """Destroy, and say from when nothing can be read and nothing be brought back."""
    if len(arguments) != 2 or arguments[0] != arguments[1] or not ids.is_id(arguments[0], "co"):
        print("usage: python -m tools.destroy_company_key co_... co_... (the same id twice)", file=sys.stderr)
        return 2
    made = shredding.destroy(arguments[0])
    told = {
        "company": made.company_id,
        "certificate": made.certificate_id,
        "keys": made.versions,
        "destroyed_at": clock.rfc3339(made.at),
        "unreadable_at": clock.rfc3339(made.unreadable_at),
        "unrecoverable_at": clock.rfc3339(made.unrecoverable_at),
    }
    print(json.dumps(told))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
