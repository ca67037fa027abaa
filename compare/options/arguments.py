"""Options given to the library, as Python has them, made what their flags would be."""

import itertools
import operator
import os
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from compare.errors import RAISED, UsageError, first_line, shown
from compare.options.config import OPTIONS
from compare.options.option import Kind

_LONGEST_PATH = 4096  # characters; Linux has no longer one
_MOST_BROUGHT = 1000  # the longest list that is read, of names, functions or gradients


def plain_options(given: Mapping[str, Any], **more: Any) -> dict[str, Any]:
    """Returns arguments by the name of their option as plain Python values, each checked by itself.

    Raises:
      UsageError: naming the first that is of another type, or that cannot be.
    """
    return {name: plain_option(name, value) for name, value in {**given, **more}.items()}


def plain_option(name: str, value: Any) -> Any:
    """Returns one of them."""
    option = OPTIONS[name]
    if value is None and option.default is None:
        return None
    expected, read = _KINDS[option.kind]
    expected = f"one of {', '.join(option.choices)}" if option.choices else expected
    try:
        plain = read(value)
    except RAISED as error:  # whatever an object of a user's own raises
        if type(error) in (TypeError, OverflowError):
            raise UsageError(f"{name}: expected {expected}, got {shown(value)}") from None
        raise UsageError(
            f"{name}: expected {expected}, got one that raises: {first_line(error)}"
        ) from None
    option.check_value(name, plain)
    return plain


def list_of(name: str, items: Iterable[Any]) -> list[Any]:
    """Returns what a user brings as a list, if it has an end.

    Raises:
      UsageError: if it has none, or raises.
    """
    try:
        found = list(itertools.islice(items, _MOST_BROUGHT + 1))
    except RAISED as error:  # whatever an object of a user's own raises
        raise UsageError(f"{name}: cannot be read: {first_line(error)}") from None
    if len(found) > _MOST_BROUGHT:
        raise UsageError(f"{name}: expected at most {_MOST_BROUGHT:,}, got more; is there an end?")
    return found


def path_text(name: str, path: Any, what: str = "a folder") -> str | None:
    """Returns the path of a folder, or of something else, as text; None for None.

    Raises:
      UsageError: for anything but a path.
    """
    if path is None:
        return None
    try:
        found = os.fspath(path)
        # text that names files, and no more than text
        found = os.fsdecode(os.fsencode(found)) if isinstance(found, str) else ""
    except RAISED:  # whatever an object of a user's own raises, and half a character
        found = ""
    if not found or "\0" in found or len(found) > _LONGEST_PATH:
        raise UsageError(f"{name}: expected the path of {what}, got {shown(path)}")
    return found


def _flag(value: Any) -> bool:
    if not isinstance(value, bool):
        raise TypeError
    return value


def _integer(value: Any) -> int:
    """The same of NumPy's integers; none of more than 64 bits."""
    if isinstance(value, bool):
        raise TypeError
    found = operator.index(value)
    if not -(2**63) <= found < 2**63:
        raise OverflowError
    return found


def _number(value: Any) -> float:
    """The same of NumPy's floats; none that is text."""
    if isinstance(value, bool | str | bytes):
        raise TypeError
    return float(value)


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError
    return str(value)


def _names(value: Any) -> tuple[str, ...]:
    if isinstance(value, str):
        raise TypeError
    found = list(itertools.islice(value, _MOST_BROUGHT + 1))
    if len(found) > _MOST_BROUGHT:
        raise OverflowError
    return tuple(map(_text, found))


def _integers(value: Any) -> tuple[int, ...]:
    if not isinstance(value, list | tuple):
        raise TypeError
    return tuple(map(_integer, value))


def _listed(value: Any) -> str:
    return _text(value) if isinstance(value, str) else ",".join(_names(value))


_KINDS: dict[Kind, tuple[str, Callable[[Any], Any]]] = {
    "flag": ("True or False", _flag),
    "integer": ("an integer of at most 64 bits", _integer),
    "number": ("a number", _number),
    "choice": ("text", _text),
    "text": ("text", _text),
    "listed": ("text, or a list of text", _listed),
    "integers": ("a list of integers", _integers),
    "names": ("a list of names", _names),
}
