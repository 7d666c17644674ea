"""A real browser, driven over its debugging pipe: enough to open pages, press buttons and read what is shown."""

from __future__ import annotations

import itertools
import json
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

FOUND = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
"""Where it is on this machine; None: nowhere."""

FLAGS = (
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-background-networking",
    "--no-first-run",
    "--no-proxy-server",
    "--remote-debugging-pipe",
)
SECONDS = 120


class Browser:
    """One page in one profile. Messages of the protocol end with a zero byte, on descriptors 3 and 4."""

    def __init__(self, answers: IO[bytes], commands: IO[bytes]) -> None:
        self._in, self._out = answers, commands
        self._numbers = itertools.count(1)
        self._session = ""
        target = self.call("Target.createTarget", url="about:blank")["targetId"]
        self._session = self.call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        self.call("Network.enable")

    def call(self, method: str, **parameters: Any) -> dict[str, Any]:
        """One command and its result; events in between are dropped."""
        number = next(self._numbers)
        message: dict[str, Any] = {"id": number, "method": method, "params": parameters}
        if self._session:
            message["sessionId"] = self._session
        self._out.write(json.dumps(message).encode() + b"\0")
        self._out.flush()
        while True:
            answer: dict[str, Any] = json.loads(self._next())
            if answer.get("id") == number:
                assert "error" not in answer, answer
                found: dict[str, Any] = answer["result"]
                return found

    def _next(self) -> bytes:
        found = bytearray()
        while (byte := self._in.read(1)) != b"\0":
            assert byte, "the browser has ended"
            found += byte
        return bytes(found)

    def run(self, script: str) -> Any:
        """What a script in the page comes to."""
        answer = self.call("Runtime.evaluate", expression=script, returnByValue=True)
        assert "exceptionDetails" not in answer, answer
        return answer["result"].get("value")

    def open(self, url: str, waiting_for: str) -> str:
        """Go to an address as if it was typed; the text of the page once it holds what is waited for."""
        self.call("Page.navigate", url=url)
        return self.wait(waiting_for)

    def press(self, selector: str, waiting_for: str) -> str:
        """Press a button and wait for what comes."""
        self.run(f"document.querySelector({json.dumps(selector)}).click()")
        return self.wait(waiting_for)

    def wait(self, text: str) -> str:
        """The text of the page once it holds this."""
        end, shown = time.monotonic() + SECONDS, ""
        while time.monotonic() < end:
            shown = str(self.run("document.body ? document.body.innerText : ''"))
            if text in shown:
                return shown
            time.sleep(0.05)
        raise AssertionError(f"not shown: {text}; but: {shown[:500]}")

    def cookies(self) -> dict[str, dict[str, Any]]:
        """Everything in the jar, by name."""
        return {one["name"]: one for one in self.call("Network.getAllCookies")["cookies"]}


@contextmanager
def browser(profile: Path) -> Iterator[Browser]:
    """A fresh browser; it is gone at the end."""
    assert FOUND is not None
    # The shell puts our pipes where the browser looks for them.
    line = 'exec "$0" "$@" 3<&0 4>&1 </dev/null >/dev/null 2>&1'
    process = subprocess.Popen(
        ["/bin/sh", "-c", line, FOUND, *FLAGS, f"--user-data-dir={profile}", "about:blank"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    assert process.stdin is not None
    assert process.stdout is not None
    try:
        yield Browser(process.stdout, process.stdin)
    finally:
        process.terminate()
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        process.stdin.close()
        process.stdout.close()
