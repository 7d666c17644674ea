"""What a company holds of one person it wrote to, page by page, and what becomes of each row (clause
`requests`).

Each source walks one kind of row in the order of its keys, so that a page is a range of keys: done again
after a failure it finds what is left of it. A message that went to this person alone goes as a whole; from
one to several people the person is taken out. Deliveries lead to their messages, so they go after them.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING, Any, Final

from chalicelib import store
from chalicelib.kernel import clock
from chalicelib.privacy import retention
from chalicelib.privacy.register import Duty
from chalicelib.records.erasures import Erasure
from chalicelib.services.erasure import letters, lists
from chalicelib.services.erasure.letters import NOBODY, Called
from chalicelib.services.erasure.pages import Page, Range, Source

if TYPE_CHECKING:
    from chalicelib.services.keeping.keeping import Keeping
    from chalicelib.store.batches import Key
    from chalicelib.store.erasure import Written
    from chalicelib.store.table import Rows

USE: Final = Duty.ERASE
DELIVERIES_PER_PAGE: Final = 250
ROWS_PER_PAGE: Final = 500
OPENED_PER_PAGE: Final = 100
"""Rows that have to be opened to see whom they are about."""


def _deliveries(where: Range) -> Page | None:
    """Deliveries by the index, and the messages they are of."""
    found = store.erasure.of_person(
        where.company_id,
        where.person,
        "message#",
        after=where.after,
        until=where.until,
        limit=DELIVERIES_PER_PAGE,
    )
    if not found:
        return None
    page = Page(found[-1])
    of_message: dict[str, list[Key]] = {}
    for sk in found:
        of_message.setdefault(sk.split("#")[1], []).append((where.company_id, sk))
    page.mailboxes = _addressed(where.company_id, found)
    message_ids = list(of_message)
    written = store.erasure.written(where.company_id, message_ids)
    for message_id, keys in of_message.items():
        message, held = written.get(message_id), where.keeping.message(message_id)
        page.take("delivery", *keys, last=True, held=held)
        several = message is not None and message.recipients > 1
        if several and letters.others_read(where.company_id, message_id, where.person):
            _take_out(page, where, message_id, held=held)
        else:
            _take_whole(page, where.company_id, message_id, message, held=held)
    _forget_repeats(page, where.company_id, message_ids)
    return page


def _addressed(company_id: str, sks: Iterable[str]) -> set[str]:
    """The addresses that deliveries went to. A read for each."""
    rows = store.messages.DELIVERIES
    places = [sk.split("#")[1:] for sk in sks]
    keys = [{"company_id": company_id, "message_id": one, "number": int(place)} for one, place in places]
    found = store.table.get_together(*((rows, key) for key in keys), use=USE)
    return {known.value.email for known in found if known is not None}


def _old_letters(where: Range) -> Page | None:
    """Messages that outlived their deliveries, which are kept for a shorter time: each is looked into."""
    horizon = retention.add_months(datetime.fromtimestamp(clock.now(), UTC), -retention.EMAIL_TRACKING.count)
    newest = f"body#{letters.first_id(horizon)}"
    until = min(newest, where.until or newest)
    if max(where.after, "body#") >= until:
        return None
    rows = store.messages.BODIES
    found = store.erasure.under(
        rows.model, where.company_id, "body#", after=where.after, until=until, limit=OPENED_PER_PAGE
    )
    if not found:
        return None
    page = Page(found[-1].sk)
    for row in found:
        known = rows.live(row, USE)
        if known is None or not letters.names(known.value, where.person):
            continue
        message_id, everybody = known.value.message_id, (*known.value.to, *known.value.cc)
        held = where.keeping.message(message_id)
        page.mailboxes |= {
            email for _, email in everybody if letters.is_person(where.company_id, email, where.person)
        }
        if len(everybody) > 1:
            _take_out(page, where, message_id, held=held)
        else:
            _take_whole(page, where.company_id, message_id, store.erasure.Written(1, True), held=held)
    return page


def _take_whole(page: Page, company_id: str, message_id: str, message: Written | None, *, held: bool) -> None:
    """All of a message. Clicks are looked for where some were counted: one that was stored a moment ago and
    never counted names nobody, and goes by itself.
    """
    if message is None or message.clicked:
        clicks = store.erasure.under(store.tracking.CLICKS.model, company_id, f"click#{message_id}#")
        page.take("click", *((row.pk, row.sk) for row in clicks), held=held)
    if message is not None:
        page.take("body", (company_id, f"body#{message_id}"), held=held)
        page.take("message", (company_id, f"message#{message_id}"), held=held)
        page.messages.append(message_id)


def _take_out(page: Page, where: Range, message_id: str, *, held: bool) -> None:
    """The person out of a message of several; while a hold keeps it, it is left as it is."""
    if held:
        page.held["redacted"] += 1
    else:
        called = where.called.and_also(page.mailboxes)
        page.acts.append(partial(letters.redact, where.company_id, message_id, where.person, called))
        page.counts["redacted"] += 1
    page.redacted.append(message_id)


def _forget_repeats(page: Page, company_id: str, made: Sequence[str]) -> None:
    """The rows that recognise a repeated request; they live a day, so only what is young can have one."""
    day_ago = datetime.fromtimestamp(clock.now(), UTC) - retention.IDEMPOTENCY - retention.GRACE
    young = {one for one in made if one.partition("_")[2] > letters.first_id(day_ago).partition("_")[2]}
    if not young:
        return
    rows = store.erasure.under(store.idempotency.DONE.model, company_id, "done#")
    mine = [row for row in rows if row.plain.get("made_id") in young]
    page.take("idempotency", *((row.pk, row.sk) for row in mine))


def _opens(where: Range) -> Page | None:
    prefix = f"open#{where.person}#"

    def held(sk: str) -> bool:
        return where.keeping.about(None, where.person) or where.keeping.message(sk.split("#")[2])

    return _plain(where, store.tracking.OPENS, (where.company_id, prefix), held)


def _consents(where: Range) -> Page | None:
    """What they agreed to or not; refusals stay, for they are what keeps the person from coming back."""
    standing = f"{where.company_id}#standing"
    place = standing, f"{where.person}#consent#"
    return _plain(where, store.standing.CONSENTS, place, lambda _: where.keeping.about(None, where.person))


def _informing(where: Range) -> Page | None:
    """What the company owed them for having received them from the base; first the line that it leads to."""
    rows, lines = store.standing.INFORMING, store.standing.TO_INFORM
    place = f"{where.company_id}#standing", f"{where.person}#informing"
    found = store.erasure.under(rows.model, *place, after=where.after, until=where.until, limit=1)
    if not found:
        return None
    page, held = Page(found[-1].sk), where.keeping.about(None, where.person)
    for row in found:
        key = {"company_id": where.company_id, "prospect_id": rows.decode(row, None).value.prospect_id}
        keys = [lines.place(**key, place=one) for one in (store.standing.DUE, store.standing.DONE)]
        there = [one for one in keys if store.erasure.under(lines.model, *one, limit=1)]
        page.take(lines.kind, *there, held=held)
        page.take(rows.kind, (row.pk, row.sk), held=held)
    return page


def _plain(where: Range, rows: Rows[Any], place: Key, held: Callable[[str], bool]) -> Page | None:
    found = store.erasure.under(rows.model, *place, after=where.after, until=where.until, limit=ROWS_PER_PAGE)
    if not found:
        return None
    page = Page(found[-1].sk)
    for row in found:
        page.take(rows.kind, (row.pk, row.sk), held=held(row.sk))
    return page


def _inboxes(where: Range) -> Page | None:
    """What users of the company were told, as far as it quotes the person's address."""
    found = store.erasure.under(
        store.notifications.INBOX.model,
        where.company_id,
        "inbox#",
        after=where.after,
        until=where.until,
        limit=ROWS_PER_PAGE,
    )
    if not found:
        return None
    page = Page(found[-1].sk)
    clean = letters.address_redactor(where.company_id, where.person, where.called)
    for row in found if clean.knows_somebody else ():
        known = store.notifications.INBOX.live(row, USE)
        if known is None or not letters.quotes(known.value, clean):
            continue
        if where.keeping.about(known.value.user_id, where.person):
            page.held["inbox"] += 1
        else:
            page.acts.append(partial(letters.redact_inbox, known, clean))
            page.counts["inbox"] += 1
    return page


def ai_jobs(where: Range) -> Page | None:
    """What users asked AI about them, with its answers, by the index."""
    found = store.erasure.of_person(
        where.company_id, where.person, "ai#", after=where.after, until=where.until, limit=ROWS_PER_PAGE
    )
    if not found:
        return None
    page = Page(found[-1])
    for sk in found:
        held = where.keeping.about(sk.split("#")[1], where.person)
        page.take(store.ai.JOBS.kind, (where.company_id, sk), held=held)
    _forget_repeats(page, where.company_id, [sk.rpartition("#")[2] for sk in found])
    return page


def _contacts(where: Range) -> Page | None:
    """Contacts by the index; last of all, because they know what the person is called. One may have become
    somebody else's a moment ago, so each is read, and deleted as it was read.
    """
    found = store.erasure.of_person(
        where.company_id,
        where.person,
        "contact#",
        after=where.after,
        until=where.until,
        limit=OPENED_PER_PAGE,
    )
    if not found:
        return None
    page, held = Page(found[-1]), where.keeping.about(None, where.person)
    for sk in found:
        contact_id = sk.removeprefix("contact#")
        key = where.company_id, sk
        known = store.contacts.CONTACTS.get(company_id=where.company_id, contact_id=contact_id, use=USE)
        if known is not None and known.value.person != where.person:
            continue  # somebody else by now: naming it in the evidence would take it away later
        if known is None or held:
            page.take("contact", key, held=held)  # over already, or gone and still in the index
        else:
            page.acts.append(partial(letters.delete_contact, known))
            page.counts["contact"] += 1
        page.contacts.append(contact_id)
    _forget_repeats(page, where.company_id, page.contacts)
    return page


SOURCES: Final[tuple[Source, ...]] = (
    _deliveries,
    _old_letters,
    _opens,
    _consents,
    _informing,
    _inboxes,
    lists.imported,
    ai_jobs,
    _contacts,
)
"""In this order: what leads to other things goes after them."""


def take_named(entries: Iterable[Erasure], keeping: Keeping, called: Called = NOBODY) -> Counter[str]:
    """Take away what the evidence of an erasure names by id, and say how many rows were still there. What a
    hold keeps (by now, or still) is left.

    What led to it may be gone: a hold's job deletes deliveries when the hold is released, and in a backup a
    contact may have had no address yet. Repeatable.

    Raises:
        UnavailableError, RetryLaterError: to be done again.
    """
    gone: list[Any] = []
    for entry in entries:
        for message_id in entry.redacted:
            if not keeping.message(message_id):
                letters.redact(entry.company_id, message_id, str(entry.person), called)
        messages = [one for one in entry.messages if not keeping.message(one)]
        contacts = () if keeping.about(None, entry.person) else entry.contacts
        prefixes = [f"{kind}#{one}" for one in messages for kind in ("click", "body", "message")]
        for prefix in (*prefixes, *(f"contact#{one}" for one in contacts)):
            gone += store.erasure.under(store.erasure.WORKSPACE, entry.company_id, prefix)
    store.erasure.delete(store.erasure.WORKSPACE, [(row.pk, row.sk) for row in gone])
    return Counter(row.kind for row in gone)
