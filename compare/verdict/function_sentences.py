"""Sentences on checks of a function: where, what was found there, and what it should be."""

import math
from collections.abc import Sequence

from compare.evidence.local.check import Check
from compare.evidence.local.entries import TYPICAL
from compare.numbers import and_more
from compare.problem.cuts import is_cotangent, place_name

_SOURCES = 2  # that a sentence names
_OTHERS = 3


def located(one: Check) -> str:
    """Says where a check is: 'forward, between `a` and `b`'."""
    if one.kind in ("forward", "backward"):
        before = _cotangents(one) if one.kind == "backward" else one.sources
        start = _listed(before) or ("the loss" if one.kind == "backward" else "the arguments")
        if len(before) > 1:
            return f"{one.kind}, from {start} to `{one.name}`"
        return f"{one.kind}, between {start} and `{one.name}`"
    places = _cotangents(one) if one.kind == "gradient" else one.sources
    return f"{named(one)}, after {_listed(places)}" if places else named(one)


def named(one: Check) -> str:
    """Says what is checked: 'the gradient by `w`'."""
    if one.name == "output":
        return "the output"
    words = {"output": "", "statistic": "the statistic ", "gradient": "the gradient by "}
    words |= {"forward": "", "backward": "the cotangent of "}
    return f"{words[one.kind]}`{one.name}`"


def _cotangents(one: Check) -> list[str]:
    """Returns the places whose cotangents it is computed from."""
    return [place_name(source) for source in one.sources if is_cotangent(source)]


def _listed(names: Sequence[str]) -> str:
    shown = [f"`{name}`" for name in names[:_SOURCES]]
    if len(names) > _SOURCES:
        shown.append(f"{len(names) - _SOURCES} more")
    return " and ".join(shown) if len(shown) < 3 else f"{', '.join(shown[:-1])} and {shown[-1]}"


def told(one: Check) -> str:
    """Says where a check is, and what was found there."""
    return f"{located(one)}: {measured(one)}"


def measured(one: Check) -> str:
    """Says what was found, what is expected, and by how much rounding is exceeded."""
    said = f"{_entry(one)} is {one.found:.9g}, expected {one.expected:.9g}"
    if one.overflown or one.undefined:
        return said
    if math.isinf(one.used):
        return f"{said}, which no rounding explains{_share(one)}"
    if one.used > 1:
        return f"{said}, {_times(one.used)} as far off as rounding explains{_share(one)}"
    times = _times(one.unlikely * TYPICAL)
    return f"{said}, {times} as far off as is usual of rounding, which explains it at most"


def _entry(one: Check) -> str:
    return f"[{', '.join(map(str, one.index))}]" if one.index else "it"


def _share(one: Check) -> str:
    """Says how large the difference is beside the numbers, and how many are off."""
    said = [f"at {one.beyond:,} of {one.entries:,} entries"] if one.entries > 1 else []
    if one.floor and math.isfinite(one.relative) and math.isfinite(one.found):
        said.append(f"by {one.relative:.2g} of the largest")
    return f" ({', '.join(said)})" if said else ""


def _times(number: float) -> str:
    digits = f"{float(f'{number:.2g}'):,.6g}"
    return f"{digits if number < 1e6 else f'{number:.0e}'.replace('e+0', 'e')} times"


def others(checks: Sequence[Check]) -> str:
    """Names more checks that fail by themselves; '' if there are none."""
    if not checks:
        return ""
    shown = "; ".join(located(one) for one in checks[:_OTHERS])
    return f"; wrong too: {shown}{and_more(checks, _OTHERS)}"
