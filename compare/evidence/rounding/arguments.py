"""What `roundoff` is given: a function of JAX, and arrays or what it passes on as it is."""

from collections.abc import Sequence
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from compare.evidence.rounding.kinds import is_float, is_key

_INTEGERS = ("int2", "uint2", "int4", "uint4")  # which NumPy does not count among its own


class Aval(NamedTuple):
    """What a function is traced with in place of an array."""

    shape: tuple[int, ...]
    dtype: Any
    weak: bool  # whether its dtype gives way to another one's, as that of Python's numbers does


def check_function(f: Any) -> None:
    """Checks that f can be a function of JAX.

    Raises:
      TypeError: if it cannot.
    """
    if _is_torch(f):
        raise TypeError(
            f"f: expected a function of JAX, got {name_of(f)} of torch; write it with jax.numpy, "
            "and take its weights as arguments"
        )
    if not callable(f):
        raise TypeError(f"f: expected a function of JAX, got {name_of(f)}")


def place_of(path: Sequence[Any]) -> str:
    """Names a leaf of (args, kwargs), such as args[0]['w']."""
    kind, first, *rest = path
    if kind.idx == 0:
        return f"args[{first.idx}]{jax.tree_util.keystr(tuple(rest))}"
    return f"{first.key}{jax.tree_util.keystr(tuple(rest))}"


def array_of(leaf: Any, where: str) -> Any:
    """Returns a leaf that f is to be traced in as an array; None for one that stays as it is.

    Raises:
      TypeError: for what looks like an array, and is none that JAX computes with.
    """
    if isinstance(leaf, type | str | bytes):  # such as np.float32, or text of NumPy
        return None
    if _is_torch(leaf):
        advice = (
            "; pass its .detach().cpu().numpy(), from bfloat16 after .float()"
            if hasattr(leaf, "detach")
            else "; pass its weights as arrays, to a function of JAX"
        )
        raise TypeError(
            f"{where}: expected numbers of NumPy or JAX, got {name_of(leaf)} of torch{advice}"
        )
    if isinstance(leaf, np.ma.MaskedArray):
        raise TypeError(
            f"{where}: expected numbers, got a masked array; pass .filled(...), or its mask as an "
            "argument of its own"
        )
    if isinstance(leaf, np.ndarray) and not leaf.dtype.isnative:
        return leaf.astype(leaf.dtype.newbyteorder("="))
    if isinstance(leaf, jax.Array | np.ndarray | np.generic):
        return leaf
    if isinstance(leaf, float | complex) or hasattr(leaf, "__array__"):
        return np.asarray(leaf)
    if hasattr(leaf, "shape") and hasattr(leaf, "dtype"):
        raise TypeError(f"{where}: expected numbers of NumPy or JAX, got {name_of(leaf)}")
    return None


def aval_of(leaf: Any, array: Any, dtype: np.dtype, where: str) -> Aval:
    """Returns what an array is traced as: floating-point numbers have the dtype of the analysis.

    Raises:
      TypeError: for complex numbers, and for what is no number.
      ValueError: for integers that have no place in those of JAX without x64.
    """
    own, weak = array.dtype, bool(getattr(array, "weak_type", type(leaf) is float))
    if is_float(own):
        # JAX has weak types of float32, or float64 with x64, alone
        return Aval(np.shape(array), dtype, weak and dtype in (np.float32, np.float64))
    if is_key(own):
        return Aval(np.shape(array), own, weak)
    if own.kind not in "biu" and own.name not in _INTEGERS:
        raise TypeError(f"{where}: expected real numbers, integers or booleans, got {own}")
    kept = jax.dtypes.canonicalize_dtype(own)
    if kept != own and not isinstance(array, jax.core.Tracer):
        _check_size(np.asarray(array), kept, where)
    return Aval(np.shape(array), kept, weak)


def held(array: Any, dtype: Any) -> Any:
    """Whether integers have a place in a dtype of fewer bits."""
    info = jnp.iinfo(dtype)
    return (array >= info.min) & (array <= info.max)


def _check_size(array: np.ndarray, kept: Any, where: str) -> None:
    lost = array[~held(array, kept)]
    if lost.size:
        raise ValueError(
            f"{where}: expected integers that {kept} holds, as JAX has them without x64, got "
            f"{lost.flat[0]}; take smaller ones, or float64 as dtype"
        )


def is_number(leaf: Any) -> bool:
    """Whether JAX can compute what f returns."""
    return isinstance(leaf, jax.Array | np.ndarray | np.generic | bool | int | float | complex)


def _is_torch(thing: Any) -> bool:
    """Whether it is a tensor, a module or a function of torch, which is not loaded for that."""
    homes = [getattr(thing, "__module__", ""), *(base.__module__ for base in type(thing).__mro__)]
    return any(str(home).partition(".")[0] == "torch" for home in homes)


def name_of(thing: Any) -> str:
    """Returns the name of a function or a class, or of the class of anything else."""
    wrapped = getattr(thing, "__wrapped__", thing)
    return str((wrapped if hasattr(wrapped, "__name__") else type(wrapped)).__name__)
