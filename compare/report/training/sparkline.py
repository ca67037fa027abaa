"""Shares of what rounding allows, step by step, as one line of characters."""

import math
from collections.abc import Sequence

_LEVELS = "▁▂▃▄▅▆▇█"
_BEYOND = "✗"


def sparkline(shares: Sequence[float | None], width: int) -> str:
    """Returns a character for each share, or for the largest of several where there are many.

    Args:
      shares: of what is allowed; None is beyond any, and over 1 it is beyond.
      width: the most characters.
    """
    each = max(1, math.ceil(len(shares) / width))
    parts = [shares[i : i + each] for i in range(0, len(shares), each)]
    return "".join(_character(part) for part in parts)


def _character(shares: Sequence[float | None]) -> str:
    known = [one for one in shares if one is not None]
    if len(known) < len(shares) or max(known) > 1:
        return _BEYOND
    return _LEVELS[min(int(max(known) * len(_LEVELS)), len(_LEVELS) - 1)]
