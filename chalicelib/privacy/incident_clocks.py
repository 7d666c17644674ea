"""The clocks of a security incident (4.3.4): whose law, from when, until what, how long, where it is written.

Promise: as ``clocks``, of which these are more rows. Where a law says at once or without undue delay, the
number is our own target (``ours``), so that the sweep and a person on duty have something to hold on to;
"without undue delay" may be less, and the target is no permission to wait.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from chalicelib.privacy.clocks import Calendar, LegalClock, Start, Stop
from chalicelib.privacy.retention import Period


def _incident(
    name: str,
    start: Start,
    stop: Stop,
    length: Period,
    source: str,
    *,
    calendar: Calendar = Calendar.UTC,
    whole_days: bool = False,
    ours: bool = False,
) -> LegalClock:
    return LegalClock(name, start, length, calendar, None, source, stop, whole_days, ours)


PDPA_ASSESS: Final = _incident(
    "pdpa_assess",
    Start.AWARE,
    Stop.ASSESSMENT,
    timedelta(days=30),
    "PDPA s26C(2): assessed reasonably and expeditiously; 30 calendar days are the PDPC's benchmark",
    calendar=Calendar.SINGAPORE,
)
PDPA_AUTHORITY: Final = _incident(
    "pdpa_authority",
    Start.ASSESSED,
    Stop.AUTHORITY_TOLD,
    timedelta(days=3),
    "PDPA s26D(1): no later than 3 calendar days after the day of the assessment",
    calendar=Calendar.SINGAPORE,
    whole_days=True,
)
PDPA_PEOPLE: Final = _incident(
    "pdpa_people",
    Start.ASSESSED,
    Stop.PEOPLE_TOLD,
    timedelta(days=3),
    "PDPA s26D(2): on or after notifying the Commission, in a reasonable manner; no number of days is given",
    calendar=Calendar.SINGAPORE,
    whole_days=True,
    ours=True,
)
PDPA_CLIENTS: Final = _incident(
    "pdpa_clients",
    Start.AWARE,
    Stop.CLIENTS_TOLD,
    timedelta(hours=24),
    "PDPA s26C(3)(a): a data intermediary tells its client without undue delay (subsection to confirm)",
    ours=True,
)
GDPR_AUTHORITY: Final = _incident(
    "gdpr_authority",
    Start.AWARE,
    Stop.AUTHORITY_TOLD,
    timedelta(hours=72),
    "GDPR 33(1): 72 hours; Reg. 1182/71 3(5) might add working days, which is not relied on (to confirm)",
)
GDPR_CLIENTS: Final = _incident(
    "gdpr_clients",
    Start.AWARE,
    Stop.CLIENTS_TOLD,
    timedelta(hours=24),
    "GDPR 33(2): a processor tells its controller without undue delay (to confirm)",
    ours=True,
)
GDPR_PEOPLE: Final = _incident(
    "gdpr_people",
    Start.AWARE,
    Stop.PEOPLE_TOLD,
    timedelta(hours=72),
    "GDPR 34(1), UK GDPR 34(1): without undue delay where the risk is high (to confirm)",
    ours=True,
)
UK_AUTHORITY: Final = _incident(
    "uk_authority",
    Start.AWARE,
    Stop.AUTHORITY_TOLD,
    timedelta(hours=72),
    "UK GDPR 33(1): 72 hours, to the Information Commissioner (to confirm)",
)
PIPL_AUTHORITY: Final = _incident(
    "pipl_authority",
    Start.AWARE,
    Stop.AUTHORITY_TOLD,
    timedelta(hours=24),
    "PIPL 57: immediately, also where a leak is only possible (to confirm)",
    ours=True,
)
PIPL_PEOPLE: Final = _incident(
    "pipl_people",
    Start.AWARE,
    Stop.PEOPLE_TOLD,
    timedelta(hours=24),
    "PIPL 57: immediately, unless measures effectively avoid harm (to confirm)",
    ours=True,
)
CAC_REPORT: Final = _incident(
    "cac_report",
    Start.AWARE,
    Stop.AUTHORITY_TOLD,
    timedelta(hours=4),
    "CAC Measures for Reporting Cybersecurity Incidents art 4 (2025): 4 hours to the provincial CAC",
)
CAC_CRITICAL: Final = _incident(
    "cac_critical",
    Start.AWARE,
    Stop.AUTHORITY_TOLD,
    timedelta(hours=1),
    "CAC Measures for Reporting Cybersecurity Incidents art 4 (2025): 1 hour for critical infrastructure",
)
CAC_SUMMARY: Final = _incident(
    "cac_summary",
    Start.CONTAINED,
    Stop.AUTHORITY_TOLD,
    timedelta(days=30),
    "CAC Measures for Reporting Cybersecurity Incidents (2025): a summary within 30 days (to confirm)",
)
NDSR_REPORT: Final = _incident(
    "ndsr_report",
    Start.AWARE,
    Stop.AUTHORITY_TOLD,
    timedelta(hours=24),
    "Network Data Security Regulations (2025): 24 hours, risk to national security or public interest",
)
POLICY_PEOPLE: Final = _incident(
    "policy_people",
    Start.AWARE,
    Stop.PEOPLE_TOLD,
    timedelta(hours=72),
    "policy 4.3.4: timely, as the laws require; no number is given",
    ours=True,
)

INCIDENT_CLOCKS: Final = (
    PDPA_ASSESS,
    PDPA_AUTHORITY,
    PDPA_PEOPLE,
    PDPA_CLIENTS,
    GDPR_AUTHORITY,
    GDPR_CLIENTS,
    GDPR_PEOPLE,
    UK_AUTHORITY,
    PIPL_AUTHORITY,
    PIPL_PEOPLE,
    CAC_REPORT,
    CAC_CRITICAL,
    CAC_SUMMARY,
    NDSR_REPORT,
    POLICY_PEOPLE,
)
