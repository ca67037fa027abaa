"""Numbers as the terminal, the page and its figures write them: '-' is none, '∞' beyond any."""

import math
from collections.abc import Iterable, Sequence


def number(value: float | str | None) -> str:
    """Two digits of a difference; a text, as of a NaN, as it is."""
    if value is None:
        return "-"
    if isinstance(value, str):
        return value
    return f"{value:.1e}" if value else "0"


def count(value: float | None) -> str:
    """A distance in ulp, or any other count, to be read: 12,345."""
    if value is None:
        return "-"
    return f"{int(value):,}" if value < 10**6 else f"{value:.1e}"


def short_count(value: float | None) -> str:
    """The same in six columns: 12345."""
    if value is None:
        return "-"
    return f"{value:.0f}" if value < 10**6 else f"{value:.0e}"


def ratio(value: float) -> str:
    """Two digits of what is held against an allowance, which is 1."""
    return f"{value:.2g}"


def share(value: float | None) -> str:
    """What part of an allowance is used, null being beyond any."""
    if value is None:
        return "∞"
    if 0 < value < 1e-4:
        return "<0.01 %"
    if value <= 1:
        return f"{100 * value:.2g} %" if value < 0.995 else "100 %"
    return f"{_many(value)} times"


def short_share(value: float | None, failed: int) -> str:
    """The same, so short that it fits into a box."""
    if not failed and value is not None:
        return f"{share(value)} used"
    return f"{'∞' if value is None else _many(value)}×"


def percent(part: int, whole: int) -> str:
    """Returns '58%', rounded down: only all are 100%."""
    return f"{100 * part // whole}%"


def largest_known(values: Iterable[float | None]) -> float | None:
    """The largest number there is; None where none is known."""
    return max((value for value in values if value is not None), default=None)


def largest_ratio(values: Sequence[float | None]) -> float | None:
    """The largest of what is held against an allowance; None, which is beyond any, wins."""
    return None if None in values else largest_known([0.0, *values])


def finite(values: Sequence[float | None]) -> list[float]:
    """Returns null as NaN, which matplotlib leaves out."""
    return [math.nan if value is None else float(value) for value in values]


def _many(value: float) -> str:
    """Three digits of what is over 1."""
    if value >= 1e6:
        return f"{value:.0e}".replace("e+0", "e").replace("e+", "e")
    return f"{float(f'{value:.3g}'):,.0f}" if value >= 100 else f"{value:.3g}"
