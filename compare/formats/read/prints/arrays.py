"""All arrays in a print: `tensor([[...]])`, `array([...])`, lists, and lines of numbers."""

import re
from collections.abc import Iterator

import numpy as np

from compare.errors import UsageError
from compare.formats.read.numbers import NamedArray, Numbers
from compare.formats.read.prints.brackets import matching_brackets, read_brackets
from compare.formats.read.prints.digits import half_units
from compare.formats.read.prints.patterns import NUMBER, last_name, line_number, numbers_in
from compare.formats.read.prints.rows import read_rows

_START = re.compile(rf"\[|(?:tensor|array)\(\s*(?P<scalar>{NUMBER})(?!\s*\*)", re.IGNORECASE)
_FACTOR = re.compile(rf"{NUMBER}\s*\*(?!\S)", re.IGNORECASE)
_OPTIONS = re.compile(r"\s*,\s*(?:dtype|device|grad_fn|requires_grad|size)\b[^)]*\)")


def read_print(path: str, text: str) -> Numbers:
    """Reads every array in a print, in order, named by the word before it if there is one.

    Raises:
      UsageError: for a print cut short with `...`, rows of different lengths, or no numbers.
    """
    _check_readable(path, text)
    arrays = tuple(_arrays(path, text))
    if not arrays:
        raise UsageError(f"{path}: expected numbers, found none")
    return Numbers(path, arrays, None)


def _check_readable(path: str, text: str) -> None:
    if "..." in text:
        line = line_number(text, text.index("..."))
        raise UsageError(
            f"{path}, line {line}: '...' means that the print was cut short; print all of it with "
            "numpy.set_printoptions(threshold=sys.maxsize) or "
            "torch.set_printoptions(threshold=sys.maxsize)"
        )
    if path.endswith(".json"):
        raise UsageError(f"{path}: expected a dump or printed numbers; JSON is not read")
    factor = _FACTOR.search(text)
    if factor:
        raise UsageError(
            f"{path}, line {line_number(text, factor.start())}: an array with a factor before it, "
            "as old versions of torch print it, is not read; print it with "
            "torch.set_printoptions(sci_mode=True)"
        )


def _arrays(path: str, text: str) -> Iterator[NamedArray]:
    """Yields arrays written with brackets, and the rows of numbers between them."""
    ends = matching_brackets(text)
    read = scan = 0  # how far numbers were read, and brackets looked for
    while found := _START.search(text, scan):
        start, scan = found.start(), found.end()
        if found["scalar"]:
            values = np.array(float(found["scalar"]))
        else:
            array = read_brackets(path, text, start, ends.get(start))
            if array is None:
                continue  # its brackets may hold arrays
            values, scan = array, ends[start]
        title = yield from read_rows(path, text[read:start])
        by_torch = "tensor(" in text[max(0, start - len("tensor(")) : found.end()]
        units = half_units(numbers_in(text[start:scan]), by_torch=by_torch)
        yield NamedArray(last_name(title), values, units.reshape(values.shape))
        options = _OPTIONS.match(text, scan)
        read = scan = options.end() if options else scan
    yield from read_rows(path, text[read:])
