"""The privacy policy as pure rules: what may be held, for what, how long, and with whose consent.

Standard library only, no clock and no network: every rule takes what it needs and answers at once.
"""
