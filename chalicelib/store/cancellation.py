"""Cancellations, one row a company in a partition of its own, which the eraser of companies never enters; and
beside it the address that the certificate goes to, sealed with the operator's key.
"""

from __future__ import annotations

from typing import Final

from chalicelib.kernel import ids
from chalicelib.privacy.register import Purpose
from chalicelib.records.cancellation import Cancellation, CancellationStep, CertificateAddress
from chalicelib.store.table import Rows, Stored, get_together

CANCELLATIONS: Final = Rows(
    Cancellation, pk="cancellation#{company_id}", sk="cancellation", owner=ids.OPERATOR
)
ADDRESSES: Final = Rows(CertificateAddress, pk="cancellation#{company_id}", sk="address", owner=ids.OPERATOR)
STEPS: Final = Rows(CancellationStep, pk="{company_id}", sk="cancellation#{cancellation_id}#{step_id}")


def of_company(company_id: str) -> Stored[Cancellation] | None:
    """The company's cancellation; one read unit, and nothing is opened."""
    return CANCELLATIONS.get(company_id=company_id)


def of_companies(company_ids: list[str]) -> dict[str, Stored[Cancellation]]:
    """The cancellations of up to a hundred companies, of those that have one; one call, a read unit each."""
    if not company_ids:
        return {}
    found = get_together(*((CANCELLATIONS, {"company_id": one}) for one in company_ids))
    return {one.value.company_id: one for one in found if one is not None}


def address(company_id: str) -> Stored[CertificateAddress] | None:
    """Where the certificate goes; None once it has gone. One read unit."""
    return ADDRESSES.get(company_id=company_id, use=Purpose.CREATE_AND_LOGIN)
