"""Whoever was erased stays away (clause `requests`): nothing may bring them back but they themselves.

Kept of them is a keyed hash, which answers one question: is this address the one that asked? Closed for the
person's sake: without an answer from the database nothing about them is stored.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import TYPE_CHECKING

from chalicelib import store
from chalicelib.kernel.errors import FieldError, RefusedError
from chalicelib.privacy.consent import Stop
from chalicelib.records.standing import Refusal

if TYPE_CHECKING:
    from chalicelib.store.transaction import Transaction

_TITLE = "This person had themselves erased here; only they can change that."


def add(transaction: Transaction, company_id: str, person: str, at: int) -> None:
    """Let a transaction note that nothing of this person may come back."""
    refusal = Refusal(company_id=company_id, person=person, stop=Stop.ERASED, active=True, at=at)
    transaction.put(store.standing.REFUSALS, refusal)


def check(company_id: str, persons: Sequence[tuple[str, str]]) -> None:
    """Refuse to store anything about erased people. ``persons`` are keyed hashes, each with the field of the
    request that named the address. One call, a read unit each.

    Raises:
        RefusedError: ``person_erased``, with the fields.
        UnavailableError: nobody could say.
    """
    refuse(suppressed(company_id, [person for person, _ in persons]), persons)


def refuse(erased: Collection[str], persons: Sequence[tuple[str, str]]) -> None:
    """Refuse a request that names one of the erased, by its fields.

    Raises:
        RefusedError: ``person_erased``.
    """
    if erased:
        errors = [FieldError(field, "erased") for person, field in persons if person in erased]
        raise RefusedError("person_erased", _TITLE, clause="requests", errors=errors)


def suppressed(company_id: str, persons: Sequence[str]) -> set[str]:
    """Those of these persons who were erased here. One call, a read unit each."""
    rows = store.standing.REFUSALS
    keys = [{"company_id": company_id, "person": one, "stop": Stop.ERASED} for one in dict.fromkeys(persons)]
    found = store.table.get_together(*((rows, key) for key in keys)) if keys else []
    return {one.value.person for one in found if one is not None and one.value.active}
