"""What is kept of one user in the company's partition, and taking it away when they leave.

Every record with a user's id in its sort key has a line in ``OF_USER`` (a structure test compares): whatever
is added about users later leaves with them. Nothing is opened here, so it also works when a key is gone.
"""

from __future__ import annotations

from typing import Final

from pynamodb.exceptions import PynamoDBException

from chalicelib.store.failures import call, refused, translate
from chalicelib.store.items import AccountsRow
from chalicelib.store.table import query_rows

LEAVING_DUE: Final = "leaving"
"""The index partition of members who have left and whose data is not gone yet."""

OF_USER: Final = (
    "session#",
    "device#",
    "factor#",
    "consent#",
    "wechat#",
    "choices#",
    "inbox#",
    "told#",
    "push#",
    "user#",
)
"""Sort keys that begin so and go on with a user's id."""

LAST: Final = "member#"
"""The user's place: it stays until everything else is gone, for it says that there is something to do."""


def erase(company_id: str, user_id: str) -> int:
    """Delete everything of a user but their place; returns how many rows there were.

    One query for each line of ``OF_USER``, one write unit (or more, by size) for each row. Repeatable.

    Raises:
        UnavailableError: DynamoDB could not say; what is gone stays gone.
    """
    gone = 0
    for prefix in OF_USER:
        for row in query_rows(AccountsRow, company_id, f"{prefix}{user_id}"):
            _delete(row)
            gone += 1
    return gone


def _delete(row: AccountsRow) -> None:
    try:
        call(lambda: row.delete(condition=AccountsRow.pk.exists()))
    except PynamoDBException as error:
        if not refused(error):  # somebody else has just deleted it: that is all we want
            raise translate(error) from None
