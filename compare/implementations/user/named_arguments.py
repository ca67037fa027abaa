"""The arguments of a function that a user names on the command line."""

from typing import Any

from compare.errors import UsageError, shown
from compare.implementations.user.loading import load_value
from compare.implementations.user.sandbox import contained, errors_told


def load_arguments(reference: str, given: str | None, *, required: bool = False) -> tuple[Any, ...]:
    """Imports the arguments: those that are named, or `args` beside a function.

    Args:
      reference: 'FILE.py:NAME' or 'package.module:NAME' of the function.
      given: the same of a tuple, or of a function without arguments that returns one; None for
        those beside it.
      required: whether there have to be some.

    Raises:
      UsageError: if they are not there, cannot be made, or are no tuple.
    """
    source = given or beside(reference)
    where = f"--args={source}"
    found = load_value(source, option="--args", default=() if given is None else None)
    if callable(found):
        with contained(), errors_told(f"{where}: cannot be made"):
            found = found()
    if type(found) is not tuple:
        raise UsageError(
            f"{where}: expected a tuple of arguments, got {shown(found)}; of one argument x it is "
            "(x,)"
        )
    if required and not found:
        raise UsageError(
            f"--args: expected a tuple of arguments, FILE.py:NAME, or {source}, got neither"
        )
    return found


def beside(reference: str) -> str:
    """Returns 'net.py:args' of 'net.py:loss'."""
    return f"{reference.rpartition(':')[0]}:args"
