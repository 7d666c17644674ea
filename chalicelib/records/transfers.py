"""Transfers of prospects across borders, and on which ground (4.2).

Evidence: ids, countries and versions, no word about anybody. A company's transfers are links of its chain.
"""

from __future__ import annotations

from chalicelib.privacy.fields import opaque, record
from chalicelib.privacy.register import Role, Subject
from chalicelib.privacy.retention import Retention
from chalicelib.privacy.transfers import Ground, Law


@record(
    kind="transfer",
    table="ledger",
    subject=Subject.PROSPECT,
    role=Role.CONTROLLER,
    retention=Retention.EVIDENCE,
)
class Transfer:
    """That a company received a prospect, from where to where, on which ground, with which advice."""

    company_id: str = opaque()
    transfer_id: str = opaque(export=True)
    prospect_id: str = opaque(export=True)
    origin: str = opaque(why="the prospect's country; ZZ where nobody knows", export=True)
    destination: str = opaque(why="the company's country", export=True)
    law: Law = opaque(why="the law that asks for the ground", export=True)
    ground: Ground = opaque(export=True)
    clauses_version: str | None = opaque(why="the clauses it rests on", default=None, export=True)
    advice_version: str = opaque(why="the advice that the company was given with it", export=True)
    at: int = opaque(export=True)


@record(
    kind="transfer_clauses",
    table="ledger",
    subject=Subject.USER,
    role=Role.CONTROLLER,
    retention=Retention.EVIDENCE,
)
class ClausesAccepted:
    """That a company accepted a version of our standard contractual clauses, by one of its admins."""

    company_id: str = opaque()
    clauses_version: str = opaque(export=True)
    text_sha256: str = opaque(why="digest of the text in both languages", export=True)
    accepted_by: str = opaque(why="the user's id", export=True)
    at: int = opaque(export=True)
