"""Taking people out, whole, and keeping them out (4.1, 8)."""
