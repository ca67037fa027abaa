"""Lines of numbers without brackets: matrices, and rows that begin with a name."""

import re
from collections.abc import Generator, Sequence

import numpy as np

from compare.errors import UsageError
from compare.formats.read.numbers import NamedArray
from compare.formats.read.prints.digits import half_units
from compare.formats.read.prints.patterns import NUMBER, QUOTED, last_name, value_of

_ROW = rf"{NUMBER}(?:[\s,;]++{NUMBER})*+[\s,;]*"
_NUMBERS_ONLY = re.compile(rf"\s*{_ROW}", re.IGNORECASE)
_LABELLED = re.compile(
    rf"\s*(?P<name>[A-Za-z_][\w./]*)(?P<sign>\s*[:=]\s*|\s+)(?P<row>{_ROW})", re.IGNORECASE
)
# What looks like a number in a line that could not be read; 'Layer 1' does not.
_UNREAD = re.compile(r"\d\.|\.\d|\d[dDeE][-+]?\d|(?<!\w)\d+[\s,]+[-+\u2212]?\d|\d[jJ]\b")
_PARAMETER = re.compile(r"(?<![\w.+-])(?:\w++\.)+(?:weight|bias|kernel)\b")  # 0.weight


def read_rows(path: str, text: str) -> Generator[NamedArray, None, str]:
    """Yields an array for each run of lines of as many numbers, named by the line above it.

    Returns:
      The text after the last of them, which may name what follows.

    Raises:
      UsageError: for any other line that holds numbers.
    """
    name: str | None = None
    rows: list[list[str]] = []
    titles: list[str] = []
    for line in [*text.splitlines(), ""]:
        label, row = _split_label(line)
        # A line of another kind ends the array above it.
        if rows and (not row or label or len(row) != len(rows[0])):
            yield _matrix(name, rows)
            name, rows = None, []
        if row:
            name, titles = label or name, []
            rows.append(row)
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


def _matrix(name: str | None, rows: Sequence[Sequence[str]]) -> NamedArray:
    """Returns a matrix, or a vector where there is one row or one column."""
    words = [word for row in rows for word in row]
    shape = (len(words),) if 1 in (len(rows), len(rows[0])) else (len(rows), len(rows[0]))
    values = np.array([value_of(word) for word in words])
    return NamedArray(name, values.reshape(shape), half_units(words).reshape(shape))
