"""What a function makes of weights, found by calling it on random numbers."""

from collections.abc import Callable, Mapping

import numpy as np

from compare.pairing.pairing import Pairing
from compare.pairing.pairs import pair

Arrays = Mapping[str, np.ndarray]


def arrangement_of(convert: Callable[[dict[str, np.ndarray]], Arrays], theirs: Arrays) -> Pairing:
    """Finds which entries of the weights of a reference a conversion puts where.

    Args:
      convert: takes the weights of the reference by name, and returns those of the candidate.
      theirs: the weights of the reference; the function is called on others of their shapes.
    """
    generator = np.random.default_rng(0)
    drawn = {
        name: generator.standard_normal(array.shape).astype(array.dtype)
        for name, array in theirs.items()
    }
    return pair(drawn, convert(drawn))
