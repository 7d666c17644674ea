"""HTTP routes, one file per subject: parse, one service call, shape the answer."""
