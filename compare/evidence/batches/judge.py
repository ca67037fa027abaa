"""The batches of one implementation, each held against its terms."""

from collections.abc import Mapping

import numpy as np

from compare.evidence.batches.case import BatchCase
from compare.evidence.batches.check import BatchCheck, BatchPlace
from compare.evidence.batches.expected import (
    Expected,
    is_doubtful,
    one_sided,
    ratios,
    unknown,
)
from compare.evidence.rounding.arithmetic import fraction_bits


def judge(
    cases: Mapping[int, BatchCase], *, own_samples: bool, detectable: dict[str, float] | None
) -> BatchCheck:
    """Holds every batch against what it should be.

    Args:
      cases: by first sample, in order.
      own_samples: whether their terms are what the implementation answers for single samples.
      detectable: what change would be seen in the first of them.

    Returns:
      What was found, nothing of it explained.
    """
    found = {start: _of_one(start, case) for start, case in cases.items()}
    sizes = [case.n for case in cases.values()]

    def first(kind: str) -> BatchPlace | None:
        return next((places[kind] for places in found.values() if kind in places), None)

    return BatchCheck(
        own_samples,
        len(found),
        sum("failure" in places for places in found.values()),
        (min(sizes), max(sizes)),
        sum(case.has_bounds for case in cases.values()),
        max((p["worst"] for p in found.values() if "worst" in p), key=_ratio, default=None),
        first("failure"),
        first("doubt"),
        first("unknown"),
        (),
        None if any("failure" in places for places in found.values()) else detectable,
    )


def needs_bounds(case: BatchCase) -> bool:
    """Whether a batch is more than adding up apart from its terms, or is not finite."""
    return not all(case.holds(name) for name in case.found)


def detectable_ulp(case: BatchCase, dtype: np.dtype) -> dict[str, float]:
    """Returns from how many ulp on a change of any one entry of a batch is surely seen.

    They are ulp of the largest entry of the parameter, since entries of a sum may cancel to any
    small number; infinite where nothing is known.
    """
    found = {}
    for name, came in case.found.items():
        right = case.expects(name)
        finite = np.isfinite(came) & np.isfinite(right.value)
        apart = np.where(finite, np.abs(np.where(finite, came, 0) - right.value), 0)
        largest = float(np.abs(np.where(finite, right.value, 0)).max())
        needed = float((right.allowed + case.hidden[name] + apart).max())
        ulp = 2.0 ** (np.floor(np.log2(largest)) - fraction_bits(dtype)) if largest else np.inf
        found[name] = needed / ulp if largest else np.inf
    return {name: float(value) for name, value in found.items()}


def _ratio(place: BatchPlace) -> float:
    return place.ratio


def _of_one(start: int, case: BatchCase) -> dict[str, BatchPlace]:
    """Returns the places of one batch that are worth telling, by what they are."""
    places: dict[str, BatchPlace] = {}
    for name, came in case.found.items():
        right, hidden = case.expects(name), case.hidden[name]
        used = ratios(came, right, hidden)
        lost = one_sided(came, right)
        marks = {
            "failure": np.where(lost, np.inf, np.where(used > 1, used, 0)),
            "doubt": is_doubtful(came, right, hidden),
            "unknown": unknown(came, right),
            "worst": used if case.has_bounds else np.zeros_like(used),
        }
        for kind, mark in marks.items():
            if mark.any():
                place = _place(start, case, name, right, mark)
                places[kind] = max(places.get(kind, place), place, key=_ratio)
    return places


def _place(start: int, case: BatchCase, name: str, right: Expected, by: np.ndarray) -> BatchPlace:
    """Returns the entry of a parameter where something is largest."""
    index = tuple(int(i) for i in np.unravel_index(int(np.argmax(by)), by.shape))
    allowed = right.allowed + case.hidden[name]
    values = (float(array[index]) for array in (case.found[name], right.value, allowed))
    return BatchPlace(start, case.n, name, index, *values)


def worth_explaining(cases: Mapping[int, BatchCase], most: int) -> list[BatchCase]:
    """Returns batches of two samples or more, those that are wrong first; none if none is."""
    several = [case for case in cases.values() if case.n > 1]
    is_wrong = [needs_bounds(case) for case in several]
    wrong, right = (
        [case for case, failed in zip(several, is_wrong, strict=True) if failed is which]
        for which in (True, False)
    )
    return (wrong + right)[:most] if wrong else []
