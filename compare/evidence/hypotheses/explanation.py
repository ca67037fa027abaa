"""What explains a gradient that failed its certificate, as plain data."""

from typing import NamedTuple

import numpy as np

_FAILED = 0  # the sample that is explained, of those at hand
WHOLE = "the gradient"  # where all quantities are wrong alike


class Figures(NamedTuple):
    """The entry of a wrong quantity that is furthest off, in the first sample that failed."""

    quantity: str  # 'x', 'h1', 'yhat', 'delta2', 'dL/dw2' or 'dL/db2'
    layer: int  # whose gradient shows it, from 1
    place: tuple[int, ...]
    found: float  # NaN in a step that the gradient does not show
    expected: float  # NaN in a step that follows from something unknown

    def turned(self) -> "Figures":
        """Returns it with the place of an entry in the other layout."""
        return self._replace(place=self.place[::-1])


class Cause(NamedTuple):
    """One thing that was done in place of what is right."""

    quantities: tuple[str, ...]  # that are wrong by it, in the order in which they are computed
    said: str  # continues 'delta2 of mine is ...' or 'delta1 and delta2 of mine are ...'


class Step(NamedTuple):
    """One quantity of the first sample that failed, on the way forward or back."""

    figures: Figures  # of the entry that is furthest off, even where that is rounding
    holds: bool


class Explanation(NamedTuple):
    """The causes under which all samples are certified, in the order of the data.

    There are none if nothing that was tried fits, or if too much does.
    """

    causes: tuple[Cause, ...]
    figures: Figures | None  # of the first cause, or of the first quantity that is wrong
    is_complete: bool  # whether all there is was tried
    steps: tuple[Step, ...] = ()  # from x to delta1; none if it is not one quantity that is wrong
    are_many: bool = False  # whether there are so many that fit alike that none is told


def figures(quantity: str, layer: int, found: np.ndarray, right: np.ndarray) -> Figures:
    """Returns the entry of the failed sample that is furthest off; the sample axis is last."""
    found, right = found[..., _FAILED], right[..., _FAILED]
    flat = int(np.argmax(np.abs(found - right)))
    place = tuple(int(i) for i in np.unravel_index(flat, found.shape))
    return Figures(quantity, layer, place, float(found[place]), float(right[place]))
