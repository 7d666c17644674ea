"""Exports of contacts: how far, and whose session may fetch them."""
