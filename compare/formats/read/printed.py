"""Numbers as people print them: `tensor([[...]])`, `array([...])`, lists, whitespace matrices."""

import re
from collections.abc import Generator, Iterator

import numpy as np

from compare.errors import UsageError
from compare.formats.read.numbers import NamedArray, Numbers
from compare.formats.read.printed_digits import half_units

# A number stands alone: no letter, digit, sign or point touches it, as in 1-2, 1.5.5 or 1d0.
# The atomic and possessive groups keep a row that does not match from being tried in every way.
_NUMBER = (
    r"(?<![\w.+-])(?>[-+]?(?:(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?|inf(?:inity)?|nan))(?![\w.+-])"
)
_ROW = rf"{_NUMBER}(?:[\s,;]++{_NUMBER})*+[\s,;]*"
_NUMBERS_ONLY = re.compile(rf"\s*{_ROW}", re.IGNORECASE)
_LABELLED_ROW = re.compile(
    rf"\s*(?P<name>[A-Za-z_][\w./]*)(?P<sign>\s*[:=]\s*|\s+)(?P<row>{_ROW})", re.IGNORECASE
)
_START = re.compile(rf"\[|(?:tensor|array)\(\s*(?P<scalar>{_NUMBER})(?!\s*\*)", re.IGNORECASE)
_BRACKETED = re.compile(rf"(?:{_NUMBER}|[\[\],\s])*+", re.IGNORECASE)
_FACTOR = re.compile(rf"{_NUMBER}\s*\*(?!\S)", re.IGNORECASE)
# What looks like a number in a line that could not be read; 'Layer 1' does not.
_UNREAD = re.compile(r"\d\.|\.\d|\d[dDeE][-+]?\d|(?<!\w)\d+[\s,]+[-+\u2212]?\d|\d[jJ]\b")
_PARAMETER = re.compile(r"(?<![\w.+-])(?:\w++\.)+(?:weight|bias|kernel)\b")  # 0.weight
_QUOTED = re.compile(r"'[^']*'|\"[^\"]*\"")
_OPTIONS = re.compile(r"\s*,\s*(?:dtype|device|grad_fn|requires_grad|size)\b[^)]*\)")
_NOISE = frozenset(
    ("Array", "tensor", "array", "Parameter", "containing", "grad", "numpy", "torch")
)
_MOST_AXES = 8


def read_printed(path: str, text: str) -> Numbers:
    """Reads every array in a print, in order, named by the word before it if there is one.

    Raises:
      UsageError: for a print cut short with `...`, rows of different lengths, or no numbers.
    """
    if "..." in text:
        line = _line(text, text.index("..."))
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
            f"{path}, line {_line(text, factor.start())}: an array with a factor before it, as old "
            "versions of torch print it, is not read; print it with "
            "torch.set_printoptions(sci_mode=True)"
        )
    arrays = tuple(_arrays(path, text))
    if not arrays:
        raise UsageError(f"{path}: expected numbers, found none")
    return Numbers(path, arrays, None)


def _arrays(path: str, text: str) -> Iterator[NamedArray]:
    """Yields arrays written with brackets, and rows of numbers that stand between them."""
    ends = _closing_brackets(text)
    read = scan = 0
    while found := _START.search(text, scan):
        start, scan = found.start(), found.end()
        if found["scalar"]:
            values = np.array(float(found["scalar"]))
        elif _holds_numbers(path, text, start, ends.get(start)):
            nested = _nested(path, text[start : ends[start]], _line(text, start))
            if nested is None:
                continue
            values, scan = nested, ends[start]
        else:
            continue
        title = yield from _rows(path, text[read:start])
        words = re.findall(_NUMBER, text[start:scan], re.IGNORECASE)
        yield NamedArray(_name(title), values, half_units(words).reshape(values.shape))
        options = _OPTIONS.match(text, scan)
        read = scan = options.end() if options else scan
    yield from _rows(path, text[read:])


def _holds_numbers(path: str, text: str, start: int, end: int | None) -> bool:
    """Whether a bracket opens an array; other brackets are passed over if they hold no numbers.

    Raises:
      UsageError: for an array that never ends, and for one with something else between its numbers.
    """
    if end is None:
        if re.match(r"\[[\s\[]*[-+.\d]", text[start : start + 200]):
            raise UsageError(f"{path}, line {_line(text, start)}: this array never ends")
        return False
    inside = text[start:end]
    if _BRACKETED.fullmatch(inside):
        return re.search(_NUMBER, inside, re.IGNORECASE) is not None
    innermost = "[" not in inside[1:] and not inside.startswith("[torch.")
    if innermost and re.search(r"(?<!\w)\d", _QUOTED.sub("", inside)):
        raise UsageError(
            f"{path}, line {_line(text, start)}: expected numbers only, got {inside[:40]!r}"
        )
    return False


def _closing_brackets(text: str) -> dict[int, int]:
    """Returns where every opening bracket's closing one ends."""
    ends: dict[int, int] = {}
    stack: list[int] = []
    for match in re.finditer(r"[\[\]]", text):
        if match[0] == "[":
            stack.append(match.start())
        elif stack:
            ends[stack.pop()] = match.end()
    return ends


def _nested(path: str, text: str, line: int) -> np.ndarray | None:
    """Returns the array that brackets hold, None if they hold several of different shapes."""
    stack: list[list] = [[]]
    axes = 0
    for token in re.findall(rf"[\[\]]|{_NUMBER}", text, re.IGNORECASE):
        if token == "[":
            axes = max(axes, len(stack))
            stack.append([])
        elif token == "]":
            inner = stack.pop()
            stack[-1].append(inner)
        else:
            stack[-1].append(float(token))
    if axes > _MOST_AXES:
        raise UsageError(f"{path}, line {line}: expected at most {_MOST_AXES} axes")
    try:
        return np.array(stack[0][0], dtype=np.float64)
    except ValueError:
        if _are_arrays(stack[0][0]):
            return None
        raise UsageError(f"{path}, line {line}: the rows of this array differ in length") from None


def _are_arrays(items: list) -> bool:
    """Whether all are lists, and not all are rows of numbers."""
    inner = [item for item in items if isinstance(item, list)]
    return len(inner) == len(items) and any(isinstance(one, list) for row in inner for one in row)


def _name(before: str) -> str | None:
    words = [
        w
        for w in re.findall(r"(?:(?<![\w.])(?:\d++\.)++)?[A-Za-z_][\w./]*", before)
        if w not in _NOISE
    ]
    return words[-1] if words else None


def _rows(path: str, text: str) -> Generator[NamedArray, None, str]:
    """Yields matrices of lines that hold nothing but numbers, and rows that begin with a name.

    Returns:
      The text after the last of them, which may name what follows.

    Raises:
      UsageError: for another line that holds numbers.
    """
    name: str | None = None
    rows: list[list[str]] = []
    title = ""
    for line in [*text.splitlines(), ""]:
        label, row = _labelled(line)
        if rows and (not row or label or len(row) != len(rows[0])):
            yield _matrix(name, rows)
            name, rows = None, []
        if row:
            name, title = label or name, ""
            rows.append(row)
        elif line.strip() and not line.startswith("#"):
            if _UNREAD.search(_PARAMETER.sub("", _QUOTED.sub("", line))):
                raise UsageError(f"{path}: the numbers in this line cannot be read: {line[:60]!r}")
            name, title = _name(line), f"{title}\n{line}"
    return title


def _labelled(line: str) -> tuple[str | None, list[str]]:
    """Splits 'loss: 0.5' into name and numbers; 'Layer 1' is a title and has none."""
    if _NUMBERS_ONLY.fullmatch(line):
        return None, _words(line)
    found = _LABELLED_ROW.fullmatch(line)
    if found and (found["sign"].strip() or re.search(r"[.eE]", found["row"])):
        return found["name"], _words(found["row"])
    return None, []


def _words(row: str) -> list[str]:
    return [word for word in re.split(r"[\s,;]+", row) if word]


def _matrix(name: str | None, rows: list[list[str]]) -> NamedArray:
    words = [word for row in rows for word in row]
    shape = (len(words),) if 1 in (len(rows), len(rows[0])) else (len(rows), len(rows[0]))
    values = np.array([float(word) for word in words])
    return NamedArray(name, values.reshape(shape), half_units(words).reshape(shape))


def _line(text: str, at: int) -> int:
    return text.count("\n", 0, at) + 1
