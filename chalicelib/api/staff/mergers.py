"""A successor (3.2(b)): bound to the policy, or everybody is asked again."""

from __future__ import annotations

from chalice import Blueprint

bp = Blueprint(__name__)
