"""The evidence bucket: what is put there can be neither changed nor deleted before its time (S3 Object Lock).

The bucket's own rule locks every object; nobody here has the right to shorten that. But a lock is on a
version: a second one may be put over it, and a marker may hide it. So nothing here reads "the object": all
versions of a key are listed, markers are passed over, and the reader gets every version, the oldest first.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby
from typing import Any, Final

from chalicelib.kernel import aws, settings, telemetry
from chalicelib.kernel.errors import ConflictError, UnavailableError

MAX_VERSIONS: Final = 4
"""So many versions of a key are read, the oldest ones; two that differ are enough to say that they do."""


def put(key: str, content: bytes, *, over: bool = False) -> None:
    """Add an object. With ``over``, also where one lies already: as a second version, which tells every
    reader that somebody else wrote there.

    Raises:
        ConflictError: something lies there, and ``over`` was not given. Nothing was written now; a try of
            ours whose answer was lost may be what lies there.
        UnavailableError: it may or may not be there.
    """
    # S3 wants a checksum with whatever it is to lock.
    wanted: dict[str, Any] = {"ContentType": "application/json", "ChecksumAlgorithm": "SHA256"}
    if not over:
        wanted["IfNoneMatch"] = "*"
    _call("put_object", Key=key, Body=content, **wanted)


def versions(prefix: str) -> Iterator[tuple[str, list[str]]]:
    """All keys that start so, in order, each with the ids of its versions, the oldest first: of one under
    which there are markers alone as well as of one that a marker hides. A call for each thousand.

    Raises:
        UnavailableError: S3 could not say.
    """
    listed = (
        (str(found["Key"]), str(found["VersionId"]))
        for answer in _pages(prefix)
        for found in answer.get("Versions", ())
    )
    for key, some in groupby(listed, lambda one: one[0]):
        # S3 names the newest first.
        yield key, [version for _, version in some][::-1]


def get(key: str, ids: list[str]) -> list[bytes]:
    """What the versions hold, at most ``MAX_VERSIONS`` of them. Raises UnavailableError."""
    return [bytes(_call("get_object", Key=key, VersionId=one)["Body"].read()) for one in ids[:MAX_VERSIONS]]


def folders(prefix: str) -> list[str]:
    """What follows a prefix up to the next slash, in order, hidden or not. Raises UnavailableError."""
    return [
        found["Prefix"]
        for answer in _pages(prefix, Delimiter="/")
        for found in answer.get("CommonPrefixes", ())
    ]


def _pages(prefix: str, **more: str) -> Iterator[dict[str, Any]]:
    while True:
        answer = _call("list_object_versions", Prefix=prefix, **more)
        yield answer
        if not answer.get("IsTruncated"):
            return
        more = {**more, "KeyMarker": answer["NextKeyMarker"]}
        more.pop("VersionIdMarker", None)
        if answer.get("NextVersionIdMarker"):
            more["VersionIdMarker"] = answer["NextVersionIdMarker"]


def _call(operation: str, **wanted: Any) -> dict[str, Any]:
    from botocore.exceptions import BotoCoreError, ClientError

    act = getattr(aws.client("s3"), operation)
    try:
        answer: dict[str, Any] = act(Bucket=settings.evidence_bucket(), **wanted)
    except (BotoCoreError, ClientError) as error:
        response = getattr(error, "response", None) or {}
        if response.get("ResponseMetadata", {}).get("HTTPStatusCode") == 412:
            raise ConflictError from None
        telemetry.event("archive_error", error=error)
        raise UnavailableError from None
    return answer
