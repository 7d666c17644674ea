"""Recording what a recipient consented to (clauses `consent`, `tracking`); refusing to overrule a refusal."""

from __future__ import annotations

from chalicelib import store
from chalicelib.kernel import clock, ids
from chalicelib.kernel.errors import RefusedError
from chalicelib.privacy import consent
from chalicelib.privacy.consent import ConsentPurpose, ConsentState
from chalicelib.privacy.decisions import Refused
from chalicelib.records.standing import Consent
from chalicelib.services import contacts
from chalicelib.services.sessions import Principal


def record(
    who: Principal,
    contact_id: str,
    purpose: ConsentPurpose,
    state: ConsentState,
    *,
    text_version: str,
    method: str,
) -> Consent:
    """Note what the contact said, which text they saw and how they said it. Effective at once.

    The text may be the company's own: it is the controller of its contacts (2.3.2) and keeps its texts; ours
    are in ``privacy.texts``.

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
    given = Consent(
        company_id=who.company_id,
        person=person,
        purpose=purpose,
        state=state,
        text_version=text_version,
        method=method,
        at=clock.now(),
        receipt_id=ids.new("rc"),
    )
    store.standing.record_consent(given, by=who.user_id)
    return given


def of_contact(who: Principal, contact_id: str) -> store.standing.Standing:
    """The consents and stops of one contact."""
    return store.standing.of(who.company_id, contacts.person_of(who, contact_id))
