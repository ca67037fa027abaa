"""Arrays with room before, behind and between their entries, as `lax.pad` makes it."""

from collections.abc import Sequence
from typing import Any

import jax.numpy as jnp
import numpy as np
from jax import lax

from compare.evidence.rounding.enclosure import Array

Room = tuple[int, int, int]  # before the first entry, behind the last one, between two


def padded(xp: Any, array: Array, fill: Any, room: Sequence[Room]) -> Array:
    """Makes room on every axis; negative room before and behind takes entries away.

    Args:
      xp: numpy, or jax.numpy under a trace.
      array: whose entries move apart.
      fill: what is put there.
      room: of each axis.
    """
    if xp is not np:
        return lax.pad(jnp.asarray(array), jnp.asarray(fill, array.dtype), list(room))
    sizes, places, kept = [], [], []
    for n, (low, high, between) in zip(array.shape, room, strict=True):
        step = between + 1
        size = low + max((n - 1) * step + 1, 0) + high
        first = max(-(low // step), 0)  # that is not taken away
        last = min((size - 1 - low) // step, n - 1)
        sizes.append(size)
        places.append(slice(low + first * step, max(low + last * step + 1, 0), step))
        kept.append(slice(first, max(last + 1, 0)))
    made = np.full(sizes, fill, array.dtype)
    made[tuple(places)] = array[tuple(kept)]
    return made
