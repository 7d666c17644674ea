"""The company's own side of its cancellation: who may look, who may ask, who may take it back (5.3).

Only the main account may ask, and only with a fresh second proof; any other user is told whom to ask. Looking
at what would go is for admins. Taking back is for any of them and needs no proof: it changes nothing that was
there, and must work for the admin whose colleague's session was stolen.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from chalicelib import store
from chalicelib.kernel.errors import RefusedError
from chalicelib.privacy.permissions import Permission
from chalicelib.records.cancellation import Cancellation, Why
from chalicelib.services import repeats
from chalicelib.services.accounts import proofs
from chalicelib.services.accounts.sessions import Principal
from chalicelib.services.cancellation import begin, preview
from chalicelib.services.cancellation.preview import Preview
from chalicelib.services.companies import rules
from chalicelib.services.repeats import Repeat

if TYPE_CHECKING:
    from chalicelib.store.idempotency import Once
    from chalicelib.store.transaction import Transaction


def look(who: Principal) -> Preview:
    """What would go and what would stay. Raises RefusedError ``ask_main_account`` for who is no admin."""
    _require(who)
    return preview.preview(who.company_id, who.state)


def read(who: Principal) -> Cancellation | None:
    """Where the company's cancellation stands, for everybody whose account goes with it; None: there was
    none.
    """
    known = store.cancellation.of_company(who.company_id)
    return None if known is None else known.value


def ask(who: Principal, repeat: Repeat | None) -> Cancellation:
    """Begin the cancellation. It can be taken back while its time to think it over runs.

    Raises:
        RefusedError: ``ask_main_account``, with whom to ask; ``proof_needed``.
        ConflictError: ``cancelling`` already.
    """

    def make(once: Once | None) -> Cancellation:
        _require(who, main=True)
        proofs.require_fresh(who.session.proven_at)

        def note(transaction: Transaction) -> None:
            if once is not None:
                once.add_to(transaction, who.company_id)

        return begin.begin(who.company_id, Why.ASKED, by=who.user_id, transaction_also=note)

    return repeats.once(who, repeat, lambda _: begin.find(who.company_id).value, make)


def take_back(who: Principal) -> Cancellation:
    """Take it back.

    Raises:
        RefusedError: ``ask_main_account``.
        ConflictError: ``not_cancelling``, ``too_late``.
    """
    _require(who)
    return begin.take_back(who.company_id, by=who.user_id)


def may_take_back(who: Principal) -> bool:
    """Whether this user could now, as far as their position says."""
    return Permission.CANCELLATION in who.permissions


def _require(who: Principal, *, main: bool = False) -> None:
    """Closed. One read more for whoever is refused: whom to ask (5.3 sends a user to them)."""
    allowed = may_take_back(who) and (not main or who.user_id == who.access.main_user_id)
    if not allowed:
        raise RefusedError(
            "ask_main_account",
            "Only your company's main account can do this: please ask its administrator.",
            clause="cancellation",
            more=rules.administrator(who.access),
        )
