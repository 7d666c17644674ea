"""The access log (4.3.1): who opened how many records of which kind, one line for each request and
company.

Written when the view is through or has failed, from what the store counted (``kernel.openings``): a route
cannot forget it. ``services.evidence.watch`` looks through these lines every hour; of an incident they say
what a stolen session has seen. Ids and numbers only.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from chalicelib.kernel import openings, telemetry

if TYPE_CHECKING:
    from chalicelib.services.accounts.sessions import Principal
    from chalicelib.services.staff.entry import StaffPrincipal

CLIENT_KINDS: Final = frozenset({"contact", "message", "body", "delivery", "open"})
"""Records about the people a company deals with. A user's looking at what is about themselves is nobody's
business; what staff open is told whatever it is.
"""


def tell(caller: Principal | None, officer: StaffPrincipal | None) -> None:
    """Write the lines of this request: one for each company of which something worth a line was opened."""
    for company_id, counts in openings.counted().items():
        if officer is not None:
            whose = {"actor_id": officer.staff_id, "session_id": officer.session.session_id}
            telemetry.numbers("opened", counts, company_id=company_id, **whose)
        elif caller is not None:
            told = {kind: number for kind, number in counts.items() if kind in CLIENT_KINDS}
            if told:
                whose = {"actor_id": caller.user_id, "session_id": caller.session.session_id}
                telemetry.numbers("opened", told, company_id=caller.company_id, **whose)
