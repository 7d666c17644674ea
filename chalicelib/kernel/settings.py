"""The one place that knows names outside this code: AWS resources, environment variables, limits of size.

Resource names are fixed (one stack per AWS account and region, see docs/deploy.md), so only what differs
between installations comes from the environment. Reading it is lazy: importing this module costs nothing.
"""

from __future__ import annotations

import os
from typing import Final

REGION: Final = "ap-southeast-1"  # clause `singapore`: data stays in Singapore
APP: Final = "okki-leads"

TABLE_ACCOUNTS: Final = f"{APP}-accounts"
TABLE_WORKSPACE: Final = f"{APP}-workspace"
TABLE_LEDGER: Final = f"{APP}-ledger"
TABLE_COMPANY_KEYS: Final = f"{APP}-company-keys"
TABLE_OPERATOR: Final = f"{APP}-operator"
TABLE_PROSPECTS: Final = f"{APP}-prospects"
TABLE_SAMPLES: Final = f"{APP}-samples"

VAULT_KEY: Final = f"alias/{APP}-vault"
TRACKING_SECRET: Final = f"{APP}/tracking"
WECHAT_SECRET: Final = f"{APP}/wechat"

QUEUE_HITS: Final = f"{APP}-hits"
QUEUE_OUTBOX: Final = f"{APP}-outbox"
QUEUE_NOTICES: Final = f"{APP}-notices"
QUEUE_FEEDBACK: Final = f"{APP}-feedback"
QUEUE_BILLING: Final = f"{APP}-billing"
QUEUE_TASKS: Final = f"{APP}-tasks"
QUEUE_FILES: Final = f"{APP}-files"
QUEUE_AI: Final = f"{APP}-ai"
QUEUE_MASS: Final = f"{APP}-mass"
BUS: Final = APP
EVENT_SOURCE: Final = "okki.leads"
"""What our own events on the bus say they come from; the API's policy allows no other."""
TOPIC_MAIL_EVENTS: Final = f"{APP}-mail-events"
MAIL_CONFIGURATION_SET: Final = APP

MAX_REQUEST_BYTES: Final = 256 * 1024
"""Largest request body taken, bytes. A mail of this size already displeases most receiving servers."""


def edge_url() -> str:
    """Public base of the tracking edge, without a trailing slash (template parameter ``EdgeUrl``)."""
    return os.environ["EDGE_URL"].rstrip("/")


def api_url() -> str:
    """Public base of the API, without a trailing slash (template parameter ``ApiUrl``)."""
    return os.environ["API_URL"].rstrip("/")


def mail_domain() -> str:
    """Domain our mail is sent from; it is the SES identity that DKIM signs for (``MailDomain``)."""
    return os.environ["MAIL_DOMAIN"]


def billing_keys() -> str:
    """Public Ed25519 keys of billing, `id:base64` separated by commas (``BillingKeys``); empty: no orders."""
    return os.environ.get("BILLING_KEYS", "")


def push_apns_arn() -> str:
    """SNS platform application for Apple's devices (``PushApnsArn``); empty: push is not offered to them."""
    return os.environ.get("PUSH_APNS_ARN", "")


def push_fcm_arn() -> str:
    """SNS platform application for Google's service (``PushFcmArn``); empty: push is not offered there."""
    return os.environ.get("PUSH_FCM_ARN", "")


def wechat_open_url() -> str:
    """Where people approve a login through WeChat, without a trailing slash (``WechatOpenUrl``)."""
    return os.environ["WECHAT_OPEN_URL"].rstrip("/")


def wechat_api_url() -> str:
    """Where WeChat answers our own calls, without a trailing slash (``WechatApiUrl``)."""
    return os.environ["WECHAT_API_URL"].rstrip("/")


def ai_model() -> str:
    """The language model of this installation (``AiModel``), as it was configured; empty: none."""
    return os.environ.get("AI_MODEL", "")


def machine_arn(name: str) -> str:
    """Name AWS knows one of our state machines by; it follows from our own account."""
    return f"arn:aws:states:{REGION}:{os.environ['ACCOUNT_ID']}:stateMachine:{APP}-{name}"


def evidence_bucket() -> str:
    """Name of the bucket that holds the anchored heads of the evidence, one for each account."""
    return f"{APP}-evidence-{os.environ['ACCOUNT_ID']}"


def files_bucket() -> str:
    """Name of the bucket that files pass through on their way in or out; they stay for two days at most."""
    return f"{APP}-files-{os.environ['ACCOUNT_ID']}"


def clock_file() -> str | None:
    """Path of the test clock (seconds added to real time), set by the local stack only."""
    return os.environ.get("OKKI_CLOCK_FILE")


def queue_url(name: str) -> str:
    """Address of one of our queues. It follows from our own account, so finding it costs no call."""
    return f"https://sqs.{REGION}.amazonaws.com/{os.environ['ACCOUNT_ID']}/{name}"
