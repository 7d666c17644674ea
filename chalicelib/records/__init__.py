"""The shapes of what is kept, one file per subject. Each personal field is declared here, once.

Standard library and ``privacy`` only, so services can build and read records without loading a database
driver. Where a record lies and how it is keyed is the store's business.
"""
