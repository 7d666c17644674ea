"""The canaries of requests: addresses, words of who asks and who answers, a copy kept; with faults on the way.

Part of the walk in test_canaries.py.
"""

from __future__ import annotations

from collections.abc import Callable

from chalicelib.privacy.personnel import StaffPosition
from tests.integration.asking import ask, asked, get, post
from tests.integration.client import Answer, User
from tests.integration.letters import rows
from tests.integration.staff import member

Own = Callable[..., Answer]

NOT_TEXT = {
    "request_pending.locale": "en or zh",
    "request.locale": "en or zh",
}


def planted(run: str) -> dict[str, str]:
    """What is typed, by record and field; the copy holds all of a user, their address for one."""
    asker, words = f"contactkanari{run}@buyer-kanari.example", f"Kanari asks why {run} 为什么"
    return {
        "request_pending.email": f"pendingkanari{run}@buyer-kanari.example",
        "request_pending.details": f"Kanari never proved {run}",
        "request.email": asker,
        "request.details": words,
        "request.answer": f"Kanari is answered {run}",
        "request_passed_on.note": f"Kanari noted {run}",
        "company_request.email": asker,
        "company_request.details": words,
        "refused_copy.piece": f"userkanari{run}@work-kanari.example",
    }


def walk(user: User, own: Own, values: dict[str, str]) -> None:
    """Asked by somebody the company keeps and by the user; answered by the company and by staff."""
    stack = user.stack
    pending = {
        "kind": "complaint",
        "email": values["request_pending.email"],
        "details": values["request_pending.details"],
    }
    assert post(stack, "/v1/requests", {**pending, "unknown": pending["details"]}).status == 422
    stack.wire.inject(kind="fail", service="dynamodb", function="okki-leads-api", times=9)
    assert post(stack, "/v1/requests", pending).status == 503
    _no_faults(user)
    asked(stack, "complaint", pending["email"], details=pending["details"])

    one = ask(stack, "access", values["request.email"], details=values["request.details"])
    values["request token"] = one.token
    assert one.settled()["answer"]["companies"]
    assert get(stack, f"/v1/requests/{one.id}", values["request.email"]).status == 401
    (row, *_) = own("GET", "/v1/company/requests").json["items"]
    decision = {"decision": "refused", "note": values["request_passed_on.note"]}
    assert own("POST", f"/v1/company/requests/{row['id']}", decision).status == 200

    staff = member(stack, StaffPosition.PRIVACY)
    complaint = ask(stack, "complaint", values["request.email"], details=values["request.details"])
    assert complaint.settled()["state"] == "with_staff"
    path = f"/v1/staff/requests/{complaint.id}"
    assert staff.call("GET", path).status == 200
    answer = {"text": values["request.answer"]}
    stack.wire.inject(kind="fail", service="dynamodb", function="okki-leads-staff", times=9)
    assert staff.call("POST", f"{path}/answer", answer).status == 503
    _no_faults(user)
    assert staff.call("POST", f"{path}/answer", answer).status == 200

    mine = ask(stack, "access", user.email)
    assert mine.settled()["state"] == "with_staff", "one-time codes are on"
    refusal = {"ground": "identity", "text": values["request.answer"]}
    assert staff.call("POST", f"/v1/staff/requests/{mine.id}/refuse", refusal).status == 200
    kinds = {row["kind"]["S"] for row in rows(stack, "accounts")}
    assert {"request_pending", "request", "request_passed_on", "company_request", "refused_copy"} <= kinds


def _no_faults(user: User) -> None:
    with user.stack.wire._lock:
        user.stack.wire._faults.clear()
