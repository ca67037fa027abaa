"""Rounding bounds of a function as text: a row for each array, and what stands out in it."""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np

from compare.numbers import counted, number, percent, subscript
from compare.report.text.lines import wrapped

_NAME, _SHAPE = 15, 11  # columns; what is longer has a line of its own
_LEGEND = (
    "A median is that of bound / largest |value|. A bound says nothing if it is as large as the "
    "largest |value| of its row, or infinite."
)


class Bounded(NamedTuple):
    """An array, and how far it may be off."""

    name: str
    value: np.ndarray  # of numbers or booleans
    bounds: tuple[np.ndarray, ...]  # one for each reading, the first of which counts


def format_bounds(arrays: Sequence[Bounded], readings: Sequence[str], *, width: int) -> str:
    """Returns the table, a sentence for each remark, and what the columns are."""
    heads = "".join(f"{f'{reading} bound':>18}" for reading in readings)
    head = [
        f"{'':<{_NAME}} {'':<{_SHAPE}} {'largest':>8}{heads} {'says':>7}",
        f"{'':<{_NAME}} {'shape':<{_SHAPE}} {'|value|':>8}"
        + f"{'largest':>9}{'median':>9}" * len(readings)
        + f" {'nothing':>7}",
    ]
    rows = [line for array in arrays for line in _row(array)]
    said = [wrapped(remark, width, indent=2) for array in arrays for remark in _remarks(array)]
    return "\n".join([*head, *rows, "", *said, *[""] * bool(said), wrapped(_LEGEND, width)])


def _row(array: Bounded) -> Iterator[str]:
    name, value = array.name, array.value
    shape, cells = "x".join(map(str, value.shape)) or "1", [f"{'-':>9}"] * 2 * len(array.bounds)
    if len(name) > _NAME or len(shape) > _SHAPE:
        yield f"{name} {shape}"
        name = shape = ""
    nothing = percent(int(_is_nothing(array).sum()), value.size) if value.size else "-"
    largest = _largest(value) if _has_size(value) else None
    if largest is not None:
        cells = [f"{cell:>9}" for bound in array.bounds for cell in _cells(bound, largest)]
    shown = number(largest if _some_finite(value) else None)
    yield f"{name:<{_NAME}} {shape:<{_SHAPE}} {shown:>8}{''.join(cells)} {nothing:>7}"


def _cells(bound: np.ndarray, largest: float) -> tuple[str, str]:
    median = float(np.median(bound)) / largest if largest else None
    return _shown(float(bound.max())), "-" if median is None else _shown(median)


def _shown(value: float) -> str:
    return "∞" if np.isinf(value) else number(value)


def _has_size(value: np.ndarray) -> bool:
    return value.dtype != bool and value.size > 0


def _some_finite(value: np.ndarray) -> bool:
    return bool(np.isfinite(value.astype(np.float64)).any())


def _largest(value: np.ndarray) -> float:
    """Returns the largest magnitude of what is finite."""
    wide = np.abs(value.astype(np.float64))
    return float(wide.max(where=np.isfinite(wide), initial=0))


def _is_nothing(array: Bounded) -> np.ndarray:
    """Whether a bound says nothing; of a boolean, whether it is uncertain."""
    bound = array.bounds[0]
    if not _has_size(array.value):
        return bound > 0
    largest = _largest(array.value)
    return bound >= (largest or np.inf)


def _remarks(array: Bounded) -> Iterator[str]:
    """Yields a sentence for each thing that a column does not show."""
    value, bound = array.value, array.bounds[0]
    if value.dtype == bool:
        yield from _remark(array, bound > 0, "value", "uncertain")
        return
    finite = np.isfinite(value)
    yield from _remark(array, ~finite, "value", "not finite")
    yield from _remark(array, finite & np.isinf(bound), "bound", "infinite: nothing is known there")


def _remark(array: Bounded, where: np.ndarray, noun: str, what: str) -> Iterator[str]:
    count = int(where.sum())
    if not count:
        return
    verb, tail = ("is", "") if count == 1 else ("are", "the first ")
    place = subscript(tuple(map(int, np.argwhere(where)[0]))) if where.ndim else ""
    at = f", {tail}at {place}" * bool(place)
    state, colon, more = what.partition(":")
    yield (
        f"{array.name}: {count:,} of {counted(where.size, noun)} {verb} {state}{at}{colon}{more}"
    )
