"""What sets the workers going, from the bus to the device, with the rights that each function really has."""

from __future__ import annotations

import json
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError

from infra.local import LocalStack, billing
from infra.local.stack import QUEUES
from tests.integration.client import eventually


def client_of(stack: LocalStack, function: str, service: str) -> Any:
    """A client with the rights of one function and no others."""
    name = f"okki-leads-{function}"
    role = stack.client("lambda").get_function_configuration(FunctionName=name)["Role"]
    return client_with(stack, role, service)


def client_with(stack: LocalStack, role: str, service: str) -> Any:
    """A client with the rights of a role (ARN)."""
    session = stack.client("sts").assume_role(RoleArn=role, RoleSessionName="tests")["Credentials"]
    make: Any = boto3.client
    return make(
        service,
        region_name=stack.region,
        endpoint_url=stack.aws,
        aws_access_key_id=session["AccessKeyId"],
        aws_secret_access_key=session["SecretAccessKey"],
        aws_session_token=session["SessionToken"],
    )


def refused(call: Any, **arguments: Any) -> str:
    """The code of the error that a call ends with."""
    with pytest.raises(ClientError) as caught:
        call(**arguments)
    return str(caught.value.response["Error"]["Code"])


def application(stack: LocalStack) -> str:
    (arn,) = [
        entry["PlatformApplicationArn"]
        for entry in stack.client("sns").list_platform_applications()["PlatformApplications"]
        if ":app/APNS/" in entry["PlatformApplicationArn"]
    ]
    return str(arn)


def entry(source: str) -> dict[str, str]:
    return {"EventBusName": "okki-leads", "Source": source, "DetailType": "order", "Detail": "{}"}


# -- orders -------------------------------------------------------------------------------------------


@contextmanager
def queue_shut(stack: LocalStack) -> Iterator[None]:
    """The rule may not write to the billing queue: what it would have written waits among the dead letters."""
    sqs = stack.client("sqs")
    url = sqs.get_queue_url(QueueName="okki-leads-billing")["QueueUrl"]
    policy = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["Policy"])["Attributes"]["Policy"]
    shut = policy.replace("okki-leads-orders", "no-rule")
    sqs.set_queue_attributes(QueueUrl=url, Attributes={"Policy": shut})
    try:
        yield
    finally:
        sqs.set_queue_attributes(QueueUrl=url, Attributes={"Policy": policy})


def test_an_order_that_cannot_be_handed_over_waits_for_a_person_as_billing_wrote_it(
    stack: LocalStack,
) -> None:
    order = billing.signed(stack.billing_key, {"order_id": secrets.token_hex(8)})
    with queue_shut(stack):
        stack.order(order)
    waiting = [json.loads(text)["detail"] for text in stack.messages("billing-dead")]
    assert waiting.count(order) == 1


def test_only_orders_of_billing_are_handed_over(stack: LocalStack) -> None:
    mark = secrets.token_hex(8)
    with queue_shut(stack):
        stack.order({"mark": mark}, source="okki.leads")
        stack.order({"mark": mark}, detail_type="invoice")
        stack.order({"mark": mark})
    (event,) = [json.loads(text) for text in stack.messages("billing-dead") if mark in text]
    assert (event["source"], event["detail-type"]) == (billing.SOURCE, billing.DETAIL_TYPE)


@pytest.mark.clause("access")
def test_the_api_cannot_write_itself_an_order(stack: LocalStack) -> None:
    events = client_of(stack, "api", "events")
    assert events.put_events(Entries=[entry("okki.leads")])["FailedEntryCount"] == 0
    assert refused(events.put_events, Entries=[entry("okki.billing")]) == "AccessDeniedException"
    both = [entry("okki.leads"), entry("okki.billing")]
    assert refused(events.put_events, Entries=both) == "AccessDeniedException"
    for function in ("edge", "sweep", "take-orders", "run-tasks"):
        other = client_of(stack, function, "events")
        assert refused(other.put_events, Entries=[entry("okki.leads")]) == "AccessDeniedException"


def test_billing_keeps_its_key_as_long_as_the_stack_keeps_its_state(tmp_path: Path) -> None:
    key = billing.key_in(tmp_path)
    assert billing.public(billing.key_in(tmp_path)) == billing.public(key)
    assert (tmp_path / "billing.key").stat().st_mode & 0o077 == 0


# -- tasks --------------------------------------------------------------------------------------------


def test_a_task_nobody_knows_is_kept_for_a_person_and_not_forgotten(stack: LocalStack) -> None:
    sqs = stack.client("sqs")
    url = sqs.get_queue_url(QueueName="okki-leads-tasks")["QueueUrl"]
    task = json.dumps({"task": secrets.token_hex(8)})
    sqs.send_message(QueueUrl=url, MessageBody=task)
    eventually(lambda: task in stack.messages("tasks-dead"))


def test_every_queue_the_tests_hurry_is_one_of_ours(stack: LocalStack) -> None:
    urls = stack.client("sqs").list_queues()["QueueUrls"]
    names = {url.rpartition("/")[2].removeprefix("okki-leads-") for url in urls}
    assert {name for name in names if not name.endswith("-dead")} == set(QUEUES)


# -- push ---------------------------------------------------------------------------------------------


@pytest.mark.clause("access")
def test_a_push_reaches_the_device_it_is_for_and_no_other_once_it_is_gone(stack: LocalStack) -> None:
    api, notices, tasks = (
        client_of(stack, function, "sns") for function in ("api", "send-notices", "run-tasks")
    )
    token = secrets.token_hex(32)
    device = api.create_platform_endpoint(PlatformApplicationArn=application(stack), Token=token)[
        "EndpointArn"
    ]
    payload = json.dumps({"aps": {"alert": "新版本"}})
    text = json.dumps({"default": "", "APNS": payload})
    notices.publish(TargetArn=device, Message=text, MessageStructure="json")
    pushed = {"endpoint": device, "platform": "APNS", "token": token, "payload": payload}
    assert stack.pushes(device) == [pushed]

    api.set_endpoint_attributes(EndpointArn=device, Attributes={"Enabled": "false"})
    assert refused(notices.publish, TargetArn=device, Message="late") == "EndpointDisabled"
    tasks.delete_endpoint(EndpointArn=device)
    assert refused(notices.publish, TargetArn=device, Message="late") == "InvalidParameter"
    assert stack.pushes(device) == [pushed]


@pytest.mark.clause("access")
def test_who_registers_devices_pushes_nothing_and_who_pushes_registers_none(stack: LocalStack) -> None:
    api, notices = (client_of(stack, function, "sns") for function in ("api", "send-notices"))
    arn = application(stack)
    device = api.create_platform_endpoint(PlatformApplicationArn=arn, Token=secrets.token_hex(32))[
        "EndpointArn"
    ]
    assert refused(api.publish, TargetArn=device, Message="x") == "AuthorizationError"
    # It may forget a device that takes no pushes any more, and not switch one on again.
    on = {"Enabled": "true"}
    assert refused(notices.set_endpoint_attributes, EndpointArn=device, Attributes=on) == "AuthorizationError"
    create = notices.create_platform_endpoint
    assert refused(create, PlatformApplicationArn=arn, Token="x") == "AuthorizationError"
    # Neither a text message nor the topic of the alarms.
    assert refused(notices.publish, PhoneNumber="+6591234567", Message="x") == "AuthorizationError"
    topic = stack.outputs["AlarmsTopic"]
    assert refused(notices.publish, TopicArn=topic, Message="x") == "AuthorizationError"
    assert stack.pushes(device) == []
