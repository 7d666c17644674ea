"""The register of disclosures: data given to others, step by step (3)."""
