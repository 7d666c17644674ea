"""A company's account ends, and everything under it goes (5.3)."""
