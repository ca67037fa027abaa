"""Numbers in another dtype, to the same value or not at all."""

import numpy as np

from compare.errors import UsageError


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
