"""The ground floor: settings, clock, ids, errors, telemetry, tokens. Imports nothing of ours."""
