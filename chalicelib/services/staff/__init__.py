"""The operator's own people: who they are, what they may do, and the traces that leaves (4.3.1, 4.3.2)."""
