"""Incidents in the tests: opened, worded, assessed and told as the operator's staff would."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

from chalicelib.api.described import staff_incidents
from chalicelib.kernel import ids
from chalicelib.privacy.personnel import StaffPosition
from infra.local import LocalStack
from tests.integration.client import Answer, User, eventually, request
from tests.integration.letters import drained, rows, sample
from tests.integration.machines import execution, hop, row, sweep, take_up, until_stage
from tests.integration.staff import StaffUser, member

HOUR = 3600
CONTENTS = staff_incidents.EXAMPLES["IncidentContents"]
OTHERS: dict[str, Any] = {
    **CONTENTS,
    "en": {**CONTENTS["en"], "measures": "The copy was found and destroyed; nobody had opened it."},
}
"""Other words about the same, so that everybody is told anew."""
WORDS = "Keys of one worker were used from outside for a night; they are gone."


class Desk:
    """Somebody of the staff who deals with incidents; logs in again when the clock has ended the session."""

    def __init__(self, stack: LocalStack, position: StaffPosition = StaffPosition.PRIVACY) -> None:
        self.stack, self._position = stack, position
        self.user: StaffUser = member(stack, position)
        self._colleague: Desk | None = None

    @property
    def colleague(self) -> Desk:
        """Somebody else of the staff: who finds words does not send them."""
        if self._colleague is None:
            self._colleague = Desk(self.stack, StaffPosition.LEGAL)
        return self._colleague

    def word(self, incident: str, contents: Any = CONTENTS) -> None:
        """Have a colleague find the words."""
        self.colleague.act(incident, "contents", contents, "PUT")

    def call(self, method: str, path: str, body: Any = None, headers: Any = None) -> Answer:
        answer = self.user.call(method, path, body, headers)
        if answer.status == 401:
            if self.user.log_in().status != 201:  # the papers are too old by now
                self.user = member(self.stack, self._position)
            answer = self.user.call(method, path, body, headers)
        if answer.status == 403 and answer.json["code"].startswith("training"):
            self.user = member(self.stack, self._position)
            answer = self.user.call(method, path, body, headers)
        return answer

    def get(self, incident: str, more: str = "") -> Any:
        answer = self.call("GET", f"/v1/staff/incidents/{incident}{more}")
        assert answer.status == 200, answer.body
        return answer.json

    def act(self, incident: str, act: str, body: Any, method: str = "POST") -> Any:
        answer = self.call(method, f"/v1/staff/incidents/{incident}/{act}", body)
        assert answer.status < 300, answer.body
        return answer.json

    def refused(self, incident: str, act: str, body: Any, method: str = "POST") -> tuple[int, str]:
        answer = self.call(method, f"/v1/staff/incidents/{incident}/{act}", body)
        assert answer.status >= 400, answer.body
        return answer.status, answer.json["code"]


def moment(at: float) -> str:
    return datetime.fromtimestamp(int(at), UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def form(stack: LocalStack, **more: Any) -> dict[str, Any]:
    """What opens an incident of the last hours."""
    now = stack.now()
    return {
        "summary": "A backup was readable from outside for a night.",
        "aware_at": moment(now - 60),
        "from_at": moment(now - 6 * HOUR),
        "until_at": moment(now),
        **more,
    }


def open_incident(desk: Desk, **more: Any) -> dict[str, Any]:
    answer = desk.call("POST", "/v1/staff/incidents", form(desk.stack, **more))
    assert answer.status == 201, answer.body
    made: dict[str, Any] = answer.json
    return made


def scoped(desk: Desk, **more: Any) -> dict[str, Any]:
    """An incident of which everybody concerned has been counted."""
    made = open_incident(desk, **more)
    counted(desk, made)
    found: dict[str, Any] = desk.get(made["id"])
    return found


def counted(desk: Desk, made: dict[str, Any]) -> None:
    """Wait until everybody concerned has been counted, whatever dies meanwhile."""

    def done() -> bool:
        found = desk.get(made["id"])
        if found["look"]["complete"]:
            return True
        if found["why"] == "log_settling":  # lines of the log come late
            hop(desk.stack, made["workflow_id"])
        found = execution(desk.stack, made["workflow_id"])
        if found is not None and found["status"] != "RUNNING":
            take_up(desk.stack, made["workflow_id"])
        return False

    eventually(done, 90)


def steps(desk: Desk, incident: str) -> list[dict[str, Any]]:
    """The evidence of an incident, in its order."""
    found: list[dict[str, Any]] = desk.get(incident, "/steps")["items"]
    return found


def said(stack: LocalStack, function: str, ago: int = HOUR, **facts: Any) -> None:
    """A line of the access log, of so many seconds ago."""
    logs, group, stream = stack.client("logs"), f"/aws/lambda/okki-leads-{function}", ids.new("log")
    logs.create_log_stream(logGroupName=group, logStreamName=stream)
    line = {"level": "INFO", "message": "opened", "service": "okki-leads", **facts}
    event = {"timestamp": int(stack.now() - ago) * 1000, "message": json.dumps(line)}
    logs.put_log_events(logGroupName=group, logStreamName=stream, logEvents=[event])


def companies(desk: Desk, made: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """What an incident says of each company it concerns, by its id."""
    return {one["id"]: one for one in desk.get(made["id"], "/companies")["items"]}


def judge(first: Desk, second: Desk, incident: str, **facts: Any) -> None:
    """Find out what nobody knew, assess it, and notify whichever authority is owed it."""
    known = {
        "reasons": WORDS,
        "credentials": False,
        "significant_harm": True,
        "risk": "high",
        "serves_china": False,
        "national": False,
        **facts,
    }
    first.act(incident, "facts", known)
    second.act(incident, "assessment", {"reasons": WORDS})
    report(second, incident)


def harmless() -> dict[str, Any]:
    """Facts by which no authority has to be told: people may be at once."""
    known = {"credentials": False, "significant_harm": False, "risk": "unlikely"}
    return {"reasons": WORDS, **known, "serves_china": False, "national": False}


def come_back(stack: LocalStack, user: User) -> None:
    """Have the notice to a user come back, as SES reports it."""
    of_user = f"mass#{user.me['id']}#"
    masses = [one["sk"]["S"] for one in rows(stack, "accounts") if one["sk"]["S"].startswith(of_user)]
    event = sample("sqs-ses-event-bounce")
    envelope = json.loads(event["Records"][0]["body"])
    content = json.loads(envelope["Message"])
    whose = (user.company["id"], user.me["id"], max(masses).rpartition("#")[2])
    content["mail"]["tags"] = dict(zip(("company", "user", "mass"), ([one] for one in whose), strict=True))
    content["mail"]["headers"] = []
    event["Records"][0]["body"] = json.dumps({**envelope, "Message": json.dumps(content)})
    assert stack.invoke("MailFeedback", event)["batchItemFailures"] == []


def announced(stack: LocalStack, desk: Desk, made: dict[str, Any]) -> dict[str, Any] | None:
    """What is said in public of an incident, once it is."""
    announcement = desk.get(made["id"])["telling"]["announcement_id"]
    if announcement is None:
        carry(stack, made["workflow_id"])
        return None
    shown = request(f"{stack.api}/v1/announcements").json["items"]
    found: dict[str, Any] = next(one for one in shown if one["id"] == announcement)
    return found


def report(desk: Desk, incident: str) -> None:
    for one in desk.get(incident)["obligations"]:
        if one["toward"] == "authority" and one["done_at"] is None and one["ends_at"] is not None:
            told = {"obligation": one["name"], "kind": "first", "told_at": moment(desk.stack.now())}
            desk.act(incident, "reports", {**told, "reference": "DPN-2026-0001"})


def told(desk: Desk, made: dict[str, Any]) -> dict[str, Any]:
    """How far the telling is once the notices have gone to everybody and been counted, by clock and sweep."""
    stack = desk.stack

    def settled() -> dict[str, Any] | None:
        telling: dict[str, Any] = desk.get(made["id"])["telling"]
        if telling["counted"]:
            return telling
        drained(stack, "mass")
        if telling["coming_back"]:
            stack.advance(700)
        carry(stack, made["workflow_id"])
        return None

    return eventually(settled, 120)


def counted_again(desk: Desk, made: dict[str, Any]) -> dict[str, Any]:
    """How far the telling is once nothing comes back any more."""

    def over() -> dict[str, Any] | None:
        telling: dict[str, Any] = desk.get(made["id"])["telling"]
        if not telling["coming_back"]:
            return telling
        desk.stack.advance(4 * HOUR)
        carry(desk.stack, made["workflow_id"])
        return None

    told(desk, made)
    return eventually(over, 120)


def carry(stack: LocalStack, workflow: str) -> None:
    """Let a workflow go on, by the clock or, if its execution is dead, by the sweep; and the notices beside it. Not
    while mails leave: a clock that jumps ends the lease of whoever sends them, and what the law asks for is sent again.
    """
    drained(stack, "mass")
    found = execution(stack, workflow)
    if found is None or found["status"] != "RUNNING":
        take_up(stack, workflow)
        return
    hop(stack, workflow)
    sweep(stack)


def waits_in(stack: LocalStack, workflow: str, stage: str) -> dict[str, Any]:
    return until_stage(stack, workflow, stage, waiting=True, seconds=60)


def subjects(stack: LocalStack, user: User) -> list[str]:
    """What was mailed to a user because of an incident, the oldest first."""
    return [
        mail["subject"]
        for mail in reversed(stack.mails(user.email))
        if "security incident" in mail["subject"]
    ]


def stage(stack: LocalStack, workflow: str) -> str:
    found: str = row(stack, workflow)["stage"]
    return found
