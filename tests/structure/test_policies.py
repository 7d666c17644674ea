"""What each function may do, as one table to read: a right that is not here cannot be added in passing."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from chalicelib.kernel import settings
from tests.structure.source import ROOT

TAKE = "ChangeMessageVisibility DeleteMessage GetQueueAttributes ReceiveMessage"
KEEP = "GetItem PutItem Query"
KEYS = "GetItem Query"
MAIL = "SendEmail SendRawEmail"
OWN_LOG = "CreateLogStream PutLogEvents"

MAY = {
    "api": {
        "AccountsTable": f"{KEEP} BatchGetItem ConditionCheckItem DeleteItem UpdateItem",
        "WorkspaceTable": f"{KEEP} DeleteItem",
        "LedgerTable": "PutItem Query",
        "CompanyKeysTable": f"{KEYS} PutItem",
        "VaultKey": "Decrypt GenerateDataKeyWithoutPlaintext",
        "OutboxQueue": "SendMessage",
        "NoticesQueue": "SendMessage",
        "TasksQueue": "SendMessage",
        "WechatSecret": "GetSecretValue",
        "Bus": "PutEvents",
        "push application": "CreatePlatformEndpoint",
        "push endpoint": "DeleteEndpoint GetEndpointAttributes SetEndpointAttributes",
    },
    "edge": {
        "HitsQueue": "SendMessage",
        "TrackingSecret": "GetSecretValue",
        "WorkspaceTable": "PutItem",
        "LedgerTable": "PutItem",
    },
    "record_hits": {
        "HitsQueue": TAKE,
        "TrackingSecret": "GetSecretValue",
        "WorkspaceTable": KEEP,
        "CompanyKeysTable": KEYS,
        "VaultKey": "Decrypt",
    },
    "send_messages": {
        "OutboxQueue": TAKE,
        "TrackingSecret": "GetSecretValue",
        "WorkspaceTable": KEEP,
        "AccountsTable": "BatchGetItem",
        "CompanyKeysTable": KEYS,
        "VaultKey": "Decrypt",
        "mail": MAIL,
    },
    "send_notices": {
        "NoticesQueue": TAKE,
        "AccountsTable": "GetItem PutItem DeleteItem",
        "CompanyKeysTable": f"{KEYS} PutItem",
        "VaultKey": "Decrypt GenerateDataKeyWithoutPlaintext",
        "mail": MAIL,
        "push endpoint": "DeleteEndpoint Publish",
    },
    "mail_feedback": {
        "FeedbackQueue": f"{TAKE} SendMessage",
        "TrackingSecret": "GetSecretValue",
        "WorkspaceTable": KEEP,
        "LedgerTable": "PutItem",
        "CompanyKeysTable": KEYS,
        "VaultKey": "Decrypt",
    },
    "take_orders": {
        "BillingQueue": TAKE,
        "AccountsTable": f"{KEEP} ConditionCheckItem",
        "NoticesQueue": "SendMessage",
        "CompanyKeysTable": KEYS,
        "VaultKey": "Decrypt",
    },
    "run_tasks": {
        "TasksQueue": f"{TAKE} SendMessage",
        "AccountsTable": f"{KEEP} ConditionCheckItem DeleteItem",
        "AccountsTable/index/due": "Query",
        "NoticesQueue": "SendMessage",
        "CompanyKeysTable": KEYS,
        "VaultKey": "Decrypt",
        "push endpoint": "DeleteEndpoint",
    },
    "sweep": {
        "WorkspaceTable/index/due": "Query",
        "AccountsTable/index/due": "Query",
        "OutboxQueue": "SendMessage",
        "NoticesQueue": "SendMessage",
        "TasksQueue": "SendMessage",
        "SweepDead": "SendMessage",
    },
}
"""Function -> resource -> actions. Besides these: its own log, and the tables' key through DynamoDB only."""

FILES = {path.stem: json.loads(path.read_text()) for path in sorted((ROOT / "infra/policies").glob("*.json"))}


def named(resource: Any) -> str:
    """`WorkspaceTable`, `WorkspaceTable/index/due`, `log`, `mail`, `push application`, `push endpoint`; the whole
    thing for what is none of these.
    """
    match resource:
        case {"Fn::GetAtt": [name, "Arn" | "Id"]} | {"Ref": name}:
            return str(name)
        case {"Fn::Sub": str(text)} if ":logs:" in text:
            return "log"
        case {"Fn::Sub": str(text)} if ":ses:" in text:
            return "mail"
        case {"Fn::Sub": str(text)} if text.endswith(":app/*/okki-leads"):
            return "push application"
        case {"Fn::Sub": str(text)} if text.endswith(":endpoint/*/okki-leads/*"):
            return "push endpoint"
        case {"Fn::Sub": str(text)}:
            return text.replace("${", "").replace(".Arn}", "")
    return json.dumps(resource)


def rights(policy: dict[str, Any]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    for statement in policy["Statement"]:
        assert statement["Effect"] == "Allow"
        resources = statement["Resource"]
        for resource in resources if isinstance(resources, list) else [resources]:
            for action in statement["Action"]:
                yield named(resource), action.partition(":")[2], statement.get("Condition", {})


def test_every_function_has_a_line_here() -> None:
    assert FILES.keys() == MAY.keys()


@pytest.mark.clause("access")
@pytest.mark.parametrize("function", MAY)
def test_a_function_may_do_what_is_listed_and_no_more(function: str) -> None:
    allowed = {
        (resource, action) for resource, actions in MAY[function].items() for action in actions.split()
    }
    allowed |= {("log", action) for action in OWN_LOG.split()}
    found = {(resource, action) for resource, action, _ in rights(FILES[function]) if resource != "TableKey"}
    assert found == allowed, "a line that no policy bears out is out of date"


@pytest.mark.clause("access")
@pytest.mark.parametrize("function", MAY)
def test_the_key_of_the_tables_is_of_use_through_dynamodb_only(function: str) -> None:
    conditions = [condition for resource, _, condition in rights(FILES[function]) if resource == "TableKey"]
    assert conditions
    for condition in conditions:
        via = condition["StringEquals"]["kms:ViaService"]
        assert via == {"Fn::Sub": "dynamodb.${AWS::Region}.amazonaws.com"}


def test_who_may_send_mail_may_send_it_finished() -> None:
    """SES takes a SendEmail call with Content.Raw for SendRawEmail, and not always for that alone."""
    for function in ("send_messages", "send_notices"):
        (statement,) = [s for s in FILES[function]["Statement"] if "ses:SendEmail" in s["Action"]]
        assert statement["Action"] == ["ses:SendEmail", "ses:SendRawEmail"]
        identity, configuration_set = (resource["Fn::Sub"] for resource in statement["Resource"])
        assert identity.endswith(":identity/${MailDomain}")
        assert configuration_set.endswith(":configuration-set/okki-leads")


@pytest.mark.clause("retention")
def test_evidence_is_only_ever_added_and_read_where_people_ask_for_theirs() -> None:
    for function, policy in FILES.items():
        ledger = {action for resource, action, _ in rights(policy) if resource == "LedgerTable"}
        assert ledger <= ({"PutItem", "Query"} if function == "api" else {"PutItem"}), function


def test_nobody_of_ours_can_claim_to_be_billing() -> None:
    """Orders count by their signature; this is the second lock on a free subscription."""
    found = [
        condition
        for policy in FILES.values()
        for _, action, condition in rights(policy)
        if action == "PutEvents"
    ]
    assert found == [{"StringEquals": {"events:source": settings.EVENT_SOURCE}}]


@pytest.mark.clause("access")
def test_strangers_reach_a_function_that_can_open_nothing() -> None:
    edge = {(resource, action) for resource, action, _ in rights(FILES["edge"])}
    assert not {resource for resource, _ in edge} & {"VaultKey", "CompanyKeysTable", "AccountsTable"}
    assert {action for resource, action in edge if resource.endswith("Table")} == {"PutItem"}
