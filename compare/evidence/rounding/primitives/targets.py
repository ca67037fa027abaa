"""Where a scatter writes, and writing there."""

from typing import Any, NamedTuple

import numpy as np
from jax.lax import GatherDimensionNumbers, GatherScatterMode

from compare.evidence.rounding.enclosure import Analysis, Array, Enclosure
from compare.evidence.rounding.primitives.index import namespace
from compare.evidence.rounding.primitives.lookup_windows import windows

# what is made of an entry and a number that is written there -> how NumPy and JAX call that
_WAYS = {
    "add": (np.add, "add"),
    "mul": (np.multiply, "multiply"),
    "max": (np.maximum, "max"),
    "min": (np.minimum, "min"),
}


class Targets(NamedTuple):
    """Where a scatter writes.

    Attributes:
      shape: of the array.
      places: in the flat array, in the shape of the numbers to be written; those that are dropped,
        since they would be outside, are one beyond its end.
      nearest: the same, but those outside are moved inside.
      uncertain: whether rounding may change the place, for every reading.
      axes: along which it may.
      numbers: which axes are which, for a lookup at the same places.
    """

    shape: tuple[int, ...]
    places: Array
    nearest: Array
    uncertain: Array
    axes: tuple[int, ...]
    numbers: GatherDimensionNumbers

    def sure(self, uncertain: Array) -> Array:
        """Returns the places, of a reading's uncertain ones that beyond the end."""
        xp = namespace(self.places, uncertain)
        return xp.where(uncertain, int(np.prod(self.shape, dtype=int)), self.places)

    def everywhere(self, way: str, neutral: float, numbers: Array) -> Array:
        """Writes numbers to every entry along the axes: what may come from uncertain places."""
        xp = namespace(numbers, self.nearest)
        made = written(way, xp.full(self.shape, neutral), self.nearest, numbers)
        reduce = {"add": xp.sum, "max": xp.max, "min": xp.min}[way]
        return xp.broadcast_to(reduce(made, axis=self.axes, keepdims=True), self.shape)

    def read(self, array: Array) -> Array:
        """Returns the entries at the places; NaN where what is written is dropped."""
        xp = namespace(array, self.places)
        return xp.concatenate([array.reshape(-1), xp.full(1, np.nan)])[self.places]

    def times(self) -> Array:
        """Returns how many numbers are written to each entry."""
        xp = namespace(self.places)
        return written("add", xp.zeros(self.shape), self.places, np.float64(1))

    def strays(self, uncertain: Array) -> Array:
        """Returns where numbers in a reading's uncertain places may be written."""
        if isinstance(uncertain, np.ndarray) and not uncertain.any():
            return np.zeros(self.shape, bool)
        return self.everywhere("add", 0.0, 1.0 * uncertain) > 0


def targets(analysis: Analysis, eqn: Any, a: Enclosure, index: Enclosure) -> Targets:
    """Finds where an equation writes into a.

    What would be outside is dropped, or moved inside if the equation says so.
    """
    xp, shape, made = analysis.xp, a.value.shape, eqn.invars[2].aval.shape
    numbers = GatherDimensionNumbers(*eqn.params["dimension_numbers"])
    lengths = iter(made[axis] for axis in numbers.offset_dims)
    fixed = (*numbers.collapsed_slice_dims, *numbers.operand_batching_dims)
    sizes = tuple(1 if axis in fixed else next(lengths) for axis in range(len(shape)))
    found = windows(analysis, shape, index, numbers, sizes, made)
    clips = eqn.params["mode"] == GatherScatterMode.CLIP
    end = int(np.prod(shape, dtype=int))
    places = found.places if clips else xp.where(found.inside, found.places, end)
    return Targets(shape, places, found.places, found.uncertain, found.axes, numbers)


def written(way: str, array: Array, places: Array, numbers: Array) -> Array:
    """Returns an array with numbers written to places in it.

    Args:
      way: 'add', 'mul', 'max' or 'min', or 'set', which keeps the last one.
      array: into which.
      places: in the flat array; one beyond the end for numbers that are dropped.
      numbers: in the shape of the places, or one for all.
    """
    xp = namespace(array, places, numbers)
    array, numbers = xp.asarray(array), xp.broadcast_to(numbers, places.shape)
    flat = xp.concatenate([array.reshape(-1), xp.zeros(1, array.dtype)])
    if xp is not np:
        at = flat.at[places]
        flat = at.set(numbers) if way == "set" else getattr(at, _WAYS[way][1])(numbers)
    elif way == "set":
        flat[places] = numbers
    else:
        _WAYS[way][0].at(flat, places, numbers)
    return flat[:-1].reshape(array.shape)
