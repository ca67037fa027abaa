"""The names of what a user brings to the library."""

from collections.abc import Iterable, Mapping
from typing import Any

from compare.errors import RAISED, UsageError, first_line, shown
from compare.implementations.user.call import Backward
from compare.implementations.user.sandbox import errors_told
from compare.options.arguments import list_of


def name_candidates(
    candidate: Backward | None, candidates: Mapping[str, Backward] | Iterable[Backward]
) -> list[tuple[str, Backward]]:
    """Names functions by their keys or by themselves.

    Args:
      candidate: one; None for none.
      candidates: any number of others.

    Raises:
      UsageError: for anything but functions.
    """
    if candidate is not None and not callable(candidate):
        raise UsageError(f"candidate: expected a function, got {shown(candidate)}")
    first = [] if candidate is None else [(_own_name(candidate), candidate)]
    is_text = isinstance(candidates, str | bytes)
    if is_text or callable(candidates) or not isinstance(candidates, Iterable):
        raise UsageError(
            "candidates: expected functions in a list, or by name in a dict, "
            f"got {shown(candidates)}"
        )
    with errors_told("candidates: cannot be read", passes=UsageError):
        if isinstance(candidates, Mapping):
            pairs = list_of("candidates", candidates.items())
            named = [(_text("candidates", name), function) for name, function in pairs]
        else:
            functions = list_of("candidates", candidates)
            named = [(_own_name(function), function) for function in functions]
    for name, function in named:
        if not callable(function):
            raise UsageError(f"candidates: expected a function for {name}, got {shown(function)}")
    return [*first, *named]


def _own_name(function: Backward) -> str:
    """Returns the name that a function has, or "candidate" for what has none, such as a partial."""
    try:
        return "".join(function.__name__)
    except RAISED:  # it has none, or none that is text
        return "candidate"


def name_gradients(gradients: Mapping[str, Any] | None) -> dict[str, Any]:
    """Returns gradients that exist already by name, not yet looked at.

    Raises:
      UsageError: for anything but a dict.
    """
    if gradients is None:
        return {}
    if not isinstance(gradients, Mapping):
        raise UsageError(
            f"gradients: expected a dict of name -> [(dw, db), ...], got {shown(gradients)}"
        )
    with errors_told("gradients: cannot be read", passes=UsageError):
        pairs = list_of("gradients", gradients.items())
    return {_text("gradients", name): arrays for name, arrays in pairs}


def _text(argument: str, name: Any) -> str:
    """Returns a name as text, whatever else it is.

    Raises:
      UsageError: if it cannot be.
    """
    try:
        return "".join(str(name))
    except RAISED as error:  # whatever an object of a user's own raises
        said = first_line(error)
        raise UsageError(f"{argument}: expected names, got one that raises: {said}") from None
