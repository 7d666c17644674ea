"""Kinds of rows that lie under keys of their own, and what becomes of each when a company goes (5.3).

Every kind that lies neither in a partition of a company nor in the ledger is in exactly one of these
tables; a structure test asks about whatever is added.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

LED_TO: Final[Mapping[str, str]] = MappingProxyType(
    {
        "login": "the index of what leads into a company",
        "invited": "the index of what leads into a company",
        "wechat_identity": "the index of what leads into a company",
        "push_owner": "the index of what leads into a company",
        "challenge": "the index of what waits for a user",
        "wechat_attempt": "the index of what waits for a user",
        "notice": "the index of mail that has not left",
        "reset": "it lies beside a login",
        "signup": "it lies beside a login",
        "share": "the company's list of what it shared names the person",
        "holder": "the company's note of a reveal names the person",
    }
)
"""Kinds under keys of their own that go with a company, and through what they are found."""

STAYS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "cancellation": "the cancellation itself; ids, numbers and times, for two years",
        "certificate_address": "the certificate goes there, and the address after it",
        "workflow": "what ran; ids and times, for two years",
        "ending_company": "that the end of a product reached the company; ids and times",
        "incident_company": "the register of breaches: which companies one concerned, in numbers",
        "incident_person": "the register of breaches: whom one concerned, by id, to prove who was told",
        "incident": "the register of breaches, which stays whoever leaves",
        "mass_list": "whom of the company a notice was for, by id, as long as the notice is remembered",
        "mass_company": "what a company was told, as long as the notice is remembered",
        "request": "somebody's own request to the operator and its answer; it ends by itself",
        "request_mailbox": "leads somebody to their own requests; it ends with them",
        "request_passed_on": "part of somebody's answer: which client was told, and what it decided",
        "prospect_complaint": "the operator answers for it, also when the company has left",
        "prospect_complaint_open": "the operator answers for it, also when the company has left",
        "withdrawal": "names the company whose word began it, as long as the withdrawal is remembered",
        "disclosure": "the register of what was given to whom (3.3), under the operator's key",
        "disclosure_payload": "waits to be handed over as the law wants; it ends within days",
        "finding": "the operator's own inquiry into how data was read",
        "grant": "which of the staff were let in, and why; the operator's proof",
    }
)
"""Kinds under keys of their own that name a company and are not taken away with it, and why. All of them are
the operator's and end by their own rule.
"""

NAMES_NONE: Final = frozenset(
    {
        "added",
        "announcement",
        "cookie_choice",
        "ending",
        "ending_now",
        "former_staff",
        "incident_report",
        "incident_work",
        "load",
        "mass",
        "mass_text",
        "objection",
        "posting",
        "public_notice",
        "reading",
        "refused_copy",
        "refused_row",
        "request_code",
        "request_open",
        "request_pending",
        "staff",
        "staff_done",
        "staff_login",
        "staff_paper",
        "staff_roster",
        "staff_session",
        "staff_setup",
        "stocked",
        "succession",
        "watch",
        "wechat_ticket",
    }
)
"""Kinds that name neither a company nor anybody in one: visitors, prospects, staff, what nobody has proved.
"""
