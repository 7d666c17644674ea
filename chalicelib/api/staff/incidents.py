"""Security incidents (4.3.4): from the first word of one to the closing report."""

from __future__ import annotations

from chalice import Blueprint

bp = Blueprint(__name__)
