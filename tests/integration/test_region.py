"""Nothing leaves Singapore: every call of the main journey goes there, and a function that tried could not."""

from __future__ import annotations

from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError

from chalicelib.kernel.region import refuse_abroad
from infra.local import LocalStack
from infra.local.wire import REACHED
from tests.integration.client import CHROME, User, eventually, fresh_address, links_in, mail_to, request
from tests.integration.letters import sample

pytestmark = pytest.mark.clause("singapore")

FUNCTIONS = (
    "anchor-evidence",
    "api",
    "cancel-company",
    "edge",
    "end-product",
    "mail-feedback",
    "record-expiry",
    "record-hits",
    "run-ai",
    "run-files",
    "run-incident",
    "run-tasks",
    "send-messages",
    "send-notices",
    "staff",
    "sweep",
    "take-orders",
    "tell-people",
    "watch-access",
)


def walk(stack: LocalStack, user: User) -> None:
    """A mail is written, read and stopped, and everything that runs by itself runs."""
    email = fresh_address("bob", "buyer.example")
    contact = user.contact(email)
    assert user.consent(contact["id"]).status == 200
    message = user.write(email)
    links = links_in(mail_to(stack, email))
    user.settled(message)
    stack.advance(600)
    assert request(links["o"], headers={"User-Agent": CHROME}).status == 200
    eventually(lambda: user.message(message)["recipients"][0]["tracking"]["read"])
    form = {"Content-Type": "application/x-www-form-urlencoded"}
    assert request(links["u"], "POST", b"List-Unsubscribe=One-Click", form).status == 200
    stack.invoke("Sweep", sample("schedule-sweep"))


def test_every_call_of_the_main_journey_goes_to_singapore(stack: LocalStack, anna: User) -> None:
    stack.wire.clear()
    walk(stack, anna)
    called = {(call.function, call.service, call.region) for call in stack.wire.calls if call.service}
    print(*(f"{function:28} {service:16} {region}" for function, service, region in sorted(called)), sep="\n")
    assert {region for _, _, region in called} == {stack.region}
    assert {service for _, service, _ in called} >= {"dynamodb", "kms", "sqs", "ses"}
    assert {function for function, _, _ in called} >= {
        "okki-leads-api",
        "okki-leads-edge",
        "okki-leads-record-hits",
        "okki-leads-send-messages",
        "okki-leads-sweep",
    }
    assert {(service, region) for _, service, region in called} <= REACHED, (
        "the run's own list would miss some"
    )


@pytest.mark.parametrize("function", FUNCTIONS)
def test_no_function_has_a_right_outside_singapore(stack: LocalStack, function: str) -> None:
    """What its policy allows it at home it is denied elsewhere: a hook that somebody removed is no way out."""
    configuration = stack.client("lambda").get_function_configuration(FunctionName=f"okki-leads-{function}")
    session = stack.client("sts").assume_role(RoleArn=configuration["Role"], RoleSessionName="abroad")
    keys = {
        "aws_access_key_id": session["Credentials"]["AccessKeyId"],
        "aws_secret_access_key": session["Credentials"]["SecretAccessKey"],
        "aws_session_token": session["Credentials"]["SessionToken"],
    }

    def write_log(region: str) -> str:
        """The one right that every function has; what the refusal says, empty if there was none."""
        make: Any = boto3.client
        logs = make("logs", region_name=region, endpoint_url=stack.aws, **keys)
        # Without the hook, which other tests may have put into this process.
        logs.meta.events.unregister("before-send", refuse_abroad)
        group = f"/aws/lambda/okki-leads-{function}"
        try:
            logs.create_log_stream(logGroupName=group, logStreamName=f"probe-{region}")
        except ClientError as error:
            return str(error)
        return ""

    assert write_log(stack.region) == ""
    for region in ("us-east-1", "ap-southeast-2", "eu-central-1"):
        assert "explicit deny" in write_log(region)


def test_all_functions_were_asked(stack: LocalStack) -> None:
    assert {f"okki-leads-{function}" for function in FUNCTIONS} == set(stack.functions().values())
