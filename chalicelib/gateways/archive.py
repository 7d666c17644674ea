"""The evidence bucket: what is put there can be neither changed nor deleted before its time (S3 Object Lock).

The bucket's own rule locks every object; nobody here has the right to shorten that. An object put again under
the same key becomes a second version, and the first one stays.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from chalicelib.kernel import aws, settings, telemetry
from chalicelib.kernel.errors import UnavailableError


def put(key: str, content: bytes) -> None:
    """Add an object. Raises UnavailableError: it may or may not be there; putting it again does no harm."""
    # S3 wants a checksum with whatever it is to lock.
    _call(
        "put_object",
        Key=key,
        Body=content,
        ContentType="application/json",
        ChecksumAlgorithm="SHA256",
    )


def get(key: str) -> bytes:
    """What lies under a key. Raises UnavailableError."""
    return bytes(_call("get_object", Key=key)["Body"].read())


def keys(prefix: str) -> Iterator[str]:
    """All keys that start so, in order; a call for each thousand. Raises UnavailableError."""
    for answer in _pages(prefix):
        yield from (found["Key"] for found in answer.get("Contents", ()))


def folders(prefix: str) -> list[str]:
    """What follows a prefix up to the next slash, in order. Raises UnavailableError."""
    return [
        found["Prefix"]
        for answer in _pages(prefix, Delimiter="/")
        for found in answer.get("CommonPrefixes", ())
    ]


def _pages(prefix: str, **more: str) -> Iterator[dict[str, Any]]:
    while True:
        answer = _call("list_objects_v2", Prefix=prefix, **more)
        yield answer
        if not answer.get("IsTruncated"):
            return
        more = {**more, "ContinuationToken": answer["NextContinuationToken"]}


def _call(operation: str, **wanted: Any) -> dict[str, Any]:
    from botocore.exceptions import BotoCoreError, ClientError

    act = getattr(aws.client("s3"), operation)
    try:
        answer: dict[str, Any] = act(Bucket=settings.evidence_bucket(), **wanted)
    except (BotoCoreError, ClientError) as error:
        telemetry.event("archive_error", error=error)
        raise UnavailableError from None
    return answer
