"""Telling everybody of a new version of the policy (7), whatever they switched off: it is a legal notice.

One notice to many (``mass``) for each version. There are two rounds: one when the version is published, one
on the day it applies, for those who joined in between and agreed to the version before.
"""

from __future__ import annotations

from chalicelib import store
from chalicelib.kernel import clock
from chalicelib.kernel.errors import ConflictError, NotFoundError
from chalicelib.privacy import clocks, policies
from chalicelib.privacy.notifications import Kind
from chalicelib.privacy.policies import Policy
from chalicelib.records.announcements import Announcement
from chalicelib.records.mass import Audience
from chalicelib.services.notifications import mass
from chalicelib.services.notifications.mass_progress import Progress


def wanted(now: int) -> list[str]:
    """Versions whose announcement has to begin. One query.

    The first version of all is no news to anybody: whoever is here agreed to it.
    """
    today = clocks.day(now)
    coming = [*policies.announced(today), policies.in_force(today)]
    first = policies.versions().all[0]
    known = store.due.announcements()
    return [one.version for one in coming if one is not first and one.version not in known]


def begin(version: str) -> None:
    """Begin to tell everybody of a version; nothing when that has begun.

    Raises:
        NotFoundError: no such version has been published; for a person to look at.
        UnavailableError: it will be begun again.
    """
    mass.start(_begun(version, paused=False))


def pause(version: str) -> Progress:
    """Stop telling people, within seconds; also before anybody was told.

    Raises:
        NotFoundError: no such version has been published.
        ConflictError: ``done`` already, or it moved on several times meanwhile.
    """
    return mass.pause(_begun(version, paused=True))


def resume(version: str) -> Progress:
    """Go on where it stopped; the next sweep sees to it. Raises as `pause`."""
    return mass.resume(_begun(version, paused=False))


def find(version: str) -> Progress | None:
    """How far an announcement is; None when it has not begun."""
    known = store.announcements.ANNOUNCEMENTS.get(version=version)
    return None if known is None else mass.progress(known.value.mass_id)


def _begun(version: str, *, paused: bool) -> str:
    """The notice about a version, which begins now if it has not; ``paused``: and stands still at once."""
    rows = store.announcements.ANNOUNCEMENTS
    for _ in range(2):
        policy = policies.get(version, clocks.day(clock.now()))
        if policy is None:
            raise NotFoundError
        known = rows.get(version=version)
        if known is not None:
            return known.value.mass_id
        transaction = store.transaction.Transaction(store.table.new_op())
        mass_id = mass.begin(
            transaction,
            kind=Kind.POLICY,
            about=version,
            audience=Audience.EVERYBODY,
            template="policy_consent" if policy.consent_again else "policy_updated",
            texts={"en": _values(policy, "en"), "zh": _values(policy, "zh")},
            rounds_until=_applies_at(policy),
            round_every=None,
            paused=paused,
        )
        transaction.put_new(rows, Announcement(version=version, mass_id=mass_id))
        try:
            transaction.commit()
        except ConflictError:
            continue  # begun by somebody else this moment
        return mass_id
    raise ConflictError


def _applies_at(policy: Policy) -> int:
    """When the day begins on which it applies, in Singapore; epoch seconds."""
    return clocks.begins(policy.effective_on)


def _values(policy: Policy, locale: str) -> dict[str, str]:
    return {
        "version": policy.version,
        "effective_on": policy.effective_on.isoformat(),
        "changes": " ".join(policy.changes[locale]),
    }
