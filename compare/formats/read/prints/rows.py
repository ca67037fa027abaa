"""Lines of numbers without brackets: matrices, and rows that begin with a name."""

import re
from collections.abc import Generator, Sequence

import numpy as np

from compare.errors import UsageError
from compare.formats.read.numbers import NamedArray
from compare.formats.read.prints.digits import are_integers, half_units
from compare.formats.read.prints.patterns import NUMBER, QUOTED, last_name, value_of

_ROW = rf"{NUMBER}(?:[\s,;]++{NUMBER})*+[\s,;]*"
_NUMBERS_ONLY = re.compile(rf"\s*{_ROW}", re.IGNORECASE)
_LABELLED = re.compile(
    rf"\s*(?P<name>[A-Za-z_][\w./]*)(?P<sign>\s*[:=]\s*|\s+)(?P<row>{_ROW})", re.IGNORECASE
)
# What looks like a number in a line that could not be read; 'Layer 1' does not.
_UNREAD = re.compile(r"\d\.|\.\d|\d[dDeE][-+]?\d|(?<!\w)\d+[\s,]+[-+\u2212]?\d|\d[jJ]\b")
_PAIR = re.compile(r"[-+]?\d+,\d+(?:e[-+]?\d+)?", re.IGNORECASE)
# 0,05 and 1,5e-3 are no two numbers.
_NO_PAIR = re.compile(r"-0,\d+|[-+]?\d+,(?:0\d+|\d+e[-+]?\d+)", re.IGNORECASE)
_PARAMETER = re.compile(r"(?<![\w.+-])(?:\w++\.)+(?:weight|bias|kernel|[wb])\b")  # 0.weight


def read_rows(path: str, text: str) -> Generator[NamedArray, None, str]:
    """Yields an array for each run of lines of as many numbers, named by the line above it.

    Returns:
      The text after the last of them, which may name what follows.

    Raises:
      UsageError: for any other line that holds numbers.
    """
    name: str | None = None
    rows: list[list[str]] = []
    lines: list[str] = []  # of these rows
    titles: list[str] = []
    for line in [*text.splitlines(), ""]:
        label, row = _split_label(line)
        # A line of another kind ends the array above it.
        if rows and (not row or label or len(row) != len(rows[0])):
            _check_commas(path, lines)
            yield _matrix(name, rows)
            name, rows, lines = None, [], []
        if row:
            name, titles = label or name, []
            rows.append(row)
            lines.append(line)
        elif line.strip() and not line.startswith("#"):
            if _UNREAD.search(_PARAMETER.sub("", QUOTED.sub("", line))):
                raise UsageError(f"{path}: the numbers in this line cannot be read: {line[:60]!r}")
            name = last_name(line)
            titles.append(line)
    return "\n".join(titles)


def _split_label(line: str) -> tuple[str | None, list[str]]:
    """Splits 'loss: 0.5' into name and numbers; 'Layer 1' is a title and has none."""
    if _NUMBERS_ONLY.fullmatch(line):
        return None, _words(line)
    found = _LABELLED.fullmatch(line)
    if found and (found["sign"].strip() or re.search(r"[.eE]", found["row"])):
        return found["name"], _words(found["row"])
    return None, []


def _words(row: str) -> list[str]:
    return [word for word in re.split(r"[\s,;]+", row) if word]


def _check_commas(path: str, lines: Sequence[str]) -> None:
    """Checks the lines of an array for numbers such as 0,5.

    A comma between digits is taken for a decimal one where something else parts the numbers of a
    line, and where every line is one such pair.
    """
    found = [line for line in lines if _has_decimal_commas(line)]
    if not found and all(map(_is_pair, lines)):
        found = list(lines)
    if found:
        raise UsageError(
            f"{path}: commas in place of points, as in {found[0].strip()[:60]!r}, are not read; "
            "write 0.5 for 0,5, and '1, 2' for two numbers"
        )


def _has_decimal_commas(line: str) -> bool:
    fields = _fields(line)
    pairs = [one for one in fields if _PAIR.fullmatch(one)]
    parted = len(fields) > 1 and not any(one.endswith(",") for one in fields)
    return bool(pairs) and (parted or any(map(_NO_PAIR.fullmatch, pairs)))


def _is_pair(line: str) -> bool:
    fields = _fields(line)
    return len(fields) == 1 and bool(_PAIR.fullmatch(fields[0]))


def _fields(line: str) -> list[str]:
    """Returns what space and semicolons part, without a label."""
    return [one for one in re.split(r"[\s;]+", line) if one[:1] and one[0] in "+-.0123456789"]


def _matrix(name: str | None, rows: Sequence[Sequence[str]]) -> NamedArray:
    """Returns a matrix, or a vector where there is one row or one column."""
    words = [word for row in rows for word in row]
    shape = (len(words),) if 1 in (len(rows), len(rows[0])) else (len(rows), len(rows[0]))
    values = np.array([value_of(word) for word in words])
    units = half_units(words).reshape(shape)
    return NamedArray(name, values.reshape(shape), units, integers=are_integers(words))
