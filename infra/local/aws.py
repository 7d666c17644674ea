"""The process that holds the local AWS: ministack, the front door and the mailbox, on sockets it is handed.

It ends when its standard input closes, so it never outlives the launcher, however that ended; kept state is
written then, and every half minute in case the machine goes down.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import logging
import os
import shutil
import signal
import sys
from importlib import import_module
from pathlib import Path
from typing import Any

from infra.local import (
    buckets,
    capacity,
    emulator,
    expressions,
    forkserver,
    model,
    pushes,
    retries,
    streams,
    waits,
    workers,
)
from infra.local.asgi import App, Receive, Scope, Send, answer_json, read_body
from infra.local.door import Targets, front_door
from infra.local.mailbox import Mailbox

CONTROL_PATH = "/_local/targets"
PUSHES_PATH = "/_local/pushes"
REAP_PATH = "/_local/reap"
KILL_PATH = "/_local/kill"
SAVE_SECONDS = 30.0


def application(
    ministack: App, door_port: int, account: str, folder: Path | None, pushed: list[dict[str, str]]
) -> App:
    """The emulator on one port and the front door on the other."""
    targets = Targets()

    def publish(region: str, configuration_set: str, event: dict[str, Any]) -> None:
        emulator.publish_mail_event(account, region, configuration_set, event)

    mailbox = Mailbox(folder, publish)
    aws = mailbox.watch(ministack)
    door = front_door(ministack, targets, mailbox)

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await aws(scope, receive, send)
        elif (scope.get("server") or ("", 0))[1] == door_port:
            await door(scope, receive, send)
        elif scope["path"] == CONTROL_PATH and scope["method"] == "PUT":
            named = json.loads(await read_body(receive))
            targets.api, targets.stage, targets.edge = named["api"], named["stage"], named["edge"]
            await answer_json(send, 200, named)
        elif scope["path"] == PUSHES_PATH and scope["method"] == "GET":
            await answer_json(send, 200, pushed)
        elif scope["path"] == REAP_PATH and scope["method"] == "PUT":
            now = json.loads(await read_body(receive))["now"]
            await answer_json(send, 200, {"deleted": await asyncio.to_thread(streams.reap, now)})
        elif scope["path"] == KILL_PATH and scope["method"] == "PUT":
            wanted = json.loads(await read_body(receive))
            waits.forget_kills() if wanted is None else waits.kill_at(wanted["of"], wanted["states"])
            await answer_json(send, 200, {})
        else:
            await aws(scope, receive, send)

    return app


def save(module: Any) -> None:
    """Write the emulator's state to its folder."""
    persistence: Any = import_module("ministack.core.persistence")
    persistence.save_all(module._build_persistence_save_dict())  # noqa: SLF001 - it has no public name


async def serve(app: App, sockets: list[int], module: Any, *, keep: bool) -> None:
    """Serve until standard input ends or a signal comes."""
    hypercorn: Any = import_module("hypercorn.asyncio")
    config: Any = import_module("hypercorn.config").Config()
    config.bind = [f"fd://{number}" for number in sockets]
    config.keep_alive_timeout = 75
    config.graceful_timeout = 2
    config.loglevel = os.environ.get("LOG_LEVEL", "INFO")
    config.h11_max_incomplete_size = 64 * 1024
    ended = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, ended.set)
    loop.add_reader(
        sys.stdin.fileno(), lambda: ended.set() if not os.read(sys.stdin.fileno(), 4096) else None
    )

    async def save_regularly() -> None:
        while True:
            await asyncio.sleep(SAVE_SECONDS)
            await asyncio.to_thread(save, module)

    saver = asyncio.create_task(save_regularly()) if keep else None
    await hypercorn.serve(app, config, shutdown_trigger=ended.wait)
    if saver:
        saver.cancel()


def main() -> None:
    """Start from the launcher, which hands over two listening sockets and says which is the door's."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--aws-fd", type=int, required=True)
    parser.add_argument("--door-fd", type=int, required=True)
    parser.add_argument("--door-port", type=int, required=True)
    parser.add_argument("--folder", type=Path)
    parser.add_argument("--scratch", type=Path)
    parser.add_argument("--count-capacity", action="store_true")
    parser.add_argument("--forked", type=Path)
    options = parser.parse_args()
    ministack: Any = import_module("ministack.app")
    emulator.report_source_address()
    emulator.read_conditions_beside_resources()
    emulator.name_resources_as_aws_does()
    emulator.take_loopback_for_tls()
    emulator.enforce_leading_keys()
    emulator.name_actions_as_aws_does()
    model.authorise_as_aws_does()
    emulator.deliver_events_with_the_queues_consent()
    workers.answer_without_delay()
    workers.keep_functions_that_raise()
    if options.forked:
        forkserver.start_functions_by_forking(options.forked)
    buckets.hide_from_whom_may_not_list()
    expressions.read_expressions_once()
    expressions.read_policies_once()
    retries.bring_failures_back_sooner()
    waits.follow_the_clock(os.environ.get("OKKI_CLOCK_FILE"))
    waits.die_when_stopped()
    streams.tell_streams_of_expiry()
    streams.retry_streams_as_lambda_does()
    pushed = pushes.keep()
    if options.count_capacity:
        capacity.count_capacity()
    account = os.environ["MINISTACK_ACCOUNT_ID"]
    app = application(ministack.app, options.door_port, account, options.folder, pushed)
    logging.getLogger("persistence").setLevel(logging.WARNING)  # fifty lines at every save
    try:
        keep = os.environ.get("PERSIST_STATE") == "1"
        asyncio.run(serve(app, [options.aws_fd, options.door_fd], ministack, keep=keep))
    finally:
        if options.scratch:  # the launcher may be gone and unable to tidy up
            shutil.rmtree(options.scratch, ignore_errors=True)


if __name__ == "__main__":
    main()
