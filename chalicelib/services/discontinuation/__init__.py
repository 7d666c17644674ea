"""A product ends (4.1.3)."""
