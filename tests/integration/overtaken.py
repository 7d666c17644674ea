"""`python -m tests.integration.overtaken COMMAND ...`: steps of a cancellation that others overtake, at the moment in
which it counts.

In a process of its own, as `tests.integration.eraser`, whose desk starts it.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable


def main(command: str, *arguments: str) -> None:
    """Do one thing; says whether it found itself overtaken."""
    print(json.dumps({"overtaken": _DOES[command](*arguments)}))


def _deed(workflow_id: str, stage: str, version: str) -> bool:
    """The deed of a stage, by the workflow's row as it was at that version."""
    from dataclasses import replace

    from chalicelib.kernel.errors import ConflictError
    from chalicelib.services.cancellation import stages
    from chalicelib.services.workflows import engine

    now = engine.find(workflow_id)
    read = now._replace(value=replace(now.value, stage=stage, until=None), version=int(version))
    try:
        stages.DEEDS[stage](read)
    except ConflictError:
        return True
    return False


def _unrenewed(company_id: str) -> bool:
    """The end of a company that did not renew, while an order is taken: behind its rules, which said it may end."""
    from dataclasses import replace

    from chalicelib import store
    from chalicelib.kernel import clock
    from chalicelib.kernel.errors import RefusedError
    from chalicelib.privacy.decisions import Allowed, Decision, Refused
    from chalicelib.records.cancellation import Why
    from chalicelib.records.companies import Access
    from chalicelib.services.cancellation import begin

    renewed = clock.now() + 86_400

    def judge(access: Access) -> Decision:
        if access.term_ends_at == renewed:
            return Refused("cancellation", "term_not_lapsed")
        rows = store.accounts.ACCESS
        known = rows.get(company_id=company_id)
        assert known is not None
        rows.replace(known, replace(known.value, term_ends_at=renewed), op=store.table.new_op())
        return Allowed()

    try:
        begin.begin(company_id, Why.UNRENEWED, judge=judge)
    except RefusedError:
        return True
    return False


_DOES: dict[str, Callable[..., bool]] = {"deed": _deed, "unrenewed": _unrenewed}

if __name__ == "__main__":
    main(*sys.argv[1:])
