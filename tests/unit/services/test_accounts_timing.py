"""Time must not tell who has an account: the same work is done for a mailbox that nobody has.

Work is counted where it can be; the measured part compares medians of processor time and is generous.
"""

from __future__ import annotations

import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from typing import Any

import pytest
from cryptography.hazmat.primitives.kdf import argon2

from chalicelib.services.accounts import passwords

PASSWORD = "seven green lanterns"


class Counting:
    """Stands before the library's Argon2id and counts its runs."""

    runs: list[str]
    real: Any = argon2.Argon2id

    def __init__(self, **parameters: Any) -> None:
        self._kdf = Counting.real(**parameters)

    def derive_phc_encoded(self, password: bytes) -> str:
        Counting.runs.append("derive")
        return str(self._kdf.derive_phc_encoded(password))

    @staticmethod
    def verify_phc_encoded(password: bytes, known: str) -> None:
        Counting.runs.append(known.rpartition("$")[0].rpartition("$")[0])
        Counting.real.verify_phc_encoded(password, known)


@pytest.fixture
def runs(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    Counting.runs = []
    monkeypatch.setattr(argon2, "Argon2id", Counting)
    passwords._nobody.cache_clear()
    yield Counting.runs
    passwords._nobody.cache_clear()


@pytest.mark.clause("passwords")
def test_a_refusal_costs_one_hash_with_the_same_parameters_for_anybody(runs: list[str]) -> None:
    known = passwords.verifier(PASSWORD)
    runs.clear()
    assert not passwords.matches("wrong", known)
    assert not passwords.matches("wrong", None)  # the first of a fresh process
    assert not passwords.matches("wrong", None)
    cost = f"$argon2id$v=19$m={passwords.MEMORY_KIB},t={passwords.PASSES},p={passwords.LANES}"
    assert runs == [cost, cost, cost]


@pytest.mark.clause("passwords")
def test_a_password_is_known_by_its_verifier_alone() -> None:
    known = passwords.verifier(PASSWORD)
    assert passwords.matches(PASSWORD, known)
    assert PASSWORD not in known
    assert passwords.verifier(PASSWORD) != known  # salted
    assert not passwords.matches(PASSWORD + " ", known)
    assert not passwords.matches("", known)
    assert not passwords.matches("", None)
    # OWASP's floor for Argon2id with two passes
    assert passwords.MEMORY_KIB >= 19 * 1024
    assert passwords.PASSES >= 2


@pytest.mark.clause("passwords")
def test_a_refusal_takes_as_long_for_anybody() -> None:
    known = passwords.verifier(PASSWORD)
    passwords.matches("wrong", None)
    took: dict[bool, list[float]] = {True: [], False: []}
    for number in range(80):
        there = number % 2 == 0
        start = time.process_time()
        assert not passwords.matches("wrong", known if there else None)
        took[there].append(time.process_time() - start)
    here, gone = (1000 * statistics.median(took[side]) for side in (True, False))
    print(f"refused password, median of 40: known {here:.2f} ms, unknown {gone:.2f} ms")
    assert 0.75 < here / gone < 1.33


@pytest.mark.clause("passwords")
def test_the_first_refusal_of_a_fresh_process_takes_as_long_too() -> None:
    code = (
        "import sys, time\n"
        "from chalicelib.services.accounts import passwords\n"
        "known = passwords.verifier('x' * 12) if sys.argv[1] == 'known' else None\n"
        "passwords.verifier('warm') if known is None else None\n"
        "start = time.process_time(); passwords.matches('wrong', known); print(time.process_time() - start)\n"
    )
    took = {
        who: statistics.median(
            float(
                subprocess.run(
                    [sys.executable, "-c", code, who], capture_output=True, check=True, text=True
                ).stdout
            )
            for _ in range(5)
        )
        for who in ("known", "unknown")
    }
    assert 0.5 < took["known"] / took["unknown"] < 1.6
