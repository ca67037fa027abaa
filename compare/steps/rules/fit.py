"""One number of a rule, estimated from what steps have made."""

import math
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import jax
import numpy as np

from compare.steps.rules.expected import WEIGHTS, Key
from compare.steps.rules.shares import Steps, compared
from compare.steps.rules.update import update

_ITERATIONS = 12
_DIGITS = 3  # that a number has which somebody has typed
_STEP = 1e-4  # relative, of a difference quotient


class Interval(NamedTuple):
    """All numbers that may explain steps."""

    low: float
    high: float


class Fit:
    """What steps have made, and what rounding explains of that."""

    def __init__(self, steps: Steps, dtype: np.dtype) -> None:
        """Bounds rounding once, by the rules that steps have."""
        self._scales: dict[tuple[int, Key], tuple[np.ndarray, np.ndarray]] = {
            (number, key): (one.found, one.worst + one.floor)
            for number, key, one in compared(steps, dtype)
        }
        self.steps = steps

    def number(self, at: Callable[[float], Steps], starts: tuple[float, ...]) -> Interval | None:
        """Returns the numbers that explain steps, by Gauss and Newton; None if there are none.

        Args:
          at: returns the steps with the rules that have that number.
          starts: where to search from: the one is taken that explains most.
        """
        value = min(starts, key=lambda start: _size(self._residuals(at(start))))
        found: Interval | None = None
        for _ in range(_ITERATIONS):
            small = _STEP * abs(value) or _STEP
            here, there = self._residuals(at(value)), self._residuals(at(value + small))
            slope = (here - there) / small
            known = np.isfinite(slope) & (slope != 0)
            slope, left = slope[known], here[known]
            if not slope.size:
                return None
            found = _intersection(value, slope, left)
            change = float(slope @ left / (slope @ slope))
            if min(starts) > 0 and value + change <= 0:
                change = -value / 2  # a number that is positive stays so
            value += change
            if abs(change) <= 1e-9 * abs(value):
                break
        return found if found is not None and found.low <= found.high else None

    def _residuals(self, steps: Steps) -> np.ndarray:
        """Returns what was made less what is expected, in units of what rounding explains."""
        parts: list[np.ndarray] = [np.zeros(0)]
        state: dict[str, dict[str, Any]] = {}
        for step in steps:
            shown = {slot: group for slot, group in step.state.items() if slot != "count"}
            with jax.enable_x64(True), jax.numpy_dtype_promotion("standard"):
                wide = jax.tree.map(
                    lambda one: np.asarray(one, np.float64),
                    (step.weights, step.gradients, _merged(state, shown), dict(step.new_state)),
                )
                weights, state = update(step.rules, np.asarray(step.number), *wide)
            made = {WEIGHTS: weights, **state}
            for (number, (kind, name)), (found, scale) in self._scales.items():
                if number == step.number and name in made.get(kind, {}):
                    parts.append(np.ravel((found - np.asarray(made[kind][name])) / scale))
        return np.concatenate(parts)


def typed(interval: Interval) -> float | None:
    """Returns the shortest number of an interval, if somebody may have typed it."""
    if interval.low <= 0 <= interval.high:
        return 0.0
    middle = (interval.low + interval.high) / 2
    for digits in range(1, _DIGITS + 1):
        number = float(f"{middle:.{digits}g}")
        if interval.low <= number <= interval.high:
            return number
    return None


def whole(interval: Interval) -> int | None:
    """Returns the only whole number of an interval, if there is one."""
    number = math.ceil(interval.low)
    return number if number <= interval.high < number + 1 else None


def _merged(carried: Mapping[str, Any], shown: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """Puts what a run shows in the place of what was computed."""
    slots = {*carried, *shown}
    return {slot: {**carried.get(slot, {}), **shown.get(slot, {})} for slot in slots}


def _size(residuals: np.ndarray) -> float:
    """How large they are together; it hardly counts by how much one is too large."""
    known = residuals[np.isfinite(residuals)]
    return float(np.log1p(np.abs(known)).sum()) + 1e3 * (residuals.size - known.size)


def _intersection(value: float, slope: np.ndarray, left: np.ndarray) -> Interval:
    """Returns the numbers at which all residuals are at most 1, if they are straight lines."""
    ends = value + (left[:, None] + np.array([-1.0, 1.0])) / slope[:, None]
    return Interval(float(ends.min(axis=1).max()), float(ends.max(axis=1).min()))
