"""What the numbers of one array are to those of another, if they are not the same."""

import dataclasses
from collections.abc import Callable

import numpy as np

_ROUNDINGS = 8  # of float32 and float64, by which numbers may miss what is said of them
_ONE = 8 * 2.0**-24  # what is lost of small numbers that 1 was added to in float32
_FEW = 256  # entries that are looked at first
_FEWEST = 4  # entries of different values, of which a rule can be told
_FUNCTIONS: dict[str, Callable[[np.ndarray], np.ndarray]] = {
    "the square root of": np.sqrt,
    "1 over the square root of": lambda x: 1 / np.sqrt(x),
    "1 over": lambda x: 1 / x,
    "the logarithm of": np.log,
    "the square of": np.square,
}


@dataclasses.dataclass(frozen=True)
class Relation:
    """A rule that makes one array of another.

    Attributes:
      kind: 'last digits', 'factor', 'shift' or 'function'.
      words: the rule, with {} for the name of the other array.
      factor: of a 'factor'.
    """

    kind: str
    words: str
    factor: float = 1.0


def relation_of(own: np.ndarray, made: np.ndarray) -> Relation | None:
    """Returns the rule that makes an array of another one, None if there is none.

    Args:
      own: the array.
      made: what it should be, of its shape.
    """
    few = np.linspace(0, own.size - 1, min(own.size, _FEW), dtype=np.int64)
    y, x = own.flat[few], made.flat[few]
    if not own.size or _relation(_wide(x), _wide(y), _slack(own)) is None:
        return None
    return _relation(_wide(made), _wide(own), _slack(own))


def _relation(x: np.ndarray, y: np.ndarray, slack: float) -> Relation | None:
    if not (np.all(np.isfinite(x)) and np.all(np.isfinite(y))):
        return None
    if _near(y, x, slack):
        return Relation("last digits", "{} but for its last digits")
    if np.unique(x).size < _FEWEST or np.unique(y).size < _FEWEST:
        return None
    factor = _factor(x, y)
    if factor and _near(y, factor * x, slack):
        said = written(factor)
        words = "{} with the opposite sign" if said == "-1" else f"{{}} times {said}"
        return Relation("factor", words, factor)
    shift = float(np.median(y - x))
    if np.all(np.abs(y - x - shift) <= slack * (np.abs(x) + abs(shift))):
        return shifted(shift)
    return _function(x, y, slack)


def written(factor: float) -> str:
    """Returns a factor as sentences have it, which is not 1 if it is but nearly 1."""
    short = f"{factor:.4g}"
    return f"{factor:.7g}" if abs(float(short)) == 1 else short


def shifted(by: float) -> Relation:
    """Returns the rule that a number is added."""
    return Relation("shift", f"{{}} {'plus' if by > 0 else 'less'} {abs(by):.4g}")


def scaled_axis(own: np.ndarray, made: np.ndarray) -> int | None:
    """Returns the axis of which each index has a factor of its own, None if there is none.

    Args:
      own: an array.
      made: what it should be, of its shape.
    """
    x, y, slack = _wide(made), _wide(own), _slack(own)
    for axis in range(own.ndim):
        others = tuple(k for k in range(own.ndim) if k != axis)
        size = np.sum(x * x, others, keepdims=True)
        if own.ndim > 1 and own.shape[axis] < own.size and np.all(size > 0):
            factors = np.sum(x * y, others, keepdims=True) / size
            if np.all(np.abs(y - factors * x) <= slack * np.abs(y)):
                return axis
    return None


def offset_of(own: np.ndarray, made: np.ndarray) -> np.ndarray | None:
    """Returns which of -1, 0 and 1 was added to each entry of what is expected; None if others."""
    x, y = _wide(made), _wide(own)
    with np.errstate(invalid="ignore"):
        offset = np.rint(y - x)
        rest = np.abs(y - x - offset)
        allowed = _slack(own) * (np.abs(x) + np.abs(offset)) + min(_ONE, _slack(own))
        is_one = np.all((rest <= allowed) & (np.abs(offset) <= 1))
    return offset.astype(np.int8) if is_one else None


def _factor(x: np.ndarray, y: np.ndarray) -> float:
    """Returns the number that makes the largest entries right, on an average."""
    return float(np.dot(x.ravel(), y.ravel()) / np.dot(x.ravel(), x.ravel()))


def _function(x: np.ndarray, y: np.ndarray, slack: float) -> Relation | None:
    if np.any(x <= 0):
        return None
    for words, function in _FUNCTIONS.items():
        if _near(y, function(x), slack):
            return Relation("function", f"{words} {{}}")
    return None


def _near(y: np.ndarray, x: np.ndarray, slack: float) -> bool:
    return bool(np.all(np.abs(y - x) <= slack * np.abs(x)))


def _wide(array: np.ndarray) -> np.ndarray:
    return array.astype(np.float64)


def _slack(array: np.ndarray) -> float:
    """Returns how far numbers of a dtype may be off, relatively."""
    if array.dtype.itemsize < np.dtype(np.float32).itemsize:
        return 2.0**-8 if array.dtype.name == "bfloat16" else 2.0**-11
    return _ROUNDINGS * float(np.finfo(array.dtype).eps) / 2
