"""Canaries that leave: a list of contacts as a file, whose content no call, log or queue on the way shows."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tests.integration.client import Answer, eventually

Own = Callable[..., Answer]


def walk(own: Own, name: str) -> None:
    """Somebody takes their contacts along, at once and as a job; ``name`` is one of them."""
    assert name in own("GET", "/v1/contacts/export").body.decode()
    asked = own("POST", "/v1/contacts/exports")
    assert asked.status == 202, asked.body
    path = f"/v1/contacts/exports/{asked.json['id']}"

    def ready() -> Any:
        found = own("GET", path).json
        return found if found["state"] == "ready" else None

    eventually(ready, 60)
    assert name in own("GET", f"{path}/files/1").body.decode()
