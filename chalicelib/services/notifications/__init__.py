"""What users are told, and on which way."""
