"""Tables of numbers with names: an entry a row, a parameter a row, or an entry a column."""

import csv
import re
from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np

from compare.errors import UsageError
from compare.formats.read.numbers import NamedArray
from compare.formats.read.prints.digits import are_integers, half_units
from compare.formats.read.prints.entries import Entry, arrays_of, entry_of
from compare.formats.read.prints.patterns import NUMBER, value_of
from compare.formats.read.tree_paths import slashed, with_plain_paths

_NAMES = ("name", "parameter", "param", "tensor")
_VALUES = ("value", "grad", "gradient")
_NO_INDEX = ("", "-")
_INDEX = re.compile(r"|-|[\[(]?\s*\d{1,9}(?:\.0)?(?:\s*,\s*\d{1,9})*,?\s*[\])]?", re.ASCII)
_NAME = re.compile(r"[A-Za-z_][\w./]*")
_WHOLE = re.compile(r"\d{1,9}", re.ASCII)
_NUMBER = re.compile(NUMBER, re.IGNORECASE)


class Row(NamedTuple):
    """The cells of a line that is not empty."""

    line: int  # counted from 1
    cells: list[str]


def read_table(path: str, text: str) -> list[NamedArray] | None:
    """Reads a table whose columns are parted by commas, semicolons or tabs.

    Each row is an entry: the name, its indices and the value, below a header that says so or in
    this order. Or it is a parameter: the name and all numbers. Or each column is an entry whose
    place is in the header, as w1[0,2], and each row a sample.

    Returns:
      The arrays, or None if this is no such table.

    Raises:
      UsageError: for a line that does not follow the header.
    """
    first = next((line for line in text.splitlines() if line.strip()), "")
    separators = set(re.findall("[,;\t]", re.sub(r"\"[^\"]*\"|[\[(][^\])]*[\])]", "", first)))
    if len(separators) != 1:
        return None
    try:
        rows = _rows(text, *separators)
    except csv.Error as error:
        raise UsageError(f"{path}: this table cannot be read: {error}") from None
    if not rows:
        return None
    header, *below = rows
    columns = [cell.lower() for cell in header.cells]
    if sum(one in _NAMES for one in columns) == sum(one in _VALUES for one in columns) == 1:
        return list(arrays_of(path, _below_header(path, columns, below)))
    places = [entry_of(with_plain_paths(f"{cell} = 0")) for cell in header.cells]
    if all(places):
        known = [place for place in places if place is not None]
        return list(arrays_of(path, _by_column(path, known, below)))
    if all(map(_is_named, rows)):
        return _without_header(path, rows)
    return None


def _rows(text: str, separator: str) -> list[Row]:
    reader = csv.reader(text.splitlines(), delimiter=separator, skipinitialspace=True)
    stripped = ([cell.strip() for cell in row] for row in reader)
    return [Row(reader.line_num, cells) for cells in stripped if any(cells)]


def _below_header(path: str, columns: Sequence[str], rows: Sequence[Row]) -> Iterator[Entry]:
    """Yields the entries of rows of a name, indices and a value."""
    name = next(i for i, column in enumerate(columns) if column in _NAMES)
    value = next(i for i, column in enumerate(columns) if column in _VALUES)
    layer = columns.index("layer") if "layer" in columns else None
    counts = 0 if not columns[0] and _count_up(rows) else None  # as pandas writes them
    for line, cells in rows:
        rest = [cell for i, cell in enumerate(cells) if i not in (name, value, layer, counts)]
        if len(cells) != len(columns) or not all(map(_INDEX.fullmatch, rest)):
            raise UsageError(
                f"{path}, line {line}: expected {','.join(columns)} with whole numbers beside the "
                f"name and the value, got {','.join(cells)[:60]!r}"
            )
        word = _checked(path, line, cells[value])
        index = [int(one) for cell in rest for one in re.findall(r"\d+", cell.removesuffix(".0"))]
        yield _entry(cells[name], "" if layer is None else cells[layer], tuple(index), word)


def _count_up(rows: Sequence[Row]) -> bool:
    return all(row.cells[0] == str(i) for i, row in enumerate(rows))


def _entry(name: str, layer: str, place: tuple[int, ...], word: str) -> Entry:
    placed = None if place else entry_of(with_plain_paths(f"{name} = {word}"))
    if placed is not None:
        name, place = placed.name, placed.place
    name = slashed(name)
    if layer:
        name = f"{name}{layer}" if layer.isdecimal() else f"{layer}/{name}"
    return Entry(name, place, word)


def _by_column(path: str, places: Sequence[Entry], rows: Sequence[Row]) -> Iterator[Entry]:
    """Yields the entries of rows of samples."""
    for line, cells in rows:
        if len(cells) != len(places):
            raise UsageError(
                f"{path}, line {line}: expected {len(places)} columns, as above, got {len(cells)}"
            )
        for place, cell in zip(places, cells, strict=True):
            yield place._replace(word=_checked(path, line, cell))


def _is_named(row: Row) -> bool:
    """Whether a row is a name, and numbers or what stands for no index."""
    name, *cells = row.cells
    numbers = all(cell in _NO_INDEX or _NUMBER.fullmatch(cell) for cell in cells)
    return bool(cells and _NAME.fullmatch(name) and numbers)


def _without_header(path: str, rows: Sequence[Row]) -> list[NamedArray]:
    """Returns arrays of an entry a row, or of a row each if no name comes twice."""
    names = [row.cells[0] for row in rows]
    if len(set(names)) == len(names):
        return [_vector(path, *row) for row in rows]
    entries = []
    for line, (name, *index, word) in rows:
        if not all(cell in _NO_INDEX or _WHOLE.fullmatch(cell) for cell in index):
            raise UsageError(
                f"{path}, line {line}: expected whole numbers between the name and the value, as "
                f"{name[:40]} comes more than once, got {','.join(index)[:60]!r}"
            )
        place = tuple(int(cell) for cell in index if cell not in _NO_INDEX)
        entries.append(Entry(name, place, _checked(path, line, word)))
    return list(arrays_of(path, entries))


def _vector(path: str, line: int, cells: Sequence[str]) -> NamedArray:
    words = [_checked(path, line, cell) for cell in cells[1:]]
    values = np.array([value_of(word) for word in words])
    return NamedArray(cells[0], values, half_units(words), integers=are_integers(words))


def _checked(path: str, line: int, word: str) -> str:
    if _NUMBER.fullmatch(word):
        return word
    comma = re.fullmatch(r"[-+]?\d+,\d+(?:e[-+]?\d+)?", word, re.IGNORECASE)
    hint = "; write 0.5 for 0,5" if comma else ""
    raise UsageError(f"{path}, line {line}: expected a number, got {word[:40]!r}{hint}")
