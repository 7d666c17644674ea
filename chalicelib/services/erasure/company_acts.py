"""What has to be done before, and besides, deleting rows of a company that goes: telephones are let go at
SNS, files go from the bucket, the company stops vouching for whom it shared, and whoever asked it for
something hears that it has gone. All of it may be done twice.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final

from chalicelib import store
from chalicelib.gateways import files
from chalicelib.kernel import telemetry
from chalicelib.kernel.errors import ConflictError, RetryLaterError
from chalicelib.privacy.register import Duty
from chalicelib.records.announcements import NEVER
from chalicelib.services.erasure import traces
from chalicelib.services.notifications import push
from chalicelib.services.prospects import taking_back
from chalicelib.services.requests import clients

if TYPE_CHECKING:
    from chalicelib.services.erasure.company_walk import Page
    from chalicelib.store.partitions import Found


def doors(company_id: str, users: Sequence[str]) -> list[Found]:
    """What lies under keys of its own and leads into the company, or is mail on its way to its people; in the
    order of its keys. Mail without a company (a code) is theirs if it goes to one of their mailboxes.
    """
    found = store.partitions.leads(company_id, users)
    mailboxes = {
        row.place.pk.removeprefix("mailbox#") for row in found if row.kind == store.accounts.LOGINS.kind
    }
    rows = store.accounts.NOTICES
    for key in store.due.notices(NEVER, traces.WAITING):
        known = rows.get(notice_id=key["notice_id"], use=Duty.ERASE)
        if known is None:
            continue
        theirs = known.value.company_id == company_id
        if theirs or (known.value.company_id is None and traces.mailbox_of(known.value) in mailboxes):
            found.append(store.partitions.lead(*rows.place(**key)))
    return sorted(found, key=lambda row: (row.place.pk, row.sk))


def uploads(company_id: str) -> str:
    """Under which keys of the bucket files that it sent wait to be read."""
    return f"imports/{company_id}/"


def take(company_id: str, page: Page) -> None:
    """Put away what holds keep of a page, and take the rest: first what depends on a row, then the row.

    Raises:
        UnavailableError, RetryLaterError: to be done again.
    """
    put_aside(page)
    keys: list[tuple[str, str, str]] = []
    for row in page.gone:
        act = _ACTS.get(row.kind)
        if act is not None:
            keys += act(company_id, row)
    store.batches.delete_across([*keys, *(row.key for row in page.gone)])


def put_aside(page: Page) -> None:
    """Put out of everybody's sight what holds keep of a page. A read and a write a row.

    Raises:
        UnavailableError, RetryLaterError: to be done again.
    """
    try:
        for row in page.away:
            store.erasure.put_aside(row.place.model, [(row.place.pk, row.sk)])
    except ConflictError:
        raise RetryLaterError from None


def _let_go(_: str, row: Found) -> Iterable[tuple[str, str, str]]:
    """A telephone, at SNS. Without the company's key nobody can say what it is called there: no push can
    leave for it any more, and SNS drops it when the app registers again.
    """
    rows = store.notifications.DEVICES
    key: dict[str, Any] = store.partitions.named_in(row)
    try:
        known = rows.get(**key, use=store.notifications.USE)
    except store.vault.KeyMissingError:
        telemetry.event("push_endpoint_unreadable")
        return ()
    if known is not None:
        push.forget(known)
    return ()


def _files_of_export(_: str, row: Found) -> Iterable[tuple[str, str, str]]:
    files.forget(f"exports/{store.partitions.named_in(row)['export_id']}/")
    return ()


def _stop_vouching(company_id: str, row: Found) -> Iterable[tuple[str, str, str]]:
    """The agreement (2.1.1): nobody is left to vouch for whom the company shared. Who is vouched for by
    nobody else leaves the base; what the operator stocked stays.
    """
    taking_back.leave(company_id, row.sk)
    return ()


def _received(company_id: str, row: Found) -> Iterable[tuple[str, str, str]]:
    """The line under the person by which a withdrawal would find the company."""
    rows = store.prospects.HOLDERS
    return ((rows.model.Meta.table_name, *rows.place(prospect_id=row.sk, company_id=company_id)),)


def _answer(company_id: str, row: Found) -> Iterable[tuple[str, str, str]]:
    """Somebody's request that the company has not answered: they hear that it has erased everything."""
    try:
        clients.left(company_id, store.partitions.named_in(row)["request_id"])
    except store.vault.KeyMissingError:
        telemetry.event("company_request_unreadable")
    return ()


_ACTS: Final[Mapping[str, Callable[[str, Found], Iterable[tuple[str, str, str]]]]] = MappingProxyType(
    {
        "push_device": _let_go,
        "export": _files_of_export,
        "sharing": _stop_vouching,
        "reveal": _received,
        "company_request": _answer,
    }
)
"""By kind of row: what is done before it goes, and the keys of rows that go with it."""
