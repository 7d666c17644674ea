"""The vault against plain AES-GCM; in this process.

Ratios of CPU time, so the machine does not matter. The calls go to the running local stack.
"""

from __future__ import annotations

import os
import secrets
import statistics
import time
from collections.abc import Callable

from infra.local import LocalStack
from tests.bench.meter import Usage
from tests.bench.report import Line, Section

SIZE = 300
TIMES = 200
ROUNDS = 7


def act_as_owner(stack: LocalStack) -> None:
    """Let this process do what a function does, with the owner's rights."""
    own = stack.credentials()
    os.environ |= {
        "AWS_ENDPOINT_URL": stack.wire.url,
        "AWS_ACCESS_KEY_ID": own["aws_access_key_id"],
        "AWS_SECRET_ACCESS_KEY": own["aws_secret_access_key"],
        "AWS_DEFAULT_REGION": own["region_name"],
        "ACCOUNT_ID": "000000000000",
        "EDGE_URL": stack.edge,
        "API_URL": stack.api,
        "MAIL_DOMAIN": "okki.example",
    }


def measure(stack: LocalStack) -> Section:
    """Sealing and opening."""
    act_as_owner(stack)
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

    from chalicelib.kernel import ids
    from chalicelib.store import vault

    company, place, content = ids.new("co"), "workspace\0a\0b", secrets.token_bytes(SIZE)
    plain = AESGCM(secrets.token_bytes(32))
    made = _calls(stack, lambda: vault.create_key(company))
    cold = _calls(stack, lambda: vault.seal(company, place, content))
    warm = _calls(stack, lambda: vault.seal(company, place, content))
    message, version = vault.seal(company, place, content)
    opening = _calls(stack, lambda: vault.unseal(company, place, message, version))
    nonce = secrets.token_bytes(12)
    closed = plain.encrypt(nonce, content, b"context")
    seal = _ratio(
        lambda: vault.seal(company, place, content),
        lambda: plain.encrypt(os.urandom(12), content, b"context"),
    )
    unseal = _ratio(
        lambda: vault.unseal(company, place, message, version),
        lambda: plain.decrypt(nonce, closed, b"context"),
    )
    index = _ratio(
        lambda: vault.index(company, "person", "bob@buyer.example"),
        lambda: plain.encrypt(nonce, content, b""),
    )
    lines = [
        Line(
            "seal, warm",
            {"AWS calls": len(warm.calls), "ms": seal[0], "x plain AES-GCM": seal[1]},
            {"AWS calls": 0.0},
        ),
        Line(
            "open, warm",
            {"AWS calls": len(opening.calls), "ms": unseal[0], "x plain AES-GCM": unseal[1]},
            {"AWS calls": 0.0},
        ),
        Line("lookup hash, warm", {"AWS calls": 0, "ms": index[0], "x plain AES-GCM": index[1]}),
        Line(
            "first use of a company in a process",
            {"AWS calls": len(cold.calls), "KMS": len(cold.service("kms"))},
        ),
        Line("a company's first key", {"AWS calls": len(made.calls), "KMS": len(made.service("kms"))}),
        Line("added to a message, bytes", {"bytes": len(message) - SIZE}),
    ]
    return Section(f"The vault ({SIZE} bytes)", lines)


def _calls(stack: LocalStack, act: Callable[[], object]) -> Usage:
    stack.wire.clear()
    act()
    return Usage([call for call in stack.wire.calls if not call.function.startswith("okki-leads-")])


def _ratio(ours: Callable[[], object], theirs: Callable[[], object]) -> tuple[float, float]:
    """Milliseconds of ours, and the median ratio of rounds in turns."""
    mine, other = [], []
    for _ in range(ROUNDS):
        mine.append(spent(ours, TIMES))
        other.append(spent(theirs, TIMES * 10) / 10)
    ratio = statistics.median(a / b for a, b in zip(mine, other, strict=True))
    return statistics.median(mine) / TIMES * 1000, ratio


def spent(act: Callable[[], object], times: int) -> float:
    """CPU seconds of this process."""
    began = time.process_time()
    for _ in range(times):
        act()
    return time.process_time() - began
