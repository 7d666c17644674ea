"""What is about users and not shown when they ask for everything, each kind with its reason (5.1)."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Final

from chalicelib.records.accounts import Notice, Signup
from chalicelib.records.agreements import Acceptance, ProspectComplaint, Sharing
from chalicelib.records.ai import AiMonth
from chalicelib.records.announcements import Announcement, Told
from chalicelib.records.cancellation import Cancellation, CancellationStep, CertificateAddress
from chalicelib.records.companies import (
    Access,
    AiSettings,
    Invitation,
    Invited,
)
from chalicelib.records.cookies import CookieChoice, CookieReceipt
from chalicelib.records.credit import Balance, Entry
from chalicelib.records.disclosures import (
    Disclosure,
    DisclosureAct,
    DisclosurePayload,
)
from chalicelib.records.erasures import CompanyErasure, Erasure, KeyDestruction
from chalicelib.records.exports import Export, ExportAct
from chalicelib.records.holds import Expired, Hold, HoldStep, NotedRemoval
from chalicelib.records.idempotency import Done
from chalicelib.records.imports import Import
from chalicelib.records.incident_work import IncidentWork
from chalicelib.records.incidents import (
    Incident,
    IncidentCompany,
    IncidentPerson,
    IncidentReport,
    IncidentStep,
)
from chalicelib.records.mass import Mass, MassAct, MassCompany, MassList, MassText
from chalicelib.records.mergers import Succession, SuccessionEvidence
from chalicelib.records.messages import Message
from chalicelib.records.notifications import (
    PushOwner,
)
from chalicelib.records.proofs import Challenge, Reset
from chalicelib.records.prospects import Claim, Reveal, Share
from chalicelib.records.public_notices import PublicNotice, PublicNoticeAct
from chalicelib.records.requests import (
    MailboxRequest,
    OpenRequest,
    PassedOn,
    PendingRequest,
    RefusedCopy,
    RequestCode,
    RequestEvidence,
)
from chalicelib.records.subscriptions import Order
from chalicelib.records.transfers import ClausesAccepted
from chalicelib.records.watching import Finding, FindingAct, ReadingHour
from chalicelib.records.wechat import (
    WechatAttempt,
    WechatIdentity,
    WechatTicket,
)
from chalicelib.records.workflows import Workflow

NOT_SHOWN: Final[Mapping[type[Any], str]] = MappingProxyType(
    {
        Cancellation: "how far the end of a company is; of its people one id, that of who asked",
        CancellationStep: "proof of each step of a company's end; of its people one id, that of who asked",
        CertificateAddress: "the main account's mailbox, shown from the user's own row; kept past it for the"
        " certificate alone",
        Succession: "who takes over from us, and how many were told or asked; the question itself is shown",
        SuccessionEvidence: "proof of what everybody was told or asked when somebody takes over",
        Workflow: "where a workflow stands: stages and times, of a company at most, never of a person",
        Access: "the company's rules; of its people they hold one id, that of the main account",
        AiSettings: "the company's settings, with the id of the admin who changed them last",
        AiMonth: "how much the company has used of AI; numbers, of nobody in particular",
        Invitation: "about somebody who has not joined yet; it goes when they do",
        Invited: "leads to an invitation by the hash of its secret",
        Signup: "a signup nobody has proved is nobody's yet; it goes when it is proved, or within a day",
        Challenge: "a second proof that is waited for; found by its own id only, and gone within ten minutes",
        Reset: "a hash of a mailbox and of a code; gone within a quarter of an hour",
        Notice: "a mail on its way to the user; it is gone when it has been sent",
        Order: "what the company ordered; GET /v1/company/subscription shows it to those who may see it",
        WechatAttempt: "hashes of a sign-in on its way to WeChat and back; gone within ten minutes",
        WechatIdentity: "leads to the linked account by a keyed hash; the account itself is shown",
        WechatTicket: "somebody who has no account yet; gone within half an hour",
        PushOwner: "leads to the device by a keyed hash; the device itself is shown",
        Announcement: "that everybody is told of a version of the policy",
        Mass: "how far many people have been told something; numbers, of nobody in particular",
        MassText: "what a notice to many says; the inbox shows it to whom it was sent",
        MassCompany: "what a notice to many says to the company besides; the inbox shows it",
        MassList: "whom such a notice is for, by id; the inbox shows what they were told",
        MassAct: "proof that many people were told something: ids, times and numbers",
        PublicNotice: "what we announce to everybody, about nobody in particular; GET /v1/announcements",
        PublicNoticeAct: "proof of what was announced to everybody, word for word, and when",
        Told: "that something was told, so that nobody is told twice; the inbox shows what it was",
        CookieChoice: "an answer of a browser, noted with no account; GET /v1/cookies/choices shows it there",
        CookieReceipt: "proof of such an answer, noted with no account",
        Import: "a list of the company's contacts on its way; GET /v1/contacts/imports shows it; 7 days",
        Message: "the company's correspondence: the company answers for it; GET /v1/messages shows it",
        PendingRequest: "a request nobody has proved yet is nobody's; it goes within a week",
        RequestCode: "a hash of a code; gone within a quarter of an hour",
        MailboxRequest: "leads to the requests by a keyed hash; the requests themselves are shown",
        OpenRequest: "that a request waits for an answer; the request itself is shown",
        PassedOn: "which clients a request was passed on to; its answer names them",
        RefusedCopy: "a copy of what access was refused to, kept for a review and gone after thirty days",
        RequestEvidence: "proof of the steps of a request: ids, codes and times; its answer shows the steps",
        Hold: "that something is kept for a legal matter, which a law may forbid to tell; staff answer it",
        HoldStep: "proof of what was done about such a hold",
        Expired: "proof that records were deleted: how many of which kind, of nobody in particular",
        NotedRemoval: "a hash that recognises an event told twice; gone within two days",
        Disclosure: "the staff's file of a case; what was asked and what was given are shown",
        DisclosurePayload: "a file sealed for its recipient, which nobody here can open; gone within a week",
        DisclosureAct: "proof of the steps of such a case: ids, codes and times; what was given is shown",
        ReadingHour: "how many records somebody opened in an hour, kept out of our function's reach; 35 days",
        Incident: "an incident as staff look into it; whom it concerns is told, and the inbox shows it",
        IncidentCompany: "how much of a company an incident concerns; its main administrators are told",
        IncidentPerson: "that an incident concerns the user; the inbox shows what they were told",
        IncidentReport: "what an authority was told of an incident: numbers and measures, about nobody",
        IncidentWork: "how far the workflow of an incident is: ids, numbers, and words that name nobody",
        IncidentStep: "proof of the steps of an incident: ids, codes, numbers and times",
        Finding: "a question of the security staff about such an hour, which telling would answer",
        FindingAct: "proof that such a question was asked and answered: ids, codes and numbers",
        Erasure: "proof, in ids and hashes, that somebody was erased; whom it is about is no longer here",
        CompanyErasure: "proof, in numbers, that a company was erased; nobody is left there to ask",
        KeyDestruction: "the certificate that a company's keys were destroyed; it names nobody",
        Export: "a list of contacts on its way to a session of the user; gone within a day",
        ExportAct: "proof that contacts were taken along: ids, numbers and times; the company's chain has it",
        Balance: "what the company has spent; GET /v1/company/credits shows it",
        Entry: "the company's ledger of credits, with the id of who spent one; its admins see it",
        ClausesAccepted: "proof of a contract of the company's, with the id of the admin who concluded it",
        Acceptance: "the company's agreement with us; GET /v1/prospects/agreement shows who accepted it",
        Claim: "which prospects of the company's the user works on; GET /v1/prospects/revealed shows it",
        Share: "from whom a prospect is, with the id of who shared it; GET /v1/prospects/shares shows it",
        Sharing: "what the company has shared, with the id of who did; GET /v1/prospects/shares shows it",
        Reveal: "whom the company has revealed, with the ids of who did and who works on it; GET"
        " /v1/prospects/revealed shows it",
        ProspectComplaint: "what somebody said to the company, with the id of the user who passed it on",
        Done: "hashes that recognise a repeated request; gone within a day",
    }
)
"""Kinds that are about users and not shown, each with the reason that the answer gives."""
