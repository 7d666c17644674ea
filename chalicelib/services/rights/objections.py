"""Who may not be used by us: asked before an address enters or leaves a base of ours (GDPR 21(2)-(3)).

Each client's own refusals are in ``services.standing``; this is the operator's, and holds for everything of
which we are a controller, whoever imports the address again.
"""

from __future__ import annotations

from chalicelib import store
from chalicelib.kernel import addresses


def stands(email: str) -> bool:
    """Whether the person behind an address objected to our own use of it, or had it erased. One read unit.

    Raises:
        UnavailableError: it could not be read; then the address is not to be used either.
        ValueError: it is no address.
    """
    return store.requests.objection(addresses.parse(email).person) is not None
