"""Queue, schedule and edge handlers, one file per trigger. Lambda imports these without ``app.py``."""
