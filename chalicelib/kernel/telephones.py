"""What passes for a telephone number, wherever one is taken in."""

from __future__ import annotations

from typing import Final

PATTERN: Final = r"\+?[0-9][0-9 ()./-]{3,30}"
"""As people write them, with spaces, brackets and dashes; whether anybody answers is not asked."""
