"""Constants by which a value may be wrong."""

from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import NamedTuple

import numpy as np

from compare.numbers import told_apart

_NAMES = {
    0.0: "0 where the chain rule gives something else: it is missing or detached",
    0.5: "half of what the chain rule gives",
    2.0: "twice what the chain rule gives",
    -1.0: "the negative of what the chain rule gives",
    -0.5: "the negative of half of what the chain rule gives",
    -2.0: "the negative of twice what the chain rule gives",
}


_USUAL = (2.0, 0.5, -1.0)  # that are tried where none can be estimated

_CONSTANT = 1e-7  # relative: how far a constant in float32 is from the number it stands for
_HARDLY = 1e-3  # relative: a factor nearer to one that has a name is neither that nor another
_NEAR = 0.01  # relative: a factor is no more in doubt than that


class Factor(NamedTuple):
    """A constant, and what is said of a value that is wrong by it."""

    value: float
    said: str
    rank: int  # 1 if the number says nothing: it may as well be something else


def factors_between(
    found: np.ndarray, right: np.ndarray, u: float, ways: Mapping[float, str] = MappingProxyType({})
) -> Iterator[Factor]:
    """Yields the one factor that makes the right value what was found.

    It is that of least squares over all entries, (found . right) / (right . right). If a factor
    that has a name or few digits is as near as can be told, that one comes first.

    Args:
      found: [..., N].
      right: [..., N].
      u: unit roundoff of what was found.
      ways: factors that come about in some way, and how.
    """
    squares = float((right * right).sum())
    if not squares or not np.isfinite(squares):
        return
    value = float((found * right).sum()) / squares
    apart = float(((found - value * right) ** 2).sum() / squares) ** 0.5
    near = 1e-6 + 4 * u + min(apart, _NEAR) / max(abs(value), 1e-300)
    for known in (*_NAMES, *ways, *(float(f"{value:.{digits}g}") for digits in (1, 2, 3))):
        if abs(value - known) <= near * abs(known):
            yield _factor(known, known, ways)
            break
    else:
        known = value
    if abs(value - 1) <= near:  # what is right is as near
        return
    apart = min(abs(value - one) / abs(one) for one in (1.0, *_NAMES, *ways) if one)
    if not _CONSTANT < apart < _HARDLY:
        yield _factor(value, known, ways)


def usual_factors() -> Iterator[Factor]:
    """Yields the commonest factors, for where what is right is not known without another cause."""
    return (_factor(value, value, {}) for value in _USUAL)


def _factor(value: float, known: float, ways: Mapping[float, str]) -> Factor:
    """Returns a factor, said as the known one that it is near to."""
    way, name = ways.get(known), _NAMES.get(known)
    number, _ = told_apart(known, float(f"{known:.1g}"), digits=4)
    said = name or f"{number} times what the chain rule gives"
    return Factor(value, said if way is None else f"{said}, {way}", 0 if name or way else 1)
