"""Sharing prospects under the joint controller agreement, and complaints about it."""

from __future__ import annotations

from chalice import Blueprint

bp = Blueprint(__name__)
