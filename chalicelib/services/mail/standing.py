"""Recording what a recipient consented to (clauses `consent`, `tracking`); refusing to overrule a refusal."""

from __future__ import annotations

from typing import TYPE_CHECKING

from chalicelib import store
from chalicelib.kernel import clock, ids
from chalicelib.kernel.errors import RefusedError
from chalicelib.privacy import consent, texts
from chalicelib.privacy.consent import ConsentPurpose, ConsentState
from chalicelib.privacy.decisions import Refused
from chalicelib.records.standing import Consent, Receipt
from chalicelib.services.accounts.sessions import Principal
from chalicelib.services.contacts import contacts

if TYPE_CHECKING:
    from chalicelib.store.receipts import Placed
    from chalicelib.store.standing import Standing


def record(
    who: Principal,
    contact_id: str,
    purpose: ConsentPurpose,
    state: ConsentState,
    *,
    text_version: str,
    locale: str | None,
    method: str,
) -> Consent:
    """Note what the contact said, which text they saw and how they said it. Effective at once.

    The text may be the company's own: it is the controller of its contacts (2.3.2) and keeps its texts, so
    the receipt has its label and no hash. Of one of ours (``privacy.texts``) the hash is noted, in the
    language in which it was read, or of both where the company does not know.

    Raises:
        RefusedError: they refused themselves before; only they can take that back (`consent`).
    """
    person = contacts.person_of(who, contact_id)
    if state is ConsentState.GRANTED:
        stops = store.standing.of(who.company_id, person).stops
        decision = consent.may_record_grant(stops, purpose)
        if isinstance(decision, Refused):
            raise RefusedError(
                decision.reason,
                "This person has refused; only they can change that.",
                clause=decision.clause,
            )
    text = texts.shown(purpose, text_version, locale)
    given = Consent(
        company_id=who.company_id,
        person=person,
        purpose=purpose,
        state=state,
        text_version=text.version,
        locale=text.locale,
        text_sha256=text.sha256,
        method=method,
        at=clock.now(),
        receipt_id=ids.new("rc"),
    )
    store.standing.record_consent(given, by=who.user_id)
    return given


def of_contact(
    who: Principal, contact_id: str, limit: int, before: str | None
) -> tuple[Standing, list[Placed[Receipt]]]:
    """The consents and stops of one contact, and the receipts of them, newest first; two queries."""
    person = contacts.person_of(who, contact_id)
    history = store.standing.receipts(who.company_id, person, limit, before)
    return store.standing.of(who.company_id, person), history
