"""The shape of the items in each table, for PynamoDB: the envelope around every record.

What is personal lies in ``sealed``, everything else of a record in ``facts``; see ``store.table``.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from pynamodb.attributes import BinaryAttribute, MapAttribute, NumberAttribute, UnicodeAttribute
from pynamodb.indexes import GlobalSecondaryIndex, KeysOnlyProjection
from pynamodb.models import Model

from chalicelib.kernel import aws, region, settings

region.keep_home()  # before PynamoDB makes its first client


class Row(Model):
    """What every table's items look like."""

    pk = UnicodeAttribute(hash_key=True)
    sk = UnicodeAttribute(range_key=True)
    kind = UnicodeAttribute()
    op = UnicodeAttribute()
    version = NumberAttribute()
    policy = UnicodeAttribute(null=True)
    expires_at = NumberAttribute(null=True)
    ttl = NumberAttribute(
        null=True
    )  # what DynamoDB deletes by; a hold takes it away, readers go by expires_at
    sealed = BinaryAttribute(null=True, legacy_encoding=False)
    sealed_with = NumberAttribute(null=True)
    facts: MapAttribute[str, Any] = MapAttribute(null=True)

    @property
    def plain(self) -> dict[str, Any]:
        """What the record says unsealed, by field; a copy. Empty for one that is sealed whole."""
        found: dict[str, Any] = {} if self.facts is None else self.facts.as_dict()
        return found

    def __repr__(self) -> str:
        # PynamoDB would print every value, and a traceback would carry it into a log.
        return f"{type(self).__name__}()"


class _Meta:
    region = settings.REGION
    connect_timeout_seconds = aws.CONNECT_SECONDS
    read_timeout_seconds = aws.READ_SECONDS
    max_retry_attempts = aws.TRIES - 1  # a model ignores `retry_configuration` (PynamoDB 6.1.0)


class DueIndex(GlobalSecondaryIndex["Row"]):
    """The sparse index of what still has to happen, keys only; rows leave it by losing their due time."""

    class Meta:
        index_name = "due"
        projection = KeysOnlyProjection()

    due_pk = UnicodeAttribute(hash_key=True)
    due_at = NumberAttribute(range_key=True)


class PersonIndex(GlobalSecondaryIndex["Row"]):
    """What a company holds of one person, keys only: requests and erasures start here."""

    class Meta:
        index_name = "person"
        projection = KeysOnlyProjection()

    person_key = UnicodeAttribute(hash_key=True)
    sk = UnicodeAttribute(range_key=True)


class AccountsRow(Row):
    """A row of the accounts table."""

    class Meta(_Meta):
        table_name = settings.TABLE_ACCOUNTS

    due = DueIndex()
    due_pk = UnicodeAttribute(null=True)
    due_at = NumberAttribute(null=True)


class WorkspaceRow(Row):
    """A row of the workspace table."""

    class Meta(_Meta):
        table_name = settings.TABLE_WORKSPACE

    due = DueIndex()
    due_pk = UnicodeAttribute(null=True)
    due_at = NumberAttribute(null=True)
    person = PersonIndex()
    person_key = UnicodeAttribute(null=True)


class OperatorRow(Row):
    """A row that only the operator's staff and jobs work with; the companies' function cannot reach it."""

    class Meta(_Meta):
        table_name = settings.TABLE_OPERATOR

    due = DueIndex()
    due_pk = UnicodeAttribute(null=True)
    due_at = NumberAttribute(null=True)


class ProspectsRow(Row):
    """A row of the base of prospects, of what finds them, or of a company's dealings with it."""

    class Meta(_Meta):
        table_name = settings.TABLE_PROSPECTS


class SamplesRow(Row):
    """A row of what users let us improve AI with."""

    class Meta(_Meta):
        table_name = settings.TABLE_SAMPLES


class LedgerRow(Row):
    """A row of the ledger: written once, never changed, and a link of its company's chain.

    The chain's head is a row of its own and the only one that moves; the index leads to heads that moved.
    """

    class Meta(_Meta):
        table_name = settings.TABLE_LEDGER

    seq = NumberAttribute(null=True)
    prev = UnicodeAttribute(null=True)
    link = UnicodeAttribute(null=True)
    due = DueIndex()
    due_pk = UnicodeAttribute(null=True)
    due_at = NumberAttribute(null=True)


TABLES: Final[Mapping[str, type[Row]]] = {
    "accounts": AccountsRow,
    "workspace": WorkspaceRow,
    "ledger": LedgerRow,
    "operator": OperatorRow,
    "prospects": ProspectsRow,
    "samples": SamplesRow,
}
"""By the name that a record declares."""
