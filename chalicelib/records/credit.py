"""Credits of a company and what they paid for. Nobody in person is named here."""
