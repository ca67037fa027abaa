"""The report as JSON, written and read."""
