"""A whole stack on this machine: AWS (ministack, IAM enforced), the packaged template, a front door.

Use it as a context manager; it stands in two seconds and leaves no process behind, however it ends.
"""

from __future__ import annotations

import atexit
import hashlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from infra.local import billing, pushes, retries, wechat
from infra.local.deploy import STACK, deploy
from infra.local.launch import ACCOUNT, REGION, StackError, end, environment, listen, spawn
from infra.local.package import ROOT, packaged
from infra.local.wire import Wire

__all__ = ["REGION", "FunctionError", "LocalStack", "StackError"]

MAIL_DOMAIN = "okki.example"
API_STAGE = "api"
START_SECONDS = 30.0
QUEUES = ("hits", "outbox", "notices", "feedback", "billing", "tasks", "files", "ai", "mass")
LOG_PAGE = 10_000
"""Events of a log that the emulator gives out at once."""


class FunctionError(Exception):
    """An invoked function failed; carries what it reported."""


class LocalStack:
    """The local stack.

    state: folder whose contents survive (tables, mails, keys); None for a throw-away stack in a temporary
    folder. port: of the front door, the next one up is AWS; 0 picks free ones. proxy: puts `wire` between
    functions and AWS. clock: gives functions the settable clock (`advance`). project: where app.py and
    chalicelib are.
    """

    def __init__(
        self,
        state: Path | None = None,
        port: int = 0,
        proxy: bool = False,
        clock: bool = True,
        project: Path = ROOT,
        quiet: bool = False,
        forked: bool = False,
    ) -> None:
        self._state, self._project, self._forked = state, project, forked
        self._proxy, self._clock, self._quiet = proxy, clock, quiet
        self._sockets = listen(port)
        self._port, self._aws_port = (sock.getsockname()[1] for sock in self._sockets)
        self._run: Path | None = None
        self._process: subprocess.Popen[bytes] | None = None
        self._log: Path | None = None
        self._wire: Wire | None = None
        self._offset = 0
        self._clients: dict[str, Any] = {}
        self._functions: dict[str, str] = {}
        self.outputs: dict[str, str] = {}
        self.region = REGION
        self.api = self.edge = f"http://127.0.0.1:{self._port}"
        self.mailbox = f"{self.api}/_local/mailbox"
        self.wechat = f"{self.api}/_local/wechat"
        self.model = f"{self.api}/_local/model"
        self.aws = f"http://127.0.0.1:{self._aws_port}"

    # ------------------------------------------------------------------ life

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def start(self) -> Self:
        """Bring everything up; returns when the first request can be served. Raises StackError."""
        atexit.register(self.stop)
        try:
            self._start_aws()
            self.billing_key = billing.key_in(self._folder())
            self._say("packaging the functions")
            folder = self._folder() / "package"
            template = packaged(folder, self._project)
            self._say("deploying the template")
            self.outputs = deploy(self.client, template, folder, self._parameters(), REGION)
            wechat.enter_apps(self.client("secretsmanager"))
            self._open_door()
        except BaseException:
            self.stop()
            raise
        return self

    def stop(self) -> None:
        """End every process and, for a throw-away stack, delete its folder. May be called twice."""
        atexit.unregister(self.stop)
        for sock in self._sockets:
            sock.close()
        process, self._process = self._process, None
        if process:
            end(process)
        if self._wire:
            self._wire.stop()
            self._wire = None
        if self._run:
            shutil.rmtree(self._run, ignore_errors=True)
            self._run = None

    def check(self) -> None:
        """Raise StackError if the emulator has died."""
        if self._process is None or self._process.poll() is not None:
            raise StackError(f"the local AWS is not running\n{self._tail()}")

    # ------------------------------------------------------------------ for tests

    @property
    def wire(self) -> Wire:
        """The recording, fault-injecting proxy. Raises StackError unless started with ``proxy=True``."""
        if self._wire is None:
            raise StackError("start the stack with proxy=True")
        return self._wire

    def client(self, service: str) -> Any:
        """A boto3 client with the rights of the account's owner."""
        if service not in self._clients:
            import boto3  # here: a quarter of a second that `make help` and the like need not pay
            from botocore.config import Config

            make: Any = boto3.client  # the service is chosen at run time, which its stubs cannot express
            self._clients[service] = make(
                service,
                **self.credentials(),
                endpoint_url=self.aws,
                config=Config(retries={"max_attempts": 1}, s3={"addressing_style": "path"}),
            )
        return self._clients[service]

    def credentials(self) -> dict[str, str]:
        """Keyword arguments of a boto3 session or client: owner's key and region."""
        return {"aws_access_key_id": "test", "aws_secret_access_key": "test", "region_name": REGION}

    def functions(self) -> dict[str, str]:
        """Logical id -> deployed name of every function."""
        if self._functions:
            return self._functions
        pages = self.client("cloudformation").describe_stack_resources(StackName=STACK)["StackResources"]
        self._functions = {
            r["LogicalResourceId"]: r["PhysicalResourceId"]
            for r in pages
            if r["ResourceType"] == "AWS::Lambda::Function"
        }
        return self._functions

    def invoke(self, function: str, event: object) -> Any:
        """Call a function (logical id or deployed name) and return its result. Raises FunctionError."""
        name = self.functions().get(function, function)
        answer = self.client("lambda").invoke(FunctionName=name, Payload=json.dumps(event).encode())
        value = json.loads(answer["Payload"].read() or b"null")
        if "FunctionError" in answer:
            raise FunctionError(json.dumps(value))
        return value

    def logs(self, function: str | None = None) -> str:
        """All output of the functions so far (or of one), in order of time."""
        logs = self.client("logs")
        groups = [group["logGroupName"] for group in logs.describe_log_groups()["logGroups"]]
        if function:
            groups = [
                group for group in groups if group.endswith("/" + self.functions().get(function, function))
            ]
        lines: list[tuple[int, str]] = []
        for group in groups:
            start, whole = 0, False
            while not whole:  # the emulator ends a page at 10,000 events and gives no token for the next
                events = logs.filter_log_events(logGroupName=group, startTime=start)["events"]
                whole = len(events) < LOG_PAGE
                start = events[-1]["timestamp"] if events else 0
                lines += [
                    (event["timestamp"], event["message"])
                    for event in events
                    if whole or event["timestamp"] < start
                ]
        return "\n".join(message for _, message in sorted(lines, key=lambda line: line[0]))

    def mails(self, to: str | None = None) -> list[dict[str, Any]]:
        """Mails sent, newest first, as the mailbox shows them."""
        wanted = "" if to is None else "?" + urllib.parse.urlencode({"to": to})
        with urllib.request.urlopen(f"{self.mailbox}/messages{wanted}", timeout=10) as answer:
            mails: list[dict[str, Any]] = json.load(answer)
        return mails

    def unreported(self) -> int:
        """Of how many mails SES has yet to tell what became of them."""
        with urllib.request.urlopen(f"{self.mailbox}/unreported", timeout=10) as answer:
            return int(json.load(answer))

    def messages(self, queue: str) -> list[str]:
        """Bodies in the queue `okki-leads-<queue>`, also those in flight, left as they are."""
        url = f"{self.aws}/_ministack/sqs/messages?account={ACCOUNT}"
        with urllib.request.urlopen(url, timeout=10) as answer:
            found = json.load(answer)
        wanted = f"{STACK}-{queue}"
        return [message["Body"] for message in _find_queue(found, wanted)]

    def order(
        self,
        detail: Mapping[str, object],
        source: str = billing.SOURCE,
        detail_type: str = billing.DETAIL_TYPE,
    ) -> None:
        """Put an event on the bus as billing does; `billing.signed` makes the detail of an order."""
        entry = {
            "EventBusName": STACK,
            "Source": source,
            "DetailType": detail_type,
            "Detail": json.dumps(detail),
        }
        answer = self.client("events").put_events(Entries=[entry])
        if answer["FailedEntryCount"]:
            raise StackError("the bus did not take the event")

    def pushes(self, endpoint: str | None = None) -> list[dict[str, str]]:
        """What was pushed, oldest first, to all or one: endpoint (ARN), platform, token, payload (text)."""
        with urllib.request.urlopen(f"{self.aws}/_local/pushes", timeout=10) as answer:
            pushed: list[dict[str, str]] = json.load(answer)
        return [push for push in pushed if endpoint is None or push["endpoint"] == endpoint]

    def retry_after(self, seconds: int) -> None:
        """Let failed messages come back this long after the failure instead of the template's three minutes.

        What is still being worked on stays hidden as long as the template says: see `infra.local.retries`.
        """
        sqs = self.client("sqs")
        for queue in QUEUES:
            url = sqs.get_queue_url(QueueName=f"{STACK}-{queue}")["QueueUrl"]
            sqs.tag_queue(QueueUrl=url, Tags={retries.TAG: str(seconds)})

    def reap(self) -> int:
        """Let DynamoDB delete rows whose time to live is over by the functions' clock; returns how many.

        AWS does that within two days or so; the tables' streams tell of it as AWS' would.
        """
        return int(self._ask_aws("reap", {"now": self.now()})["deleted"])

    def kill_at(self, of: str, states: int) -> None:
        """Let the next execution of a machine (`incident`) or of a workflow (its id) die as it enters its
        n-th state, from 1; once. One that is there already dies at its next.
        """
        self._ask_aws("kill", {"of": of, "states": states})

    def forget_kills(self) -> None:
        """Kill no execution any more."""
        self._ask_aws("kill", None)

    def now(self) -> float:
        """The functions' idea of the present, seconds since 1970."""
        return time.time() + self._offset

    def advance(self, seconds: int) -> None:
        """Move the functions' clock."""
        if not self._clock:
            raise StackError("start the stack with clock=True")
        self._offset += seconds
        self._write_clock()

    def reset_clock(self) -> None:
        """Back to real time."""
        self._offset = 0
        self._write_clock()

    # ------------------------------------------------------------------ steps

    def _start_aws(self) -> None:
        self._say("starting the local AWS")
        self._run = Path(tempfile.mkdtemp(prefix="okki-stack-"))
        folder = self._folder()
        (self._run / "tmp").mkdir()
        self._log = folder / "aws.log"
        variables = environment(folder, self._run, self._aws_port, keep=self._state is not None)
        # The emulated Bedrock answers by any OpenAI-compatible server; without one, by the stand-in.
        variables["MINISTACK_BEDROCK_PROXY_URL"] = os.environ.get("AI_PROXY") or self.model
        if self._proxy:
            self._wire = Wire(("127.0.0.1", self._aws_port))
            self._wire.start()
            variables["AWS_ENDPOINT_URL"] = self._wire.url
        if self._clock:
            self._write_clock()
            variables["OKKI_CLOCK_FILE"] = str(self._clock_file())
        self._process = spawn(
            self._sockets, variables, folder, self._run, count_capacity=self._proxy, forked=self._forked
        )
        self._wait_for(f"{self.aws}/_ministack/health")

    def _parameters(self) -> dict[str, str]:
        return {
            "MailDomain": MAIL_DOMAIN,
            "EdgeUrl": self.edge,
            "ApiUrl": self.api,
            "WechatOpenUrl": self.wechat,
            "WechatApiUrl": self.wechat,
            "BillingKeys": billing.public(self.billing_key),
            **pushes.create_applications(self.client("sns")),
        }

    def _open_door(self) -> None:
        targets = {"api": self.outputs["RestAPIId"], "stage": API_STAGE, "edge": self.outputs["EdgeApiId"]}
        self._ask_aws("targets", targets)
        if self._wire:
            self._wire.name_callers(self._access_keys())
            self._wire.reset()

    def _ask_aws(self, what: str, value: Mapping[str, object] | None) -> Any:
        """Have the emulator's process do something that AWS has no call for (`infra.local.aws`)."""
        request = urllib.request.Request(
            f"{self.aws}/_local/{what}", data=json.dumps(value).encode(), method="PUT"
        )
        with urllib.request.urlopen(request, timeout=30) as answer:
            return json.load(answer)

    def _access_keys(self) -> dict[str, str]:
        """Access key id -> function: the emulator derives the key from the function's ARN and role."""
        keys: dict[str, str] = {}
        for page in self.client("lambda").get_paginator("list_functions").paginate():
            for function in page["Functions"]:
                digest = hashlib.sha256(f"{function['FunctionArn']}:{function['Role']}".encode()).hexdigest()
                keys[f"ASIA{digest[:16].upper()}"] = function["FunctionName"]
        return keys

    def _wait_for(self, url: str) -> None:
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline:
            self.check()
            try:
                urllib.request.urlopen(url, timeout=2).close()
            except (urllib.error.URLError, OSError):
                time.sleep(0.05)
            else:
                return
        raise StackError(f"the local AWS did not answer within {START_SECONDS:.0f} s\n{self._tail()}")

    # ------------------------------------------------------------------ small things

    def _folder(self) -> Path:
        assert self._run
        folder = (self._state or self._run / "state").resolve()
        folder.mkdir(parents=True, exist_ok=True)
        return folder

    def _clock_file(self) -> Path:
        return self._folder() / "clock"

    def _write_clock(self) -> None:
        file = self._clock_file()
        scratch = file.with_suffix(".new")
        scratch.write_text(str(self._offset))
        scratch.replace(file)  # a function never reads half a number

    def _tail(self) -> str:
        if not self._log or not self._log.exists():
            return ""
        return "\n".join(self._log.read_text(errors="replace").splitlines()[-20:])

    def _say(self, text: str) -> None:
        if not self._quiet:
            print(f"  {text} ...", file=sys.stderr, flush=True)


def _find_queue(found: Any, name: str) -> list[dict[str, Any]]:
    if isinstance(found, dict):
        for key, value in found.items():
            if key.rstrip("/").endswith("/" + name) or key == name:
                return list(value) if isinstance(value, list) else list(value.get("messages", []))
        for value in found.values():
            if result := _find_queue(value, name):
                return result
    return []
