"""What AI tests share: a company that has AI switched on, and orders to the model's stand-in."""

from __future__ import annotations

import json
from typing import Any

from infra.local import LocalStack
from tests.integration.client import User, eventually, request, sign_up

OVER = {"done", "failed", "cancelled"}
ALL = ["draft_email", "polish", "score", "search", "summarise"]


def say(stack: LocalStack, *answers: dict[str, Any]) -> None:
    """What the model answers next, one for each call: `text`, `tokens`, `seconds`."""
    assert request(f"{stack.model}/_say", "POST", {"next": list(answers)}).status == 200


def polished(text: str, **more: Any) -> dict[str, Any]:
    """An answer to `polish`."""
    return {"text": json.dumps({"text": text}), **more}


def asked(stack: LocalStack, contains: str = "") -> list[str]:
    """Everything that reached the model, as text, oldest first."""
    found = request(f"{stack.model}/_asked").json
    return [text for one in found if contains in (text := json.dumps(one, ensure_ascii=False))]


def switch_on(user: User, tasks: list[str] | None = None, *, enabled: bool = True) -> None:
    body = {"enabled": enabled, "tasks": ALL if tasks is None else tasks, "needs_approval": True}
    answer = user.call("PUT", "/v1/company/ai", body)
    assert answer.status == 200, answer.body


def user_of_ai(stack: LocalStack, **more: Any) -> User:
    made = sign_up(stack, **more)
    switch_on(made)
    return made


def ask(user: User, task: str = "polish", /, **more: Any) -> str:
    """Ask for something; the job's id. Keywords that no job has are its input."""
    body: dict[str, Any] = {"task": task, "input": {}}
    for name, value in more.items():
        if name in {"contact_id", "prospect_id", "locale"}:
            body[name] = value
        else:
            body["input"][name] = value
    answer = user.call("POST", "/v1/ai/jobs", body)
    assert answer.status == 202, answer.body
    made: str = answer.json["id"]
    return made


def job(user: User, job_id: str) -> dict[str, Any]:
    answer = user.call("GET", f"/v1/ai/jobs/{job_id}")
    assert answer.status == 200, answer.body
    found: dict[str, Any] = answer.json
    return found


def over(user: User, job_id: str) -> dict[str, Any]:
    """The job once it is over."""
    return eventually(lambda: seen if (seen := job(user, job_id))["status"] in OVER else None)


def row(stack: LocalStack, user: User, job_id: str) -> dict[str, Any]:
    """The job's row as it lies in the table; empty when it is gone."""
    key = {"pk": {"S": user.company["id"]}, "sk": {"S": f"ai#{user.me['id']}#{job_id}"}}
    answer = stack.client("dynamodb").get_item(TableName="okki-leads-workspace", Key=key, ConsistentRead=True)
    return dict(answer.get("Item", {}))


def work(stack: LocalStack, user: User, job_id: str) -> dict[str, Any]:
    """Have the worker do a job, as a message of its queue would."""
    body = {"task": "job", "company": user.company["id"], "user": user.me["id"], "job": job_id}
    arn = f"arn:aws:sqs:{stack.region}:000000000000:okki-leads-ai"
    record = {
        "messageId": "11111111-1111-4111-8111-111111111111",
        "receiptHandle": "x",
        "body": json.dumps(body),
        "attributes": {},
        "messageAttributes": {},
        "md5OfBody": "x",
        "eventSource": "aws:sqs",
        "eventSourceARN": arn,
        "awsRegion": stack.region,
    }
    answer: dict[str, Any] = stack.invoke("RunAi", {"Records": [record]})
    return answer
