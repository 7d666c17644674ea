"""Everything that is not ours and not a table: mail, queues, secrets. Each module says what may go wrong.

A gateway imports its client library with its first call, so importing one is free.
"""
