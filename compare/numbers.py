"""Numbers as sentences, tables and figures write them: '-' is none, '∞' beyond any.

A number is never rounded to one that says something else: two that differ look different, what is
under a limit does not look like the limit, and what is needed is rounded up.
"""

import decimal
import math
from collections.abc import Iterable, Sequence

_DIGITS = 17  # that tell any two float64 numbers apart
_MOST_NAMES = 5  # that are listed


def told_apart(*values: float, digits: int = 9) -> tuple[str, ...]:
    """Writes numbers with so many significant digits, or as many more as tell them apart.

    A zero has no sign.
    """
    different = len({repr(value + 0.0) for value in values})
    for precision in range(digits, _DIGITS):
        zeros = "#" * (precision > digits)  # kept at the end, so that digits stand below digits
        texts = tuple(f"{value:z{zeros}.{precision}g}" for value in values)
        if len(set(texts)) == different:
            return texts
    return tuple(f"{value:z#.{_DIGITS}g}" for value in values)


def times(ratio: float) -> str:
    """How many times as large as an allowance, more than once or not."""
    return told_apart(ratio, 1.0, digits=3)[0] if ratio < 1e6 else "more than a million"


def rounded_up(value: float, *, digits: int) -> float:
    """Returns the smallest number of so many significant digits that is no smaller than it."""
    rounding = decimal.Context(prec=digits, rounding=decimal.ROUND_CEILING)
    return float(rounding.create_decimal(repr(float(value))))


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


def needed_count(value: float | None) -> str:
    """A count from which on something holds, rounded up, in six columns."""
    if value is None or not math.isfinite(value):
        return "-" if value is None else f"{value}"
    return f"{math.ceil(value):,}" if value <= 99_999 else f"{rounded_up(value, digits=1):.0e}"


def ratio(value: float, form: str = ".2g") -> str:
    """Two digits of what is held against 1; what is close to it is '<1' or '>1'."""
    text = f"{value:{form}}"
    if float(text) != 1 or value == 1:
        return text
    return "<1" if value < 1 else ">1"


def share(value: float | None) -> str:
    """What part of an allowance is used, null being beyond any."""
    if value is None:
        return "∞"
    if 0 < value < 1e-4:
        return "<0.01 %"
    if value < 1:
        return f"{100 * value:.2g} %" if value < 0.995 else ">99 %"
    if value == 1:
        return "100 %"
    return f"{_many(value)} times"


def share_at_most(value: float) -> str:
    """The same of what is at most all of it, rounded up."""
    return f"{100 * rounded_up(value, digits=2):.2g} %" if value < 0.99 else "100 %"


def short_share(value: float | None, failed: int) -> str:
    """The same, so short that it fits into a box."""
    if not failed and value is not None:
        return f"{share(value)} used"
    return f"{'∞' if value is None else _many(value)}×"


def subscript(index: Sequence[int]) -> str:
    """Returns '[0,2]', or nothing for a number that has no entries."""
    return f"[{','.join(map(str, index))}]" if index else ""


def entry(quantity: str, index: Sequence[int]) -> str:
    """Returns 'w1[0,2]'."""
    return f"{quantity}{subscript(index)}"


def counted(count: int, noun: str, plural: str | None = None) -> str:
    """Returns '1 sample' or '1,234 samples'."""
    return f"{count:,} {noun if count == 1 else plural or f'{noun}s'}"


def listed(names: Sequence[str]) -> str:
    """Returns 'a', 'a and b', 'a, b and c', or 'a, b, ... and z' of many."""
    if len(names) > _MOST_NAMES:
        names = [*names[:2], "...", names[-1]]
    return " and ".join([", ".join(names[:-1]), names[-1]] if len(names) > 1 else names)


def first_few(names: Sequence[str], most: int) -> str:
    """Returns 'a, b and 3 more': so many names, and how many there are besides."""
    return ", ".join(names[:most]) + and_more(names, most)


def and_more(items: Sequence[object], shown: int = 1) -> str:
    """Returns ' and 3 more' of items of which only some are shown; '' if all are."""
    return f" and {len(items) - shown:,} more" if len(items) > shown else ""


def percent(part: int, whole: int) -> str:
    """Returns '58%', rounded down: only all are 100%, and only none are 0%."""
    return f"{100 * part // whole}%" if 100 * part >= whole or not part else "<1%"


def largest_known(values: Iterable[float | None]) -> float | None:
    """The largest number there is; None where none is known."""
    return max((value for value in values if value is not None), default=None)


def largest_error(values: Sequence[float | None]) -> float | None:
    """The largest of errors, of which None is one that is not finite; None if there are none."""
    return math.nan if None in values else largest_known(values)


def largest_ratio(values: Sequence[float | None]) -> float | None:
    """The largest of what is held against an allowance; None, which is beyond any, wins."""
    return None if None in values else largest_known([0.0, *values])


def finite(values: Sequence[float | None]) -> list[float]:
    """Returns null as NaN, which matplotlib leaves out."""
    return [math.nan if value is None else float(value) for value in values]


def _many(value: float) -> str:
    """Three digits of what is over 1, one of millions."""
    if value > 1e9:
        return "∞" if math.isinf(value) else ">1e9"
    if value >= 1e6:
        return f"{value:.0e}".replace("e+0", "e").replace("e+", "e")
    return f"{float(f'{value:.3g}'):,.0f}" if value >= 100 else times(value)
