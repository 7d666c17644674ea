"""The signing keys of tracking links, from Secrets Manager; once per process, again every hour.

Key ids are small numbers; the highest signs, all of them are honoured. To rotate, add a number
(docs/runbooks). botocore only: the edge loads this and must stay light.
"""

from __future__ import annotations

import json
from typing import Final

from chalicelib.kernel import aws, clock, settings
from chalicelib.kernel.tokens import Keys

KEEP_SECONDS: Final = 3600

_known: tuple[float, Keys] | None = None


def tracking_keys() -> Keys:
    """The keys by id.

    Raises:
        botocore.exceptions.ClientError, BotoCoreError: Secrets Manager did not answer and none are known.
    """
    global _known  # noqa: PLW0603 - one value per process, replaced as a whole
    if _known is None or clock.elapsed() - _known[0] >= KEEP_SECONDS:
        client = aws.light_client("secretsmanager")
        answer = client.get_secret_value(SecretId=settings.TRACKING_SECRET)
        _known = (clock.elapsed(), json.loads(answer["SecretString"]))
    return _known[1]
