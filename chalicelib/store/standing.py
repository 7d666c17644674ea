"""How people stand towards a company: consents and refusals, one partition, one query per person.

The edge writes refusals here without reading (`chalicelib/workers/edge.py`); its role reaches partitions that
end in ``#standing`` and no others.
"""

from __future__ import annotations

from dataclasses import dataclass

from chalicelib.kernel import ids
from chalicelib.privacy.consent import ConsentPurpose, ConsentState, Stop
from chalicelib.records.standing import Consent, Receipt, Refusal
from chalicelib.store import vault
from chalicelib.store.items import WorkspaceRow
from chalicelib.store.receipts import Placed, placed
from chalicelib.store.table import Rows, new_op, query_rows
from chalicelib.store.transaction import Transaction

CONSENTS = Rows(Consent, pk="{company_id}#standing", sk="{person}#consent#{purpose}")
REFUSALS = Rows(Refusal, pk="{company_id}#standing", sk="{person}#refusal#{stop}")
RECEIPTS = Rows(Receipt, pk="{company_id}", sk="receipt#{who}#{receipt_id}")


@dataclass(frozen=True, slots=True)
class Standing:
    """Everything a decision about one person needs, read at one moment."""

    consents: dict[ConsentPurpose, Consent]
    stops: frozenset[Stop]

    def consent(self, purpose: ConsentPurpose) -> ConsentState:
        """The recorded state; unknown when nobody ever asked."""
        known = self.consents.get(purpose)
        return ConsentState.UNKNOWN if known is None else known.state


def person(company_id: str, canonical_address: str) -> str:
    """The keyed hash a person is known by inside one company."""
    return vault.index(company_id, "person", canonical_address)


def of(company_id: str, who: str) -> Standing:
    """One consistent query."""
    consents: dict[ConsentPurpose, Consent] = {}
    stops: set[Stop] = set()
    for row in query_rows(WorkspaceRow, f"{company_id}#standing", f"{who}#"):
        if row.kind == REFUSALS.kind:
            refusal = REFUSALS.decode(
                row, None
            ).value  # it has no end; were it given one, it would still count
            if refusal.active:
                stops.add(refusal.stop)
        elif row.kind == CONSENTS.kind and (known := CONSENTS.live(row, None)) is not None:
            consents[known.value.purpose] = known.value
    return Standing(consents, frozenset(stops))


def receipts(company_id: str, who: str, limit: int, before: str | None) -> list[Placed[Receipt]]:
    """What a person consented to and refused, up to ``limit``, newest first; one query."""
    return placed(RECEIPTS, company_id, f"receipt#{who}#", limit, before)


def record_consent(consent: Consent, by: str) -> None:
    """Write the latest word and its receipt together: 4 write units."""
    transaction = Transaction(new_op())
    transaction.put(CONSENTS, consent)
    transaction.put_new(
        RECEIPTS,
        Receipt(
            company_id=consent.company_id,
            receipt_id=consent.receipt_id,
            who=consent.person,
            by=by,
            purpose=consent.purpose,
            state=consent.state,
            text_version=consent.text_version,
            locale=consent.locale,
            text_sha256=consent.text_sha256,
            method=consent.method,
            at=consent.at,
        ),
    )
    transaction.commit()


def record_refusals(
    company_id: str, who: str, stops: frozenset[Stop], *, active: bool, at: int, method: str
) -> None:
    """Note stops learned from a bounce or complaint, with one receipt. Repeating it changes nothing."""
    transaction = Transaction(new_op())
    for stop in sorted(stops):
        transaction.put(
            REFUSALS,
            Refusal(company_id=company_id, person=who, stop=stop, active=active, at=at),
        )
    transaction.put_new(
        RECEIPTS,
        Receipt(
            company_id=company_id,
            receipt_id=ids.new("rc"),
            who=who,
            purpose=ConsentPurpose.MARKETING,
            state=ConsentState.DENIED if active else ConsentState.UNKNOWN,
            text_version="",
            method=method,
            at=at,
        ),
    )
    transaction.commit()
