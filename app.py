"""The front door: every route and every trigger of OKKI Leads AI, as a table of contents.

Lambda imports this module for HTTP only; workers are deployed by their own modules.
"""

from __future__ import annotations

from chalice import Chalice

from chalicelib.api import (
    accounts,
    company,
    consents,
    contacts,
    cookies,
    credentials,
    me,
    members,
    messages,
    meta,
    notifications,
    policy,
    presence,
    rules,
    subscription,
    wechat,
)
from chalicelib.workers import (
    anchor,
    billing,
    edge,
    expiry,
    feedback,
    hits,
    notices,
    outbox,
    sweep,
    tasks,
    watch,
)

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
    messages,
    policy,
    cookies,
    subscription,
    wechat,
):
    app.register_blueprint(subject.bp)

for trigger in (edge, hits, outbox, notices, feedback, billing, tasks, sweep, expiry, anchor, watch):
    app.register_blueprint(trigger.bp)
