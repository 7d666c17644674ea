"""What runs, where it waits, until when and why."""

from __future__ import annotations

from chalice import Blueprint

bp = Blueprint(__name__)
