"""The base of prospects: loading, finding, revealing, sharing, withdrawing (2.2.2, 2.3.3, appendix)."""
