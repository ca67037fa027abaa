"""In which dtype torch computes: dimensions count more than none, and arrays more than numbers.

JAX has other rules: a float64 array without dimensions makes float64 of a float32 array there.
"""

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax

from compare.aten.dtypes import default_float, default_int


def result_dtype(*operands: Any) -> np.dtype:
    """Returns the dtype of the result of arrays and Python's numbers, as `torch.result_type`."""
    groups: tuple[list[np.dtype], ...] = ([], [], [])  # the first counts most
    for one in operands:
        rank = 2 if not _is_array(one) else 0 if one.ndim else 1
        groups[rank].append(np.dtype(one.dtype) if _is_array(one) else _dtype_of_number(one))
    found: np.dtype | None = None
    for group in groups:
        if group:
            lower = _joined(group)
            found = lower if found is None or _kind(lower) > _kind(found) else found
    assert found is not None
    return found


def promoted(*operands: Any) -> tuple[Any, ...]:
    """Returns operands in the dtype of their result, and arrays of one rank.

    Python's numbers stay what they are, so that it shows where a dtype holds fewer digits of them.
    """
    return _in_dtype(operands, result_dtype(*operands))


def promoted_floats(*operands: Any) -> tuple[Any, ...]:
    """Returns the same in a dtype of floating-point numbers."""
    dtype = result_dtype(*operands)
    return _in_dtype(operands, dtype if _kind(dtype) == _FLOAT else default_float())


def floating(x: Any) -> Any:
    """Returns x itself, or integers and booleans as floating-point numbers."""
    return x if jnp.issubdtype(x.dtype, jnp.floating) else x.astype(default_float())


def same_rank(*operands: Any) -> tuple[Any, ...]:
    """Returns arrays of one rank, which JAX can be set to demand; others as they are."""
    rank = max((one.ndim for one in operands if _is_array(one)), default=0)
    return tuple(
        lax.expand_dims(one, range(rank - one.ndim)) if _is_array(one) and one.ndim else one
        for one in operands
    )


def on_promoted(f: Callable[..., Any]) -> Callable[..., Any]:
    """Returns f of operands that are promoted."""
    return lambda *operands: f(*promoted(*operands))


def on_floats(f: Callable[..., Any]) -> Callable[..., Any]:
    """Returns f of operands that are promoted to floating-point numbers."""
    return lambda *operands: f(*promoted_floats(*operands))


_BOOL, _INTEGER, _FLOAT = range(3)


def _kind(dtype: np.dtype) -> int:
    if dtype == np.bool_:
        return _BOOL
    return _INTEGER if jnp.issubdtype(dtype, jnp.integer) else _FLOAT


def _is_array(operand: Any) -> bool:
    return hasattr(operand, "dtype")


def _dtype_of_number(number: Any) -> np.dtype:
    if isinstance(number, bool):
        return np.dtype(np.bool_)
    return default_int() if isinstance(number, int) else default_float()


def _joined(dtypes: list[np.dtype]) -> np.dtype:
    with jax.numpy_dtype_promotion("standard"):
        return np.dtype(jnp.result_type(*dtypes))


def _in_dtype(operands: tuple[Any, ...], dtype: np.dtype) -> tuple[Any, ...]:
    number = (bool, int, float)[_kind(dtype)]
    return same_rank(*(one.astype(dtype) if _is_array(one) else number(one) for one in operands))
