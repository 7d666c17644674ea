"""The joint controller agreement: which company accepted which version."""
