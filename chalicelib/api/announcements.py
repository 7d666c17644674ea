"""What we tell everybody in public: incidents, the end of a product, new policies."""

from __future__ import annotations

from chalice import Blueprint

bp = Blueprint(__name__)
