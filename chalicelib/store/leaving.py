"""What is kept of one user in the company's partition, and taking it away when they leave.

Every record with a user's id in its sort key has a line in ``OF_USER`` (a structure test compares): whatever
is added about users later leaves with them. Nothing is opened here, so it also works when a key is gone.
"""

from __future__ import annotations

from typing import Final

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
    "mass#",
    "push#",
    "question#",
    "user#",
)
"""Sort keys that begin so and go on with a user's id."""

LAST: Final = "member#"
"""The user's place: it stays until everything else is gone, for it says that there is something to do."""
