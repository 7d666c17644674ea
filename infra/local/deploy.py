"""What `aws cloudformation package` and `deploy` do, without the AWS CLI."""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from botocore.exceptions import ClientError

from infra.local.package import ARCHIVE

STACK = "okki-leads"
BUCKET = "okki-leads-artifacts"
POLL_SECONDS = 0.1
AT_ONCE = 2
"""Workers of one queue: as many as it takes to meet each other; each is a process, and here are few cores."""
_DONE = ("CREATE_COMPLETE", "UPDATE_COMPLETE")


class DeploymentError(Exception):
    """The stack did not come up; the message names what failed."""


def deploy(
    client: Callable[[str], Any],
    template: dict[str, Any],
    folder: Path,
    parameters: Mapping[str, str],
    region: str,
) -> dict[str, str]:
    """Create or update the stack, wait for it and return its outputs. Raises DeploymentError."""
    archive = (folder / ARCHIVE).read_bytes()
    key = f"{hashlib.sha256(archive).hexdigest()[:32]}.zip"
    s3, cloudformation = client("s3"), client("cloudformation")
    if BUCKET not in [bucket["Name"] for bucket in s3.list_buckets()["Buckets"]]:
        s3.create_bucket(Bucket=BUCKET, CreateBucketConfiguration={"LocationConstraint": region})
    s3.put_object(Bucket=BUCKET, Key=key, Body=archive)
    body = json.loads(json.dumps(template))
    for resource in body["Resources"].values():
        if resource["Type"] == "AWS::Serverless::Function":
            resource["Properties"]["CodeUri"] = f"s3://{BUCKET}/{key}"
            for event in resource["Properties"].get("Events", {}).values():
                if event["Type"] == "SQS":
                    event["Properties"]["ScalingConfig"]["MaximumConcurrency"] = AT_ONCE
    s3.put_object(Bucket=BUCKET, Key="template.json", Body=json.dumps(body).encode())
    arguments = {
        "StackName": STACK,
        "TemplateURL": f"{s3.meta.endpoint_url}/{BUCKET}/template.json",
        "Parameters": [{"ParameterKey": name, "ParameterValue": value} for name, value in parameters.items()],
        "Capabilities": ["CAPABILITY_IAM", "CAPABILITY_AUTO_EXPAND"],
    }
    try:
        if _status(cloudformation) is None:
            cloudformation.create_stack(**arguments, OnFailure="DO_NOTHING")
        else:
            cloudformation.update_stack(**arguments)
    except ClientError as error:
        if "No updates are to be performed" not in str(error):
            raise DeploymentError(str(error)) from error
    while (status := _status(cloudformation)) and status.endswith("IN_PROGRESS"):
        time.sleep(POLL_SECONDS)
    if status not in _DONE:
        raise DeploymentError(f"{status}\n{_failures(cloudformation)}")
    found = cloudformation.describe_stacks(StackName=STACK)["Stacks"][0].get("Outputs", [])
    outputs: dict[str, str] = {output["OutputKey"]: output["OutputValue"] for output in found}
    _apply_gateway_responses(
        client("apigateway"), body["Resources"]["RestAPI"]["Properties"], outputs["RestAPIId"]
    )
    _apply_retention(client, body["Resources"], outputs)
    return outputs


def _apply_retention(
    client: Callable[[str], Any], resources: Mapping[str, Any], outputs: Mapping[str, str]
) -> None:
    """The tables' time to live and the bucket's lock, which the emulator's CloudFormation passes over."""
    for resource in resources.values():
        if resource["Type"] == "AWS::DynamoDB::Table":
            client("dynamodb").update_time_to_live(
                TableName=resource["Properties"]["TableName"],
                TimeToLiveSpecification=resource["Properties"]["TimeToLiveSpecification"],
            )
    client("s3").put_object_lock_configuration(
        Bucket=outputs["EvidenceBucketName"],
        ObjectLockConfiguration=resources["EvidenceBucket"]["Properties"]["ObjectLockConfiguration"],
    )


def _apply_gateway_responses(gateway: Any, rest_api: dict[str, Any], api_id: str) -> None:
    """SAM writes these into the API's definition, where AWS finds them and the emulator does not."""
    for kind, wanted in rest_api["GatewayResponses"].items():
        headers = wanted["ResponseParameters"]["Headers"]
        gateway.put_gateway_response(
            restApiId=api_id,
            responseType=kind,
            statusCode=str(wanted["StatusCode"]),
            responseParameters={f"gatewayresponse.header.{name}": text for name, text in headers.items()},
            responseTemplates=wanted["ResponseTemplates"],
        )
    gateway.create_deployment(restApiId=api_id, stageName=rest_api["StageName"])


def _status(cloudformation: Any) -> str | None:
    try:
        return str(cloudformation.describe_stacks(StackName=STACK)["Stacks"][0]["StackStatus"])
    except ClientError as error:
        if "does not exist" in str(error):
            return None
        raise


def _failures(cloudformation: Any) -> str:
    events = cloudformation.describe_stack_events(StackName=STACK)["StackEvents"]
    failed = [event for event in events if event["ResourceStatus"].endswith("FAILED")]
    return "\n".join(
        f"  {event['LogicalResourceId']}: {event.get('ResourceStatusReason', '')}" for event in failed
    )
