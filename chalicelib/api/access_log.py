"""The access log (4.3.1): who opened how many records of which kind, one line for each request and
company.

Written when the view is through or has failed, from what the store counted (``kernel.openings``): a route
cannot forget it. ``services.evidence.watch`` looks through these lines every hour, at what of a user's is
about others; of an incident they say what a stolen session has seen, and there the account itself counts as
well, so a line names every kind. Ids and numbers only, for as long as logs are kept.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from chalicelib.kernel import openings, telemetry

if TYPE_CHECKING:
    from chalicelib.services.accounts.sessions import Principal
    from chalicelib.services.staff.entry import StaffPrincipal


def tell(caller: Principal | None, officer: StaffPrincipal | None) -> None:
    """Write the lines of this request: one for each company of which something was opened. What a user opens
    is told under the user's own, whoever it is of.
    """
    for company_id, counts in openings.counted().items():
        if officer is not None:
            whose = {"actor_id": officer.staff_id, "session_id": officer.session.session_id}
            telemetry.numbers("opened", counts, company_id=company_id, **whose)
        elif caller is not None:
            whose = {"actor_id": caller.user_id, "session_id": caller.session.session_id}
            telemetry.numbers("opened", counts, company_id=caller.company_id, **whose)
