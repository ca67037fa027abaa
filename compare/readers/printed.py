"""Numbers as people print them: `tensor([[...]])`, `array([...])`, lists, whitespace matrices."""

import re
from collections.abc import Iterator

import numpy as np

from compare.errors import UsageError
from compare.readers.numbers import NamedArray, Numbers

_NUMBER = r"[-+]?(?:(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?|inf(?:inity)?|nan)\b\.?"
_NUMBER_ALONE = re.compile(_NUMBER, re.IGNORECASE)
_NUMBERS_ONLY = re.compile(rf"\s*(?:{_NUMBER}[\s,;]*)+", re.IGNORECASE)
_LABELLED_ROW = re.compile(
    rf"\s*(?P<name>[A-Za-z_][\w./]*)(?P<sign>\s*[:=]\s*|\s+)(?P<row>(?:{_NUMBER}[\s,;]*)+)",
    re.IGNORECASE,
)
_SCALAR = re.compile(rf"(?:tensor|array)\(\s*({_NUMBER})", re.IGNORECASE)
_BRACKETED = re.compile(rf"(?:{_NUMBER}|\.\.\.|[\[\],\s])*", re.IGNORECASE)
_OPTIONS = re.compile(r"\s*,\s*(?:dtype|device|grad_fn|requires_grad|size)\b[^)]*\)")
_NOISE = frozenset(("tensor", "array", "Parameter", "containing", "grad", "numpy", "torch"))


def read_printed(path: str, text: str) -> Numbers:
    """Reads every array in a print, in order, named by the word before it if there is one.

    Raises:
      UsageError: for a print cut short with `...`, rows of different lengths, or no numbers.
    """
    if "..." in text:
        line = text.count("\n", 0, text.index("...")) + 1
        raise UsageError(
            f"{path}, line {line}: '...' means that the print was cut short; print all of it with "
            "numpy.set_printoptions(threshold=sys.maxsize) or "
            "torch.set_printoptions(threshold=sys.maxsize)"
        )
    if path.endswith(".json"):
        raise UsageError(f"{path}: expected a dump or printed numbers; JSON is not read")
    bracketed = "[" in text or _SCALAR.search(text)
    arrays = tuple(_bracketed(path, text) if bracketed else _rows(text))
    if not arrays:
        raise UsageError(f"{path}: expected numbers, found none")
    return Numbers(path, arrays, None)


def _bracketed(path: str, text: str) -> Iterator[NamedArray]:
    """Yields arrays written with brackets, and rows of numbers that stand between them."""
    before, at = "", 0
    while at < len(text):
        scalar = _SCALAR.match(text, at)
        end = _closing(text, at) if text[at] == "[" else 0
        if not scalar and not end:
            before += text[at]
            at += 1
            continue
        line = text.count("\n", 0, at) + 1
        _check_no_factor(path, before, line)
        yield from _rows(before)
        if scalar:
            values, at = np.array(float(scalar[1])), scalar.end()
        else:
            values, at = _nested(path, text[at:end], line), end
        yield NamedArray(_name(before), values)
        options = _OPTIONS.match(text, at)
        before, at = "", options.end() if options else at
    yield from _rows(before)


def _closing(text: str, start: int) -> int:
    """Returns the end of an array that starts here, or 0 if this bracket holds something else."""
    depth = 0
    for match in re.finditer(r"[\[\]]", text[start:]):
        depth += 1 if match[0] == "[" else -1
        if depth == 0:
            end = start + match.end()
            inside = text[start:end]
            holds_numbers = _NUMBER_ALONE.search(inside) and _BRACKETED.fullmatch(inside)
            return end if holds_numbers else 0
    return 0


def _nested(path: str, text: str, line: int) -> np.ndarray:
    stack: list[list] = [[]]
    for token in re.findall(rf"[\[\]]|{_NUMBER}", text, re.IGNORECASE):
        if token == "[":
            stack.append([])
        elif token == "]":
            inner = stack.pop()
            stack[-1].append(inner)
        else:
            stack[-1].append(float(token))
    try:
        return np.array(stack[0][0], dtype=np.float64)
    except ValueError:
        raise UsageError(f"{path}, line {line}: the rows of this array differ in length") from None


def _check_no_factor(path: str, before: str, line: int) -> None:
    if re.search(r"\d\s*\*\s*$", before):
        raise UsageError(
            f"{path}, line {line}: an array with a factor before it, as old versions of torch "
            "print it, is not read; print it with torch.set_printoptions(sci_mode=True)"
        )


def _name(before: str) -> str | None:
    words = [w for w in re.findall(r"[A-Za-z_][\w./]*", before) if w not in _NOISE]
    return words[-1] if words else None


def _rows(text: str) -> Iterator[NamedArray]:
    """Yields matrices of lines that hold nothing but numbers, and rows that begin with a name."""
    name: str | None = None
    rows: list[list[float]] = []
    for line in [*text.splitlines(), ""]:
        label, row = _labelled(line)
        if rows and (not row or label or len(row) != len(rows[0])):
            yield NamedArray(name, _matrix(rows))
            name, rows = None, []
        if row:
            name = label or name
            rows.append(row)
        elif line.strip() and not line.startswith("#"):
            name = _name(line)


def _labelled(line: str) -> tuple[str | None, list[float]]:
    """Splits 'loss: 0.5' into name and numbers; 'Layer 1' is a title and has none."""
    found = _LABELLED_ROW.fullmatch(line)
    if found and (found["sign"].strip() or re.search(r"[.eE]", found["row"])):
        return found["name"], _floats(found["row"])
    return None, _floats(line) if _NUMBERS_ONLY.fullmatch(line) else []


def _floats(row: str) -> list[float]:
    return [float(word) for word in re.split(r"[\s,;]+", row) if word]


def _matrix(rows: list[list[float]]) -> np.ndarray:
    array = np.array(rows)
    return array.reshape(-1) if 1 in array.shape else array
