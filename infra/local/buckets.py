# ruff: noqa: SLF001 - reaching into the emulator's modules, as emulator.py does and for the same reason
"""What S3 says of an object that is not there.

404 to a caller who may list the bucket, 403 to anybody else, who is not to find out what there is. The
emulator says 404 to everybody, and a function without that right would take "not sent yet" for a failure only
where it counts.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any


def hide_from_whom_may_not_list() -> None:
    """Answer for a missing object as AWS does."""
    app: Any = import_module("ministack.app")
    s3: Any = import_module("ministack.services.s3")
    handle = s3.handle_request

    async def handle_as_aws_does(
        method: str, path: str, headers: Any, body: bytes, query: Any, **more: Any
    ) -> Any:
        answer = await handle(method, path, headers, body, query, **more)
        bucket, key = s3._parse_bucket_key(path, headers)
        if answer[0] != 404 or method not in {"GET", "HEAD"} or not key:
            return answer
        arn = f"arn:aws:s3:::{bucket}"
        denied = app._enforce_data_plane("s3", "s3:ListBucket", headers, query, "", resource_arn=arn)
        return answer if denied is None else denied

    s3.handle_request = handle_as_aws_does
