"""What proves the record: heads of the chains where nobody can rewrite them, exports to be checked by
anybody, and a look at who read what.
"""
