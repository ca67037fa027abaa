"""The precision of numbers: which they have, and how they get into another."""

from collections.abc import Sequence

import numpy as np

from compare.errors import UsageError

ARITHMETIC = ("bfloat16", "float16", "float32", "float64")  # by unit roundoff, largest first

FLAGS = ("--dtype=float64", "--cast")  # what to pass for numbers that float32 does not have
ARGUMENTS = ("dtype='float64'", "cast=True")  # the same to the library


def exactly(
    array: np.ndarray,
    dtype: np.dtype,
    *,
    where: str,
    cast: bool = False,
    remedies: tuple[str, str] = FLAGS,
) -> np.ndarray:
    """Converts real numbers to dtype, or refuses if that would change one.

    Args:
      array: any shape.
      dtype: float32 or float64.
      where: the file and the array in it, to be named in errors.
      cast: round what dtype does not have, once; what would become infinite is refused still.
      remedies: FLAGS or ARGUMENTS, to be named in errors.

    Returns:
      A copy in C order.

    Raises:
      UsageError: for other than real numbers, and for a number that dtype does not have.
    """
    array = widened(array)
    wider, rounded = remedies
    if array.dtype.kind not in "iuf":
        stored = " (NumPy stores bfloat16 so; save it as float32)" if array.dtype == "V2" else ""
        raise UsageError(f"{where}: expected real numbers, got dtype {array.dtype}{stored}")
    with np.errstate(over="ignore", invalid="ignore"):
        converted = np.array(array, dtype, order="C")
        if array.dtype == dtype:
            return converted
        back = converted.astype(array.dtype)  # wider than dtype, or an integer
    beyond = np.isinf(converted) & np.isfinite(array)
    if beyond.any():
        advice = f"; pass {wider}" if dtype == np.float32 else ""
        raise UsageError(
            f"{where}: {array[beyond][0]:.9g} is beyond the largest {dtype} number{advice}"
        )
    if not cast and not np.array_equal(back, array, equal_nan=array.dtype.kind == "f"):
        how = f"{wider}, or {rounded}" if dtype == np.float32 else rounded
        raise UsageError(
            f"{where}: its {array.dtype} values do not all exist in {dtype}, and are not rounded "
            f"silently; pass {how} to round them once, or save them as {dtype}"
        )
    return converted


def widened(array: np.ndarray) -> np.ndarray:
    """Returns float16 and ml_dtypes' bfloat16 as float32, which has all their values.

    Other arrays are returned as they are.
    """
    if array.dtype.name not in ("float16", "bfloat16"):
        return array
    with np.errstate(invalid="ignore"):  # some NaNs signal
        return array.astype(np.float32)


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
