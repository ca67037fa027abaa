"""Where the sample axis is: leading at public functions, last in the evidence itself.

Last, and contiguous in memory, every operation on one number of each sample runs over a long row.
Shape letters: N samples.
"""

from collections.abc import Sequence

import numpy as np


def samples_last(array: np.ndarray) -> np.ndarray:
    """Turns [N, ...] to [..., N]; no copy where memory is in that order already."""
    return np.ascontiguousarray(array.transpose(*range(1, array.ndim), 0))


def layers_last(
    layers: Sequence[tuple[np.ndarray, np.ndarray]],
) -> tuple[tuple[np.ndarray, np.ndarray], ...]:
    """Turns leaves [N, n_in, n_out] and [N, n_out] to [n_in, n_out, N] and [n_out, N]."""
    return tuple((samples_last(w), samples_last(b)) for w, b in layers)
