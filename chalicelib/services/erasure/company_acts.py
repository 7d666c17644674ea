"""What has to be done before, and besides, deleting rows of a company that goes: telephones are let go at
SNS, files go from the bucket, the company stops vouching for whom it shared, and whoever asked it for
something hears that it has gone. Some of it is done as well when a hold keeps the row: whoever asked hears
that, and no telephone waits for pushes that will not come. All of it may be done twice.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum, auto
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final

from chalicelib import store
from chalicelib.gateways import files
from chalicelib.kernel import clock, telemetry
from chalicelib.kernel.errors import ConflictError, RetryLaterError
from chalicelib.services.erasure import traces
from chalicelib.services.notifications import push
from chalicelib.services.prospects import taking_back
from chalicelib.services.requests import clients

if TYPE_CHECKING:
    from chalicelib.records.notifications import PushDevice
    from chalicelib.store.items import Row
    from chalicelib.store.partitions import Found
    from chalicelib.store.table import Stored

ASKED_AGAIN: Final = 250
"""Rows after which it is asked whether a hold has been placed meanwhile: no more are lost to one."""

Key = tuple[str, str, str]
"""Table, partition and sort key."""


class Fate(Enum):
    """What becomes of a row."""

    GOES = auto()
    AWAY = auto()
    """A hold keeps it: it is put out of everybody's sight."""
    STAYS = auto()
    """As it is: what the release of a hold needs."""


@dataclass(slots=True)
class Page:
    """Some rows of the walk, in its order, and what becomes of each by the holds that were open then."""

    open: frozenset[str]
    rows: list[tuple[Found, Fate]] = field(default_factory=list)
    keepers: set[str] = field(default_factory=set)
    rules: Row | None = None
    """The company's rules, if they go with this page: as they were before it was asked what keeps them."""

    @property
    def gone(self) -> list[Found]:
        """Rows that go."""
        return [row for row, fate in self.rows if fate is Fate.GOES]

    @property
    def held(self) -> Counter[str]:
        """What stays, by kind."""
        return Counter(row.kind for row, fate in self.rows if fate is not Fate.GOES)


def doors(company_id: str, users: Sequence[str]) -> list[Found]:
    """What lies under keys of its own and leads into the company, or is mail on its way to its people; in the
    order of its keys. Mail without a company (a code) is theirs if it goes to one of their mailboxes.
    """
    found = store.partitions.leads(company_id, users)
    mailboxes = {
        row.place.pk.removeprefix("mailbox#") for row in found if row.kind == store.accounts.LOGINS.kind
    }
    for place, known in traces.unsent():
        theirs = known.value.company_id == company_id
        if theirs or (known.value.company_id is None and traces.mailbox_of(known.value) in mailboxes):
            found.append(store.partitions.lead(*place))
    return sorted(found, key=lambda row: (row.place.pk, row.sk))


def uploads(company_id: str) -> str:
    """Under which keys of the bucket files that it sent wait to be read."""
    return f"imports/{company_id}/"


def take(company_id: str, page: Page, until: float) -> int:
    """Put away what holds keep of a page, and take the rest, in its order: first what depends on a row, then
    the row. Returns with how many rows it is done: with fewer than there are when ``until``
    (``clock.elapsed``) has passed, or somebody has placed another hold. Putting away is a read and a write a
    row; holds are asked for once in 250 rows.

    Raises:
        UnavailableError, RetryLaterError: to be done again.
    """
    done = 0
    while done < len(page.rows):
        if not {hold.hold_id for hold in store.holds.open_ones(company_id)} <= page.open:
            return done  # closed for the sake of the matter: the rest is judged anew
        some = page.rows[done : done + ASKED_AGAIN]
        took = _take(company_id, some, until)
        done += took
        if took < len(some):
            return done
    return done


def _take(company_id: str, rows: Sequence[tuple[Found, Fate]], until: float) -> int:
    """As ``take``, without asking for holds; one row at least."""
    beside: list[Key] = []
    own: list[Key] = []
    done = 0
    try:
        for row, fate in rows:
            act = _ACTS[fate].get(row.kind)
            if act is not None:
                beside += act(company_id, row)
            if fate is Fate.GOES:
                own.append(row.key)
            elif fate is Fate.AWAY:
                store.erasure.put_aside(row.place.model, [(row.place.pk, row.sk)])
            done += 1
            if (act is not None or fate is Fate.AWAY) and clock.elapsed() > until:
                break
    except ConflictError:
        raise RetryLaterError from None
    store.batches.delete_across([*beside, *own])
    return done


def _let_go(_: str, row: Found) -> Iterable[Key]:
    """A telephone, at SNS. Without the company's key nobody can say what it is called there: no push can
    leave for it any more, and SNS drops it when the app registers again.
    """
    known = _device(row)
    if known is not None:
        push.forget(known)
    return ()


def _silence(_: str, row: Found) -> Iterable[Key]:
    """A telephone whose row a hold keeps: what SNS has of it is no record of anything."""
    known = _device(row)
    if known is not None:
        push.let_go(known.value)
    return ()


def _device(row: Found) -> Stored[PushDevice] | None:
    key: dict[str, Any] = store.partitions.named_in(row)
    try:
        return store.notifications.DEVICES.get(**key, use=store.notifications.USE)
    except store.vault.KeyMissingError:
        telemetry.event("push_endpoint_unreadable")
        return None


def _files_of_export(_: str, row: Found) -> Iterable[Key]:
    files.forget(f"exports/{store.partitions.named_in(row)['export_id']}/")
    return ()


def _stop_vouching(company_id: str, row: Found) -> Iterable[Key]:
    """The agreement (2.1.1): nobody is left to vouch for whom the company shared. Who is vouched for by
    nobody else leaves the base; what the operator stocked stays.
    """
    taking_back.leave(company_id, row.sk)
    return ()


def _forsake(company_id: str, row: Found) -> Iterable[Key]:
    """A share that the company's own list did not lead to: as if it had."""
    taking_back.forsake(company_id, row.place.pk)
    return ()


def _received(company_id: str, row: Found) -> Iterable[Key]:
    """The line under the person by which a withdrawal would find the company. It goes as well when a hold
    keeps the note of the reveal: there is nobody left who could be told.
    """
    rows = store.prospects.HOLDERS
    return ((rows.model.Meta.table_name, *rows.place(prospect_id=row.sk, company_id=company_id)),)


def _answer(company_id: str, row: Found) -> Iterable[Key]:
    """Somebody's request that the company has not answered: they hear that it has erased everything."""
    return _answered(company_id, row, kept=False)


def _answer_held(company_id: str, row: Found) -> Iterable[Key]:
    """The same, kept by a hold: they hear that it has erased what it may, and not another word."""
    return _answered(company_id, row, kept=True)


def _answered(company_id: str, row: Found, *, kept: bool) -> Iterable[Key]:
    try:
        clients.left(company_id, store.partitions.named_in(row)["request_id"], kept=kept)
    except store.vault.KeyMissingError:
        telemetry.event("company_request_unreadable")
    return ()


_Act = Callable[[str, "Found"], Iterable[Key]]

_GOES: Final[Mapping[str, _Act]] = MappingProxyType(
    {
        "push_device": _let_go,
        "export": _files_of_export,
        "sharing": _stop_vouching,
        "reveal": _received,
        "company_request": _answer,
        "share": _forsake,
    }
)
"""By kind of row: what is done before it goes, and the keys of rows that go with it."""

_AWAY: Final[Mapping[str, _Act]] = MappingProxyType(
    {"push_device": _silence, "reveal": _received, "company_request": _answer_held}
)
"""The same for rows that a hold keeps, before they are put away: afterwards nobody can read them."""

_ACTS: Final[Mapping[Fate, Mapping[str, _Act]]] = MappingProxyType(
    {Fate.GOES: _GOES, Fate.AWAY: _AWAY, Fate.STAYS: MappingProxyType({})}
)
