"""The operator's base of prospects: loads and what became of them."""

from __future__ import annotations

from chalice import Blueprint

bp = Blueprint(__name__)
