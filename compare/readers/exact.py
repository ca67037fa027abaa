"""Numbers and the dtypes that have them."""

from collections.abc import Sequence

import numpy as np

from compare.errors import UsageError

ARITHMETIC = ("bfloat16", "float16", "float32", "float64")  # by unit roundoff, largest first


def exactly(array: np.ndarray, dtype: np.dtype, *, where: str, cast: bool = False) -> np.ndarray:
    """Converts real numbers to dtype, or refuses if that would change one.

    Args:
      array: of any shape.
      dtype: float32 or float64.
      where: what it is, for errors.
      cast: whether to round instead of refusing.

    Raises:
      UsageError: for other than real numbers, for a number that dtype does not have, and with cast
        for one that overflows.
    """
    if array.dtype.kind not in "iuf":
        raise UsageError(f"{where}: expected real numbers, got dtype {array.dtype}")
    with np.errstate(over="ignore", invalid="ignore"):
        converted = np.array(array, dtype, order="C")
        back = converted.astype(array.dtype)  # wider than dtype, or an integer
    if array.dtype == dtype:
        return converted
    if cast:
        if (np.isinf(converted) & np.isfinite(array)).any():
            raise UsageError(f"{where}: it has numbers too large for {dtype}")
        return converted
    if not np.array_equal(back, array, equal_nan=array.dtype.kind == "f"):
        advice = "pass --dtype=float64, or --cast" if dtype == np.float32 else "pass --cast"
        raise UsageError(
            f"{where}: its {array.dtype} values do not all exist in {dtype}, and are not rounded "
            f"silently; {advice} to round them"
        )
    return converted


def arithmetic_of(arrays: Sequence[np.ndarray]) -> np.dtype:
    """Returns the coarsest dtype; float32 where float64 arrays hold nothing but float32 numbers.

    So float32 arithmetic whose results were put into arrays of NumPy's default dtype is judged as
    what it is.
    """
    coarsest = min((a.dtype for a in arrays), key=lambda dtype: ARITHMETIC.index(dtype.name))
    if coarsest == np.float64 and all(map(_is_float32, arrays)):
        return np.dtype(np.float32)
    return coarsest


def dtype_of(name: str) -> np.dtype:
    """Returns one of ARITHMETIC by its name."""
    if name == "bfloat16":
        import ml_dtypes  # comes with jax

        return np.dtype(ml_dtypes.bfloat16)
    return np.dtype(name)


def _is_float32(array: np.ndarray) -> bool:
    with np.errstate(over="ignore"):
        return np.array_equal(array.astype(np.float32), array, equal_nan=True)
