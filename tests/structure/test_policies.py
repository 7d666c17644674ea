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
ADD = "ConditionCheckItem GetItem PutItem"
"""To the ledger: a new link of a chain, and the head, which only ever moves on."""

START = "StartExecution"
READERS = ("api", "staff", "run_tasks", "run_files", "run_ai")
STEPS = ("cancel_company", "run_incident", "end_product")
"""The steps of workflows."""

READ_STREAM = "DescribeStream GetRecords GetShardIterator"

MAY = {
    "api": {
        "AccountsTable": f"{KEEP} BatchGetItem ConditionCheckItem DeleteItem UpdateItem",
        "WorkspaceTable": f"{KEEP} BatchGetItem DeleteItem",
        "WorkspaceTable/index/person": "Query",
        "LedgerTable": f"{ADD} Query",
        "CompanyKeysTable": f"{KEYS} PutItem",
        "VaultKey": "Decrypt GenerateDataKeyWithoutPlaintext",
        "ProspectsTable": f"{KEEP} BatchGetItem ConditionCheckItem DeleteItem",
        "SamplesTable": "Query",
        "FilesBucket": "ListBucket",
        "FilesBucket/imports/*": "GetObject PutObject",
        "FilesBucket/exports/*": "GetObject",
        "OutboxQueue": "SendMessage",
        "NoticesQueue": "SendMessage",
        "TasksQueue": "SendMessage",
        "FilesQueue": "SendMessage",
        "AiQueue": "SendMessage",
        "WechatSecret": "GetSecretValue",
        "Bus": "PutEvents",
        "machine cancellation": START,
        "push application": "CreatePlatformEndpoint",
        "push endpoint": "DeleteEndpoint GetEndpointAttributes SetEndpointAttributes",
    },
    "staff": {
        "AccountsTable": f"{KEEP} BatchGetItem ConditionCheckItem DeleteItem",
        "OperatorTable": f"{KEEP} BatchGetItem BatchWriteItem ConditionCheckItem DeleteItem UpdateItem",
        "OperatorTable/index/due": "Query",
        "AccountsTable/index/due": "Query",
        "WorkspaceTable": f"{KEEP} BatchWriteItem DeleteItem",
        "WorkspaceTable/index/person": "Query",
        "LedgerTable": f"{ADD} Query",
        "LedgerTable/index/due": "Query",
        "CompanyKeysTable": KEYS,
        "VaultKey": "Decrypt",
        "ProspectsTable": f"{KEEP} BatchGetItem ConditionCheckItem DeleteItem",
        "SamplesTable": "Query",
        "FilesBucket": "ListBucket",
        "FilesBucket/loads/*": "GetObject PutObject",
        "NoticesQueue": "SendMessage",
        "TasksQueue": "SendMessage",
        "FilesQueue": "SendMessage",
        "MassQueue": "SendMessage",
        "machine cancellation": START,
        "machine incident": START,
        "machine discontinuation": START,
        "EvidenceBucket": "ListBucketVersions",
        "EvidenceBucket/*": "GetObjectVersion",
    },
    "edge": {
        "HitsQueue": "SendMessage",
        "TrackingSecret": "GetSecretValue",
        "WorkspaceTable": "PutItem",
        "LedgerTable": ADD,
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
        "WorkspaceTable": f"{KEEP} DeleteItem",
        "LedgerTable": ADD,
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
        "WorkspaceTable": f"{KEEP} DeleteItem",
        "WorkspaceTable/index/person": "Query",
        "AccountsTable": "GetItem PutItem",
        "LedgerTable": ADD,
        "CompanyKeysTable": KEYS,
        "VaultKey": "Decrypt",
    },
    "take_orders": {
        "BillingQueue": TAKE,
        "AccountsTable": f"{KEEP} ConditionCheckItem DeleteItem",
        "LedgerTable": ADD,
        "NoticesQueue": "SendMessage",
        "machine cancellation": START,
        "CompanyKeysTable": KEYS,
        "VaultKey": "Decrypt",
    },
    "run_tasks": {
        "TasksQueue": f"{TAKE} SendMessage",
        "AccountsTable": f"{KEEP} BatchGetItem BatchWriteItem ConditionCheckItem DeleteItem",
        "AccountsTable/index/due": "Query",
        "WorkspaceTable": f"{KEEP} BatchGetItem BatchWriteItem DeleteItem",
        "WorkspaceTable/index/person": "Query",
        "LedgerTable": f"{ADD} Query",
        "NoticesQueue": "SendMessage",
        "MassQueue": "SendMessage",
        "CompanyKeysTable": KEYS,
        "VaultKey": "Decrypt",
        "push endpoint": "DeleteEndpoint",
        "ProspectsTable": f"{KEEP} BatchGetItem BatchWriteItem ConditionCheckItem DeleteItem",
        "SamplesTable": "BatchWriteItem Query",
        "FilesBucket/exports/*": "DeleteObject",
        "machine cancellation": START,
        "machine incident": START,
        "machine discontinuation": START,
    },
    "cancel_company": {
        "NoticesQueue": "SendMessage",
        "TasksQueue": "SendMessage",
        "AccountsTable": f"{KEEP} BatchGetItem BatchWriteItem ConditionCheckItem DeleteItem",
        "AccountsTable/index/due": "Query",
        "WorkspaceTable": f"{KEEP} BatchGetItem BatchWriteItem DeleteItem",
        "LedgerTable": f"{ADD} Query",
        "CompanyKeysTable": f"{KEYS} BatchWriteItem",
        "VaultKey": "Decrypt",
        "push endpoint": "DeleteEndpoint",
        "ProspectsTable": f"{KEEP} BatchGetItem BatchWriteItem ConditionCheckItem DeleteItem",
        "SamplesTable": "BatchWriteItem Query",
        "FilesBucket": "ListBucket",
        "FilesBucket/*": "DeleteObject",
    },
    "run_incident": {
        "log of api": "FilterLogEvents",
        "log of staff": "FilterLogEvents",
        "OperatorTable": f"{KEEP} BatchGetItem BatchWriteItem",
        "AccountsTable": f"{KEEP} BatchWriteItem",
        "AccountsTable/index/due": "Query",
        "WorkspaceTable": "Query",
        "ProspectsTable": "Query",
        "LedgerTable": ADD,
        "MassQueue": "SendMessage",
        "CompanyKeysTable": KEYS,
        "VaultKey": "Decrypt",
    },
    "end_product": {
        "MassQueue": "SendMessage",
        "AccountsTable": f"{KEEP} BatchGetItem ConditionCheckItem",
        "AccountsTable/index/due": "Query",
        "LedgerTable": ADD,
        "CompanyKeysTable": KEYS,
        "VaultKey": "Decrypt",
        "ProspectsTable": "BatchWriteItem Query",
        "machine cancellation": START,
    },
    "tell_people": {
        "MassQueue": f"{TAKE} SendMessage",
        "AccountsTable": f"{KEEP} BatchGetItem DeleteItem",
        "AccountsTable/index/due": "Query",
        "LedgerTable": "GetItem PutItem",
        "CompanyKeysTable": KEYS,
        "VaultKey": "Decrypt",
        "mail": MAIL,
        "push endpoint": "DeleteEndpoint Publish",
    },
    "run_files": {
        "FilesQueue": f"{TAKE} SendMessage",
        "AccountsTable": f"{KEEP} BatchGetItem ConditionCheckItem",
        "WorkspaceTable": f"{KEEP} BatchGetItem BatchWriteItem ConditionCheckItem DeleteItem",
        "WorkspaceTable/index/person": "Query",
        "ProspectsTable": f"{KEEP} BatchGetItem BatchWriteItem DeleteItem",
        "LedgerTable": f"{ADD} Query",
        "FilesBucket": "ListBucket",
        "FilesBucket/*": "DeleteObject GetObject PutObject",
        "NoticesQueue": "SendMessage",
        "CompanyKeysTable": KEYS,
        "VaultKey": "Decrypt",
    },
    "run_ai": {
        "AiQueue": f"{TAKE} SendMessage",
        "AccountsTable": f"{KEEP} BatchGetItem ConditionCheckItem",
        "WorkspaceTable": f"{KEEP} BatchGetItem",
        "WorkspaceTable/index/person": "Query",
        "LedgerTable": "GetItem",
        "ProspectsTable": "BatchGetItem GetItem",
        "SamplesTable": "GetItem PutItem",
        "model": "InvokeModel",
        "Bus": "PutEvents",
        "CompanyKeysTable": KEYS,
        "VaultKey": "Decrypt",
    },
    "sweep": {
        "WorkspaceTable/index/due": "Query",
        "AccountsTable/index/due": "Query",
        "OperatorTable/index/due": "Query",
        "OutboxQueue": "SendMessage",
        "NoticesQueue": "SendMessage",
        "TasksQueue": "SendMessage",
        "FilesQueue": "SendMessage",
        "AiQueue": "SendMessage",
        "MassQueue": "SendMessage",
        "SweepDead": "SendMessage",
    },
    "record_expiry": {
        "AccountsTable": "GetItem PutItem",
        "AccountsTable/stream": READ_STREAM,
        "AccountsTable/stream/*": "ListStreams",
        "WorkspaceTable/stream": READ_STREAM,
        "WorkspaceTable/stream/*": "ListStreams",
        "LedgerTable": ADD,
        "ExpiryDead": "SendMessage",
    },
    "anchor_evidence": {
        "LedgerTable": "BatchGetItem",
        "LedgerTable/index/due": "Query",
        "EvidenceBucket": "ListBucketVersions",
        "EvidenceBucket/*": "GetObjectVersion PutObject",
        "AnchorDead": "SendMessage",
    },
    "watch_access": {
        "log of api": "FilterLogEvents",
        "log of staff": "FilterLogEvents",
        "OperatorTable": KEEP,
        "LedgerTable": ADD,
        "WatchDead": "SendMessage",
    },
}
"""Function -> resource -> actions. Besides these: its own log, and the tables' key through DynamoDB only. And minus
what lies outside Singapore, whoever asks.
"""

FILES = {path.stem: json.loads(path.read_text()) for path in sorted((ROOT / "infra/policies").glob("*.json"))}


def named(resource: Any) -> str:
    """`WorkspaceTable`, `WorkspaceTable/index/due`, `WorkspaceTable/stream`, `log of api`, `mail`, `push application`,
    `push endpoint`, `machine incident`; the whole thing for what is none of these.
    """
    match resource:
        case {"Fn::GetAtt": [name, "Arn" | "Id"]} | {"Ref": name}:
            return str(name)
        case {"Fn::GetAtt": [name, "StreamArn"]}:
            return f"{name}/stream"
        case {"Fn::Sub": str(text)} if ":log-group:/aws/lambda/okki-leads-" in text and text.endswith(":*"):
            return f"log of {text.rpartition('okki-leads-')[2].removesuffix(':*')}"
        case {"Fn::Sub": str(text)} if ":stateMachine:okki-leads-" in text:
            return f"machine {text.rpartition('okki-leads-')[2]}"
        case {"Fn::Sub": str(text)} if ":ses:" in text:
            return "mail"
        case {"Fn::Sub": str(text)} if ":bedrock:" in text:
            return "model"
        case {"Fn::Sub": str(text)} if text.endswith(":app/*/okki-leads"):
            return "push application"
        case {"Fn::Sub": str(text)} if text.endswith(":endpoint/*/okki-leads/*"):
            return "push endpoint"
        case {"Fn::Sub": str(text)}:
            return text.replace("${", "").replace(".Arn}", "")
    return json.dumps(resource)


def rights(policy: dict[str, Any]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    for statement in policy["Statement"]:
        if statement["Effect"] == "Deny":
            continue
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
    allowed |= {(f"log of {function.replace('_', '-')}", action) for action in OWN_LOG.split()}
    found = {(resource, action) for resource, action, _ in rights(FILES[function]) if resource != "TableKey"}
    assert found == allowed, "a line that no policy bears out is out of date"


@pytest.mark.clause("access")
@pytest.mark.parametrize("function", MAY)
def test_the_key_of_tables_and_files_is_of_use_through_their_services_only(function: str) -> None:
    conditions = [condition for resource, _, condition in rights(FILES[function]) if resource == "TableKey"]
    assert conditions
    of_files = any(resource.startswith("FilesBucket") for resource, _, _ in rights(FILES[function]))
    services = {"dynamodb", "s3"} if of_files and function != "run_tasks" else {"dynamodb"}
    via = [condition["StringEquals"]["kms:ViaService"]["Fn::Sub"] for condition in conditions]
    assert set(via) == {f"{service}.${{AWS::Region}}.amazonaws.com" for service in services}


def test_who_may_send_mail_may_send_it_finished() -> None:
    """SES takes a SendEmail call with Content.Raw for SendRawEmail, and not always for that alone."""
    for function in ("send_messages", "send_notices", "tell_people"):
        (statement,) = [s for s in FILES[function]["Statement"] if "ses:SendEmail" in s["Action"]]
        assert statement["Action"] == ["ses:SendEmail", "ses:SendRawEmail"]
        identity, configuration_set = (resource["Fn::Sub"] for resource in statement["Resource"])
        assert identity.endswith(":identity/${MailDomain}")
        assert configuration_set.endswith(":configuration-set/okki-leads")


@pytest.mark.clause("singapore")
@pytest.mark.parametrize("function", MAY)
def test_no_function_may_do_anything_outside_singapore(function: str) -> None:
    denied = [statement for statement in FILES[function]["Statement"] if statement["Effect"] == "Deny"]
    elsewhere = {"StringNotEquals": {"aws:RequestedRegion": settings.REGION}}
    assert [(one["Action"], one["Resource"], one["Condition"]) for one in denied] == [("*", "*", elsewhere)]


@pytest.mark.clause("retention")
def test_evidence_is_only_ever_added_and_read_where_people_ask_for_theirs() -> None:
    """A link is never deleted and never changed in place; what a Put may do to one is said by its condition, and
    the anchors show the rest.
    """
    for function, policy in FILES.items():
        ledger = {action for resource, action, _ in rights(policy) if resource == "LedgerTable"}
        may_read_chains = function in {*READERS, *STEPS}
        heads = ["BatchGetItem"] if function == "anchor_evidence" else []
        assert ledger <= {*ADD.split(), *heads, *(["Query"] if may_read_chains else [])}, function


@pytest.mark.clause("retention")
def test_nobody_of_ours_can_shorten_or_delete_an_anchor() -> None:
    found = {
        (function, action)
        for function, policy in FILES.items()
        for resource, action, _ in rights(policy)
        if resource.startswith("EvidenceBucket")
    }
    reading = {
        (function, verb)
        for function in ("anchor_evidence", "staff")
        for verb in ("GetObjectVersion", "ListBucketVersions")
    }
    assert found == {("anchor_evidence", "PutObject"), *reading}


@pytest.mark.clause("personnel")
def test_the_companies_function_cannot_reach_what_only_our_staff_may() -> None:
    for function in FILES.keys() - {"staff", "sweep", "watch_access", "run_incident"}:
        reached = {resource for resource, _, _ in rights(FILES[function])}
        assert not [resource for resource in reached if resource.startswith("OperatorTable")], function


def test_nobody_of_ours_can_claim_to_be_billing() -> None:
    """Orders count by their signature; this is the second lock on a free subscription."""
    found = [
        condition
        for policy in FILES.values()
        for _, action, condition in rights(policy)
        if action == "PutEvents"
    ]
    assert found == [{"StringEquals": {"events:source": settings.EVENT_SOURCE}}] * 2


@pytest.mark.clause("access")
def test_strangers_reach_a_function_that_can_open_nothing() -> None:
    edge = {(resource, action) for resource, action, _ in rights(FILES["edge"])}
    assert not {resource for resource, _ in edge} & {"VaultKey", "CompanyKeysTable", "AccountsTable"}
    tables = {(resource, action) for resource, action in edge if resource.endswith("Table")}
    assert {action for resource, action in tables if resource != "LedgerTable"} == {"PutItem"}
    assert {action for resource, action in tables if resource == "LedgerTable"} == set(ADD.split())
