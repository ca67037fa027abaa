"""Weights that were rounded to fewer digits than those of the reference have."""

from collections import defaultdict

import numpy as np

from compare.numbers import first_few
from compare.pairing.roundings import ROUNDINGS, rounded_to
from compare.pairing.search import Search
from compare.pairing.weight_finding import WeightFinding

_SHOWN = 3
_ORDINARY = ("float32", "float64")  # dtypes that a comparison is in, and weights may be rounded to


def tell_rounded(search: Search) -> None:
    """Finds weights that are those of the reference in bfloat16, say; all in one finding."""
    found: dict[str, dict[str, float]] = defaultdict(dict)
    for own in search.arrangements:
        dtype = search.own[own].dtype.name
        to = rounded_to(search.own[own]) if dtype in _ORDINARY else dtype
        off = None if to is None or search.is_constant(own) else _rounding(search, own, to)
        if to is not None and off:
            found[to][own] = off
    for to, worst in found.items():
        search.findings.append(_finding(search, to, worst))


def _rounding(search: Search, own: str, to: str) -> float | None:
    """Returns how much was rounded at most, 0 for nothing; None if the rest is no rounding."""
    arrangement = search.arrangements[own]
    exact = arrangement.of({name: search.theirs[name] for name in arrangement.sources})
    mine = search.own[own]
    expected = ROUNDINGS[to](exact) if to in ROUNDINGS else exact.astype(mine.dtype)
    if not np.array_equal(expected.astype(np.float64), mine.astype(np.float64)):
        return None
    return float(np.max(np.abs(exact.astype(np.float64) - mine), initial=0))


def _finding(search: Search, to: str, worst: dict[str, float]) -> WeightFinding:
    names = list(worst)
    theirs = [name for own in names for name in search.arrangements[own].sources]
    first = " and ".join(f"`{name}`" for name in search.arrangements[names[0]].sources)
    sentence = f"`{names[0]}` is {first} rounded to {to}"
    if len(names) > 1:
        shown = first_few([f"`{name}`" for name in names], _SHOWN)
        sentence = f"{shown} are those of the reference rounded to {to}"
    return WeightFinding(
        names[0], tuple(dict.fromkeys(theirs)), "rounded", sentence, max(worst.values())
    )
