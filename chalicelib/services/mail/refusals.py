"""What a recipient's choice on the unsubscribe page writes: stops, and the receipt that proves them.

Plain DynamoDB requests for the edge, which has no PynamoDB and reads one thing only: how far the company's
chain of evidence has come. The rows are those of ``store.standing`` and ``store.chain``; an integration test
reads them back through both.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, Final, Literal

from chalicelib.kernel import aws, ids, settings
from chalicelib.kernel.tokens import Token
from chalicelib.privacy import evidence, policies
from chalicelib.privacy.consent import ConsentPurpose, ConsentState, Stop
from chalicelib.privacy.evidence import Entry, Link
from chalicelib.privacy.retention import EVIDENCE
from chalicelib.privacy.retention import after as later
from chalicelib.privacy.texts import Shown

Choice = Literal["marketing", "tracking", "resume"]

_STOPS: Final[dict[Choice, tuple[Stop, ...]]] = {
    # Who wants no more mail does not want to be watched reading the old one either.
    "marketing": (Stop.UNSUBSCRIBED, Stop.TRACKING_REFUSED),
    "tracking": (Stop.TRACKING_REFUSED,),
    "resume": (Stop.UNSUBSCRIBED,),
}


BUTTON: Final = "recipient_link"
ONE_CLICK: Final = "one_click"
"""How it was said: with a button of our page, or with the mail program's own, which shows no words of ours
(RFC 8058).
"""


def record(token: Token, choice: Choice, at: int, read: Shown) -> None:
    """Store every stop of the choice, and a receipt for each purpose: a read unit, and 2 write units for each
    row and the chain's head. ``read`` is what the person had before their eyes. Repeating it changes nothing
    but adds receipts; the person did say it twice.

    Raises:
        botocore.exceptions.ClientError, BotoCoreError: not written, or nobody knows.
    """
    aws.write_together(lambda: writes(token, choice, at, _head(token.company_id), read))


def writes(token: Token, choice: Choice, at: int, head: Link, read: Shown) -> dict[str, Any]:
    """The arguments of one TransactWriteItems, for a chain that has come as far as ``head``."""
    op = ids.new("op")
    resumed = choice == "resume"
    items = [
        _put(
            settings.TABLE_WORKSPACE,
            op,
            pk=f"{token.company_id}#standing",
            sk=f"{token.person}#refusal#{stop}",
            kind="refusal",
            facts={"active": {"BOOL": not resumed}, "at": {"N": str(at)}},
            at=at,
        )
        for stop in _STOPS[choice]
    ]
    purposes = {
        Stop.UNSUBSCRIBED: ConsentPurpose.MARKETING,
        Stop.TRACKING_REFUSED: ConsentPurpose.TRACKING,
    }
    said = {
        # Taking a refusal back is not a consent: the question is open again.
        "state": (ConsentState.UNKNOWN if resumed else ConsentState.DENIED).value,
        "text_version": read.version,
        "method": BUTTON if read.version else ONE_CLICK,
    }
    if read.locale is not None and read.sha256 is not None:
        said |= {"locale": read.locale, "text_sha256": read.sha256}
    after = head
    for stop in _STOPS[choice]:
        receipt = {**said, "purpose": purposes[stop].value}
        entry = Entry(
            pk=token.company_id,
            sk=f"receipt#{token.person}#{ids.new('rc')}",
            kind="receipt",
            policy=policies.current(at).version,
            facts={**receipt, "at": at},
            expires_at=_evidence_until(at),
            sealed=None,
            seq=after.seq + 1,
            prev=after.link,
        )
        after = Link(entry.seq, evidence.link(entry))
        items.append(_linked(op, entry, after, {name: {"S": value} for name, value in receipt.items()}, at))
    items.append(_moved(token.company_id, op, head, after, at))
    return {"TransactItems": items, "ClientRequestToken": op}


def _head(chain: str) -> Link:
    key = {"pk": {"S": chain}, "sk": {"S": evidence.HEAD}}
    known = aws.light_client("dynamodb").get_item(
        TableName=settings.TABLE_LEDGER, Key=key, ConsistentRead=True
    )
    row = known.get("Item")
    return evidence.START if row is None else Link(int(row["seq"]["N"]), row["link"]["S"])


def _linked(op: str, entry: Entry, after: Link, facts: dict[str, Any], at: int) -> dict[str, Any]:
    made = _put(
        settings.TABLE_LEDGER,
        op,
        pk=entry.pk,
        sk=entry.sk,
        kind=entry.kind,
        facts={**facts, "at": {"N": str(at)}},
        at=at,
        expires_at=entry.expires_at,
    )
    made["Put"]["Item"] |= {
        "seq": {"N": str(after.seq)},
        "prev": {"S": entry.prev},
        "link": {"S": after.link},
    }
    return made


def _moved(chain: str, op: str, before: Link, after: Link, at: int) -> dict[str, Any]:
    item = {
        "pk": {"S": chain},
        "sk": {"S": evidence.HEAD},
        "kind": {"S": evidence.HEAD},
        "op": {"S": op},
        "version": {"N": str(after.seq)},
        "seq": {"N": str(after.seq)},
        "link": {"S": after.link},
        "due_pk": {"S": evidence.lane(chain)},
        "due_at": {"N": str(at - at % evidence.ANCHOR_SECONDS)},
    }
    put: dict[str, Any] = {"TableName": settings.TABLE_LEDGER, "Item": item}
    if before.seq == 0:
        put["ConditionExpression"] = "attribute_not_exists(pk)"
    else:
        put["ConditionExpression"] = "seq = :seq"
        put["ExpressionAttributeValues"] = {":seq": {"N": str(before.seq)}}
    return {"Put": put}


def _evidence_until(at: int) -> int:
    """When a receipt made at ``at`` goes, by the rule its record type declares."""
    until = later(datetime.fromtimestamp(at, UTC), EVIDENCE)
    return int(until.timestamp())


def _put(
    table: str,
    op: str,
    *,
    pk: str,
    sk: str,
    kind: str,
    facts: dict[str, Any],
    at: int,
    expires_at: int | None = None,
) -> dict[str, Any]:
    item: dict[str, Any] = {
        "pk": {"S": pk},
        "sk": {"S": sk},
        "kind": {"S": kind},
        "op": {"S": op},
        "version": {"N": "1"},
        "policy": {"S": policies.current(at).version},
        "facts": {"M": facts},
    }
    if expires_at is not None:
        item["expires_at"] = item["ttl"] = {"N": str(expires_at)}
    return {"Put": {"TableName": table, "Item": item}}
