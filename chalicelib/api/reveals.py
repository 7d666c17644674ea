"""Revealing prospects, credits, and who of a company works on whom."""

from __future__ import annotations

from chalice import Blueprint

bp = Blueprint(__name__)
