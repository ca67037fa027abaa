"""All arrays in a print: `tensor([[...]])`, `array([...])`, lists, and lines of numbers."""

import itertools
import re
from collections.abc import Iterator

import numpy as np

from compare.errors import UsageError
from compare.formats.read.numbers import NamedArray, Numbers
from compare.formats.read.prints.beside import changed_by
from compare.formats.read.prints.brackets import matching_brackets, read_brackets, show_decimals
from compare.formats.read.prints.digits import are_integers, half_units
from compare.formats.read.prints.entries import arrays_of, entry_of
from compare.formats.read.prints.keys import Keys
from compare.formats.read.prints.patterns import (
    NUMBER,
    SIGN,
    last_name,
    line_number,
    numbers_in,
    value_of,
    with_plain_digits,
)
from compare.formats.read.prints.rows import read_rows
from compare.formats.read.prints.tables import read_table
from compare.formats.read.tree_paths import with_plain_paths

_START = re.compile(rf"\[|(?:tensor|array)\(\s*(?P<scalar>{NUMBER})(?!\s*\*)", re.IGNORECASE)
# As NumPy, torch, Julia and LaTeX leave numbers out.
_CUT = re.compile(
    r"\.\.\.|[\N{HORIZONTAL ELLIPSIS}\N{MIDLINE HORIZONTAL ELLIPSIS}\N{VERTICAL ELLIPSIS}]"
    r"|\\[vcl]?dots\b"
)
_BLOCKS = re.compile(
    r"^[ \t]*columns?[ \t]+\d+[ \t]*(?:through|thru|to|and|-)[ \t]*\d+", re.I | re.M
)
_COLOURS = re.compile(r"\x1b\[[\d;]*m")
_SCALAR = re.compile(rf"\b(?:np|numpy|jnp)\.(?:b?float|int)\w*\(({NUMBER})\)", re.IGNORECASE)
_FACTOR = re.compile(rf"{NUMBER}[ \t]*\*(?!\S)", re.IGNORECASE)
_OPTIONS = re.compile(r"\s*,\s*(?:dtype|device|grad_fn|requires_grad|size)\b[^)\n]{0,200}\)")
_PLACE = re.compile(rf"^.*[\])]\s*{SIGN}.*$", re.MULTILINE)  # as a line with an entry has it


def read_print(path: str, text: str) -> Numbers:
    """Reads every array in a print, in order, named by the word before it if there is one.

    Raises:
      UsageError: for a print cut short with `...`, rows of different lengths, or no numbers.
    """
    text = text.replace("\N{MINUS SIGN}", "-")  # as it is copied from a PDF or a web page
    text = _SCALAR.sub(r"\1", with_plain_digits(_COLOURS.sub("", text)))
    text = with_plain_paths(text)
    _check_readable(path, text)
    try:
        table = read_table(path, text)
        arrays = tuple(_read_pieces(path, text)) if table is None else tuple(table)
    except OverflowError as error:
        raise UsageError(f"{path}: {error}") from None
    if not arrays:
        raise UsageError(f"{path}: expected numbers, found none")
    return Numbers(path, arrays, None)


def _check_readable(path: str, text: str) -> None:
    if path.endswith((".py", ".ipynb")):
        raise UsageError(
            f"{path}: expected numbers, got a program; compare a function in it by "
            "python -m compare.run --candidate=FILE:NAME"
        )
    cut = _CUT.search(text)
    if cut:
        line = line_number(text, cut.start())
        raise UsageError(
            f"{path}, line {line}: '{cut[0]}' means that the print was cut short; print all of it "
            "with numpy.set_printoptions(threshold=sys.maxsize) or "
            "torch.set_printoptions(threshold=sys.maxsize)"
        )
    blocks = _BLOCKS.search(text)
    if blocks:
        raise UsageError(
            f"{path}, line {line_number(text, blocks.start())}: a matrix printed in blocks of "
            f"columns, {blocks[0].strip()!r}, is not read; print whole rows, as writematrix does"
        )
    factor = _FACTOR.search(text)
    if factor:
        raise UsageError(
            f"{path}, line {line_number(text, factor.start())}: an array with a factor before it, "
            "as old versions of torch print it, is not read; print it with "
            "torch.set_printoptions(sci_mode=True)"
        )


def _read_pieces(path: str, text: str) -> Iterator[NamedArray]:
    """Yields arrays printed entry by entry, and those of the text between them."""
    trimmed = show_decimals(text)
    if not any(map(entry_of, _PLACE.findall(text))):
        yield from _arrays(path, text, trimmed=trimmed)
        return
    lines = ((entry_of(line), line) for line in text.splitlines())
    for is_entry, group in itertools.groupby(lines, key=lambda both: both[0] is not None):
        if is_entry:
            yield from arrays_of(path, (entry for entry, _ in group if entry is not None))
        else:
            yield from _arrays(path, "\n".join(line for _, line in group), trimmed=trimmed)


def _arrays(path: str, text: str, *, trimmed: bool) -> Iterator[NamedArray]:
    """Yields arrays written with brackets, and the rows of numbers between them.

    Args:
      path: the file, to be named in errors.
      text: all of it, or a part.
      trimmed: whether NumPy shows decimals in the file, so that `2.` is 2.0 without its zeros.
    """
    keys = Keys()
    ends = matching_brackets(text)
    read = scan = 0  # how far numbers were read, and brackets looked for
    while found := _START.search(text, scan):
        start, scan = found.start(), found.end()
        if found["scalar"]:
            values = np.array(value_of(found["scalar"]))
        else:
            array = read_brackets(path, text, start, ends.get(start))
            if array is None:
                continue  # its brackets may hold arrays
            values, scan = array, ends[start]
        options = _OPTIONS.match(text, scan)
        read, before = options.end() if options else scan, read
        if changed := changed_by(text, start, read):
            raise UsageError(
                f"{path}, line {line_number(text, start)}: {changed} an array is not read; print "
                "its numbers alone"
            )
        title = yield from read_rows(path, text[before:start])
        keys.read(title)
        by_torch = "tensor(" in text[max(0, start - len("tensor(")) : found.end()]
        words = numbers_in(text[start:scan])
        units = half_units(words, by_torch=by_torch, trimmed=trimmed).reshape(values.shape)
        yield NamedArray(
            keys.name or last_name(title),
            values,
            units,
            bordered=True,
            integers=are_integers(words),
        )
        scan = read
    yield from read_rows(path, text[read:])
