"""The bucket that files pass through on their way in or out. It forgets them within two days by itself.

What comes in lies under S3's encryption with our key; what goes out was sealed under the company's key before
it comes here. Keys of objects are ids, never names.

S3 says 404 of a missing object only to whom may list the bucket, and 403 to others. Whoever reads here has
that right, and a 403 stays what it is: our policies are wrong. Closed: nothing is taken for missing that may
be there, or one wrong line would end everybody's imports as never sent.
"""

from __future__ import annotations

from typing import Any, Final

from chalicelib.kernel import aws, settings, telemetry
from chalicelib.kernel.errors import ConflictError, NotFoundError, UnavailableError

UPLOAD_SECONDS: Final = 900
"""How long a form for an upload can be used."""


def put(key: str, content: bytes) -> None:
    """Store a file, over what was there. Raises UnavailableError."""
    _call("put_object", Key=key, Body=content)


def get(key: str, start: int = 0, length: int | None = None, *, tag: str | None = None) -> bytes:
    """A file, or ``length`` bytes of it from ``start``; empty past its end. ``tag``: of this very content.

    Raises:
        NotFoundError: there is none (any more).
        ConflictError: it is another content by now.
        UnavailableError.
    """
    wanted = {} if length is None else {"Range": f"bytes={start}-{start + length - 1}"}
    if tag is not None:
        wanted["IfMatch"] = tag
    answer = _call("get_object", Key=key, **wanted)
    return b"" if answer is None else bytes(answer["Body"].read())


def size(key: str) -> int:
    """How many bytes a file has. Raises NotFoundError, UnavailableError."""
    answer = _call("head_object", Key=key)
    return 0 if answer is None else int(answer["ContentLength"])


def tag(key: str) -> str:
    """What S3 knows a file's content by (its ETag): another one, another tag. Raises as `size`."""
    answer = _call("head_object", Key=key)
    return "" if answer is None else str(answer["ETag"])


def delete(key: str) -> None:
    """Remove a file; gone already is fine. Raises UnavailableError."""
    _call("delete_object", Key=key)


def forget(prefix: str) -> int:
    """Remove every file whose key begins so; how many there were. A call for each thousand, and one more to
    remove them. Repeatable.

    Raises:
        UnavailableError: some may be left.
    """
    gone = 0
    while True:
        answer = _call("list_objects_v2", Prefix=prefix) or {}
        keys = [{"Key": one["Key"]} for one in answer.get("Contents", ())]
        if not keys:
            return gone
        done = _call("delete_objects", Delete={"Objects": keys, "Quiet": True}) or {}
        if done.get("Errors"):
            telemetry.event("files_left_over", count=len(done["Errors"]))
            raise UnavailableError
        gone += len(keys)


def there(prefix: str) -> int:
    """How many files there are whose key begins so, at most a thousand; one call. Raises UnavailableError."""
    return len((_call("list_objects_v2", Prefix=prefix) or {}).get("Contents", ()))


def upload_form(key: str, most: int) -> dict[str, Any]:
    """What a browser needs to put one file of at most ``most`` bytes there itself: `url` and `fields`.

    Signed with the function's own rights, for this key alone, for a quarter of an hour. No call.
    """
    made: dict[str, Any] = aws.client("s3").generate_presigned_post(
        settings.files_bucket(),
        key,
        Conditions=[["content-length-range", 1, most]],
        ExpiresIn=UPLOAD_SECONDS,
    )
    return made


def _call(operation: str, **wanted: Any) -> dict[str, Any] | None:
    """One call; None for a range beyond the end."""
    from botocore.exceptions import BotoCoreError, ClientError

    act = getattr(aws.client("s3"), operation)
    try:
        answer: dict[str, Any] = act(Bucket=settings.files_bucket(), **wanted)
    except (BotoCoreError, ClientError) as error:
        response = getattr(error, "response", None) or {}
        status = response.get("ResponseMetadata", {}).get("HTTPStatusCode")
        if status == 404:
            raise NotFoundError from None
        if status == 416:
            return None
        if status == 412:
            raise ConflictError("file_changed") from None
        telemetry.event("files_error", error=error)
        raise UnavailableError from None
    return answer
