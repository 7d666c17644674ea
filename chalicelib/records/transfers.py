"""Transfers of prospects across borders, and on which ground (4.2)."""
