"""The local AWS that `make run` and the tests use: ministack, the packaged template, and a front door.

Everything binds to loopback. Nothing here is packaged or runs in a real account.
"""

from __future__ import annotations

from infra.local.stack import LocalStack

__all__ = ["LocalStack"]
