"""The one exception for mistakes that a user can correct."""

import reprlib
from typing import Any

from compare.quoting import quoted

# What an object of a user's own may raise when it is looked at, an exit included.
RAISED = (Exception, SystemExit)

_PLAIN = (bool, int, float, complex, str, bytes)  # what a sentence can quote


class UsageError(ValueError):
    """One sentence: what was expected, what came, where, and what to do."""

    def __init__(self, message: str) -> None:
        """Takes the sentence, in which names, paths and messages of others may stand."""
        super().__init__(quoted(message))


def shown(value: Any) -> str:
    """Returns a value as a sentence has it: shortened, or, of what may be long, its type alone."""
    if value is None:
        return "None"
    if type(value) not in _PLAIN:
        return _name_of(value if isinstance(value, type) else type(value))
    try:
        return reprlib.repr(value)
    except ValueError:  # Python prints no integers of thousands of digits
        return "an integer of thousands of digits"


def _name_of(kind: type) -> str:
    try:
        return str(kind.__name__)
    except RAISED:  # of a class whose own class says what a name is
        return "an object"


def first_line(error: BaseException) -> str:
    """Returns the first line of what an exception says, to be quoted in a sentence."""
    try:
        return str(error).strip().partition("\n")[0] or type(error).__name__
    except RAISED:  # of a user's own exception
        return _name_of(type(error))


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
