"""How people stand towards a company: consents and refusals, one partition, one query per person.

The edge writes refusals here without reading (`chalicelib/workers/edge.py`); its role reaches partitions that
end in ``#standing`` and no others.
"""

from __future__ import annotations

from dataclasses import dataclass

from chalicelib.kernel import ids
from chalicelib.privacy.consent import ConsentPurpose, ConsentState, Stop
from chalicelib.records.standing import (
    Consent,
    Informed,
    Informing,
    InformingLine,
    InformingProof,
    Receipt,
    Refusal,
)
from chalicelib.store import vault
from chalicelib.store.items import WorkspaceRow
from chalicelib.store.receipts import Placed, placed
from chalicelib.store.table import Due, Rows, get_together, new_op, query_rows
from chalicelib.store.transaction import Transaction

CONSENTS = Rows(Consent, pk="{company_id}#standing", sk="{person}#consent#{purpose}")
REFUSALS = Rows(Refusal, pk="{company_id}#standing", sk="{person}#refusal#{stop}")
RECEIPTS = Rows(Receipt, pk="{company_id}", sk="receipt#{who}#{receipt_id}")

INFORMING_DUE = "informing"
"""The index partition of people whose date to be told has yet to come, or has passed unnoticed."""

DUE, DONE = "due", "done"
"""The two lists of a company: whom it has yet to tell, and who has been told."""

INFORMING = Rows(Informing, pk="{company_id}#standing", sk="{person}#informing")
TO_INFORM = Rows(
    InformingLine,
    pk="{company_id}#informing",
    sk="{place}#{prospect_id}",
    due=lambda line: Due(INFORMING_DUE, line.due_at) if line.place == DUE and not line.reminded else None,
)
INFORMING_PROOFS = Rows(InformingProof, pk="{company_id}", sk="informing#{who}#{entry_id}")


@dataclass(frozen=True, slots=True)
class Standing:
    """Everything a decision about one person needs, read at one moment."""

    consents: dict[ConsentPurpose, Consent]
    stops: frozenset[Stop]
    informing: Informing | None = None
    """What the company owes them for having received them from the base; None: they came another way."""

    def consent(self, purpose: ConsentPurpose) -> ConsentState:
        """The recorded state; unknown when nobody ever asked."""
        known = self.consents.get(purpose)
        return ConsentState.UNKNOWN if known is None else known.state

    def owed(self) -> Informing | None:
        """The notice that this person has yet to get; None when none is owed."""
        due = self.informing is not None and self.informing.state is Informed.DUE
        return self.informing if due else None


def person(company_id: str, canonical_address: str) -> str:
    """The keyed hash a person is known by inside one company."""
    return vault.index(company_id, "person", canonical_address)


def of(company_id: str, who: str) -> Standing:
    """One consistent query."""
    consents: dict[ConsentPurpose, Consent] = {}
    stops: set[Stop] = set()
    informing = None
    for row in query_rows(WorkspaceRow, f"{company_id}#standing", f"{who}#"):
        if row.kind == REFUSALS.kind:
            refusal = REFUSALS.decode(
                row, None
            ).value  # it has no end; were it given one, it would still count
            if refusal.active:
                stops.add(refusal.stop)
        elif row.kind == CONSENTS.kind and (known := CONSENTS.live(row, None)) is not None:
            consents[known.value.purpose] = known.value
        elif row.kind == INFORMING.kind:
            informing = INFORMING.decode(row, None).value  # it has no end either, and would count as well
    return Standing(consents, frozenset(stops), informing)


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


def informed_person(company_id: str, prospect_id: str) -> str | None:
    """The person behind a prospect as the company's rows know them, if it owes or owed them a notice: that
    outlives its note of having received them. One call, two read units.
    """
    key = {"company_id": company_id, "prospect_id": prospect_id}
    found = get_together(*((TO_INFORM, {**key, "place": place}) for place in (DUE, DONE)))
    return next((one.value.person for one in found if one is not None), None)
