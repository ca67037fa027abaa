"""The dtypes of torch as those of NumPy and JAX."""

import jax
import numpy as np
import torch


def numpy_dtype(dtype: torch.dtype) -> np.dtype:
    """Returns the dtype of the same name; bfloat16 is that of ml_dtypes.

    Raises:
      TypeError: for a dtype that NumPy does not have, such as those of quantised tensors.
    """
    return np.dtype(jax.numpy.dtype(str(dtype).removeprefix("torch.")))


def jax_dtype(dtype: torch.dtype) -> np.dtype:
    """Returns the dtype that JAX computes in: without x64 one of 32 bits in the place of 64."""
    return np.dtype(jax.dtypes.canonicalize_dtype(numpy_dtype(dtype)))
