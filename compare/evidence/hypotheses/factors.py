"""Constants by which a value may be wrong."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import NamedTuple

import numpy as np

_NAMES = {
    0.0: "0 where the chain rule gives something else: it is missing or detached",
    0.5: "half of what the chain rule gives",
    2.0: "twice what the chain rule gives",
    -1.0: "the negative of what the chain rule gives",
    -0.5: "the negative of half of what the chain rule gives",
    -2.0: "the negative of twice what the chain rule gives",
}


_NEAR = 0.01  # relative: a factor is no more in doubt than that


class Factor(NamedTuple):
    """A constant, and what is said of a value that is wrong by it."""

    value: float
    said: str
    rank: int  # 1 if the number says nothing: it may as well be something else


def factor_between(
    found: np.ndarray, right: np.ndarray, u: float, ways: Mapping[float, str] = MappingProxyType({})
) -> Factor | None:
    """Returns the one factor that makes the right value what was found; None if it is 1.

    It is that of least squares over all entries, (found . right) / (right . right), or one that has
    a name or few digits and is as near as u tells.

    Args:
      found: [..., N].
      right: [..., N].
      u: unit roundoff of what was found.
      ways: factors that come about in some way, and how.
    """
    squares = float((right * right).sum())
    if not squares or not np.isfinite(squares):
        return None
    value = float((found * right).sum()) / squares
    apart = float(((found - value * right) ** 2).sum() / squares) ** 0.5
    near = 1e-6 + 4 * u + min(apart, _NEAR) / max(abs(value), 1e-300)
    for known in (*_NAMES, *ways, *(float(f"{value:.{digits}g}") for digits in (1, 2, 3))):
        if abs(value - known) <= near * abs(known):
            value = known
            break
    if f"{value:.4g}" == "1":
        return None
    way, name = ways.get(value), _NAMES.get(value)
    said = name or f"{value:.4g} times what the chain rule gives"
    rank = 0 if name or way else 1
    return Factor(value, said if way is None else f"{said}, {way}", rank)
