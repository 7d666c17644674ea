"""What a recipient's choice on the unsubscribe page writes: stops, and the receipt that proves them.

Plain DynamoDB requests for the edge, which has no PynamoDB and reads nothing. The rows are those of
``store.standing``; an integration test reads them back through it.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, Final, Literal

from chalicelib.kernel import ids, settings
from chalicelib.kernel.tokens import Token
from chalicelib.privacy import policies
from chalicelib.privacy.consent import ConsentPurpose, ConsentState, Stop
from chalicelib.privacy.retention import EVIDENCE, after

Choice = Literal["marketing", "tracking", "resume"]

_STOPS: Final[dict[Choice, tuple[Stop, ...]]] = {
    # Who wants no more mail does not want to be watched reading the old one either.
    "marketing": (Stop.UNSUBSCRIBED, Stop.TRACKING_REFUSED),
    "tracking": (Stop.TRACKING_REFUSED,),
    "resume": (Stop.UNSUBSCRIBED,),
}


def writes(token: Token, choice: Choice, at: int) -> dict[str, Any]:
    """The arguments of one TransactWriteItems: every stop of the choice, and a receipt each purpose.

    Repeating it changes nothing but adds a receipt; the person did say it twice.
    """
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
    for stop in _STOPS[choice]:
        receipt = {
            "who": token.person,
            "purpose": purposes[stop].value,
            # Taking a refusal back is not a consent: the question is open again.
            "state": (ConsentState.UNKNOWN if resumed else ConsentState.DENIED).value,
            "text_version": "unsubscribe-page",
            "method": "recipient_link",
        }
        facts = {name: {"S": value} for name, value in receipt.items()}
        items.append(
            _put(
                settings.TABLE_LEDGER,
                op,
                pk=token.company_id,
                sk=f"receipt#{ids.new('rc')}",
                kind="receipt",
                facts={**facts, "at": {"N": str(at)}},
                at=at,
                expires_at=_evidence_until(at),
            )
        )
    return {"TransactItems": items, "ClientRequestToken": op}


def _evidence_until(at: int) -> int:
    """When a receipt made at ``at`` goes, by the rule its record type declares."""
    until = after(datetime.fromtimestamp(at, UTC), EVIDENCE)
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
        item["expires_at"] = {"N": str(expires_at)}
    return {"Put": {"TableName": table, "Item": item}}
