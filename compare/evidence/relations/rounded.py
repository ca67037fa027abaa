"""Whether the numbers of one array are those of another, rounded to fewer digits."""

from types import MappingProxyType

import numpy as np

from compare.formats.matching import ArrayPair

# Kind -> how many digits are tried: bits of the significand, decimals, significant digits.
_DTYPES = {"bfloat16": (8, -133), "float16": (11, -24), "float32": (24, -149)}  # last: subnormal
ROUNDINGS = MappingProxyType(
    {**dict.fromkeys(_DTYPES, (0.0,)), "decimals": range(9), "significant": range(1, 8)}
)
_FLOAT32 = 2.0**-22  # what rounding leaves of a decimal fraction in float32, and a bit more
_NEAR = 1 + 2.0**-6  # times half a unit, where numbers were close to a tie before they were rounded
_COARSE = 64  # times what a number may be off, a unit is seen


def is_rounded(kind: str, digits: float, pair: ArrayPair) -> np.ndarray:
    """Returns which numbers of b are those of a rounded, or rounded already, [...] bool.

    Args:
      kind: one of ROUNDINGS.
      digits: as many, of decimals and significant digits.
      pair: [...] in float64, of which b must be exact.
    """
    unit, slack = _unit(kind, digits, pair.b), _slack(kind, pair.b)
    whole = np.abs(pair.b / unit - np.rint(pair.b / unit)) * unit <= slack
    near = np.abs(pair.a - pair.b) <= _NEAR * unit / 2 + slack + pair.half_a
    same = (pair.a == pair.b) | (np.isnan(pair.a) & np.isnan(pair.b))
    return same & ~np.isfinite(pair.b) | (whole & near & (pair.half_b == 0))


def bits_of_rounding(kind: str, digits: float, pair: ArrayPair) -> np.ndarray:
    """Returns how much numbers of b show that they were rounded, each in bits.

    Counted are numbers that were others before, and that would not look rounded by chance; none if
    all are nearer to 0 than before, as if digits were cut off.
    """
    unit, slack = _unit(kind, digits, pair.b), _slack(kind, pair.b) + pair.half_a
    moved = np.isfinite(pair.b) & (np.abs(pair.a - pair.b) > 2 * slack)
    seen = moved & (unit > _COARSE * slack) & (np.abs(pair.b) > unit)
    seen &= (np.abs(pair.b) > np.abs(pair.a))[seen].any()
    return np.log2(np.abs(pair.b[seen]) / unit[seen])


def _unit(kind: str, digits: float, values: np.ndarray) -> np.ndarray:
    """Returns a unit of the last digit that is left of each number, [...]."""
    if kind == "decimals":
        return np.full(values.shape, 10.0**-digits)
    size = np.where(np.isfinite(values) & (values != 0), np.abs(values), 1.0)
    if kind == "significant":
        return np.asarray(10.0 ** (np.floor(np.log10(size)) + 1 - digits))
    bits, smallest = _DTYPES[kind]
    return np.ldexp(1.0, np.maximum(np.frexp(size)[1] - bits, smallest))


def _slack(kind: str, values: np.ndarray) -> np.ndarray:
    """Returns how far a rounded number may be from what it stands for: 0 for binary ones."""
    return np.abs(values) * (0.0 if kind in _DTYPES else _FLOAT32)
