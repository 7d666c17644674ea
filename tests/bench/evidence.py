"""What evidence costs: calls and units of an act with its entry and without, and checking a long chain.

"Without" is the same transaction less its entry, written here and nowhere else; nothing of ours does that.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace

from infra.local import LocalStack
from tests.bench.meter import Usage
from tests.bench.report import Line, Section
from tests.bench.vault import act_as_owner

ENTRIES = 100_000


def measure(stack: LocalStack) -> Section:
    """A consent and an unsubscription, with and without proof; then a chain of 100,000 entries."""
    act_as_owner(stack)
    from chalicelib.kernel import clock, ids
    from chalicelib.kernel.tokens import Kind, Token
    from chalicelib.privacy.texts import Shown
    from chalicelib.services.mail import refusals
    from chalicelib.store import chain, standing, vault
    from chalicelib.store.table import new_op
    from chalicelib.store.transaction import Transaction
    from tests.conformance import samples

    company = ids.new("co")
    vault.create_key(company)
    token = Token(Kind.UNSUBSCRIBE, company, ids.new("msg"), person="a" * 32)
    shown = Shown("unsubscribe-page", "en", "0" * 64)

    def consent() -> None:
        standing.record_consent(samples.consent(company, "a" * 32), "us_1")

    def consent_unproven() -> None:
        transaction = Transaction(new_op())
        transaction.put(standing.CONSENTS, samples.consent(company, "a" * 32))
        transaction.commit()

    def refuse() -> None:
        refusals.record(token, "marketing", clock.now(), shown)

    def refuse_unproven() -> None:
        from chalicelib.kernel import aws

        made = refusals.writes(token, "marketing", clock.now(), chain.read(company), shown)
        rows = [one for one in made["TransactItems"] if one["Put"]["TableName"].endswith("-workspace")]
        stack.wire.clear()  # the head was read for the entries alone
        aws.light_client("dynamodb").transact_write_items(TransactItems=rows, ClientRequestToken=new_op())

    lines = []
    for name, proven, bare in (
        ("a consent", consent, consent_unproven),
        ("an unsubscription, two stops", refuse, refuse_unproven),
    ):
        proven()
        bare()
        with_entry, without = _usage(stack, proven), _usage(stack, bare)
        lines.append(_line(f"{name}, with its proof", with_entry, {"calls": 2.0}))
        lines.append(_line(f"{name}, without", without, {}))
    return Section(
        "Evidence",
        [*lines, _checking()],
        [
            "The proof is the entry and the chain's head, both in the act's own transaction, and a read of the head.",
            "The index that anchors read from adds two units when a chain moves for the first time in an hour.",
            "Checking is plain SHA-256 and JSON in one process, as the tool does it; a figure, not a budget.",
        ],
    )


def _usage(stack: LocalStack, act: Callable[[], object]) -> Usage:
    stack.wire.clear()
    act()
    return Usage([call for call in stack.wire.calls if not call.function.startswith("okki-leads-")])


def _line(name: str, usage: Usage, budgets: dict[str, float]) -> Line:
    counted = usage.figures()
    figures = {name: counted[name] for name in ("calls", "read units", "write units")}
    return Line(name, figures, budgets)


def _checking() -> Line:
    from chalicelib.privacy import evidence
    from chalicelib.privacy.evidence import Entry

    chain = "co_06gv7s2k81r0bo4m5p3t9d6e8g"
    made: list[tuple[Entry, str]] = []
    first = Entry(
        chain, "receipt#0", "receipt", "2025-01-16", {"at": 1, "who": "a" * 32}, 5, None, 1, evidence.FIRST
    )
    for seq in range(1, ENTRIES + 1):
        prev = made[-1][1] if made else evidence.FIRST
        entry = replace(first, sk=f"receipt#{seq}", seq=seq, prev=prev)
        made.append((entry, evidence.link(entry)))
    head = evidence.Link(ENTRIES, made[-1][1])
    began = time.process_time()
    assert evidence.verify(chain, made, head).checked == ENTRIES
    spent = time.process_time() - began
    return Line(f"checking {ENTRIES:,} entries", {"CPU s": spent, "entries/s": ENTRIES / spent})
