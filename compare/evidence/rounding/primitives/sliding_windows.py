"""The windows that slide over an array."""

from typing import Any, NamedTuple

import numpy as np

from compare.evidence.rounding.enclosure import Analysis, Array, Enclosure
from compare.evidence.rounding.primitives.padding import padded


class Windows(NamedTuple):
    """Where the entries of every window are.

    Attributes:
      places: [*shape of the result, entries of a window], in the flat array; its size for padding.
      shape: of the array.
    """

    places: np.ndarray
    shape: tuple[int, ...]

    def of(self, xp: Any, array: Array, fill: Any) -> Array:
        """Returns the entries of every window, and `fill` for padding."""
        flat = array.reshape(-1)
        return xp.concatenate([flat, xp.full(1, fill, flat.dtype)])[self.places]

    def opened(self, analysis: Analysis, a: Enclosure, fill: Enclosure) -> Enclosure:
        """Returns the entries of every window of an enclosure."""

        def errors(error: Array, of_fill: Array) -> Array:
            return self.of(analysis.xp, error, of_fill)

        value = self.of(analysis.xp, a.value, fill.value)
        return Enclosure(value, analysis.each(errors, a.error, fill.error))

    def gathered(self, xp: Any, entries: Array) -> Array:
        """Returns for every entry of the array the sum of what windows have for it."""
        size = int(np.prod(self.shape, dtype=int))
        if xp is np:
            made = np.bincount(self.places.ravel(), entries.ravel(), minlength=size + 1)
        else:
            made = xp.zeros(size + 1).at[self.places].add(entries)
        return made[:size].reshape(self.shape)

    @property
    def overlap(self) -> int:
        """In how many windows an entry of the array is, at most."""
        return int(self.gathered(np, np.ones(self.places.shape)).max(initial=0))


def windows_of(eqn: Any, shape: tuple[int, ...]) -> Windows:
    """Returns the windows of an equation over an array of a shape."""
    params, ndim = eqn.params, len(shape)
    base, inside = (params.get(f"{name}_dilation") or (1,) * ndim for name in ("base", "window"))
    size = int(np.prod(shape, dtype=int))
    room = [(*ends, spread - 1) for ends, spread in zip(params["padding"], base, strict=True)]
    places = padded(np, np.arange(size).reshape(shape), size, room)
    index = []
    for axis, (n, step, d) in enumerate(
        zip(params["window_dimensions"], params["window_strides"], inside, strict=True)
    ):
        count = max((places.shape[axis] - (n - 1) * d - 1) // step + 1, 0)
        along = np.arange(count)[:, None] * step + np.arange(n) * d
        axes = [1] * (2 * ndim)
        axes[axis], axes[ndim + axis] = along.shape
        index.append(along.reshape(axes))
    found = places[tuple(index)]
    entries = int(np.prod(params["window_dimensions"], dtype=int))
    return Windows(found.reshape(*found.shape[:ndim], entries), shape)
