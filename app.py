"""The front door: every route and every trigger of OKKI Leads AI, as a table of contents.

Lambda imports this module for HTTP only; workers are deployed by their own modules.
"""

from __future__ import annotations

from chalice import Chalice

from chalicelib.api import (
    accounts,
    ai,
    announcements,
    cancellation,
    company,
    company_requests,
    consents,
    contacts,
    cookies,
    credentials,
    evidence,
    exports,
    imports,
    informing,
    me,
    members,
    messages,
    meta,
    notifications,
    policy,
    presence,
    prospects,
    questions,
    requests,
    reveals,
    rules,
    shares,
    staff_access,
    standing,
    subscription,
    wechat,
)
from chalicelib.api.staff import data as staff_data
from chalicelib.api.staff import disclosures as staff_disclosures
from chalicelib.api.staff import endings as staff_endings
from chalicelib.api.staff import evidence as staff_evidence
from chalicelib.api.staff import grants as staff_grants
from chalicelib.api.staff import holds as staff_holds
from chalicelib.api.staff import incident_acts as staff_incident_acts
from chalicelib.api.staff import incidents as staff_incidents
from chalicelib.api.staff import login as staff_login
from chalicelib.api.staff import mass as staff_mass
from chalicelib.api.staff import mergers as staff_mergers
from chalicelib.api.staff import people as staff_people
from chalicelib.api.staff import processing as staff_processing
from chalicelib.api.staff import prospects as staff_prospects
from chalicelib.api.staff import requests as staff_requests
from chalicelib.api.staff import retention as staff_retention
from chalicelib.api.staff import security as staff_security
from chalicelib.api.staff import workflows as staff_workflows
from chalicelib.workers import (
    ai as ai_jobs,
)
from chalicelib.workers import (
    anchor,
    billing,
    discontinuation,
    edge,
    expiry,
    feedback,
    files,
    hits,
    incidents,
    mass,
    notices,
    outbox,
    sweep,
    tasks,
    watch,
)
from chalicelib.workers import cancellation as cancelling

app = Chalice(app_name="okki-leads", configure_logs=False)

for subject in (
    meta,
    accounts,
    credentials,
    me,
    presence,
    consents,
    notifications,
    company,
    members,
    rules,
    contacts,
    standing,
    imports,
    exports,
    messages,
    prospects,
    reveals,
    shares,
    informing,
    ai,
    policy,
    cookies,
    subscription,
    cancellation,
    announcements,
    wechat,
    requests,
    company_requests,
    evidence,
    staff_access,
    staff_login,
    staff_people,
    staff_grants,
    staff_data,
    staff_requests,
    questions,
    staff_disclosures,
    staff_processing,
    staff_holds,
    staff_retention,
    staff_evidence,
    staff_security,
    staff_prospects,
    staff_workflows,
    staff_mass,
    staff_incidents,
    staff_incident_acts,
    staff_endings,
    staff_mergers,
):
    app.register_blueprint(subject.bp)

for trigger in (
    edge,
    hits,
    outbox,
    notices,
    feedback,
    billing,
    tasks,
    files,
    ai_jobs,
    mass,
    cancelling,
    incidents,
    discontinuation,
    sweep,
    expiry,
    anchor,
    watch,
):
    app.register_blueprint(trigger.bp)
