"""The packaged template, the very one that `make run` and a real account deploy, keeps the house's promises.

Packages once (half a second) and reads the result; nothing is deployed.
"""

from __future__ import annotations

import base64
import json
import re
import subprocess
import sys
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from infra.local.package import ROOT, TEMPLATE, package, without_tool

REGION = "ap-southeast-1"
RETENTION_DAYS = 30
WORKERS = {
    "RecordHits",
    "SendMessages",
    "SendNotices",
    "MailFeedback",
    "TakeOrders",
    "RunTasks",
    "RunFiles",
    "RunAi",
    "TellPeople",
}
SCHEDULED = {"Sweep": "SweepDead", "AnchorEvidence": "AnchorDead", "WatchAccess": "WatchDead"}
STEPS = {"CancelCompany", "RunIncident", "EndProduct"}
FUNCTIONS = {"APIHandler", "Staff", "Edge", "RecordExpiry", *SCHEDULED, *WORKERS, *STEPS}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("package")
    package(out, dependencies=False)
    return out


@pytest.fixture(scope="module")
def template(folder: Path) -> dict[str, Any]:
    import yaml

    value: dict[str, Any] = yaml.safe_load((folder / TEMPLATE).read_text())
    return value


def of_type(template: dict[str, Any], kind: str) -> dict[str, dict[str, Any]]:
    return {name: entry for name, entry in template["Resources"].items() if entry["Type"] == kind}


def functions(template: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {
        name: entry["Properties"] for name, entry in of_type(template, "AWS::Serverless::Function").items()
    }


def statements(template: dict[str, Any], function: str) -> list[dict[str, Any]]:
    role = functions(template)[function]["Role"]["Fn::GetAtt"][0]
    policies = template["Resources"][role]["Properties"]["Policies"]
    return [statement for policy in policies for statement in policy["PolicyDocument"]["Statement"]]


def listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def names_in(value: Any) -> Iterator[str]:
    """Logical ids that a value refers to."""
    if isinstance(value, dict):
        if "Ref" in value:
            yield value["Ref"]
        if "Fn::GetAtt" in value:
            yield listed(value["Fn::GetAtt"])[0].split(".")[0]
        if "Fn::Sub" in value and isinstance(value["Fn::Sub"], str):
            yield from (part.split("}")[0].split(".")[0] for part in value["Fn::Sub"].split("${")[1:])
        for inner in value.values():
            yield from names_in(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from names_in(inner)


def grants(template: dict[str, Any], function: str, action: str) -> list[dict[str, Any]]:
    """Statements of a function whose actions may cover ``action``."""

    def covers(pattern: str) -> bool:
        return pattern == action or (pattern.endswith("*") and action.startswith(pattern[:-1]))

    allowed = [one for one in statements(template, function) if one["Effect"] == "Allow"]
    return [one for one in allowed if any(covers(p) for p in listed(one["Action"]))]


def test_cfn_lint_finds_nothing(folder: Path) -> None:
    code = "from cfnlint.runner import main; raise SystemExit(main())"
    arguments = ["--regions", REGION, "--template", str(folder / TEMPLATE)]
    run = subprocess.run(
        [sys.executable, "-c", code, *arguments], capture_output=True, text=True, check=False
    )
    assert run.returncode == 0, run.stdout


def test_cloudformation_takes_it_as_it_is(folder: Path) -> None:
    text = (folder / TEMPLATE).read_text()
    assert "&id0" not in text, "CloudFormation takes no YAML aliases"
    assert "<<:" not in text


def test_no_region_or_account_is_written_down(folder: Path) -> None:
    text = (folder / TEMPLATE).read_text()
    # Once for each function: in what forbids every other region.
    assert text.count(REGION) == text.count(f"aws:RequestedRegion: {REGION}") == len(FUNCTIONS)
    assert "us-east-1" not in text
    assert "000000000000" not in text


def test_every_endpoint_is_regional(template: dict[str, Any]) -> None:
    rest = of_type(template, "AWS::Serverless::Api")
    assert [api["Properties"]["EndpointConfiguration"] for api in rest.values()] == [{"Type": "REGIONAL"}]
    domains = of_type(template, "AWS::ApiGatewayV2::DomainName")
    assert domains
    for domain in domains.values():
        for configuration in domain["Properties"]["DomainNameConfigurations"]:
            assert configuration["EndpointType"] == "REGIONAL"
            assert configuration["SecurityPolicy"] == "TLS_1_2"


def test_the_functions_are_the_ones_we_know(template: dict[str, Any]) -> None:
    assert set(functions(template)) == FUNCTIONS


def test_every_function_has_its_own_role_and_policy(template: dict[str, Any]) -> None:
    roles = [properties["Role"]["Fn::GetAtt"][0] for properties in functions(template).values()]
    assert len(set(roles)) == len(FUNCTIONS)
    assert set(of_type(template, "AWS::IAM::Role")) == {*roles, "MachinesRole"}, "a role that nobody takes"
    config = json.loads((ROOT / ".chalice/config.json").read_text())
    assert config["autogen_policy"] is False
    files = [entry["iam_policy_file"] for entry in config["stages"]["prod"]["lambda_functions"].values()]
    assert sorted(files) == sorted(
        f"../infra/policies/{path.name}" for path in (ROOT / "infra/policies").iterdir()
    )


@pytest.mark.parametrize("function", sorted(FUNCTIONS))
def test_rights_name_what_they_are_for(template: dict[str, Any], function: str) -> None:
    for statement in statements(template, function):
        assert "NotAction" not in statement and "NotResource" not in statement
        if statement["Effect"] == "Deny":
            continue
        for resource in listed(statement["Resource"]):
            assert resource != "*", statement["Sid"]
        for action in listed(statement["Action"]):
            service, _, verb = action.partition(":")
            # KMS offers families (GenerateDataKey*, ReEncrypt*) that DynamoDB itself chooses among.
            allowed_family = service == "kms" and "kms:ViaService" in json.dumps(statement)
            assert "*" not in verb or allowed_family, action


@pytest.mark.parametrize("function", sorted(FUNCTIONS))
def test_a_function_writes_only_its_own_log(template: dict[str, Any], function: str) -> None:
    name = functions(template)[function]["FunctionName"]
    written = [one["Resource"]["Fn::Sub"] for one in grants(template, function, "logs:PutLogEvents")]
    assert len(written) == 1
    assert written[0].endswith(f":log-group:/aws/lambda/{name}:*")


def test_the_edge_cannot_decrypt_nor_read(template: dict[str, Any]) -> None:
    for verb in (
        "Decrypt",
        "GenerateDataKey",
        "GenerateDataKeyWithoutPlaintext",
        "ReEncryptFrom",
        "CreateGrant",
    ):
        for statement in grants(template, "Edge", f"kms:{verb}"):
            assert set(names_in(statement["Resource"])) == {"TableKey"}
            assert "kms:ViaService" in statement["Condition"]["StringEquals"]
    tables = [one for one in statements(template, "Edge") if "dynamodb:" in json.dumps(one["Action"])]
    assert {name for one in tables for name in names_in(one["Resource"])} == {"WorkspaceTable", "LedgerTable"}
    (workspace,) = [one for one in tables if "WorkspaceTable" in set(names_in(one["Resource"]))]
    assert workspace["Action"] == ["dynamodb:PutItem"]
    assert workspace["Condition"]["ForAllValues:StringLike"] == {"dynamodb:LeadingKeys": ["*#standing"]}
    assert workspace["Condition"]["Null"] == {"dynamodb:LeadingKeys": "false"}
    assert not grants(template, "Edge", "ses:SendEmail")


def test_company_keys_are_opened_only_for_a_named_company(template: dict[str, Any]) -> None:
    for function in FUNCTIONS:
        for verb in ("Decrypt", "GenerateDataKey", "GenerateDataKeyWithoutPlaintext"):
            for statement in grants(template, function, f"kms:{verb}"):
                if "VaultKey" in set(names_in(statement["Resource"])):
                    assert statement["Condition"] == {"Null": {"kms:EncryptionContext:company": "false"}}


def test_tables_and_vault_have_keys_of_their_own(template: dict[str, Any]) -> None:
    keys = of_type(template, "AWS::KMS::Key")
    assert set(keys) == {"VaultKey", "TableKey"}
    for key in keys.values():
        assert key["Properties"]["EnableKeyRotation"] is True
    for statement in keys["VaultKey"]["Properties"]["KeyPolicy"]["Statement"]:
        assert "Service" not in statement["Principal"], "no AWS service wraps company keys for anyone"


def test_nothing_that_holds_data_goes_with_the_stack(template: dict[str, Any]) -> None:
    kinds = ("AWS::DynamoDB::Table", "AWS::KMS::Key", "AWS::SecretsManager::Secret", "AWS::S3::Bucket")
    for name, resource in ((n, r) for kind in kinds for n, r in of_type(template, kind).items()):
        assert resource["DeletionPolicy"] == "Retain", name
        assert resource["UpdateReplacePolicy"] == "Retain", name


def test_every_table_is_encrypted_recoverable_and_expires(template: dict[str, Any]) -> None:
    tables = of_type(template, "AWS::DynamoDB::Table")
    assert {table["Properties"]["TableName"] for table in tables.values()} == {
        "okki-leads-accounts",
        "okki-leads-workspace",
        "okki-leads-ledger",
        "okki-leads-operator",
        "okki-leads-prospects",
        "okki-leads-samples",
        "okki-leads-company-keys",
    }
    for table in (table["Properties"] for table in tables.values()):
        assert table["BillingMode"] == "PAY_PER_REQUEST"
        assert table["DeletionProtectionEnabled"] is True
        assert table["SSESpecification"]["SSEType"] == "KMS"
        assert list(names_in(table["SSESpecification"])) == ["TableKey"]
        assert table["PointInTimeRecoverySpecification"] == {"PointInTimeRecoveryEnabled": True}
        assert table["TimeToLiveSpecification"] == {"AttributeName": "ttl", "Enabled": True}


def test_streams_tell_which_row_and_never_what_was_in_it(template: dict[str, Any]) -> None:
    streams = {
        name: table["Properties"]["StreamSpecification"]
        for name, table in of_type(template, "AWS::DynamoDB::Table").items()
        if table["Properties"]["StreamSpecification"] != {"Ref": "AWS::NoValue"}
    }
    keys = {"StreamViewType": "KEYS_ONLY"}
    assert streams == {"AccountsTable": keys, "WorkspaceTable": keys}


def test_indexes_hold_keys_alone(template: dict[str, Any]) -> None:
    found = {
        (table, index["IndexName"]): [key["AttributeName"] for key in index["KeySchema"]]
        for table, entry in of_type(template, "AWS::DynamoDB::Table").items()
        for index in entry["Properties"]["GlobalSecondaryIndexes"]
        if isinstance(index, dict) and index["Projection"] == {"ProjectionType": "KEYS_ONLY"}
    }
    due = ["due_pk", "due_at"]
    assert found == {
        ("AccountsTable", "due"): due,
        ("WorkspaceTable", "due"): due,
        ("WorkspaceTable", "person"): ["person_key", "sk"],
        ("LedgerTable", "due"): due,
        ("OperatorTable", "due"): due,
    }


@pytest.mark.clause("retention")
def test_anchors_cannot_be_rewritten_by_anybody_for_72_months(template: dict[str, Any]) -> None:
    bucket = template["Resources"]["EvidenceBucket"]["Properties"]
    assert bucket["ObjectLockEnabled"] is True
    assert bucket["VersioningConfiguration"] == {"Status": "Enabled"}
    retention = bucket["ObjectLockConfiguration"]["Rule"]["DefaultRetention"]
    assert retention["Mode"] == "COMPLIANCE", "governance mode lets the account's owner shorten it"
    longest = max(
        (date(year + 6, month, 1) - date(year, month, 1)).days
        for year in range(2026, 2040)
        for month in range(1, 13)
    )
    assert retention["Days"] == longest
    assert set(bucket["PublicAccessBlockConfiguration"].values()) == {True}
    assert len(bucket["PublicAccessBlockConfiguration"]) == 4
    policy = template["Resources"]["EvidenceBucketPolicy"]["Properties"]
    statement = next(
        one for one in policy["PolicyDocument"]["Statement"] if one["Sid"] == "RefuseWhatIsNotTls"
    )
    assert statement["Effect"] == "Deny" and statement["Action"] == "s3:*"
    assert statement["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}


def test_every_queue_is_encrypted_and_ends_in_a_dead_letter_queue(template: dict[str, Any]) -> None:
    queues = of_type(template, "AWS::SQS::Queue")
    timeouts = {
        next(names_in(event["Properties"]["Queue"])): properties["Timeout"]
        for properties in functions(template).values()
        for event in properties.get("Events", {}).values()
        if event["Type"] == "SQS"
    }
    assert len(timeouts) == len(WORKERS)
    for name, queue in ((name, queue["Properties"]) for name, queue in queues.items()):
        assert queue["SqsManagedSseEnabled"] is True
        if name.endswith("Dead"):
            assert queue["QueueName"].endswith("-dead")
            # What holds addresses in clear goes sooner.
            days = 4 if name == "MailEventsDead" else 14
            assert queue["MessageRetentionPeriod"] == days * 24 * 3600
            continue
        assert queue["RedrivePolicy"]["maxReceiveCount"] == 5
        assert next(names_in(queue["RedrivePolicy"])) == name.replace("Queue", "Dead")
        assert queue["VisibilityTimeout"] >= 6 * timeouts[name]


def test_every_event_source_retries_in_part_and_has_a_limit_and_a_failure_target(
    template: dict[str, Any],
) -> None:
    seen = 0
    for properties in functions(template).values():
        for event in (event for event in properties.get("Events", {}).values()):
            settings = event["Properties"]
            if event["Type"] == "SQS":
                assert settings["FunctionResponseTypes"] == ["ReportBatchItemFailures"]
                assert settings["ScalingConfig"]["MaximumConcurrency"] >= 2
                queue = next(names_in(settings["Queue"]))
                assert "RedrivePolicy" in template["Resources"][queue]["Properties"]
            elif event["Type"] == "Schedule":
                assert settings["RetryPolicy"]["MaximumRetryAttempts"] <= 2
                assert next(names_in(settings["DeadLetterConfig"])).endswith("Dead")
            elif event["Type"] == "DynamoDB":
                assert settings["FunctionResponseTypes"] == ["ReportBatchItemFailures"]
                assert settings["StartingPosition"] == "TRIM_HORIZON", "a late start must not skip a deletion"
                assert settings["BisectBatchOnFunctionError"] is True
                assert 0 < settings["MaximumRetryAttempts"] <= 5
                assert 0 < settings["MaximumRecordAgeInSeconds"] <= 21600, "a stream forgets after a day"
                target = settings["DestinationConfig"]["OnFailure"]
                assert (target["Type"], list(names_in(target["Destination"]))) == ("SQS", ["ExpiryDead"])
            else:
                pytest.fail(f"no rule for event sources of type {event['Type']}")
            seen += 1
    assert seen == len(WORKERS) + len(SCHEDULED) + 2


@pytest.mark.clause("retention")
def test_only_what_dynamodb_itself_deleted_is_put_on_record_as_expired(template: dict[str, Any]) -> None:
    events = [event["Properties"] for event in functions(template)["RecordExpiry"]["Events"].values()]
    assert [list(names_in(event["Stream"])) for event in events] == [["AccountsTable"], ["WorkspaceTable"]]
    for event in events:
        (filtered,) = event["FilterCriteria"]["Filters"]
        assert json.loads(filtered["Pattern"]) == {
            "eventName": ["REMOVE"],
            "userIdentity": {"type": ["Service"], "principalId": ["dynamodb.amazonaws.com"]},
        }
    # Lambda delivers there with the function's own rights.
    (send,) = grants(template, "RecordExpiry", "sqs:SendMessage")
    assert set(names_in(send["Resource"])) == {"ExpiryDead"}


@pytest.mark.parametrize("function", sorted(SCHEDULED))
def test_a_run_that_fails_is_kept_and_not_only_one_that_was_not_handed_over(
    template: dict[str, Any], function: str
) -> None:
    dead = SCHEDULED[function]
    settings = functions(template)[function]["EventInvokeConfig"]
    assert settings["MaximumRetryAttempts"] <= 1
    assert settings["MaximumEventAgeInSeconds"] == 300, "the next run is due by then, or soon"
    target = settings["DestinationConfig"]["OnFailure"]
    assert target["Type"] == "SQS"
    assert list(names_in(target["Destination"])) == [dead]
    (event,) = functions(template)[function]["Events"].values()
    assert list(names_in(event["Properties"]["DeadLetterConfig"])) == [dead]
    policy = template["Resources"]["SchedulesDeadPolicy"]["Properties"]
    assert dead in set(names_in(policy["Queues"])) & set(names_in(policy["PolicyDocument"]))
    # Lambda delivers there with the function's own rights.
    sends = [set(names_in(one["Resource"])) for one in grants(template, function, "sqs:SendMessage")]
    assert {dead} in sends


def test_no_function_takes_the_capacity_that_others_need(template: dict[str, Any]) -> None:
    for name, properties in functions(template).items():
        # A fresh account has ten in all and must keep ten unreserved.
        assert "ReservedConcurrentExecutions" not in properties, name


def test_every_function_has_a_log_group_of_its_own_that_forgets(template: dict[str, Any]) -> None:
    groups = {name: group["Properties"] for name, group in of_type(template, "AWS::Logs::LogGroup").items()}
    names = {f"/aws/lambda/{properties['FunctionName']}" for properties in functions(template).values()}
    assert {group["LogGroupName"] for group in groups.values()} == names
    assert {group["RetentionInDays"] for group in groups.values()} == {RETENTION_DAYS}
    for name in FUNCTIONS:
        # A function that ran before its group existed would make one that never forgets.
        group = template["Resources"][name]["DependsOn"]
        assert groups[group]["LogGroupName"] == f"/aws/lambda/{functions(template)[name]['FunctionName']}"


def test_no_gateway_keeps_an_access_log(template: dict[str, Any]) -> None:
    text = json.dumps(template)
    assert "AccessLogSetting" not in text
    assert '"DataTraceEnabled": true' not in text


def test_memory_and_timeouts(template: dict[str, Any]) -> None:
    for name, properties in functions(template).items():
        assert properties["MemorySize"] == (512 if name in {"Edge", *SCHEDULED} else 1024)
    for name in ("APIHandler", "Staff"):
        assert functions(template)[name]["Timeout"] <= 29, "the gateway hangs up at 29 seconds"


def test_gateways_limit_the_rate(template: dict[str, Any]) -> None:
    (rest,) = of_type(template, "AWS::Serverless::Api").values()
    (everything,) = rest["Properties"]["MethodSettings"]
    assert everything["ThrottlingBurstLimit"] > 0 and everything["ThrottlingRateLimit"]
    (stage,) = of_type(template, "AWS::ApiGatewayV2::Stage").values()
    assert stage["Properties"]["DefaultRouteSettings"]["ThrottlingBurstLimit"] > 0


def test_sam_makes_one_stage_and_no_back_door(
    template: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    from samtranslator.parser.parser import Parser
    from samtranslator.translator.translator import Translator

    monkeypatch.setenv("AWS_DEFAULT_REGION", REGION)
    given = json.loads(json.dumps(template))
    for function in of_type(given, "AWS::Serverless::Function").values():
        function["Properties"]["CodeUri"] = "s3://bucket/key"
    made = Translator({}, Parser()).translate(given, {})
    (stage,) = of_type(made, "AWS::ApiGateway::Stage").values()
    assert stage["Properties"]["StageName"] == "api"
    (deployment,) = of_type(made, "AWS::ApiGateway::Deployment").values()
    assert "StageName" not in deployment["Properties"], "a deployment that names a stage makes it"
    failed = [
        list(names_in(one["Properties"]["DestinationConfig"]))
        for one in of_type(made, "AWS::Lambda::EventInvokeConfig").values()
    ]
    assert sorted(failed) == sorted([dead] for dead in SCHEDULED.values())


def alarmed(template: dict[str, Any], metric: str) -> set[str]:
    """Logical ids that an alarm on ``metric`` watches."""
    alarms = (alarm["Properties"] for alarm in of_type(template, "AWS::CloudWatch::Alarm").values())
    return {
        name
        for alarm in alarms
        if alarm["MetricName"] == metric
        for name in names_in(alarm.get("Dimensions"))
    }


def test_someone_is_told(template: dict[str, Any]) -> None:
    queues = set(of_type(template, "AWS::SQS::Queue"))
    dead = {name for name in queues if name.endswith("Dead")}
    assert alarmed(template, "ApproximateNumberOfMessagesVisible") == dead
    assert alarmed(template, "ApproximateAgeOfOldestMessage") == queues - dead
    assert alarmed(template, "Errors") == FUNCTIONS
    assert alarmed(template, "Throttles") == FUNCTIONS
    assert alarmed(template, "IteratorAge") == {"RecordExpiry"}
    metrics = {
        alarm["Properties"]["MetricName"] for alarm in of_type(template, "AWS::CloudWatch::Alarm").values()
    }
    assert {"5XXError", "5xx", "Reputation.BounceRate", "Reputation.ComplaintRate"} <= metrics
    for alarm in of_type(template, "AWS::CloudWatch::Alarm").values():
        assert list(names_in(alarm["Properties"]["AlarmActions"])) == ["Alarms"]


LOST = {
    "hit_lost": {"EdgeLogGroup"},
    "hint_lost": {
        "ApiHandlerLogGroup",
        "TellPeopleLogGroup",
        *(f"{step}LogGroup" for step in STEPS),
        "RunAiLogGroup",
        "RunFilesLogGroup",
        "RunTasksLogGroup",
        "StaffLogGroup",
        "SweepLogGroup",
        "TakeOrdersLogGroup",
    },
    "start_lost": {
        "ApiHandlerLogGroup",
        "EndProductLogGroup",
        "RunTasksLogGroup",
        "StaffLogGroup",
        "TakeOrdersLogGroup",
    },
    "mail_not_taken": {"SendMessagesLogGroup", "SendNoticesLogGroup", "TellPeopleLogGroup"},
    "order_refused": {"TakeOrdersLogGroup"},
    "purpose_refused": {
        "ApiHandlerLogGroup",
        "StaffLogGroup",
        *(f"{worker}LogGroup" for worker in WORKERS | STEPS),
    },
    "request_due_soon": {"RunTasksLogGroup"},
    "request_overdue": {"RunTasksLogGroup"},
    "request_escalated": {"StaffLogGroup"},
    "unusual_reading": {"WatchAccessLogGroup"},
    "incident_due": {"RunIncidentLogGroup"},
    "wechat_misconfigured": {"ApiHandlerLogGroup"},
    "bulk_export": {"StaffLogGroup"},
}


def test_someone_is_told_of_what_is_only_logged(template: dict[str, Any]) -> None:
    filters = [entry["Properties"] for entry in of_type(template, "AWS::Logs::MetricFilter").values()]
    code = "".join(path.read_text() for path in (ROOT / "chalicelib").rglob("*.py"))
    alarms = {
        (alarm["Properties"]["Namespace"], alarm["Properties"]["MetricName"])
        for alarm in of_type(template, "AWS::CloudWatch::Alarm").values()
    }
    for message, groups in LOST.items():
        assert f'"{message}"' in code, f"nothing logs {message} any more"
        mine = [one for one in filters if one["FilterPattern"] == f'{{ $.message = "{message}" }}']
        assert {name for one in mine for name in names_in(one["LogGroupName"])} == groups
        metrics = {
            (t["MetricNamespace"], t["MetricName"]) for one in mine for t in one["MetricTransformations"]
        }
        assert len(metrics) == 1 and metrics <= alarms
    assert len(filters) == sum(len(groups) for groups in LOST.values())


def test_no_stop_is_shared_between_companies(template: dict[str, Any]) -> None:
    """SES's suppression list is the account's: only an empty list of reasons keeps us out of it."""
    (configuration_set,) = of_type(template, "AWS::SES::ConfigurationSet").values()
    assert configuration_set["Properties"]["SuppressionOptions"] == {"SuppressedReasons": []}


def test_mail_events_reach_the_feedback_queue(template: dict[str, Any]) -> None:
    (destination,) = of_type(template, "AWS::SES::ConfigurationSetEventDestination").values()
    event = destination["Properties"]["EventDestination"]
    assert set(event["MatchingEventTypes"]) == {"send", "reject", "bounce", "complaint", "delivery"}
    assert next(names_in(event["SnsDestination"])) == "MailEvents"
    subscription = template["Resources"]["MailEventsSubscription"]["Properties"]
    assert next(names_in(subscription["Endpoint"])) == "FeedbackQueue"
    # Not where sealed bodies wait: these are as SES wrote them.
    assert list(names_in(subscription["RedrivePolicy"])) == ["MailEventsDead"]
    policy = template["Resources"]["FeedbackQueuePolicy"]["Properties"]
    assert set(names_in(policy["Queues"])) == {"FeedbackQueue", "MailEventsDead"}
    for topic in of_type(template, "AWS::SNS::Topic").values():
        assert list(names_in(topic["Properties"]["KmsMasterKeyId"])) == ["TableKey"]


def test_orders_reach_their_queue_or_wait_for_a_person(template: dict[str, Any]) -> None:
    (rule,) = (rule["Properties"] for rule in of_type(template, "AWS::Events::Rule").values())
    assert list(names_in(rule["EventBusName"])) == ["Bus"]
    assert rule["EventPattern"] == {"source": ["okki.billing"], "detail-type": ["order"]}
    (target,) = rule["Targets"]
    assert list(names_in(target["Arn"])) == ["BillingQueue"]
    assert list(names_in(target["DeadLetterConfig"]["Arn"])) == ["BillingDead"]
    assert "InputTransformer" not in target and "Input" not in target, (
        "the signature covers what billing wrote"
    )
    policy = template["Resources"]["BillingQueuePolicy"]["Properties"]
    assert set(names_in(policy["Queues"])) == {"BillingQueue", "BillingDead"}
    (statement,) = policy["PolicyDocument"]["Statement"]
    assert statement["Principal"] == {"Service": "events.amazonaws.com"}
    source = statement["Condition"]["ArnEquals"]["aws:SourceArn"]["Fn::Sub"]
    assert source.endswith(f":rule/${{Bus}}/{rule['Name']}"), "only our rule writes there"
    assert not of_type(template, "AWS::Events::EventBusPolicy"), "no other account puts orders on our bus"


def test_a_stack_with_the_defaults_takes_no_order_and_pushes_nothing(template: dict[str, Any]) -> None:
    defaults = {name: entry.get("Default") for name, entry in template["Parameters"].items()}
    assert {defaults[name] for name in ("BillingKeys", "PushApnsArn", "PushFcmArn")} == {""}
    assert defaults["WechatOpenUrl"] == "https://open.weixin.qq.com"
    assert defaults["WechatApiUrl"] == "https://api.weixin.qq.com"


def test_every_function_is_told_what_differs_between_installations(template: dict[str, Any]) -> None:
    told = template["Globals"]["Function"]["Environment"]["Variables"]
    assert {name: told[name] for name in told if isinstance(told[name], dict)} == {
        "EDGE_URL": {"Ref": "EdgeUrl"},
        "API_URL": {"Ref": "ApiUrl"},
        "MAIL_DOMAIN": {"Ref": "MailDomain"},
        "WECHAT_OPEN_URL": {"Ref": "WechatOpenUrl"},
        "WECHAT_API_URL": {"Ref": "WechatApiUrl"},
        "BILLING_KEYS": {"Ref": "BillingKeys"},
        "PUSH_APNS_ARN": {"Ref": "PushApnsArn"},
        "PUSH_FCM_ARN": {"Ref": "PushFcmArn"},
        "ACCOUNT_ID": {"Ref": "AWS::AccountId"},
    }


def test_no_template_holds_a_secret(template: dict[str, Any]) -> None:
    for name, secret in of_type(template, "AWS::SecretsManager::Secret").items():
        assert "SecretString" not in secret["Properties"], name
        assert secret["Properties"]["GenerateSecretString"]["SecretStringTemplate"] == "{}", name
    keys = re.compile(template["Parameters"]["BillingKeys"]["AllowedPattern"])
    public = base64.b64encode(bytes(32)).decode()
    assert all(keys.fullmatch(text) for text in ("", f"1:{public}", f"1:{public},2026-b:{public}"))
    assert not any(
        keys.fullmatch(text) for text in (public, f"1:{public},", f"1:{public}\n", "1:" + "A" * 86 + "==")
    )


def test_only_the_gateways_may_call_functions_from_outside(template: dict[str, Any]) -> None:
    for permission in of_type(template, "AWS::Lambda::Permission").values():
        assert permission["Properties"]["Principal"] == "apigateway.amazonaws.com"
        assert "SourceArn" in permission["Properties"]


def test_the_archive_holds_the_code_and_nothing_else(folder: Path) -> None:
    import zipfile

    names = zipfile.ZipFile(folder / "deployment.zip").namelist()
    assert {name.split("/")[0] for name in names} == {"app.py", "chalice", "chalicelib"}
    assert not [name for name in names if "__pycache__" in name or name.endswith(".pyc")]


def test_the_real_archive_leaves_out_the_packaging_tool() -> None:
    kept = without_tool((ROOT / "requirements.txt").read_text())
    names = {line.split("==")[0] for line in kept.splitlines() if "==" in line}
    asked = [
        line.split("==")[0]
        for line in (ROOT / "requirements.in").read_text().splitlines()
        if line[:1].isalpha()
    ]
    assert set(asked) - {"chalice"} <= names
    assert {"cryptography", "urllib3"} <= names, "what the kept ones need themselves"
    assert not names & {"chalice", "pip", "setuptools", "wheel", "inquirer"}
    assert all("--hash=sha256:" in entry for entry in kept.split("\n\n") if entry.strip())


def test_nobody_but_the_anchors_writes_to_the_evidence_and_nobody_hides_it(template: dict[str, Any]) -> None:
    """The lock keeps what was written; this keeps what hides it from being written."""
    document = template["Resources"]["EvidenceBucketPolicy"]["Properties"]["PolicyDocument"]
    rules = {one["Sid"]: one for one in document["Statement"]}
    assert {(one["Effect"], one["Principal"]) for one in rules.values()} == {("Deny", "*")}
    objects = {"Fn::Sub": "${EvidenceBucket.Arn}/*"}
    hiding, writing = rules["NobodyHidesOrShortens"], rules["NobodyElseWrites"]
    assert set(hiding["Action"]) == {"s3:BypassGovernanceRetention", "s3:DeleteObject*"}
    assert "Condition" not in hiding
    role = functions(template)["AnchorEvidence"]["Role"]
    assert writing["Action"] == "s3:PutObject"
    assert writing["Condition"] == {"ArnNotEquals": {"aws:PrincipalArn": role}}
    assert hiding["Resource"] == writing["Resource"] == objects
    assert "RefuseWhatIsNotTls" in rules
