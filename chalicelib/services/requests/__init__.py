"""Requests about personal data, from anyone, until they are answered (8)."""
