"""What each function can reach with the rights it really has: staff's rows, evidence, and other functions' logs."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError

from chalicelib.kernel import ids
from infra.local import LocalStack
from infra.local.staff_function import is_staffs
from tests.integration.client import eventually, request
from tests.integration.test_triggers import client_of, client_with, refused

OTHERS = ("api", "edge", "record-hits", "send-messages", "send-notices", "mail-feedback", "take-orders")


@pytest.mark.clause("personnel")
@pytest.mark.parametrize("function", [*OTHERS, "run-tasks", "record-expiry", "anchor-evidence"])
def test_no_function_for_companies_reaches_what_only_staff_may(stack: LocalStack, function: str) -> None:
    tables = client_of(stack, function, "dynamodb")
    key = {"pk": {"S": "x"}, "sk": {"S": "y"}}
    table = "okki-leads-operator"
    query = {"KeyConditionExpression": "pk = :x", "ExpressionAttributeValues": {":x": {"S": "x"}}}
    by_time = {**query, "KeyConditionExpression": "due_pk = :x", "IndexName": "due"}
    items = [{"Get": {"TableName": table, "Key": key}}]
    for denied in (
        refused(tables.get_item, TableName=table, Key=key),
        refused(tables.put_item, TableName=table, Item=key),
        refused(tables.delete_item, TableName=table, Key=key),
        refused(tables.query, TableName=table, **query),
        refused(tables.query, TableName=table, **by_time),
        refused(tables.scan, TableName=table),
        refused(tables.batch_get_item, RequestItems={table: {"Keys": [key]}}),
        refused(tables.transact_get_items, TransactItems=items),
    ):
        assert denied == "AccessDeniedException"


@pytest.mark.clause("personnel")
def test_staffs_function_reaches_its_rows(stack: LocalStack) -> None:
    tables = client_of(stack, "staff", "dynamodb")
    row = {"pk": {"S": ids.new("stf")}, "sk": {"S": "nothing"}}
    tables.put_item(TableName="okki-leads-operator", Item=row)
    assert tables.get_item(TableName="okki-leads-operator", Key=row)["Item"] == row
    tables.delete_item(TableName="okki-leads-operator", Key=row)
    assert refused(tables.scan, TableName="okki-leads-operator") == "AccessDeniedException"


@pytest.mark.clause("personnel")
def test_staffs_paths_are_served_by_staffs_function_and_by_no_other(stack: LocalStack) -> None:
    gateway, api = stack.client("apigateway"), stack.outputs["RestAPIId"]
    found = {
        (resource["path"], method): gateway.get_integration(
            restApiId=api, resourceId=resource["id"], httpMethod=method
        )["uri"]
        for page in gateway.get_paginator("get_resources").paginate(restApiId=api)
        for resource in page["items"]
        for method in resource.get("resourceMethods", {})
    }
    assert len(found) > 50
    assert [path for path, _ in found if is_staffs(path)]
    for (path, method), uri in found.items():
        function = uri.split(":function:")[1].split("/")[0]
        assert function == ("okki-leads-staff" if is_staffs(path) else "okki-leads-api"), (path, method)


def starts(stack: LocalStack, function: str) -> int:
    return stack.logs(function).count("START RequestId")


@pytest.mark.clause("personnel")
def test_a_request_to_staffs_paths_never_runs_with_the_companies_rights(stack: LocalStack) -> None:
    before = {name: starts(stack, name) for name in ("Staff", "APIHandler")}
    answer = request(f"{stack.api}/v1/staff/login", "POST", {})
    assert 400 <= answer.status < 500
    eventually(lambda: starts(stack, "Staff") > before["Staff"])
    assert starts(stack, "APIHandler") == before["APIHandler"]


@pytest.mark.clause("retention")
def test_an_anchor_can_be_added_and_read_and_nothing_else(stack: LocalStack) -> None:
    bucket, key = stack.outputs["EvidenceBucketName"], f"probe/{ids.new('op')}"
    anchors, staff = client_of(stack, "anchor-evidence", "s3"), client_of(stack, "staff", "s3")
    version = anchors.put_object(Bucket=bucket, Key=key, Body=b"head")["VersionId"]
    assert staff.get_object(Bucket=bucket, Key=key, VersionId=version)["Body"].read() == b"head"
    assert key in [one["Key"] for one in staff.list_object_versions(Bucket=bucket)["Versions"]]
    for client in (anchors, staff):  # a reader that asks for "the object" would get whatever was put over it
        assert refused(client.get_object, Bucket=bucket, Key=key) == "AccessDenied"
        assert refused(client.list_objects_v2, Bucket=bucket) == "AccessDenied"
    for client in (anchors, staff):
        assert refused(client.delete_object, Bucket=bucket, Key=key) == "AccessDenied"
        assert refused(client.delete_object, Bucket=bucket, Key=key, VersionId=version) == "AccessDenied"
        sooner = {"Mode": "GOVERNANCE", "RetainUntilDate": time.time() + 60}
        assert (
            refused(client.put_object_retention, Bucket=bucket, Key=key, Retention=sooner) == "AccessDenied"
        )
    assert refused(staff.put_object, Bucket=bucket, Key=key, Body=b"other") == "AccessDenied"
    for function in ("api", "edge", "run-tasks", "sweep"):
        other = client_of(stack, function, "s3")
        assert refused(other.get_object, Bucket=bucket, Key=key) == "AccessDenied"
    # Nor can the account's owner.
    owner = stack.client("s3")
    held = owner.head_object(Bucket=bucket, Key=key)
    assert held["ObjectLockMode"] == "COMPLIANCE"
    assert held["ObjectLockRetainUntilDate"].timestamp() > time.time() + 72 * 30 * 86_400
    with pytest.raises(ClientError):
        owner.delete_object(Bucket=bucket, Key=key, VersionId=version, BypassGovernanceRetention=True)


def test_a_policy_can_name_partitions_and_the_local_aws_minds_it(stack: LocalStack) -> None:
    """What `dynamodb:LeadingKeys` allows here it allows on AWS, for every way to name a partition."""
    iam, table = stack.client("iam"), "okki-leads-workspace"
    arn = stack.client("dynamodb").describe_table(TableName=table)["Table"]["TableArn"]
    trust = {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}
    rule = {
        "Effect": "Allow",
        "Action": ["dynamodb:Query", "dynamodb:BatchGetItem", "dynamodb:BatchWriteItem", "dynamodb:GetItem"],
        "Resource": [arn, f"{arn}/index/person"],
        "Condition": {"ForAllValues:StringLike": {"dynamodb:LeadingKeys": ["ours*"]}},
    }
    name = f"probe-{ids.new('op')}"
    role = iam.create_role(RoleName=name, AssumeRolePolicyDocument=json.dumps({"Statement": [trust]}))
    document = json.dumps({"Version": "2012-10-17", "Statement": [rule]})
    iam.put_role_policy(RoleName=name, PolicyName="rule", PolicyDocument=document)
    tables = client_with(stack, role["Role"]["Arn"], "dynamodb")

    def ask(pk: str) -> list[Callable[[], Any]]:
        key, values = {"pk": {"S": pk}, "sk": {"S": "x"}}, {":p": {"S": pk}}
        query = {"TableName": table, "ExpressionAttributeValues": values}
        return [
            lambda: tables.get_item(TableName=table, Key=key),
            lambda: tables.query(**query, KeyConditionExpression="pk = :p"),
            lambda: tables.query(
                **query, KeyConditionExpression="#0 = :p", ExpressionAttributeNames={"#0": "pk"}
            ),
            lambda: tables.query(**query, KeyConditionExpression="person_key=:p", IndexName="person"),
            lambda: tables.batch_get_item(RequestItems={table: {"Keys": [key]}}),
            lambda: tables.batch_write_item(RequestItems={table: [{"DeleteRequest": {"Key": key}}]}),
        ]

    for allowed in ask("ours#1"):
        allowed()
    for denied in ask("theirs"):
        assert refused(denied) == "AccessDeniedException"


@pytest.mark.clause("personnel")
def test_who_watches_reads_the_two_logs_of_reading_and_no_other(stack: LocalStack) -> None:
    logs = client_of(stack, "watch-access", "logs")
    for function in ("api", "staff"):
        logs.filter_log_events(logGroupName=f"/aws/lambda/okki-leads-{function}", limit=1)
    for function in ("edge", "send-notices", "watch-access"):
        group = f"/aws/lambda/okki-leads-{function}"
        assert refused(logs.filter_log_events, logGroupName=group) == "AccessDeniedException"
    for function in (*OTHERS, "staff"):
        other = client_of(stack, function, "logs")
        group = "/aws/lambda/okki-leads-staff"
        assert refused(other.filter_log_events, logGroupName=group) == "AccessDeniedException"


@pytest.mark.clause("access")
def test_the_buckets_own_policy_refuses_whoever_may_do_anything(stack: LocalStack) -> None:
    """An administrator of the account: until they take the policy off, which CloudTrail tells of."""
    iam, name = stack.client("iam"), f"probe-{ids.new('op')}"
    trust = {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}
    role = iam.create_role(RoleName=name, AssumeRolePolicyDocument=json.dumps({"Statement": [trust]}))
    everything = {"Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}
    iam.put_role_policy(RoleName=name, PolicyName="all", PolicyDocument=json.dumps(everything))
    bucket, key = stack.outputs["EvidenceBucketName"], f"probe/{ids.new('op')}"
    version = client_of(stack, "anchor-evidence", "s3").put_object(Bucket=bucket, Key=key, Body=b"head")
    admin = client_with(stack, role["Role"]["Arn"], "s3")
    assert admin.list_object_versions(Bucket=bucket, Prefix=key)["Versions"]
    assert refused(admin.put_object, Bucket=bucket, Key=key, Body=b"other") == "AccessDenied"
    assert refused(admin.put_object, Bucket=bucket, Key=f"{key}x", Body=b"other") == "AccessDenied"
    assert refused(admin.delete_object, Bucket=bucket, Key=key) == "AccessDenied"
    held = version["VersionId"]
    assert refused(admin.delete_object, Bucket=bucket, Key=key, VersionId=held) == "AccessDenied"
