"""A company's own contacts."""
