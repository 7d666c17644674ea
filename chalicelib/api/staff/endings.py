"""The end of a product (4.1.3)."""

from __future__ import annotations

from chalice import Blueprint

bp = Blueprint(__name__)
