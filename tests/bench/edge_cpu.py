"""CPU of one pixel request, against a bare handler that makes the same one SDK call.

Only this process's CPU time counts (user and system), and the two take turns, so neither a busy machine nor
the far end of the wire matters. Prints JSON: the median of the rounds' ratios, and what was loaded.
"""

from __future__ import annotations

import base64
import json
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from typing import Any

from infra.local.package import ROOT
from tests.bench.sink import SECRET

ROUNDS = 30
REQUESTS = 20
"""600 requests of each kind, in turns of 20."""

FORBIDDEN = ("pynamodb", "boto3", "pydantic", "aws_encryption_sdk")
_CHROME = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/138.0.0.0 Safari/537.36"
_GIF = "R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7"


def measure() -> dict[str, Any]:
    """Run the comparison in a fresh interpreter."""
    command = [sys.executable, "-m", "tests.bench.sink"]
    sink = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=ROOT)
    try:
        assert sink.stdout
        port = sink.stdout.readline().strip()
        environment = {
            "AWS_ENDPOINT_URL": f"http://127.0.0.1:{port}",
            "AWS_ACCESS_KEY_ID": "bench",
            "AWS_SECRET_ACCESS_KEY": "bench",
            "AWS_DEFAULT_REGION": "ap-southeast-1",
            "AWS_EC2_METADATA_DISABLED": "true",
            "ACCOUNT_ID": "000000000000",
            "EDGE_URL": "http://127.0.0.1",
        }
        run = subprocess.run(
            [sys.executable, "-m", "tests.bench.edge_cpu"],
            cwd=ROOT,
            env=environment,
            check=True,
            capture_output=True,
            text=True,
        )
    finally:
        sink.terminate()
        sink.wait()
        if sink.stdout:
            sink.stdout.close()
    found: dict[str, Any] = json.loads(run.stdout)
    return found


def compare() -> dict[str, Any]:
    """Both handlers in turns; the body of the bare one is as long as ours."""
    from chalicelib.kernel import aws, ids, settings, tokens
    from chalicelib.kernel.tokens import Kind, Token
    from chalicelib.workers.edge import edge

    token = Token(Kind.OPEN, ids.new("co"), ids.new("msg"), number=3)
    event = _event("/o/" + tokens.sign(SECRET, token))
    client = aws.light_client("sqs")
    sent: list[str] = []

    def note(params: dict[str, Any], **_: Any) -> None:
        sent.append(params["MessageBody"])

    client.meta.events.register("provide-client-params.sqs.SendMessage", note)
    answer = edge(event, None)
    client.meta.events.unregister("provide-client-params.sqs.SendMessage", note)
    assert base64.b64decode(answer["body"])[:6] == b"GIF89a"
    assert len(sent) == 1, "the pixel must make one call"
    url, body = settings.queue_url(settings.QUEUE_HITS), "x" * len(sent[0])
    headers = {"content-type": "image/gif", "cache-control": "no-store"}

    def bare(_event: dict[str, Any], _context: Any) -> dict[str, Any]:
        client.send_message(QueueUrl=url, MessageBody=body)
        return {"statusCode": 200, "headers": headers, "body": _GIF, "isBase64Encoded": True}

    ours: list[float] = []
    theirs: list[float] = []
    for handler in (edge, bare):
        _spent(handler, event)
    for number in range(ROUNDS):
        pair = [(edge, ours), (bare, theirs)]
        for handler, into in pair if number % 2 else reversed(pair):
            into.append(_spent(handler, event))
    ratios = [a / b for a, b in zip(ours, theirs, strict=True)]
    return {
        "ratio": statistics.median(ratios),
        "edge_ms": statistics.median(ours) / REQUESTS * 1000,
        "bare_ms": statistics.median(theirs) / REQUESTS * 1000,
        "message_bytes": len(body),
        "loaded": sorted({name.partition(".")[0] for name in sys.modules} & set(FORBIDDEN)),
    }


def _spent(handler: Callable[[dict[str, Any], Any], Any], event: dict[str, Any]) -> float:
    began = time.process_time()
    for _ in range(REQUESTS):
        handler(event, None)
    return time.process_time() - began


def _event(path: str) -> dict[str, Any]:
    return {
        "version": "2.0",
        "rawPath": path,
        "rawQueryString": "",
        "headers": {
            "user-agent": _CHROME,
            "accept": "image/avif,image/webp,image/apng,image/svg+xml,image/*,*/*;q=0.8",
            "sec-fetch-dest": "image",
        },
        "requestContext": {"http": {"method": "GET", "path": path, "sourceIp": "203.0.113.9"}},
        "isBase64Encoded": False,
    }


if __name__ == "__main__":
    print(json.dumps(compare()))
