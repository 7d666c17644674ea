"""Loads of the operator's base of prospects: which file, on which ground, how far."""
