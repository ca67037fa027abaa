"""The one exception for mistakes that a user can correct."""

from compare.quoting import quoted


class UsageError(ValueError):
    """One sentence: what was expected, what came, where, and what to do."""

    def __init__(self, message: str) -> None:
        """Takes the sentence, in which names, paths and messages of others may stand."""
        super().__init__(quoted(message))


def no_memory(framework: str, device: str, said: str) -> UsageError:
    """Makes the error for a device whose memory is full.

    Args:
      framework: that ran out of memory.
      device: as the framework names it.
      said: its own message.
    """
    told = said.strip().partition("\n")[0].rstrip(".")
    return UsageError(
        f"device: expected memory on {device} for what {framework} computes there, got: {told}; "
        "end what else is using it, or take another --device"
    )
