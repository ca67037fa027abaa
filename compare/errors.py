"""The one exception for what a user can put right."""


class UsageError(ValueError):
    """One sentence: what was expected, what came, where, and what to do."""
