"""Numbers as strict JSON, which has neither NaN nor infinity."""

import math


def number_or_null(value: float | None) -> float | None:
    """A finite number as it is; null for "none" and for "beyond any number"."""
    return value if value is not None and math.isfinite(value) else None


def number(value: float) -> float | str:
    """A finite number as it is, another as the string 'nan', 'inf' or '-inf'."""
    return value if abs(value) < float("inf") else str(value)
