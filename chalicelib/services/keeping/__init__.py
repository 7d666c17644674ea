"""How long things are kept, why, and what holds keep (4.1.2)."""
