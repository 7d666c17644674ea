"""How far the workflow of an incident is (4.3.4): what it looked through, whom it listed, what it sent. Ids,
numbers and times; changed by the workflow, and by what staff ask of it.
"""

from __future__ import annotations

from chalicelib.privacy.fields import opaque, record
from chalicelib.privacy.register import Role, Subject
from chalicelib.privacy.retention import Retention


@record(
    kind="incident_work",
    table="operator",
    subject=Subject.USER,
    role=Role.CONTROLLER,
    retention=Retention.EVIDENCE,
)
class IncidentWork:
    """The work on one incident. A look is one search for whom it concerns; they are numbered, and whoever is
    found keeps the number of the first that did. A piece that is done twice changes nothing.
    """

    incident_id: str = opaque()
    look: int = opaque(why="the look that staff asked for last")
    looked: int = opaque(why="the last one that is complete", default=0)
    phase: str = opaque(why="what of the look is under way", default="")
    cursor: str = opaque(why="up to where in it", default="")
    within: str = opaque(why="the company under way, and up to where in it", default="")
    everywhere: bool = opaque(why="the look is for every company", default=False)
    categories: tuple[str, ...] = opaque(why="of the policy (2.2), that this look is for", default=())
    kinds: tuple[str, ...] = opaque(why="kinds of record that this look is for", default=())
    counted: dict[str, int] = opaque(
        why="numbers by role/subject/country as all looks so far counted them", default_factory=dict
    )
    stocked: int = opaque(why="people of the operator's base, whom no account reaches", default=0)
    asked: dict[str, str] = opaque(
        why="whom staff wanted told -> keyed hash of the words they are told", default_factory=dict
    )
    said: dict[str, dict[str, dict[str, str]]] = opaque(
        why="hash -> those words: everybody concerned reads them, so they name nobody", default_factory=dict
    )
    told: dict[str, int] = opaque(
        why="whom -> the last look whose people were told these words", default_factory=dict
    )
    listed: str = opaque(why="the part of the list under way, and up to where in it", default="")
    listed_look: int = opaque(why="the look up to which they are being listed", default=0)
    under_way: dict[str, str] = opaque(why="whom -> the mass notice that tells them", default_factory=dict)
    sent: dict[str, str] = opaque(why="whom -> hash of the words under way", default_factory=dict)
    aside: str = opaque(
        why="the notice to people that waits for an authority: its id, hash of its words", default=""
    )
    settling: dict[str, str] = opaque(
        why="mass notice that went to everybody -> whom, hash of its words, how often it was counted",
        default_factory=dict,
    )
    counts: dict[str, str] = opaque(
        why="mass notice -> whom, hash of its words, how many it reached and how many not",
        default_factory=dict,
    )
    accepted: int = opaque(why="our users whose mail was accepted for delivery", default=0)
    unreachable: int = opaque(why="our users who could not be told one by one", default=0)
    clients_unreached: int = opaque(why="main administrators whom no mail reached", default=0)
    announced: str | None = opaque(why="keyed hash of the words that were said in public", default=None)
    reminded: tuple[str, ...] = opaque(why="deadlines that staff were reminded of", default=())
