"""Imports of contacts: how far, and their rows, sealed, until they are committed or taken back."""
