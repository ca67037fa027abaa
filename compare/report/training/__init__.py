"""The report of training runs: text, JSON, a page."""
