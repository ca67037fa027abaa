"""Constants in the text of a program, which another library may hold with more digits."""

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from compare.evidence.rounding.kinds import is_float


def is_rounded(value: Any) -> bool:
    """Whether an array that a jaxpr holds is a lone number that the program may have rounded.

    Of 0.1, in Python, a jaxpr shows what the dtype holds. Which numbers these are is a guess: those
    that take more than half of the bits of their dtype, as 0, -1, 0.5 and 3 do not, but for the
    largest. All libraries hold the same float64 numbers.
    """
    dtype = value.dtype
    if isinstance(value, jax.core.Tracer) or np.ndim(value) or not is_float(dtype):
        return False
    number, info = float(np.asarray(value, np.float64)), jnp.finfo(dtype)
    if dtype == np.float64 or abs(number) == float(info.max):
        return False
    fraction = np.frexp(number)[0] * 2 ** ((int(info.nmant) + 1) // 2)
    return bool(fraction != np.rint(fraction))
