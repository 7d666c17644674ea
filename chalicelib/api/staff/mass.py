"""Notices to many people: how far they are, pausing, resuming."""

from __future__ import annotations

from chalice import Blueprint

bp = Blueprint(__name__)
