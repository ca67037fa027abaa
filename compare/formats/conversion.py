"""Numbers of one dtype brought into another, without a change or with one rounding."""

import functools
from collections.abc import Sequence

import numpy as np

from compare.errors import UsageError
from compare.formats.dtypes import FLOAT_DTYPES, restore_bfloat16

FLAGS = ("--dtype={}", "--cast")  # what to pass for numbers that a dtype does not have
ARGUMENTS = ("dtype='{}'", "cast=True")  # the same to the library


def convert(
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
      dtype: one of FLOAT_DTYPES.
      where: the file and the array in it, to be named in errors.
      cast: whether to round numbers that dtype does not have, once; one that would become infinite
        is refused still.
      remedies: FLAGS or ARGUMENTS, to be named in errors.

    Returns:
      A copy in C order.

    Raises:
      UsageError: for other than real numbers, and for a number that dtype does not have.
    """
    array = restore_bfloat16(array)
    if array.dtype == dtype:
        return np.array(array, order="C")
    given, array = array.dtype, widen(array)
    if array.dtype.kind not in "iuf":
        raise UsageError(f"{where}: expected real numbers, got dtype {given}")
    converted = round_once(array, dtype)
    beyond = _overflows(array, converted)
    if not beyond.any() and (cast or _same_numbers(array, converted)):
        return converted
    # Say which dtype would do, if any.
    better = next((d for d in _others(given) if d != dtype and _takes(d, array, cast=cast)), None)
    wider, rounded = remedies
    advice = [wider.format(better)] if better is not None else []
    if beyond.any():
        said = "; ".join(["", *(f"pass {one}" for one in advice)])
        raise UsageError(
            f"{where}: {array[beyond][0]:.9g} is beyond the largest {dtype} number{said}"
        )
    raise UsageError(
        f"{where}: its {given} values do not all exist in {dtype}, and are not rounded "
        f"silently; pass {', or '.join([*advice, rounded])} to round them once, or save them as "
        f"{dtype}"
    )


def round_once(array: np.ndarray, dtype: np.dtype) -> np.ndarray:
    """Returns a copy in C order, every real number rounded to the nearest that dtype has.

    NumPy takes float64 to bfloat16 by way of float32, which rounds twice. Rounded to odd on the
    way, a number stays on its side of every tie (Boldo and Melquiond, IEEE Trans. Comp. 57, 2008).
    """
    with np.errstate(over="ignore", invalid="ignore"):
        if dtype.name == "bfloat16" and array.dtype.kind in "iuf":
            array = _rounded_to_odd(array)
        return np.array(array, dtype, order="C")


def widen(array: np.ndarray) -> np.ndarray:
    """Returns float16 and bfloat16 as float32, which has all their values; others as they are."""
    if array.dtype.name not in ("float16", "bfloat16"):
        return array
    with np.errstate(invalid="ignore"):  # some NaNs signal
        return array.astype(np.float32)


def narrow(array: np.ndarray, dtype: np.dtype, *, where: str) -> np.ndarray:
    """Brings numbers that were widened to be stored back to dtype.

    Raises:
      UsageError: for a number that dtype does not have.
    """
    converted = round_once(array, dtype)
    if not _same_numbers(array, converted):
        raise UsageError(
            f"{where}: expected {dtype} numbers, as the file says it holds, got others too; is it "
            "damaged?"
        )
    return converted


def computed_dtype(arrays: Sequence[np.ndarray], asked: np.dtype) -> np.dtype:
    """Returns the dtype that numbers were computed in: the coarsest, or what wider arrays hold.

    Results are often put into arrays of NumPy's default dtype, or into float32 because NumPy has no
    bfloat16. So float64 arrays that hold nothing but float32 numbers count as float32, and wider
    arrays of bfloat16 or float16 numbers count as these if that is the dtype that was asked for.
    But nobody puts bfloat16 into arrays of float16, or the other way round.
    """
    coarsest = min((a.dtype for a in arrays), key=_coarseness)
    if coarsest.itemsize == 2:
        return coarsest
    for dtype in (asked, np.dtype(np.float32)):
        if _coarseness(dtype) < _coarseness(coarsest) and all(_holds(a, dtype) for a in arrays):
            return dtype
    return coarsest


@functools.cache  # as NumPy makes up the name of a dtype anew each time
def _coarseness(dtype: np.dtype) -> int:
    return FLOAT_DTYPES.index(dtype.name)


def _holds(array: np.ndarray, dtype: np.dtype) -> bool:
    """Whether all numbers of an array exist in dtype."""
    return array.dtype == dtype or _same_numbers(widen(array), round_once(array, dtype))


def _rounded_to_odd(array: np.ndarray) -> np.ndarray:
    """Returns for every number that is no float32 the neighbour in float32 whose last bit is 1."""
    near = array.astype(np.float32)
    back = near.astype(np.float64)
    inexact = np.isfinite(array) & (back != array)
    bits = near.view(np.uint32)
    bits -= inexact & (np.abs(back) > np.abs(array))  # the neighbour nearer to 0
    bits |= inexact
    return near


def _same_numbers(array: np.ndarray, converted: np.ndarray) -> bool:
    """Whether nothing was lost, NaN and infinity included."""
    with np.errstate(invalid="ignore", over="ignore"):
        back = converted.astype(array.dtype)  # wider, or an integer
    return np.array_equal(back, array, equal_nan=array.dtype.kind == "f")


def _overflows(array: np.ndarray, converted: np.ndarray) -> np.ndarray:
    """Marks finite numbers that became infinite."""
    return np.isinf(converted) & np.isfinite(array)


def _others(given: np.dtype) -> list[np.dtype]:
    """Returns dtypes that may hold what this one does, the narrowest first."""
    own = [given] if given.name in FLOAT_DTYPES[:2] else []
    return [*own, np.dtype(np.float32), np.dtype(np.float64)]


def _takes(dtype: np.dtype, array: np.ndarray, *, cast: bool) -> bool:
    converted = round_once(array, dtype)
    fits = cast or _same_numbers(array, converted)
    return fits and not _overflows(array, converted).any()
