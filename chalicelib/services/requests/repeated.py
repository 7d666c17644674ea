"""A request that was made before and is not answered yet: it is proven like any, and then put with the first.

No company is looked into again and nobody is told again, so that one mailbox cannot keep everybody busy.
"""

from __future__ import annotations

from dataclasses import replace

from chalicelib import store
from chalicelib.privacy.requests import CLOSED, Outcome, RequestState
from chalicelib.records.requests import Request, Stage
from chalicelib.services.requests import accounts


def put_with(request: Request) -> Request:
    """The request, answered by a pointer where the same waits already; who answers the first reads its words
    too. As many reads as the mailbox has requests, and two.

    Raises:
        UnavailableError: nobody can say.
    """
    first = _same(request)
    return request if first is None else _attached(request, first)


def _same(request: Request) -> Request | None:
    """A request of this mailbox for the same that is not answered yet, of the account it has now: a mailbox
    that has been given to somebody else begins anew. Two at the same moment may miss each other; then both
    are worked on, as many as a mailbox may prove.
    """
    login = accounts.of(request.mailbox)
    now = (None, None) if login is None else (login.company_id, login.user_id)
    for known in store.requests.of_mailbox(request.mailbox):
        one = known.value
        if one.wish is not request.wish or one.state in CLOSED:
            continue
        if one.stage is Stage.LOOK or (one.company_id, one.user_id) == now:
            return one
    return None


def _attached(request: Request, first: Request) -> Request:
    return replace(
        request,
        state=RequestState.ANSWERED,
        stage=Stage.DONE,
        closed_at=request.verified_at,
        look_at=None,
        company_id=first.company_id,
        user_id=first.user_id,
        outcomes=[Outcome.ATTACHED.value],
        attached_to=first.request_id,
    )
