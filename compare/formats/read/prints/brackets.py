"""Arrays within brackets, such as [[1, 2], [3, 4]]."""

import re

import numpy as np

from compare.errors import UsageError
from compare.formats.read.prints.patterns import NUMBER, QUOTED, line_number, numbers_in, value_of

_NUMBERS = re.compile(rf"(?:{NUMBER}|[\[\],\s])*+", re.IGNORECASE)
_TOKEN = re.compile(rf"[\[\]]|{NUMBER}", re.IGNORECASE)
_ROW = re.compile(r"\[([^\[\]]*)\]")
_MOST_AXES = 8


def matching_brackets(text: str) -> dict[int, int]:
    """Maps the place of every opening bracket to the end of the one that closes it."""
    ends: dict[int, int] = {}
    stack: list[int] = []
    for match in re.finditer(r"[\[\]]", text):
        if match[0] == "[":
            stack.append(match.start())
        elif stack:
            ends[stack.pop()] = match.end()
    return ends


def show_decimals(text: str) -> bool:
    """Whether an array that NumPy printed shows decimals; lists of Python always do."""
    by_name = "array(" in text.lower()
    rows = (row for row in _ROW.findall(text) if by_name or "," not in row)
    return any(re.search(r"\.\d", row) for row in rows)


def read_brackets(path: str, text: str, start: int, end: int | None) -> np.ndarray | None:
    """Reads the array in text[start:end], which begins and ends with a bracket.

    Returns:
      The array in float64; None for brackets without numbers, or around other arrays.

    Raises:
      UsageError: for an array that never ends, has something else between its numbers, or has rows
        of different lengths.
    """
    try:
        if end is None:
            _check_no_start(text[start : start + 200])
            return None
        return _array(text[start:end])
    except ValueError as error:
        raise UsageError(f"{path}, line {line_number(text, start)}: {error}") from None


def _check_no_start(text: str) -> None:
    """Checks that a bracket without an end is not followed by a number."""
    if re.match(r"\[[\s\[]*[-+.\d]", text):
        raise ValueError("this array never ends")


def _array(text: str) -> np.ndarray | None:
    if not _NUMBERS.fullmatch(text):
        innermost = "[" not in text[1:] and not text.startswith("[torch.")
        if innermost and re.search(r"(?<!\w)\d", QUOTED.sub("", text)):
            raise ValueError(f"expected numbers only, got {text[:40]!r}")
        return None
    if not numbers_in(text):
        return None
    nested, axes = _nested_lists(text)
    if axes > _MOST_AXES:
        raise ValueError(f"expected at most {_MOST_AXES} axes")
    try:
        return np.array(nested, dtype=np.float64)
    except ValueError:
        if _holds_arrays(nested):
            return None
        raise ValueError("the rows of this array differ in length") from None


def _nested_lists(text: str) -> tuple[list, int]:
    """Returns brackets as lists, and how deep they go."""
    stack: list[list] = [[]]
    depth = 0
    for token in _TOKEN.findall(text):
        if token == "[":
            depth = max(depth, len(stack))
            stack.append([])
        elif token == "]":
            inner = stack.pop()
            stack[-1].append(inner)
        else:
            stack[-1].append(value_of(token))
    return stack[0][0], depth


def _holds_arrays(items: list) -> bool:
    """Whether all are lists, and not all are rows of numbers."""
    inner = [item for item in items if isinstance(item, list)]
    return len(inner) == len(items) and any(isinstance(one, list) for row in inner for one in row)
