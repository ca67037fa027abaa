"""By which of its arguments a function is differentiated, as a user says it."""

import dataclasses
from collections.abc import Sequence
from typing import Any

from compare.errors import UsageError, shown
from compare.numbers import first_few
from compare.problem.function import Arguments, is_float

_MOST_NAMED = 8  # arguments, where the one asked for is not there


def differentiated_by(arguments: Arguments, wrt: Any) -> Arguments:
    """Returns arguments with those chosen that a function is differentiated by.

    Args:
      arguments: that it has.
      wrt: a name of one, or what many begin with, such as 'args[0]' or 'fc1'; a number; or a
        sequence of these. None for all that are floating-point numbers.

    Raises:
      UsageError: if one is not there, or cannot be differentiated by.
    """
    if wrt is None:
        found = arguments.wrt
        if not found:
            arrays = first_few(arguments.array_names, _MOST_NAMED) or "no array"
            raise UsageError(
                "args: expected an array of floating-point numbers to differentiate by, got "
                f"{arrays}; np.array makes one of a list"
            )
        return arguments
    words = [wrt] if isinstance(wrt, str | int) else wrt
    if not isinstance(words, Sequence) or not words:
        raise UsageError(
            f"wrt: expected names or numbers of arguments, got {shown(wrt) if words else 'none'}"
        )
    chosen = sorted({i for word in words for i in _leaves_of(arguments, word)})
    return dataclasses.replace(arguments, wrt=tuple(chosen))


def _leaves_of(arguments: Arguments, word: Any) -> list[int]:
    """Returns the numbers of the leaves that a word means."""
    if isinstance(word, bool) or not isinstance(word, str | int):
        raise UsageError(f"wrt: expected names or numbers of arguments, got {shown(word)}")
    asked = word.replace('"', "'") if isinstance(word, str) else f"args[{word}]"
    there = [i for i, name in enumerate(arguments.names) if _is_within(name, asked)]
    if not there:
        known = first_few(arguments.names, _MOST_NAMED)
        raise UsageError(f"wrt: there is no {asked}; there are {known}")
    found = [i for i in there if is_float(arguments.leaves[i])]
    if not found:
        one = arguments.leaves[there[0]]
        kind = getattr(one, "dtype", None) or shown(one)
        raise UsageError(f"wrt: expected floating-point numbers, got {asked} of {kind}")
    return found


def _is_within(name: str, asked: str) -> bool:
    """Whether a leaf is what is asked for, or a part of it: fc1.weight of fc1."""
    return name == asked or name.startswith((f"{asked}.", f"{asked}["))
