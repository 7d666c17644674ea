"""The signing keys of tracking links, from Secrets Manager; once per process, again every hour.

Key ids are small numbers; the highest signs, all of them are honoured. To rotate, add a number
(docs/runbooks). A token signed with a number this process has not seen makes it look again, at most once a
minute, so that nobody's refusal is lost between two functions that learn of a rotation at different times.
Once known, keys outlive a silence of Secrets Manager. Light: the edge loads this.
"""

from __future__ import annotations

import json
from typing import Final

from chalicelib.kernel import aws, clock, settings, telemetry
from chalicelib.kernel.tokens import Keys

KEEP_SECONDS: Final = 3600
LOOK_AGAIN_SECONDS: Final = 60


class _Known(dict[str, str]):
    """The keys by id; asking for an unknown id looks again."""

    def __init__(self) -> None:
        super().__init__()
        self.looked_at = clock.elapsed() - KEEP_SECONDS

    def __missing__(self, key_id: str) -> str:
        if clock.elapsed() - self.looked_at >= LOOK_AGAIN_SECONDS:
            self.look()
        if key_id in self:
            return self[key_id]
        raise KeyError

    def look(self) -> None:
        """Take what Secrets Manager holds now; without an answer, keep what is known a minute longer."""
        try:
            answer = aws.light_client("secretsmanager").get_secret_value(SecretId=settings.TRACKING_SECRET)
        except Exception as error:
            if not self:
                raise
            telemetry.event("keys_not_refreshed", error=error)
            self.looked_at = clock.elapsed() - KEEP_SECONDS + LOOK_AGAIN_SECONDS
        else:
            self.clear()
            self.update(json.loads(answer["SecretString"]))
            self.looked_at = clock.elapsed()


_known = _Known()


def tracking_keys() -> Keys:
    """The keys by id.

    Raises:
        botocore.exceptions.ClientError, BotoCoreError: Secrets Manager did not answer and none are known.
    """
    if clock.elapsed() - _known.looked_at >= KEEP_SECONDS:
        _known.look()
    return _known
