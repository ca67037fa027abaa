"""How much of what rounding allows end to end the differences of a pair use."""

import dataclasses
from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np

from compare.evidence.differences.metrics import Worst, differ_in_kind
from compare.evidence.rounding.print_rounding import hidden_in
from compare.evidence.rounding.tiles import Tile, tiles

TYPICAL_LIMIT = 4.0  # a difference of more than so many typical errors is worth a look


class Allowance(NamedTuple):
    """How far a computed gradient may be from the exact one: arrays [N, ...], by parameter."""

    worst: dict[str, np.ndarray]  # proved bounds
    typical: dict[str, np.ndarray]  # the scale that real errors have


def largest_of(allowances: Sequence[Allowance]) -> Allowance:
    """Returns the larger allowance of every entry."""

    def largest(*named: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
        return {name: np.maximum.reduce([one[name] for one in named]) for name in named[0]}

    return allowances[0] if len(allowances) == 1 else Allowance(*map(largest, *allowances))


def where_not_finite(
    values: Mapping[str, np.ndarray], allowance: Allowance, other: Allowance
) -> Allowance:
    """Returns the allowance for entries that are not finite, and the other one for the rest.

    Args:
      values: [N, ...], by parameter.
      allowance: by the same parameters.
      other: by these, and by others too.
    """
    chosen = [
        {name: np.where(np.isfinite(array), b[name], a[name]) for name, array in values.items()}
        for a, b in zip(allowance, other, strict=True)
    ]
    return Allowance(*({**of, **one} for of, one in zip(other, chosen, strict=True)))


def with_printed(
    allowance: Allowance, printed: Mapping[str, np.ndarray], values: Mapping[str, np.ndarray]
) -> Allowance:
    """Returns an allowance for printed numbers.

    Args:
      allowance: for the numbers as they were computed.
      printed: half a unit of the last printed digit, [N, ...], by parameter. Parameters that were
        not printed may be left out.
      values: the numbers as they were read, [N, ...], in the dtype of the arithmetic.
    """
    hidden = {name: hidden_in(values[name], e) for name, e in printed.items()}
    worst = {name: allowance.worst[name] + e for name, e in hidden.items()}
    typical = {name: np.hypot(allowance.typical[name], e) for name, e in hidden.items()}
    return Allowance({**allowance.worst, **worst}, {**allowance.typical, **typical})


@dataclasses.dataclass(frozen=True)
class BoundRatio:
    """How the differences of one parameter of a pair compare with their allowances.

    An entry is one-sided if only one of the two is finite, or if they are opposite infinities. It
    is explained if every one that is not finite may have overflowed: its allowance is infinite.
    """

    name: str
    worst_ratio: float  # max |a - b| / (e_a + e_b): over 1 no rounding explains it
    sample: int  # that has it
    index: tuple[int, ...]
    typical_ratio: float
    entries: int
    vacuous: int  # entries whose allowance exceeds the largest entry of their sample
    one_sided: int = 0  # entries that are one-sided
    unexplained: int = 0  # how many of them are not explained
    first_one_sided: Worst | None = None  # the first unexplained one, if any; its value is unused
    dtypes: tuple[str, str] = ("", "")  # of a and of b


def bound_ratio(
    name: str,
    a: np.ndarray,
    b: np.ndarray,
    of_a: Allowance,
    of_b: Allowance,
    *,
    samples: np.ndarray,
) -> BoundRatio:
    """Divides |a - b| by the sum of both allowances.

    Args:
      name: of the parameter.
      a: [N, ...].
      b: [N, ...].
      of_a: the allowance of a.
      of_b: the allowance of b.
      samples: [N], the numbers of the samples.
    """
    allowed = (of_a.worst[name], of_b.worst[name], of_a.typical[name], of_b.typical[name])
    largest = _largest_entries(a, b)
    found = [_tile_ratios(tile, a, b, allowed, largest) for tile in tiles(a.shape)]
    first = found[int(np.argmax([one.worst for one in found]))]  # NaN is above all
    row, *index = first.place
    one_sided: tuple[int, int, Worst | None] = (0, 0, None)
    if not all(one.finite for one in found):
        one_sided = _one_sided(a.astype(np.float64), b.astype(np.float64), *allowed[:2], samples)
    return BoundRatio(
        name,
        first.worst,
        int(samples[row]),
        tuple(index),
        float(np.max([one.typical for one in found])),
        a.size,
        sum(one.vacuous for one in found),
        *one_sided,
        (a.dtype.name, b.dtype.name),
    )


class _TileRatios(NamedTuple):
    """What `bound_ratio` finds in one tile."""

    worst: float
    place: tuple[int, ...]  # of it in the whole array
    typical: float
    vacuous: int
    finite: bool  # whether all entries are


def _largest_entries(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Returns the largest magnitude in every sample, of entries that both have finite, [N]."""
    largest = np.zeros(len(a))
    for tile in tiles(a.shape):
        sizes = np.maximum(*(np.abs(one[tile].astype(np.float64)) for one in (a, b)))
        rows = sizes.reshape(len(sizes), -1)
        of_rows = rows.max(axis=1)
        if not np.isfinite(of_rows).all():
            of_rows = np.where(np.isfinite(rows), rows, 0).max(axis=1)
        largest[tile[0]] = np.maximum(largest[tile[0]], of_rows)
    return largest


def _tile_ratios(
    tile: Tile,
    a: np.ndarray,
    b: np.ndarray,
    allowed: Sequence[np.ndarray],
    largest: np.ndarray,
) -> _TileRatios:
    """Divides the entries of a tile; allowed are the worst of a and of b, and the typical ones."""
    a, b = a[tile], b[tile]
    worst_a, worst_b, typical_a, typical_b = (one[tile] for one in allowed)
    largest = largest[tile[0]].reshape(-1, *(1,) * (a.ndim - 1))
    distance, finite = distances(a, b)
    worst = worst_a + worst_b
    vacuous = (worst > largest) & (largest > 0)
    if finite is not None:
        vacuous &= finite
    flat, ratio, likely = 0, 0.0, 0.0
    if distance.any():
        ratios = over(distance, worst)
        flat = int(np.argmax(ratios))
        ratio, likely = float(ratios.flat[flat]), _largest_typical(distance, typical_a, typical_b)
    local = np.unravel_index(flat, a.shape)
    starts = (*(one.start for one in tile), *(0,) * (a.ndim - len(tile)))
    place = tuple(int(i) + start for i, start in zip(local, starts, strict=True))
    return _TileRatios(ratio, place, likely, int(np.count_nonzero(vacuous)), finite is None)


def _largest_typical(distance: np.ndarray, a: np.ndarray, b: np.ndarray) -> float:
    """Returns max distance / hypot(a, b), of which only entries that may have it are worked out.

    The root of a^2 + b^2 is the larger of the two at least, and sqrt(2) times that at most.
    """
    most = over(distance, np.maximum(a, b))
    here = ~(most < most.max() / 1.5)
    return float(over(distance[here], np.hypot(a[here], b[here])).max())


def distances(a: np.ndarray, b: np.ndarray) -> tuple[np.ndarray, np.ndarray | None]:
    """Returns |a - b| in float64, 0 where one is not finite; and where both are, if not all."""
    wide_a, wide_b = a.astype(np.float64), b.astype(np.float64)
    with np.errstate(all="ignore"):
        distance = np.abs(np.subtract(wide_a, wide_b, out=wide_a), out=wide_a)
    if np.isfinite(distance.max(initial=0.0)):
        return distance, None
    finite = np.isfinite(a) & np.isfinite(b)
    return np.where(finite, distance, 0), None if finite.all() else finite


def over(distance: np.ndarray, allowed: np.ndarray) -> np.ndarray:
    """Returns distance / allowed, and 0 where nothing differs."""
    with np.errstate(all="ignore"):
        ratio = distance / allowed
    return np.where(distance > 0, ratio, 0) if np.isnan(ratio.max(initial=0.0)) else ratio


def _one_sided(
    a: np.ndarray, b: np.ndarray, allowed_a: np.ndarray, allowed_b: np.ndarray, samples: np.ndarray
) -> tuple[int, int, Worst | None]:
    """Returns how many entries are one-sided, how many of them unexplained, and the first one."""
    one_sided = differ_in_kind(a, b)
    if not one_sided.any():
        return 0, 0, None
    explained = (np.isfinite(a) | np.isinf(allowed_a)) & (np.isfinite(b) | np.isinf(allowed_b))
    unexplained = one_sided & ~explained
    flat = int(np.argmax(unexplained if unexplained.any() else one_sided))
    row, *index = (int(i) for i in np.unravel_index(flat, a.shape))
    first = Worst(1.0, int(samples[row]), tuple(index), float(a.flat[flat]), float(b.flat[flat]))
    return int(np.count_nonzero(one_sided)), int(np.count_nonzero(unexplained)), first


def merge(earlier: BoundRatio, later: BoundRatio) -> BoundRatio:
    """Joins two sets of samples, in any order; of equal ratios, the lower sample's is kept."""
    worst = max(earlier, later, key=lambda one: (one.worst_ratio, -one.sample))
    return dataclasses.replace(
        worst,
        typical_ratio=max(earlier.typical_ratio, later.typical_ratio),
        entries=earlier.entries + later.entries,
        vacuous=earlier.vacuous + later.vacuous,
        one_sided=earlier.one_sided + later.one_sided,
        unexplained=earlier.unexplained + later.unexplained,
        first_one_sided=_first_one_sided(earlier, later),
    )


def _first_one_sided(one: BoundRatio, other: BoundRatio) -> Worst | None:
    known = [
        (not bound.unexplained, bound.first_one_sided.sample, bound.first_one_sided)
        for bound in (one, other)
        if bound.first_one_sided is not None
    ]
    return min(known, key=lambda found: found[:2])[-1] if known else None
