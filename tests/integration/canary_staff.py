"""The canaries of the operator's own people: taken on, set up, logged in, gone; with faults on the way.

Part of the walk in test_canaries.py.
"""

from __future__ import annotations

from typing import Any

from chalicelib.privacy.personnel import StaffPosition
from infra.local import LocalStack
from tests.integration.client import Answer, mail_to, request
from tests.integration.letters import rows
from tests.integration.people import key_in
from tests.integration.staff import StaffUser, member


def planted(run: str) -> dict[str, str]:
    """What is typed or given out, by record and field."""
    return {
        "staff.name": f"Kanarienchen {run} Rahman",
        "staff.email": f"staffkanari{run}@staff-kanari.example",
        "staff_login.password_verifier": f"staff kanari {run} phrase",
        "staff_login.secret": "",  # shown once
        "staff_setup.password_verifier": f"staff kanari {run} phrase",
        "staff_setup.secret": "",
        "former_staff.name": f"Kanarienchen {run} Gone",
    }


def walk(stack: LocalStack, values: dict[str, str]) -> None:
    """Somebody who stays, somebody who leaves, somebody half way; new values are added to ``values``."""
    admin = member(stack, StaffPosition.ADMIN)
    stays = _taken_on(admin, values["staff.name"], values["staff.email"], values)
    values["staff_login.secret"] = stays.secret
    form = {"email": stays.email, "password": values["staff_login.password_verifier"]}
    wrong = [{**form, "code": "000000"}, {**form, "password": form["password"] + "x", "code": "000000"}]
    for body in wrong:
        assert _post(stays, "/v1/staff/login", body).status == 401
    stack.wire.inject(kind="fail", service="dynamodb", function="okki-leads-staff", times=9)
    assert _post(stays, "/v1/staff/login", {**form, "code": stays.code()}).status == 503
    _no_faults(stack)
    assert stays.log_in(password=form["password"]).status == 201
    values["staff session"] = stays.token
    assert stays.call("GET", "/v1/staff/me").json["name"] == values["staff.name"]

    gone = _taken_on(admin, values["former_staff.name"], f"x{values['staff.email']}", values)
    assert admin.call("DELETE", f"/v1/staff/people/{gone.staff_id}").status == 204

    # Somebody who has chosen a password and no more: the telephone was lost before.
    reset = admin.call("POST", f"/v1/staff/people/{stays.staff_id}/reset")
    assert reset.status == 200
    values["staff token, first half"] = key_in(mail_to(stack, stays.email, 2))
    values["staff token, second half"] = reset.json["second_half"]
    token = f"{values['staff token, first half']}.{values['staff token, second half']}"
    chosen = {"token": token, "password": values["staff_setup.password_verifier"]}
    answer = _post(stays, "/v1/staff/setup", chosen)
    assert answer.status == 200, answer.body
    values["staff_setup.secret"] = answer.json["secret"]
    kinds = {row["kind"]["S"] for row in rows(stack, "operator")}
    assert {"staff", "former_staff", "staff_login", "staff_setup", "staff_session"} <= kinds


def _taken_on(admin: StaffUser, name: str, email: str, values: dict[str, str]) -> StaffUser:
    body = {"name": name, "email": email, "position": "support"}
    assert admin.call("POST", "/v1/staff/people", {**body, "unknown": email}).status == 422
    made = admin.call("POST", "/v1/staff/people", body)
    assert made.status == 202, made.body
    user = StaffUser(admin.stack, made.json["id"], email, StaffPosition.SUPPORT)
    token = f"{key_in(mail_to(admin.stack, email))}.{made.json['second_half']}"
    user.set_up(token, values["staff_login.password_verifier"])
    return user


def _post(user: StaffUser, path: str, body: Any) -> Answer:
    return request(user.stack.api + path, "POST", body, {"X-Local-Client": user.address})


def _no_faults(stack: LocalStack) -> None:
    with stack.wire._lock:
        stack.wire._faults.clear()
