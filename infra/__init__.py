"""The stack: template, policies, and the local AWS."""
