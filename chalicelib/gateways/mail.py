"""Handing a finished mail to SES, and what became of that.

SES knows no idempotency token, so nothing is retried here: botocore's own retry after a lost answer would
send twice. The three outcomes are told apart, because only one of them may be repeated.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import NamedTuple

from chalicelib.kernel import aws, settings, telemetry


class Handover(StrEnum):
    """What SES said."""

    ACCEPTED = "accepted"
    REJECTED = "rejected"
    """It looked at this very mail and will never take it."""
    BUSY = "busy"
    """It certainly did not take it now: too much at once, or a fault of ours (rights, a paused account, an
    identity not verified yet). Try again later."""
    UNKNOWN = "unknown"
    """No answer: it may have gone out."""


class Result(NamedTuple):
    """The outcome, and SES's id of an accepted mail."""

    handover: Handover
    mail_id: str | None = None


_FINAL = {"MessageRejected", "BadRequestException"}


def send(raw: bytes, *, source: str, recipient: str, tags: Mapping[str, str]) -> Result:
    """Send a built message to one recipient. ``tags`` come back with every event; ids only."""
    from botocore.exceptions import BotoCoreError, ClientError, ConnectTimeoutError

    try:
        answer = aws.client("sesv2", tries=1).send_email(
            FromEmailAddress=source,
            Destination={"ToAddresses": [recipient]},
            Content={"Raw": {"Data": raw}},
            ConfigurationSetName=settings.MAIL_CONFIGURATION_SET,
            EmailTags=[{"Name": name, "Value": value} for name, value in tags.items()],
        )
    except ClientError as error:
        status = int(error.response["ResponseMetadata"]["HTTPStatusCode"])
        code = error.response["Error"]["Code"]
        telemetry.event("mail_not_taken", error=error, status=status)
        if status >= 500:
            return Result(Handover.UNKNOWN)
        return Result(Handover.REJECTED if code in _FINAL else Handover.BUSY)
    except ConnectTimeoutError as error:
        telemetry.event("mail_not_taken", error=error)
        return Result(Handover.BUSY)
    except BotoCoreError as error:
        telemetry.event("mail_answer_lost", error=error)
        return Result(Handover.UNKNOWN)
    return Result(Handover.ACCEPTED, str(answer["MessageId"]))
