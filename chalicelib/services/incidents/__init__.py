"""Security incidents (4.3.4)."""
