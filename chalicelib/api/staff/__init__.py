"""The staff's routes. They are answered by a function of their own, with its own rights."""
