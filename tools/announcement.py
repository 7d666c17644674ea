"""`python -m tools.announcement show|pause|resume VERSION`: the announcement of a policy version.

Needs AWS credentials that may read and write `okki-leads-accounts`. Pausing works before the announcement has
begun, too. See docs/runbooks/publish-a-policy.md.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Final

from chalicelib.kernel import clock
from chalicelib.kernel.errors import ConflictError, NotFoundError
from chalicelib.services.notifications import announcements
from chalicelib.services.notifications.mass_progress import Progress

ACTS: Final[dict[str, Callable[[str], Progress | None]]] = {
    "show": announcements.find,
    "pause": announcements.pause,
    "resume": announcements.resume,
}


def main(arguments: list[str]) -> int:
    """Do it, and say how far the announcement is."""
    if len(arguments) != 2 or arguments[0] not in ACTS:
        print(f"usage: python -m tools.announcement {'|'.join(ACTS)} VERSION", file=sys.stderr)
        return 2
    try:
        found = ACTS[arguments[0]](arguments[1])
    except NotFoundError:
        print("no such version has been published", file=sys.stderr)
        return 1
    except ConflictError as error:
        print("it is done" if error.code == "done" else "it moves on right now; try again", file=sys.stderr)
        return 1
    print(_told(found))
    return 0


def _told(found: Progress | None) -> str:
    if found is None:
        return "not begun"
    lines = {
        "state": found.state.value,
        "people told": found.people,
        "mails accepted": found.accepted,
        "mails refused": found.refused,
        "mails that came back": found.unreachable,
        "companies that could not be opened": found.unreadable,
        "cost in microdollars": found.cost_microdollars,
        "started": clock.rfc3339(found.began_at),
        "finished": clock.rfc3339(found.finished_at) or "-",
    }
    return "\n".join(f"{name}: {value}" for name, value in lines.items())


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
