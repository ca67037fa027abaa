"""`.csv` files: a row of numbers on each line, with or without a header of column names."""

import array
import csv
import io
import math
import re
from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np

from compare.errors import UsageError
from compare.formats.read.errors import readable
from compare.formats.read.opening import open_file

_LABEL = re.compile(r"(?:y|labels?|targets?|outputs?)[\W_]*\d*\W*", re.ASCII | re.IGNORECASE)


class Table(NamedTuple):
    """Columns of numbers, and their names if the file has a header."""

    values: np.ndarray  # [N, columns], float64
    names: tuple[str, ...] | None

    @property
    def labels(self) -> np.ndarray:
        """Marks the columns that are called y, y1, label, target, ...: [columns], bool."""
        names = self.names or [""] * self.values.shape[1]
        return np.array([bool(_LABEL.fullmatch(name)) for name in names])


def read_csv(path: str, *, option: str) -> Table:
    """Reads numbers between commas; empty lines do not count.

    Args:
      path: the file.
      option: what it was given for, such as '--data', to be named in errors.

    Raises:
      UsageError: if it cannot be read, naming the line and the column.
    """
    where = f"{option} {path}"
    try:
        with (
            readable(where),
            io.TextIOWrapper(open_file(path, where), encoding="utf-8-sig", newline="") as file,
        ):
            reader = csv.reader(file, skipinitialspace=True, strict=True)
            rows = ((reader.line_num, row) for row in reader if row not in ([], [""]))
            return _table(rows, where)
    except UnicodeDecodeError:
        raise UsageError(f"{where}: expected a text file in UTF-8, got binary") from None
    except csv.Error as error:
        raise UsageError(f"{where}, line {reader.line_num}: no CSV: {error}") from None


def _table(rows: Iterator[tuple[int, Sequence[str]]], where: str) -> Table:
    values = array.array("d")
    names: tuple[str, ...] | None = None
    width = 0
    for line, row in rows:
        at = f"{where}, line {line}"
        if not width:
            width = len(row)
            _check_separator(row, at)
            if all(_number(cell) is None for cell in row):
                names = tuple(cell.strip(" #") for cell in row)
                continue
        if len(row) != width:
            columns = f"{width} columns" if width > 1 else "1 column"
            raise UsageError(f"{at}: expected {columns}, as above, got {len(row)}")
        values.extend(_numbers(row, at))
    if not values:
        raise UsageError(f"{where}: expected a line of numbers for every sample, found none")
    return Table(np.array(values).reshape(-1, width), names)


def _numbers(row: Sequence[str], where: str) -> list[float]:
    numbers = []
    for column, cell in enumerate(row, start=1):
        number = _number(cell)
        if number is None:
            raise UsageError(f"{where}, column {column}: expected a number, got {cell[:40]!r}")
        if math.isinf(number) and "inf" not in cell.lower():
            raise UsageError(
                f"{where}, column {column}: {cell[:40]} is beyond every float64 number"
            )
        numbers.append(number)
    return numbers


def _number(cell: str) -> float | None:
    try:
        return None if "_" in cell else float(cell)  # 1_000 is a number to Python alone
    except ValueError:
        return None


def _check_separator(row: Sequence[str], where: str) -> None:
    """Checks the first line for other separators, with which it would pass for one long name."""
    for cell in row:
        parts = cell.split()
        spaced = len(parts) > 1 and all(_number(part) is not None for part in parts)
        found = [name for name, mark in (("semicolons", ";"), ("tabs", "\t")) if mark in cell]
        if found or spaced:
            raise UsageError(
                f"{where}: expected commas between the columns, got {(found or ['spaces'])[0]}"
            )
