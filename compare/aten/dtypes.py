"""The dtypes of torch that a program in JAX can have."""

from collections.abc import Mapping
from types import MappingProxyType

import jax.numpy as jnp
import numpy as np
import torch
from jax import dtypes

DTYPES: Mapping[torch.dtype, np.dtype] = MappingProxyType(
    {
        torch.float32: np.dtype(np.float32),
        torch.float64: np.dtype(np.float64),
        torch.bfloat16: np.dtype(jnp.bfloat16),
        torch.float16: np.dtype(np.float16),
        torch.int64: np.dtype(np.int64),
        torch.int32: np.dtype(np.int32),
        torch.int16: np.dtype(np.int16),
        torch.int8: np.dtype(np.int8),
        torch.uint8: np.dtype(np.uint8),
        torch.bool: np.dtype(np.bool_),
    }
)


def jax_dtype(dtype: torch.dtype) -> np.dtype:
    """Returns the dtype that JAX has for one of torch: without x64 none of 64 bits.

    Raises:
      NotImplementedError: for complex and quantised numbers.
    """
    if dtype not in DTYPES:
        known = ", ".join(str(one).removeprefix("torch.") for one in DTYPES)
        raise NotImplementedError(f"expected arrays of {known}, got {dtype}")
    return np.dtype(dtypes.canonicalize_dtype(DTYPES[dtype]))


def default_float() -> np.dtype:
    """Returns the dtype of the quotient of two integers."""
    return jax_dtype(torch.get_default_dtype())


def default_int() -> np.dtype:
    """Returns the dtype of a sum of integers, and of an index."""
    return jax_dtype(torch.int64)


def numpy_dtype(dtype: torch.dtype) -> np.dtype:
    """Returns the dtype of the same name; bfloat16 is that of ml_dtypes.

    Raises:
      TypeError: for a dtype that NumPy does not have, such as those of quantised tensors.
    """
    if dtype not in DTYPES:
        raise TypeError(f"expected a dtype of NumPy, got {dtype}")
    return DTYPES[dtype]
