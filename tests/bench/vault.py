"""The vault against plain AES-GCM, and what signing in costs beside the password hash; in this process.

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


def measure(stack: LocalStack, email: str, password: str) -> list[Section]:
    """Sealing, opening and logging in."""
    own = stack.credentials()
    os.environ |= {  # as a function's, but for the owner's key
        "AWS_ENDPOINT_URL": stack.wire.url,
        "AWS_ACCESS_KEY_ID": own["aws_access_key_id"],
        "AWS_SECRET_ACCESS_KEY": own["aws_secret_access_key"],
        "AWS_DEFAULT_REGION": own["region_name"],
        "ACCOUNT_ID": "000000000000",
        "EDGE_URL": stack.edge,
        "API_URL": stack.api,
        "MAIL_DOMAIN": "okki.example",
    }
    return [_vault(stack), _login(email, password)]


def _vault(stack: LocalStack) -> Section:
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


def _login(email: str, password: str) -> Section:
    from chalicelib.services import passwords, sessions

    verifier = passwords.verifier(password)
    passwords.matches(password, verifier)
    numbers = iter(range(1, 1000))

    def log_in() -> None:
        sessions.log_in(email, password, ip=f"10.77.{next(numbers)}.1")

    log_in()
    hashing = statistics.median(
        _spent(lambda: passwords.matches(password, verifier), 1) for _ in range(ROUNDS)
    )
    whole = statistics.median(_spent(log_in, 1) for _ in range(ROUNDS))
    lines = [
        Line("logging in beside the hash, share of the hash's CPU", {"x hash": (whole - hashing) / hashing})
    ]
    return Section("Passwords", lines, ["The hash is meant to be slow: Argon2id, 19 MiB, 2 passes."])


def _calls(stack: LocalStack, act: Callable[[], object]) -> Usage:
    stack.wire.clear()
    act()
    return Usage([call for call in stack.wire.calls if not call.function.startswith("okki-leads-")])


def _ratio(ours: Callable[[], object], theirs: Callable[[], object]) -> tuple[float, float]:
    """Milliseconds of ours, and the median ratio of rounds in turns."""
    mine, other = [], []
    for _ in range(ROUNDS):
        mine.append(_spent(ours, TIMES))
        other.append(_spent(theirs, TIMES * 10) / 10)
    ratio = statistics.median(a / b for a, b in zip(mine, other, strict=True))
    return statistics.median(mine) / TIMES * 1000, ratio


def _spent(act: Callable[[], object], times: int) -> float:
    began = time.process_time()
    for _ in range(times):
        act()
    return time.process_time() - began
