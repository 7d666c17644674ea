"""The end of a company's account (5.3): asking for it, taking it back, what goes and what stays."""

from __future__ import annotations

from chalice import Blueprint

bp = Blueprint(__name__)
