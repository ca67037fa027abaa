"""What came out where a library's arrays were held against their bounds."""

import statistics
from typing import NamedTuple

import numpy as np

LIBRARIES = ("jit", "eager", "torch", "float64")
_SLACK = 1 + 1e-8  # the truth, of float64, is a 2^-29 of float32's roundings off


class Comparison(NamedTuple):
    """One array of a library, the truth and its bounds."""

    library: str
    dtype: np.dtype
    name: str  # '[0]' is of the results, '[1]' of the gradient
    found: np.ndarray
    truth: np.ndarray
    worst: np.ndarray
    typical: np.ndarray


class Tally(NamedTuple):
    """What came out for a function."""

    entries: int = 0
    unbounded: int = 0  # entries of which nothing is said: their bound is infinite
    compared: int = 0  # in all libraries together
    violations: int = 0
    worst: tuple[float, ...] = (0.0,) * len(LIBRARIES)  # largest error / worst, by library
    typical: float = 0.0  # largest error / typical, in float32
    slacks: tuple[float, ...] = ()  # largest bound / largest error, of each array in float32
    milliseconds: tuple[float, ...] = ()  # of each draw in float32
    first: str = ""  # violation, in words

    @property
    def slack(self) -> float | None:
        """The median of slacks; None if there was no error at all."""
        return statistics.median(self.slacks) if self.slacks else None


def tally_of(one: Comparison) -> Tally:
    """Counts where an array is further from the truth than its bound, and measures both."""
    assert one.found.shape == one.truth.shape, f"{one.library}: {one.found.shape}"
    with np.errstate(all="ignore"):
        error = np.abs(one.found - one.truth)
        right = (error <= one.worst * _SLACK) | np.isinf(one.worst) | (one.found == one.truth)
        right |= np.isnan(one.found) & np.isnan(one.truth)
        worst, typical = (
            _largest(np.where(error > 0, error / bound, 0)) for bound in (one.worst, one.typical)
        )
    is_program = one.dtype == np.float32 and one.library != "float64"
    largest = _largest(error)
    return Tally(
        compared=right.size,
        violations=int(np.count_nonzero(~right)),
        worst=tuple(worst if library == one.library else 0.0 for library in LIBRARIES),
        typical=typical if is_program else 0.0,
        slacks=(_largest(one.worst) / largest,) if is_program and largest > 0 else (),
        first="" if right.all() else _worded(one, ~right),
    )


def _largest(values: np.ndarray) -> float:
    """Returns the largest of numbers that are not NaN, and 0 if there are none."""
    return float(np.fmax.reduce(values, axis=None, initial=0))


def _worded(one: Comparison, wrong: np.ndarray) -> str:
    place = tuple(int(i) for i in np.argwhere(wrong)[0])
    return (
        f"{one.library} {one.dtype.name}, {one.name} at {list(place)}: "
        f"{float(one.found[place])!r} is more than {float(one.worst[place])!r} "
        f"from {float(one.truth[place])!r}"
    )


def joined(a: Tally, b: Tally) -> Tally:
    """Adds up two tallies."""
    return Tally(
        a.entries + b.entries,
        a.unbounded + b.unbounded,
        a.compared + b.compared,
        a.violations + b.violations,
        tuple(map(max, a.worst, b.worst)),
        max(a.typical, b.typical),
        a.slacks + b.slacks,
        a.milliseconds + b.milliseconds,
        a.first or b.first,
    )
