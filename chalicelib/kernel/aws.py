"""boto3 clients with our region, short timeouts and few retries, one per service and process.

Worst case of one call is (connect 1 s + read 3 s) x 3 tries, which stays under the gateway's 29 s for the
few calls a request makes. Importing this module is free; boto3 is loaded with the first client.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from functools import cache
from typing import TYPE_CHECKING, Any

from chalicelib.kernel import clock, region, settings

if TYPE_CHECKING:
    from botocore.config import Config

CONNECT_SECONDS = 1
READ_SECONDS = 3
TRIES = 3

LIGHT_READ_SECONDS = 1.5
LIGHT_TRIES = 2
"""For the edge: two such calls and a start fit into its 10 s, so a silent service still leaves an answer."""


def config(tries: int = TRIES, read_seconds: float = READ_SECONDS) -> Config:
    """The botocore configuration every client of ours uses."""
    from botocore.config import Config

    return Config(
        region_name=settings.REGION,
        connect_timeout=CONNECT_SECONDS,
        read_timeout=read_seconds,
        retries={"total_max_attempts": tries, "mode": "standard"},
        # FIPS and dual-stack hosts would do; a global endpoint would not: clause `singapore`.
        s3={"us_east_1_regional_endpoint": "regional"},
    )


@cache
def client(service: str, *, tries: int = TRIES, read_seconds: float = READ_SECONDS) -> Any:
    """The process's client for one AWS service; ``tries`` 1 where a repetition would do harm,
    ``read_seconds`` more where an answer takes its time.
    """
    import boto3

    make: Any = boto3.client  # its overloads want the service spelled out
    return region.watch(make(service, config=config(tries, read_seconds)))


@cache
def light_client(service: str) -> Any:
    """The same without boto3 around it and less patient: 50 ms less to start, for the edge."""
    import botocore.session

    light = config(LIGHT_TRIES, LIGHT_READ_SECONDS)
    return region.watch(botocore.session.get_session().create_client(service, config=light))


def write_together(make: Callable[[], dict[str, Any]]) -> None:
    """TransactWriteItems with the light client. ``make`` is asked anew for each try: what cancels it is
    another transaction that holds a row (a double click) or that added to the same chain of evidence first,
    so it is tried again, for about two seconds.

    Raises:
        botocore.exceptions.ClientError, BotoCoreError: not written, or nobody knows.
    """
    from botocore.exceptions import ClientError

    for wait in (0.02, 0.05, 0.1, 0.2, 0.3, 0.5, None):
        try:
            light_client("dynamodb").transact_write_items(**make())
        except ClientError as error:
            if wait is None or error.response["Error"]["Code"] != "TransactionCanceledException":
                raise
            clock.sleep(wait * (1 + os.urandom(1)[0] / 256))
        else:
            return
