"""Pushes through SNS' platform endpoints. SNS keeps a device's token; we keep SNS' name for it, no more.

What is pushed leaves the region: SNS hands it to Apple or Google. So it is one of four fixed sentences and an
id of ours, never a value (docs/decisions). Every call may be repeated: registering a known token finds its
endpoint, deleting one that is gone is fine, and a push that comes twice says the same. SNS answers in XML;
an answer that is none (a gateway's error page) is no BotoCoreError, and counts as no answer.
"""

from __future__ import annotations

import json
import re
from enum import StrEnum
from typing import TYPE_CHECKING, Final

from chalicelib.kernel import aws, settings, telemetry
from chalicelib.kernel.errors import FieldError, InvalidError, UnavailableError
from chalicelib.records.notifications import Platform

if TYPE_CHECKING:
    from botocore.exceptions import ClientError

TITLE: Final = "OKKI Leads AI"

_KNOWN: Final = re.compile(r"Endpoint (arn:\S+) already exists with the same Token")
_MALFORMED: Final = {"InvalidParameter", "InvalidParameterException"}
_GONE: Final = {"EndpointDisabled", "EndpointDisabledException", "NotFound", "NotFoundException"}


class Outcome(StrEnum):
    """What became of a push."""

    TAKEN = "taken"
    GONE = "gone"
    """The device does not take pushes any more: the app was removed, or its token has changed."""
    LATER = "later"
    """Nobody took it, or nobody knows."""


def offered() -> list[Platform]:
    """The platforms for which the operator has a platform application."""
    return [platform for platform in Platform if _application(platform)]


def register(platform: Platform, token: str) -> str:
    """The ARN of the endpoint for a device's token, switched on. Two or three calls.

    Raises:
        InvalidError: SNS does not take it for a token.
        UnavailableError: SNS could not say; asking again is safe.
    """
    from botocore.exceptions import BotoCoreError, ClientError
    from botocore.parsers import ResponseParserError

    sns = aws.client("sns")
    try:
        try:
            # No CustomUserData: SNS needs to know nobody, and a device may change hands.
            answer = sns.create_platform_endpoint(PlatformApplicationArn=_application(platform), Token=token)
            endpoint = str(answer["EndpointArn"])
        except ClientError as error:
            # The same token with other attributes (switched off): SNS says so in words, with its ARN.
            known = _KNOWN.search(str(error.response["Error"].get("Message", "")))
            if known is None:
                raise
            endpoint = known[1]
        # Always: an endpoint that was switched off comes back as it is.
        sns.set_endpoint_attributes(EndpointArn=endpoint, Attributes={"Token": token, "Enabled": "true"})
    except ClientError as error:
        telemetry.event("push_not_registered", error=error)
        if _code(error) in _MALFORMED:
            raise InvalidError(errors=[FieldError("token", "malformed")]) from None
        raise UnavailableError from None
    except (BotoCoreError, ResponseParserError) as error:
        telemetry.event("push_not_registered", error=error)
        raise UnavailableError from None
    return endpoint


def delete(endpoint: str) -> None:
    """Let SNS forget a device and its token; gone already is fine.

    Raises:
        UnavailableError: SNS could not say; asking again is safe.
    """
    from botocore.exceptions import BotoCoreError, ClientError
    from botocore.parsers import ResponseParserError

    try:
        aws.client("sns").delete_endpoint(EndpointArn=endpoint)
    except (BotoCoreError, ClientError, ResponseParserError) as error:
        if isinstance(error, ClientError) and _code(error) in _GONE:
            return
        telemetry.event("push_not_forgotten", error=error)
        raise UnavailableError from None


def publish(endpoint: str, text: str, notification_id: str | None) -> Outcome:
    """Push a text to one device; the id lets an app open the item in the inbox."""
    from botocore.exceptions import BotoCoreError, ClientError
    from botocore.parsers import ResponseParserError

    try:
        aws.client("sns").publish(
            TargetArn=endpoint, MessageStructure="json", Message=_message(text, notification_id)
        )
    except ClientError as error:
        if _code(error) in _GONE or _no_such_target(error):
            return Outcome.GONE
        telemetry.event("push_not_taken", error=error)
        return Outcome.LATER
    except (BotoCoreError, ResponseParserError) as error:
        telemetry.event("push_not_taken", error=error)
        return Outcome.LATER
    return Outcome.TAKEN


def _message(text: str, notification_id: str | None) -> str:
    """One text in the forms that SNS passes on: Apple's payload, and FCM's of its version 1."""
    more = {} if notification_id is None else {"notification": notification_id}
    apple = json.dumps({"aps": {"alert": {"title": TITLE, "body": text}}, **more}, ensure_ascii=False)
    google = {"message": {"notification": {"title": TITLE, "body": text}, "data": more}}
    return json.dumps(
        {
            "default": text,
            "APNS": apple,
            "APNS_SANDBOX": apple,
            "GCM": json.dumps({"fcmV1Message": google}, ensure_ascii=False),
        },
        ensure_ascii=False,
    )


def _no_such_target(error: ClientError) -> bool:
    """SNS says of a deleted endpoint that the parameter is invalid; and of a bad message, which is ours."""
    return _code(error) in _MALFORMED and "TargetArn" in str(error.response["Error"].get("Message", ""))


def _code(error: ClientError) -> str:
    return str(error.response["Error"].get("Code", ""))


def _application(platform: Platform) -> str:
    return settings.push_apns_arn() if platform is Platform.APNS else settings.push_fcm_arn()
