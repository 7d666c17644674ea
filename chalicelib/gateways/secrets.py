"""What Secrets Manager holds for us: the signing keys of tracking links, and the WeChat apps.

Each secret is a JSON object, read once per process and again every hour. Asking for a name this process has
not seen makes it look again, at most once a minute: nobody's refusal is lost between two functions that
learn of a rotation at different times, and a WeChat app is there a minute after the operator entered it. Once
known, a secret outlives a silence of Secrets Manager. Light: the edge loads this.

Tracking key ids are small numbers; the highest signs, all of them are honoured. To rotate, add a number
(docs/runbooks).
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Final

from chalicelib.kernel import aws, clock, settings, telemetry
from chalicelib.kernel.tokens import Keys

KEEP_SECONDS: Final = 3600
LOOK_AGAIN_SECONDS: Final = 60


class _Secret(dict[str, Any]):
    """One secret's content; asking for an unknown name looks again."""

    def __init__(self, name: str) -> None:
        super().__init__()
        self.name = name
        self.forget()

    def __missing__(self, key: str) -> Any:
        self.look_again()
        if key in self:
            return self[key]
        raise KeyError

    def forget(self) -> None:
        """Know nothing, as a process that has just started."""
        self.clear()
        self.looked_at = clock.elapsed() - KEEP_SECONDS

    def fresh(self) -> _Secret:
        """Itself, looked up again if an hour has passed."""
        if clock.elapsed() - self.looked_at >= KEEP_SECONDS:
            self.look()
        return self

    def look_again(self) -> None:
        """Look, unless somebody did within the last minute."""
        if clock.elapsed() - self.looked_at >= LOOK_AGAIN_SECONDS:
            self.look()

    def look(self) -> None:
        """Take what Secrets Manager holds now; without an answer, keep what is known a minute longer."""
        try:
            answer = aws.light_client("secretsmanager").get_secret_value(SecretId=self.name)
            found = _content(answer["SecretString"])
        except Exception as error:
            if not self:
                raise
            telemetry.event("keys_not_refreshed", error=error)
            self.looked_at = clock.elapsed() - KEEP_SECONDS + LOOK_AGAIN_SECONDS
        else:
            self.clear()
            self.update(found)
            self.looked_at = clock.elapsed()


def _content(text: str) -> dict[str, Any]:
    try:
        found = json.loads(text)
    except ValueError:
        found = None  # its exception would carry the whole text along
    if not isinstance(found, dict):
        raise ValueError("the secret is not a JSON object")
    return found


_tracking = _Secret(settings.TRACKING_SECRET)
_wechat = _Secret(settings.WECHAT_SECRET)


def tracking_keys() -> Keys:
    """The keys by id.

    Raises:
        botocore.exceptions.ClientError, BotoCoreError: Secrets Manager did not answer and none are known.
        ValueError: what it holds is no JSON object, and none are known.
    """
    return _tracking.fresh()


def wechat_apps() -> Mapping[str, Any]:
    """What the operator entered about our apps at WeChat, by flow (``qr``, ``in_app``); not checked.

    Raises:
        botocore.exceptions.ClientError, BotoCoreError: Secrets Manager did not answer and none are known.
        ValueError: what it holds is no JSON object, and none are known.
    """
    return _wechat.fresh()


def look_at_wechat_again() -> None:
    """After WeChat refused our app secret: it may have been renewed since. At most once a minute.

    Raises:
        botocore.exceptions.ClientError, BotoCoreError, ValueError: as ``wechat_apps``.
    """
    _wechat.look_again()
