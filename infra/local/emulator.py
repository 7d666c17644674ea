# ruff: noqa: SLF001 - reaching into the emulator's modules is what this file is for
"""Closes the gaps of ministack 1.5.33 that the stack would notice, from outside, in the emulator's process.

Each function says what AWS does and what the emulator lacks. They reach into its modules, so the version is
pinned and a missing name fails the start instead of silently testing less.
"""

from __future__ import annotations

import json
import re
from email.utils import parseaddr
from importlib import import_module
from typing import Any, Self
from urllib.parse import parse_qs

from infra.local.door import ADDRESS_HEADER
from infra.local.mailbox import SEND_PATH

_ADDRESS = ADDRESS_HEADER.decode()
_PARTITION_KEYS = ("pk", "due_pk", "person_key")
_OF_LOG_STREAMS = ("CreateLogStream", "FilterLogEvents", "PutLogEvents")


def report_source_address() -> None:
    """The caller's address in events.

    AWS puts the peer's address in `requestContext` and appends it to X-Forwarded-For. The emulator says
    127.0.0.1 for HTTP APIs and believes the client's own X-Forwarded-For for REST APIs.
    """
    http_api: Any = import_module("ministack.services.apigateway")
    rest_api: Any = import_module("ministack.services.apigateway_v1")
    run, build = http_api.run_reentrant, rest_api._build_lambda_event_v1

    async def run_with_address(function: Any, record: Any, event: Any, *args: Any, **kwargs: Any) -> Any:
        if isinstance(event, dict) and _ADDRESS in event.get("headers", {}):
            address = event["headers"].pop(_ADDRESS)
            event["requestContext"]["http"]["sourceIp"] = address
            _forwarded(event["headers"], address)
        return await run(function, record, event, *args, **kwargs)

    def build_with_address(*args: Any, **kwargs: Any) -> Any:
        event = build(*args, **kwargs)
        if _ADDRESS in event["headers"]:
            address = event["headers"].pop(_ADDRESS)
            event["multiValueHeaders"].pop(_ADDRESS, None)
            event["requestContext"]["identity"]["sourceIp"] = address
            _forwarded(event["headers"], address)
            event["multiValueHeaders"]["x-forwarded-for"] = [event["headers"]["x-forwarded-for"]]
        return event

    http_api.run_reentrant = run_with_address
    rest_api._build_lambda_event_v1 = build_with_address


def _forwarded(headers: dict[str, str], address: str) -> None:
    sent = headers.get("x-forwarded-for")
    headers["x-forwarded-for"] = f"{sent}, {address}" if sent else address


def name_resources_as_aws_does() -> None:
    """What a policy's Resource is compared with.

    AWS evaluates a call that names a key's alias against the key's ARN, and SendEmail against the sender's
    identity; the emulator takes the alias' own ARN and `*`. (AWS also checks the configuration set; that is
    not modelled.) Calls about push endpoints name the application or the endpoint; the emulator takes `*`.
    What concerns a log's streams is compared with an ARN that ends in `:log-stream:`, so that a policy's
    `log-group:NAME:*` fits. Conditions on `kms:EncryptionContext:...` are unknown to it as well, and so is
    `events:source`, compared for each event of a PutEvents.
    """
    actions: Any = import_module("ministack.core.iam_actions")
    kms: Any = import_module("ministack.services.kms")
    arn_of, buses_of = actions.extract_resource_arn, actions.eventbridge_resource_arns

    def resource_arn(
        service: str, method: str, path: str, headers: Any, body: bytes, query: Any, region: str, account: str
    ) -> str:
        if service == "ses" and path == SEND_PATH:
            sender = parseaddr(_json_object(body).get("FromEmailAddress", ""))[1]
            return f"arn:aws:ses:{region}:{account}:identity/{sender.rpartition('@')[2].lower()}"
        if service == "kms":
            request = _json_object(body)
            key = kms._resolve_key(request.get("KeyId", ""))
            plain = (
                key["Arn"] if key else arn_of(service, method, path, headers, body, query, region, account)
            )
            encryption_context = request.get("EncryptionContext") or {}
            return _Resource(
                plain, {f"kms:EncryptionContext:{name}": value for name, value in encryption_context.items()}
            )
        if service == "sns":
            form = parse_qs(body.decode("utf-8", "replace"))
            for name in ("PlatformApplicationArn", "EndpointArn"):
                if name in form:
                    return form[name][0]
        plain = arn_of(service, method, path, headers, body, query, region, account)
        if service == "logs" and headers.get("x-amz-target", "").rpartition(".")[2] in _OF_LOG_STREAMS:
            return f"{plain}:log-stream:" if ":log-stream:" not in plain else plain
        return plain  # type: ignore[no-any-return]  # its own, untyped

    def buses(body: bytes, region: str, account: str) -> list[str]:
        named: list[str] = []
        for entry in _json_object(body).get("Entries") or [None]:
            alone = json.dumps({"Entries": [entry]}).encode()
            source = entry.get("Source") if isinstance(entry, dict) else None
            named += [_Resource(arn, {"events:source": source}) for arn in buses_of(alone, region, account)]
        return named

    actions.extract_resource_arn, actions.eventbridge_resource_arns = resource_arn, buses


def name_actions_as_aws_does() -> None:
    """What a policy's Action is compared with.

    AWS has no action of its own for SQS's batch calls; they need the right to the single call. And SES
    authorises SendEmail with a finished mail (`Content.Raw`) as SendRawEmail, of v1's name.
    """
    actions: Any = import_module("ministack.core.iam_actions")
    action_of = actions.extract_iam_action

    def action(
        service: str, method: str, path: str, headers: Any, body: bytes, *args: Any, **kwargs: Any
    ) -> Any:
        if service == "ses" and method == "POST" and path == SEND_PATH:
            content = _json_object(body).get("Content")
            if isinstance(content, dict) and "Raw" in content:
                return "ses:SendRawEmail"
        named = action_of(service, method, path, headers, body, *args, **kwargs)
        batch = isinstance(named, str) and named.startswith("sqs:") and named.endswith("Batch")
        return named.removesuffix("Batch") if batch else named

    actions.extract_iam_action = action


class _Resource(str):
    """An ARN with the condition keys of the call, or part of a call, that names it."""

    __slots__ = ("context",)
    context: dict[str, Any]

    def __new__(cls, arn: str, context: dict[str, Any]) -> Self:
        resource = super().__new__(cls, arn)
        resource.context = context
        return resource


def read_conditions_beside_resources() -> None:
    """Let policy evaluation see what a `_Resource` carries, and `aws:PrincipalArn` be a session's role."""
    evaluator: Any = import_module("ministack.core.iam_evaluator")
    decide, value_of = evaluator.enforce, evaluator._resolve_condition_key

    def enforce(*args: Any, resource_arn: str = "*", service_context: Any = None, **kwargs: Any) -> Any:
        if isinstance(resource_arn, _Resource):
            service_context = {**(service_context or {}), **resource_arn.context}
        return decide(*args, resource_arn=str(resource_arn), service_context=service_context, **kwargs)

    def value(key: str, *args: Any) -> Any:
        found, session = value_of(key, *args), r"arn:aws:sts::(\d+):assumed-role/([^/]+)/.*"
        role = r"arn:aws:iam::\1:role/\2"
        return re.sub(session, role, found) if key.lower() == "aws:principalarn" else found

    evaluator.enforce, evaluator._resolve_condition_key = enforce, value


def take_loopback_for_tls() -> None:
    """`aws:SecureTransport` in policy conditions: calls to AWS use TLS, those on this machine need none."""
    app: Any = import_module("ministack.app")
    pin = app.pin_request_origin

    def pin_as_secure(address: str, *_secure: bool) -> None:
        pin(address, True)

    app.pin_request_origin = pin_as_secure


def enforce_leading_keys() -> None:
    """`dynamodb:LeadingKeys` in policy conditions: the partition keys a call names.

    The emulator has no such key. A transaction's parts are checked one by one, each with its own key, as on
    AWS.
    """
    actions: Any = import_module("ministack.core.iam_actions")
    context_of, checks_of = actions.dynamodb_service_context, actions.dynamodb_transaction_checks

    def context_with_keys(body: bytes) -> dict[str, Any]:
        context: dict[str, Any] = dict(context_of(body) or {})
        request = _json_object(body)
        keys = _keys_of([request.get("Item"), request.get("Key"), *_in_batch(request), _queried(request)])
        return {**context, "dynamodb:LeadingKeys": keys} if keys else context

    def checks_with_keys(action: str, body: bytes, region: str, account: str) -> list[tuple[str, str]]:
        checks: list[tuple[str, str]] = checks_of(action, body, region, account)
        parts = [
            part
            for entry in _json_object(body).get("TransactItems", [])
            if isinstance(entry, dict)
            for part in entry.values()
            if isinstance(part, dict) and part.get("TableName")
        ]
        return [
            (verb, _Resource(arn, {"dynamodb:LeadingKeys": _keys_of([part.get("Item"), part.get("Key")])}))
            for (verb, arn), part in zip(checks, parts, strict=True)
        ]

    actions.dynamodb_service_context = context_with_keys
    actions.dynamodb_transaction_checks = checks_with_keys


def _json_object(body: bytes) -> dict[str, Any]:
    try:
        value = json.loads(body)
    except ValueError:
        return {}
    return value if isinstance(value, dict) else {}


def _keys_of(items: list[Any]) -> list[str]:
    keys = [
        item["pk"].get("S") for item in items if isinstance(item, dict) and isinstance(item.get("pk"), dict)
    ]
    return [key for key in keys if isinstance(key, str)]


def _in_batch(request: dict[str, Any]) -> list[Any]:
    """Keys and items of BatchGetItem and BatchWriteItem."""
    parts: list[Any] = []
    for asked in (request.get("RequestItems") or {}).values():
        if isinstance(asked, dict):
            parts += asked.get("Keys") or []
            continue
        for write in asked:
            parts += [part.get("Item") or part.get("Key") for part in write.values()]
    return parts


def _queried(request: dict[str, Any]) -> dict[str, Any]:
    """The partition that a Query reads, of a table or an index, as if it were a key."""
    names = request.get("ExpressionAttributeNames") or {}
    values = request.get("ExpressionAttributeValues") or {}
    for name, value in re.findall(r"([#\w]+)\s*=\s*(:\w+)", request.get("KeyConditionExpression") or ""):
        if names.get(name, name) in _PARTITION_KEYS:
            return {"pk": values.get(value)}
    return {}


def deliver_events_with_the_queues_consent() -> None:
    """A rule's queue takes events only if its policy lets EventBridge send from that rule.

    The emulator never asks. As on AWS, what the queue does not take goes to the target's dead-letter queue.
    """
    bus: Any = import_module("ministack.services.eventbridge")
    sqs: Any = import_module("ministack.services.sqs")
    invoke = bus._invoke_target

    def invoke_if_taken(target: dict[str, Any], event: Any, rule: dict[str, Any], view: Any = None) -> None:
        for arn in (target["Arn"], (target.get("DeadLetterConfig") or {}).get("Arn", "")):
            sender = "events.amazonaws.com", rule["Arn"], event["Account"]
            if ":sqs:" not in target["Arn"] or (arn and sqs.queue_policy_allows(arn, *sender)):
                invoke({**target, "Arn": arn}, event, rule, view)
                return

    bus._invoke_target = invoke_if_taken


def publish_mail_event(account: str, region: str, configuration_set: str, event: dict[str, Any]) -> None:
    """Send one SES event to a configuration set's topics; the emulator stores them and never fires."""
    responses: Any = import_module("ministack.core.responses")
    ses: Any = import_module("ministack.services.ses_v2")
    sns: Any = import_module("ministack.services.sns")
    account_token = responses._request_account_id.set(account)
    region_token = responses._request_region.set(region)
    try:
        record = ses._config_sets.get(configuration_set) or {}
        for destination in (record.get("EventDestinations") or {}).values():
            wanted = event["eventType"].upper() in destination["MatchingEventTypes"]
            topic = (destination.get("SnsDestination") or {}).get("TopicArn")
            if destination["Enabled"] and wanted and topic:
                sns.publish_internal(topic, json.dumps(event), "Amazon SES Email Event Notification")
    finally:
        responses._request_account_id.reset(account_token)
        responses._request_region.reset(region_token)
