"""What all workflows have in common."""
