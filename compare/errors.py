"""The one exception for what a user can put right."""


class UsageError(ValueError):
    """One sentence: what was expected, what came, where, and what to do."""


def no_memory(framework: str, device: str, said: str) -> UsageError:
    """Makes the error for a device that is full, of what the framework says."""
    told = said.strip().partition("\n")[0].rstrip(".")
    return UsageError(
        f"device: expected memory on {device} for what {framework} computes there, got: {told}; "
        "end what else is using it, or take another --device"
    )
