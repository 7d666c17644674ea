"""OKKI Leads AI: the backend. Start at ``app.py``; docs/architecture.md is the map."""
