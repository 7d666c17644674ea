"""The base of prospects (2.2.2): whom the operator stocks, whom companies share, and who received whom.

A person lies under one id, a keyed hash of their address under the operator's key: the same person from two
sources is one prospect, loading and sharing repeat themselves to the same end, and forgetting finds all of
it. What is found by (`Posting`) holds coarse classes and keyed hashes, nobody's words.
"""

from __future__ import annotations

from chalicelib.privacy.fields import opaque, personal, record
from chalicelib.privacy.register import Category, Purpose, Role, Subject
from chalicelib.privacy.retention import Retention

_CLASS = "a coarse class, shared by thousands: what is searched by"


@record(
    kind="stocked",
    table="prospects",
    subject=Subject.PROSPECT,
    role=Role.CONTROLLER,
    retention=Retention.STOCKED_PROSPECT,
    collected_for=Purpose.MAINTAIN_PROSPECT_BASE,
)
class StockedProspect:
    """A business, and a person in it where one is known, in the operator's own base (2.2.2(l))."""

    prospect_id: str = opaque()
    person: str | None = opaque(why="keyed hash of the address; None for a business alone", default=None)
    load_id: str = opaque(why="the load that wrote it last; it names ground, balancing and notice")
    first_at: int = opaque(why="when it was first taken in; its retention counts from here", export=True)
    refreshed_at: int = opaque(export=True)
    sector: str = opaque(why=_CLASS)
    country: str = opaque(why=_CLASS)
    level: str = opaque(why=_CLASS)
    sources: dict[str, list[str]] = opaque(why="field -> [source, day]", export=True)
    postings: tuple[str, ...] = opaque(why="keys of what finds it, to be taken away with it")
    business_name: str = personal(Category.STOCKED_PROSPECT, "business_name")
    address: str | None = personal(Category.STOCKED_PROSPECT, "address", default=None)
    website: str | None = personal(Category.STOCKED_PROSPECT, "website", default=None)
    profile: str | None = personal(Category.STOCKED_PROSPECT, "profile", default=None)
    contact_numbers: tuple[str, ...] = personal(Category.STOCKED_PROSPECT, "contact_numbers", default=())
    company_social: tuple[str, ...] = personal(Category.STOCKED_PROSPECT, "company_social", default=())
    name: str | None = personal(Category.STOCKED_PROSPECT, "name", default=None)
    position: str | None = personal(Category.STOCKED_PROSPECT, "position", default=None)
    affiliation: str | None = personal(Category.STOCKED_PROSPECT, "affiliation", default=None)
    email: str | None = personal(Category.STOCKED_PROSPECT, "email", default=None)
    phone: str | None = personal(Category.STOCKED_PROSPECT, "phone", default=None)


@record(
    kind="added",
    table="prospects",
    subject=Subject.PROSPECT,
    role=Role.JOINT_CONTROLLER,
    retention=Retention.ADDED_PROSPECT,
    collected_for=Purpose.OBTAIN_PROSPECTS,
)
class AddedProspect:
    """A person that users shared: the agreement's fields and no other (2.2.2(k), appendix 1.2)."""

    prospect_id: str = opaque()
    person: str = opaque(why="keyed hash of the address")
    first_at: int = opaque(why="when they were first shared; the retention counts from here", export=True)
    changed_at: int = opaque(export=True)
    sector: str = opaque(why=_CLASS)
    country: str = opaque(why=_CLASS)
    level: str = opaque(why=_CLASS)
    postings: tuple[str, ...] = opaque(why="keys of what finds it, to be taken away with it")
    email: str = personal(Category.ADDED_PROSPECT, "email")
    first_name: str = personal(Category.ADDED_PROSPECT, "first_name")
    last_name: str = personal(Category.ADDED_PROSPECT, "last_name")
    industry: str | None = personal(Category.ADDED_PROSPECT, "industry", default=None)
    current_position: str | None = personal(Category.ADDED_PROSPECT, "current_position", default=None)
    previous_positions: tuple[str, ...] = personal(Category.ADDED_PROSPECT, "previous_positions", default=())
    location: str | None = personal(Category.ADDED_PROSPECT, "location", default=None)
    social: tuple[str, ...] = personal(Category.ADDED_PROSPECT, "social", default=())


@record(
    kind="share",
    table="prospects",
    subject=Subject.PROSPECT,
    role=Role.JOINT_CONTROLLER,
    retention=Retention.ADDED_PROSPECT,
)
class Share:
    """Where a shared prospect came from: which company, when, on which ground, under which agreement. One for
    each company that vouches for them, under the last of its shares that does.
    """

    prospect_id: str = opaque()
    company_id: str = opaque()
    share_id: str = opaque(why="the request that it came with; its warranty is in the company's chain")
    shared_by: str = opaque(why="the user's id")
    shared_at: int = opaque(export=True)
    agreement_version: str = opaque(export=True)
    ground: str = opaque(why="the legal ground that was warranted", export=True)


@record(
    kind="holder",
    table="prospects",
    subject=Subject.PROSPECT,
    role=Role.JOINT_CONTROLLER,
    retention=Retention.ADDED_PROSPECT,
)
class Holder:
    """A company that received a prospect from the base: who must hear when it is withdrawn."""

    prospect_id: str = opaque()
    company_id: str = opaque()
    since: int = opaque(export=True)
    transfer: str = opaque(why="the ground on which it crossed a border (4.2)", export=True)
    stocked: bool = opaque(why="it received what the operator stocks")
    added: bool = opaque(why="it received what users shared")
    contact_id: str | None = opaque(why="the contact made of it", default=None)


@record(
    kind="reveal",
    table="prospects",
    subject=Subject.PROSPECT,
    role=Role.CONTROLLER,
    retention=Retention.ADDED_PROSPECT,
)
class Reveal:
    """A company's own end of it: what it has revealed, who of it works on it, until when."""

    company_id: str = opaque()
    prospect_id: str = opaque()
    revealed_by: str = opaque(why="the user's id")
    revealed_at: int = opaque()
    entry_id: str = opaque(why="the entry of the credit ledger that paid for it")
    contact_id: str | None = opaque(why="the contact made of it", default=None)
    claimed_by: str | None = opaque(
        why="the user who works on it; None: it is in the company's pool", default=None
    )
    claimed_until: int | None = opaque(default=None)


@record(
    kind="claim",
    table="prospects",
    subject=Subject.USER,
    role=Role.CONTROLLER,
    retention=Retention.CLAIM,
)
class Claim:
    """A line of the list of what a user works on. Whose a prospect is says `Reveal`; this finds it."""

    company_id: str = opaque()
    user_id: str = opaque()
    prospect_id: str = opaque()


@record(
    kind="posting",
    table="prospects",
    subject=Subject.PROSPECT,
    role=Role.CONTROLLER,
    retention=Retention.STOCKED_PROSPECT,
)
class Posting:
    """One way to find a prospect: a list, and a place in it. It is one record's and ends with that one: the
    stocked and the shared record of a person are found apart, each in its own classes.
    """

    shelf: str = opaque(why="which list: a coarse class, or a keyed hash of how a word begins")
    place: str = opaque(why="the order in the list: classes, or keyed hashes of further letters")
    prospect_id: str = opaque()
    part: str = opaque(why="which of the two records it leads to")
    sector: str = opaque(why=_CLASS)
    country: str = opaque(why=_CLASS)
    level: str = opaque(why=_CLASS)
