"""The canaries of an incident: what staff write while they look into it, with faults on the way.

Part of the walk in test_canaries.py.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from chalicelib.privacy.personnel import StaffPosition
from infra.local import LocalStack
from tests.integration.client import Answer, User, eventually
from tests.integration.letters import rows
from tests.integration.staff import StaffUser, member

PATH = "/v1/staff/incidents"
HOUR = 3_600


def planted(run: str) -> dict[str, str]:
    """What staff type, by record and field."""
    return {
        "incident.summary": f"Summary kanari {run} of the night",
        "incident.contents": f"Contents kanari {run} that people may read",
        "incident.cause": f"Cause kanari {run} in a build log",
        "incident.grounds": f"Grounds kanari {run} for the assessment",
        "incident.news": f"News kanari {run} since Monday",
        "incident.closing": f"Closing kanari {run} in draft",
        "incident_report.delay_reasons": f"Delay kanari {run} of the restore",
        "incident_report.words": f"Report kanari {run} as it was sent",
    }


def walk(user: User, values: dict[str, str]) -> None:
    """An incident of 73 hours ago, told to an authority late; bad bodies and faults before each act."""
    stack = user.stack
    staff = member(stack, StaffPosition.PRIVACY)
    aware = stack.now() - 73 * HOUR
    window = {"from_at": _moment(aware - 2 * HOUR), "until_at": _moment(aware - HOUR)}
    look = {**window, "company_ids": [user.company["id"]], "categories": ["automatic"]}
    new = {"summary": values["incident.summary"], "aware_at": _moment(aware), **look}
    made = _act(staff, "", new)
    assert made.status == 201, made.body
    one = f"/{made.json['id']}"
    register = f"/v1/staff/incident-register{one}"
    eventually(lambda: staff.call("GET", register).json["facts"]["people"] is not None, 40)
    facts = {
        "people": {"controller/user/DE": 3},
        "credentials": False,
        "significant_harm": False,
        "risk": "risk",
        "serves_china": False,
        "national": False,
        "cause": values["incident.cause"],
        "closing": values["incident.closing"],
    }
    words = values["incident.contents"]
    said = {"situation": words, "measures": words, "advice": words, "remedies": words}
    chinese = dict.fromkeys(
        said, f"\u8bf7\u8b66\u60d5\u7d22\u8981\u5bc6\u7801\u7684\u90ae\u4ef6\u3002{words}"[:40]
    )
    told = {"obligation": "gdpr_authority:DE", "kind": "first", "told_at": _moment(stack.now())}
    late = {
        "delay_reasons": values["incident_report.delay_reasons"],
        "words": values["incident_report.words"],
    }
    for path, body in (
        (f"{one}/facts", {"reasons": values["incident.grounds"], **facts}),
        (f"{one}/contents", {"en": said, "zh": chinese}),
        (f"{one}/assessment", {"reasons": values["incident.grounds"]}),
        (f"{one}/reports", {**told, **late}),
        (f"{one}/follow-ups", {"words": values["incident.news"]}),
    ):
        answer = _act(staff, path, body)
        assert answer.status in {200, 201}, answer.body
    form = staff.call("GET", f"{PATH}{one}/form?obligation=gdpr_authority:DE")
    assert values["incident.contents"] in form.json["text"]
    assert {"incident", "incident_report"} <= {row["kind"]["S"] for row in rows(stack, "operator")}


def _act(staff: StaffUser, path: str, body: dict[str, Any]) -> Answer:
    method = "PUT" if path.endswith("/contents") else "POST"
    unknown = {**body, "unknown": next(iter(body.values()))}
    assert staff.call(method, PATH + path, unknown).status == 422
    staff.stack.wire.inject(kind="fail", service="dynamodb", function="okki-leads-staff", times=9)
    assert staff.call(method, PATH + path, body).status == 503
    _no_faults(staff.stack)
    return staff.call(method, PATH + path, body)


def _moment(at: float) -> str:
    return f"{datetime.fromtimestamp(int(at), UTC):%Y-%m-%dT%H:%M:%SZ}"


def _no_faults(stack: LocalStack) -> None:
    with stack.wire._lock:
        stack.wire._faults.clear()
