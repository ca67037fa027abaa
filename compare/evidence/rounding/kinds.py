"""Kinds of dtypes: of floating-point numbers, of booleans, and of keys of random numbers."""

import functools
from typing import Any

import jax
import jax.numpy as jnp


@functools.lru_cache
def is_float(dtype: Any) -> bool:
    """Whether a dtype is one of floating-point numbers."""
    return bool(jnp.issubdtype(dtype, jnp.floating))


@functools.lru_cache
def is_bool(dtype: Any) -> bool:
    """Whether a dtype is that of booleans."""
    return bool(jnp.issubdtype(dtype, jnp.bool_))


@functools.lru_cache
def is_key(dtype: Any) -> bool:
    """Whether a dtype is one of keys of random numbers, which NumPy does not have."""
    return bool(jnp.issubdtype(dtype, jax.dtypes.extended))
