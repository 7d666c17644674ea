"""What people agree to or refuse, and what proves it."""
