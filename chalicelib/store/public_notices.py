"""Public notices, with the operator: `accounts`, one partition, a few a year; what was said in the ledger."""

from __future__ import annotations

from itertools import islice
from typing import Final

from chalicelib.kernel import ids
from chalicelib.records.public_notices import PublicNotice, PublicNoticeAct
from chalicelib.store.table import Rows

_OWNER: Final = ids.OPERATOR

NOTICES = Rows(PublicNotice, pk="public", sk="public#{announcement_id}", owner=_OWNER)
ACTS = Rows(PublicNoticeAct, pk="{company_id}", sk="public#{announcement_id}#{act_id}")


def newest(limit: int) -> list[PublicNotice]:
    """The newest notices that were not withdrawn, the newest first. One query, half a read unit for 4 KB."""
    found = NOTICES.query("public", "public#", newest_first=True, page_size=limit, consistent=False)
    return [one.value for one in islice((one for one in found if one.value.withdrawn_at is None), limit)]
