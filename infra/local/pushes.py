# ruff: noqa: SLF001 - reaching into the emulator's modules, as emulator.py does and for the same reason
"""Push notifications: SNS platform endpoints as AWS has them, and what was sent to which device.

Nothing leaves the machine: a push that SNS would hand to Apple or Google is written down instead. The list
lives as long as the process; applications and endpoints are part of the kept state.
"""

from __future__ import annotations

import json
from importlib import import_module
from typing import Any, Final

APPLICATION: Final = "okki-leads"
"""Name of the platform applications; the functions' policies name it, and so do the template's parameters."""

PLATFORMS: Final = {"PushApnsArn": "APNS", "PushFcmArn": "GCM"}
"""Template parameter -> SNS' name of the platform."""

Reply = tuple[int, dict[str, str], Any]


def create_applications(sns: Any) -> dict[str, str]:
    """What an operator does once per account by hand (docs/deploy.md); returns the template's parameters."""
    credentials = {"PlatformCredential": "local", "PlatformPrincipal": "local"}
    return {
        parameter: sns.create_platform_application(
            Name=APPLICATION, Platform=platform, Attributes=credentials
        )["PlatformApplicationArn"]
        for parameter, platform in PLATFORMS.items()
    }


def keep() -> list[dict[str, str]]:
    """Let the emulator's SNS act as AWS' towards devices; returns the growing list of what was pushed.

    AWS names an endpoint `endpoint/PLATFORM/NAME/id`, the emulator `app/PLATFORM/NAME/id`, so no policy could
    tell the two apart. AWS refuses a push to a disabled endpoint (EndpointDisabled) and to one that is gone
    (InvalidParameter); the emulator drops the one and says NotFound to the other. Not modelled: Apple or
    Google refusing a token later, after which AWS disables the endpoint; tests use SetEndpointAttributes.
    """
    sns: Any = import_module("ministack.services.sns")
    endpoints: Any = sns._platform_endpoints
    create, publish = sns._create_platform_endpoint, sns._publish
    pushed: list[dict[str, str]] = []

    def create_named(params: dict[str, Any]) -> Reply:
        status, fields, reply = create(params)
        for arn in [arn for arn in endpoints if ":app/" in arn]:
            record = endpoints.pop(arn)
            record["arn"] = arn.replace(":app/", ":endpoint/", 1)
            endpoints[record["arn"]] = record
            reply = reply.replace(arn.encode(), record["arn"].encode())
        return status, fields, reply

    def publish_to_device(params: dict[str, Any]) -> Reply:
        target = sns._p(params, "TargetArn")
        if ":endpoint/" not in target:
            return _reply(publish(params))
        endpoint = endpoints.get(target)
        if endpoint is None:
            reason = "Invalid parameter: TargetArn Reason: No endpoint found for the target arn specified"
            return _reply(sns._error("InvalidParameter", reason, 400))
        if endpoint["attributes"]["Enabled"].lower() != "true":
            return _reply(sns._error("EndpointDisabled", "Endpoint is disabled", 400))
        platform = target.rpartition(":")[2].split("/")[1]
        text = sns._p(params, "Message")
        if sns._p(params, "MessageStructure") == "json":
            variants = json.loads(text)
            if "default" not in variants:
                reason = "Invalid parameter: Message Structure - No default entry in JSON message body"
                return _reply(sns._error("InvalidParameter", reason, 400))
            text = variants.get(platform, variants["default"])
        reply = _reply(publish(params))
        if reply[0] == 200:
            token = endpoint["attributes"]["Token"]
            pushed.append({"endpoint": target, "platform": platform, "token": token, "payload": text})
        return reply

    sns._create_platform_endpoint, sns._publish = create_named, publish_to_device
    return pushed


def _reply(answer: Any) -> Reply:
    status, fields, body = answer
    return status, fields, body
