"""On which ground a prospect's data reaches a company in another country (4.2).

Promise: no pair of countries passes without a ground, the ground is named and can be recorded, and which law
asks for it follows from where the prospect is. Closed wherever a country is not known: an unknown prospect
counts as protected by every law at once, so only what each of them takes will do; a company that has not
said where it is receives nothing. Cost: the tables are data as of ``AS_OF``, for counsel to confirm; a
decision that covers only some recipients of a country (United States) counts for none, because nobody here
can check which. The data itself lies in Singapore, and the product's terms bind who receives it: what the
PDPA asks.
"""

from __future__ import annotations

from datetime import date
from enum import StrEnum
from types import MappingProxyType
from typing import Final, NamedTuple

from chalicelib.privacy.decisions import Refused

AS_OF: Final = date(2026, 11, 23)
"""When somebody last looked through these tables. To confirm by counsel."""

UNKNOWN: Final = "ZZ"
"""ISO 3166-1's code for a country that nobody knows."""


class Ground(StrEnum):
    """What a transfer rests on."""

    SAME_COUNTRY = "same_country"
    """It stays under the law that protects the prospect."""
    ADEQUACY = "adequacy"
    """The law there was found to protect as well: GDPR 45, UK GDPR 45, Swiss DPA 16(1)."""
    CLAUSES = "standard_clauses"
    """The company accepted our standard contractual clauses in their current version: GDPR 46(2)(c), PIPL
    38(1)(3).
    """
    AGREEMENT = "binding_agreement"
    """The product's terms bind the company to protect comparably: PDPA s26, Regulations, reg. 10 and 11."""
    CONSENT = "consent"
    """The prospect's own, for this very transfer: GDPR 49(1)(a), PIPL 39."""


class Law(StrEnum):
    """Which law says what a transfer needs."""

    GDPR = "gdpr"
    UK_GDPR = "uk_gdpr"
    SWISS_DPA = "swiss_dpa"
    PDPA = "pdpa"
    PIPL = "pipl"
    OTHER = "other"
    """A law that nobody here has looked into: treated as one that trusts no other country."""
    UNKNOWN = "unknown"


class Finding(NamedTuple):
    """That a country protects well enough, and who said so where."""

    country: str
    source: str


_EEA: Final = "AT BE BG CY CZ DE DK EE ES FI FR GR HR HU IE IS IT LI LT LU LV MT NL NO PL PT RO SE SI SK"
EEA: Final = frozenset(_EEA.split())
"""The states of the European Economic Area: the GDPR, and EEA Joint Committee decision 154/2018."""

COMMISSION: Final = (
    Finding("AD", "Decision 2010/625/EU"),
    Finding("AR", "Decision 2003/490/EC"),
    Finding("CA", "Decision 2002/2/EC: organisations in commerce, which our customers are"),
    Finding("CH", "Decision 2000/518/EC"),
    Finding("FO", "Decision 2010/146/EU"),
    Finding("GB", "Decision (EU) 2021/1772, renewed on 19 December 2025"),
    Finding("GG", "Decision 2003/821/EC"),
    Finding("IL", "Decision 2011/61/EU"),
    Finding("IM", "Decision 2004/411/EC"),
    Finding("JE", "Decision 2008/393/EC"),
    Finding("JP", "Implementing Decision (EU) 2019/419"),
    Finding("KR", "Implementing Decision (EU) 2022/254"),
    Finding("NZ", "Decision 2013/65/EU"),
    Finding("UY", "Implementing Decision 2012/484/EU"),
)
"""Decisions under GDPR 45. Without (EU) 2023/1795, which covers certified recipients only (United States)."""

_OF_GDPR: Final = EEA | {one.country for one in COMMISSION}
_OF_UK: Final = EEA | {"AD", "AR", "CA", "CH", "FO", "GG", "IL", "IM", "JE", "JP", "KR", "NZ", "UY"}
"""Data Protection Act 2018, schedule 21, paragraph 5, and SI 2022/1213 (Korea)."""
_OF_SWISS: Final = EEA | {"AD", "AR", "CA", "FO", "GB", "GG", "GI", "IL", "IM", "JE", "MC", "NZ", "UY"}
"""Data Protection Ordinance (SR 235.11), annex 1."""

ADEQUATE: Final = MappingProxyType(
    {
        Law.GDPR: frozenset(_OF_GDPR),
        Law.UK_GDPR: frozenset(_OF_UK),
        Law.SWISS_DPA: frozenset(_OF_SWISS),
    }
)
"""Where each law's data may go as if it stayed. A law that is not named trusts nobody."""

_LAWS: Final = MappingProxyType(
    {
        **dict.fromkeys(EEA, Law.GDPR),
        "GB": Law.UK_GDPR,
        "CH": Law.SWISS_DPA,
        "SG": Law.PDPA,
        "CN": Law.PIPL,
        UNKNOWN: Law.UNKNOWN,
    }
)


def law_of(country: str) -> Law:
    """Which law protects a prospect there."""
    return _LAWS.get(country, Law.OTHER)


def is_known(country: str | None) -> bool:
    """Whether this is a country: two letters, and not the code that stands for none."""
    return (
        country is not None and len(country) == 2 and country.isascii() and country.isupper()
    ) and country != UNKNOWN


def origin_of(*countries: str | None) -> str:
    """Where a prospect is, from what several records say: of those that disagree none is believed."""
    said = {one if is_known(one) else UNKNOWN for one in countries}
    return str(said.pop()) if len(said) == 1 else UNKNOWN


def decide(
    prospect_country: str, recipient_country: str | None, *, clauses_accepted: bool, consented: bool
) -> Ground | Refused:
    """On what a prospect's data may go to a company, or why not.

    ``clauses_accepted``: the company accepted our standard clauses in the version that is current;
    ``consented``: the prospect agreed to this transfer, on record. The first ground that holds is named, the
    one that asks least of people before the others. Closed for what no line allows.
    """
    if recipient_country is None or not is_known(recipient_country):
        return Refused("cross-border", "company_country_missing")
    origin = prospect_country if is_known(prospect_country) else UNKNOWN
    law = law_of(origin)
    if law is not Law.UNKNOWN and origin == recipient_country:
        return Ground.SAME_COUNTRY
    if recipient_country in ADEQUATE.get(law, frozenset()):
        return Ground.ADEQUACY
    if law is Law.PDPA:
        return Ground.AGREEMENT
    if clauses_accepted:
        return Ground.CLAUSES
    if consented:
        return Ground.CONSENT
    return Refused("cross-border", "transfer_ground_missing")
