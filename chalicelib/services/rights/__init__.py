"""The rights of the people whose data is held here (4.1, 5, 8), and what proves that they were kept."""
