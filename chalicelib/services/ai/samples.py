"""Improving AI with what users wrote (2.3.1, clauses `ai`, `consent`): only under their own live yes, only as
it went to the model, and gone when the yes is.

A sample is written in one transaction with the word it rests on: if the user takes the word back, or leaves,
while a job runs, there is no sample. Closed everywhere, for the sake of whoever wrote the text: a sample that
is lost costs us an example, one that is kept too long breaks a promise.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

from chalicelib import store
from chalicelib.kernel import clock, ids, telemetry
from chalicelib.kernel.errors import ConflictError
from chalicelib.privacy.consent import ConsentPurpose, ConsentState
from chalicelib.records.samples import AiSample
from chalicelib.services.consent import consents

if TYPE_CHECKING:
    from chalicelib.records.consents import UserConsent
    from chalicelib.services.ai.shapes import Prompt
    from chalicelib.store.table import Stored

MAX_TEXT: Final = 20_000
"""Characters of a question, and of an answer, that a sample takes; longer ones are cut, not kept whole."""
PURPOSE: Final = ConsentPurpose.AI_IMPROVEMENT


def keep(
    company_id: str, user_id: str, *, task: str, model: str, prompt: Prompt, answer: Mapping[str, Any]
) -> bool:
    """Keep a job that is done as a sample, if its user agrees to that now; whether it was kept.

    ``answer`` is what the task made of the model's words, its placeholders still in it: names are not put
    back into what is kept. Three reads, and a transaction if there is a yes.

    Raises:
        UnavailableError: nobody knows; the caller's job is done all the same.
    """
    known = _word(company_id, user_id)
    yes = consents.live(company_id, user_id, PURPOSE)
    if known is None or yes is None or yes.receipt_id != known.value.receipt_id:
        return False
    sample = AiSample(
        company_id=company_id,
        user_id=user_id,
        sample_id=ids.new("smp"),
        receipt_id=yes.receipt_id,
        task=task,
        model=model,
        prompt_version=str(prompt.notes["version"]),
        at=clock.now(),
        input="\n".join(part.text for part in prompt.parts)[:MAX_TEXT],
        output=json.dumps(answer, ensure_ascii=False)[:MAX_TEXT],
    )
    transaction = store.transaction.Transaction(store.table.new_op())
    transaction.check(store.consents.CONSENTS, known)
    transaction.put_new(store.samples.SAMPLES, sample, consent=yes)
    try:
        transaction.commit()
    except ConflictError:
        return False  # the user has said something else since, or is gone
    return True


def forget(company_id: str, user_id: str) -> None:
    """Delete what the user's word of today does not cover: everything, or what an earlier yes did that was
    taken back meanwhile. Notes that it is done, so that the sweeper stops asking. Repeatable.

    Raises:
        UnavailableError: to be done again.
    """
    known = _word(company_id, user_id)
    yes = consents.live(company_id, user_id, PURPOSE)
    gone = store.samples.forget(company_id, user_id, but=None if yes is None else yes.receipt_id)
    telemetry.event("samples_forgotten", rows=gone)
    if known is None or known.value.state is ConsentState.GRANTED or known.value.forgotten_at is not None:
        return
    done = replace(known.value, forgotten_at=clock.now())
    try:
        store.consents.CONSENTS.replace(known, done, op=store.table.new_op())
    except ConflictError:
        return  # another word came in; it has a task of its own


def _word(company_id: str, user_id: str) -> Stored[UserConsent] | None:
    return store.consents.CONSENTS.get(company_id=company_id, user_id=user_id, purpose=PURPOSE)
