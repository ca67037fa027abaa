"""One number of a rule, estimated from what steps have made."""

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import jax
import numpy as np

from compare.steps.rules.expected import WEIGHTS, Key
from compare.steps.rules.shares import Steps, compared, recorded
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
        """Returns the numbers that explain steps, by Gauss-Newton; None if there are none.

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
        parts = [np.zeros(0)]
        for step, made in zip(steps, _made(steps), strict=True):
            for (number, (kind, name)), (found, scale) in self._scales.items():
                if number == step.number and name in made.get(kind, {}):
                    parts.append(np.ravel((found - np.asarray(made[kind][name])) / scale))
        return np.concatenate(parts)


def least_squares(at: Callable[[np.ndarray], Steps], start: Sequence[float]) -> np.ndarray:
    """Returns the numbers of a rule that come nearest to what steps have made.

    Args:
      at: returns the steps with the rules that have those numbers.
      start: where to search from.
    """
    values = np.array(start, np.float64)
    for _ in range(_ITERATIONS):
        here = _relative(at(values))
        columns = []
        for i, value in enumerate(values):
            small = _STEP * abs(value) or _STEP
            moved = values + small * (np.arange(values.size) == i)
            columns.append((here - _relative(at(moved))) / small)
        slopes = np.stack(columns, axis=1)
        known = np.isfinite(here) & np.isfinite(slopes).all(axis=1)
        change = np.linalg.lstsq(slopes[known], here[known], rcond=None)[0]
        change = np.clip(change, -0.9 * np.abs(values), 9 * np.abs(values) + 1e-9)
        values += change
        if np.all(np.abs(change) <= 1e-9 * np.abs(values)):
            break
    return values


def _relative(steps: Steps) -> np.ndarray:
    """Returns what steps have made less what is expected, in units of how far they moved."""
    parts = [np.zeros(0)]
    for step, made in zip(steps, _made(steps), strict=True):
        for kind, arrays in made.items():
            before = step.weights if kind == WEIGHTS else step.state.get(kind, {})
            for name, array in arrays.items():
                found = recorded(step, (kind, name))
                if found is not None:
                    wide = np.asarray(found, np.float64)
                    moved = np.abs(wide - np.asarray(before.get(name, 0.0), np.float64)).max()
                    parts.append(np.ravel(wide - np.asarray(array)) / (moved or 1.0))
    return np.concatenate(parts)


def _made(steps: Steps) -> Iterator[dict[str, Mapping[str, Any]]]:
    """Yields what rules make at each step, in float64; state that is not shown is carried."""
    state: dict[str, dict[str, Any]] = {}
    for step in steps:
        shown = {slot: group for slot, group in step.state.items() if slot != "count"}
        with np.errstate(all="ignore"):
            wide = jax.tree.map(
                lambda one: np.asarray(one, np.float64),
                (step.weights, step.gradients, _merged(state, shown), dict(step.new_state)),
            )
            weights, state = update(step.rules, np.asarray(step.number), *wide)
        yield {WEIGHTS: weights, **state}


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
