"""Whom a message may not even be written to: who was erased, and who was never told where it all came from.

Asked when it is written, so that its writer learns why; whoever may not be written to when it leaves is not,
whatever was said here (`services.mail.sending`). Closed, for the recipient's sake.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Final

from chalicelib import store
from chalicelib.kernel.errors import FieldError, RefusedError
from chalicelib.privacy.consent import Stop
from chalicelib.records.standing import Informed
from chalicelib.services.erasure import suppression

if TYPE_CHECKING:
    from chalicelib.store.table import Rows

_TITLE: Final = (
    "This person's data came from the base of prospects and nobody has told them yet: send the notice along"
    " (inform), or say how they were told."
)


def check(company_id: str, persons: Sequence[tuple[str, str]], *, inform: bool) -> None:
    """Refuse what may not be written. ``persons`` are keyed hashes, each with the field of the request that
    named the address; ``inform``: the message carries the notice. One call, two read units each.

    Raises:
        RefusedError: ``person_erased`` (`requests`), or ``notice_due`` (`joint-duties`), with the fields.
        UnavailableError: nobody could say.
    """
    refusals, owed = store.standing.REFUSALS, store.standing.INFORMING
    keys = [{"company_id": company_id, "person": one} for one, _ in persons]
    wanted: list[tuple[Rows[Any], dict[str, Any]]] = [
        (refusals, {**key, "stop": Stop.ERASED}) for key in keys
    ]
    if not inform:
        wanted += [(owed, key) for key in keys]
    found = store.table.get_together(*wanted)
    stops, duties = found[: len(keys)], found[len(keys) :]
    suppression.refuse({one.value.person for one in stops if one is not None and one.value.active}, persons)
    due = {one.value.person for one in duties if one is not None and one.value.state is Informed.DUE}
    if due:
        errors = [FieldError(field, "notice_due") for person, field in persons if person in due]
        raise RefusedError("notice_due", _TITLE, clause="joint-duties", errors=errors)
