"""Telling people where a company has their data from (GDPR Art. 14)."""

from __future__ import annotations

from chalice import Blueprint

bp = Blueprint(__name__)
