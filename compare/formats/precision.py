"""The precision of numbers: which they have, and how they get into another."""

from collections.abc import Sequence

import numpy as np

from compare.errors import UsageError

ARITHMETIC = ("bfloat16", "float16", "float32", "float64")  # by unit roundoff, largest first

FLAGS = ("--dtype={}", "--cast")  # what to pass for numbers that a dtype does not have
ARGUMENTS = ("dtype='{}'", "cast=True")  # the same to the library

_RAW = np.dtype("V2")  # what NumPy makes of bfloat16 in a file, the one such type of ml_dtypes


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
      dtype: one of ARITHMETIC.
      where: the file and the array in it, to be named in errors.
      cast: round what dtype does not have, once; what would become infinite is refused still.
      remedies: FLAGS or ARGUMENTS, to be named in errors.

    Returns:
      A copy in C order.

    Raises:
      UsageError: for other than real numbers, and for a number that dtype does not have.
    """
    array = named(array)
    if array.dtype == dtype:
        return np.array(array, order="C")
    given, array = array.dtype, widened(array)
    if array.dtype.kind not in "iuf":
        raise UsageError(f"{where}: expected real numbers, got dtype {given}")
    converted = round_once(array, dtype)
    beyond = np.isinf(converted) & np.isfinite(array)
    if not beyond.any() and (cast or _same_numbers(array, converted)):
        return converted
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


def narrowed(array: np.ndarray, dtype: np.dtype, *, where: str) -> np.ndarray:
    """Brings numbers that were widened to be stored back to dtype.

    Raises:
      UsageError: for one that dtype does not have.
    """
    narrow = round_once(array, dtype)
    if not _same_numbers(array, narrow):
        raise UsageError(
            f"{where}: expected {dtype} numbers, as the file says it holds, got others too; is it "
            "damaged?"
        )
    return narrow


def named(array: np.ndarray) -> np.ndarray:
    """Returns bfloat16 that NumPy has read as raw bytes as what it is, and other arrays as such."""
    return array.view(dtype_of("bfloat16")) if array.dtype == _RAW else array


def widened(array: np.ndarray) -> np.ndarray:
    """Returns float16 and ml_dtypes' bfloat16 as float32, which has all their values.

    Other arrays are returned as they are.
    """
    if array.dtype.name not in ("float16", "bfloat16"):
        return array
    with np.errstate(invalid="ignore"):  # some NaNs signal
        return array.astype(np.float32)


def arithmetic_of(arrays: Sequence[np.ndarray], asked: np.dtype) -> np.dtype:
    """Returns the dtype that numbers were computed in: the coarsest, or what wider arrays hold.

    Arrays in float64 that hold nothing but float32 numbers are judged as what they are, and so are
    wider arrays of bfloat16 or float16 numbers where that was asked for: results are put into
    arrays of NumPy's default dtype, or into float32 because NumPy has no bfloat16. But nobody puts
    bfloat16 into arrays of float16, or the other way round.
    """
    coarsest = min((a.dtype for a in arrays), key=_coarseness)
    if coarsest.itemsize == 2:
        return coarsest
    for dtype in (asked, np.dtype(np.float32)):
        if _coarseness(dtype) < _coarseness(coarsest) and all(_holds(a, dtype) for a in arrays):
            return dtype
    return coarsest


def dtype_of(name: str) -> np.dtype:
    """Returns one of ARITHMETIC by its name."""
    if name == "bfloat16":
        import ml_dtypes  # comes with jax

        return np.dtype(ml_dtypes.bfloat16)
    return np.dtype(name)


def _coarseness(dtype: np.dtype) -> int:
    return ARITHMETIC.index(dtype.name)


def _holds(array: np.ndarray, dtype: np.dtype) -> bool:
    """Whether all numbers of an array exist in dtype."""
    return array.dtype == dtype or _same_numbers(widened(array), round_once(array, dtype))


def largest_of(dtype: np.dtype) -> float:
    """Returns the largest finite number of a dtype."""
    import ml_dtypes

    return float(ml_dtypes.finfo(dtype).max)


def _rounded_to_odd(array: np.ndarray) -> np.ndarray:
    """Returns the float32 neighbour whose last bit is 1, for every number that is none itself."""
    narrow = array.astype(np.float32)
    back = narrow.astype(np.float64)
    inexact = np.isfinite(array) & (back != array)
    bits = narrow.view(np.uint32)
    bits -= inexact & (np.abs(back) > np.abs(array))  # the neighbour nearer to 0
    bits |= inexact
    return narrow


def _same_numbers(array: np.ndarray, converted: np.ndarray) -> bool:
    """Whether nothing was lost, NaN and infinity included."""
    with np.errstate(invalid="ignore", over="ignore"):
        back = converted.astype(array.dtype)  # wider, or an integer
    return np.array_equal(back, array, equal_nan=array.dtype.kind == "f")


def _others(given: np.dtype) -> list[np.dtype]:
    """Returns dtypes that may hold what this one does, the narrowest first."""
    own = [given] if given.name in ARITHMETIC[:2] else []
    return [*own, np.dtype(np.float32), np.dtype(np.float64)]


def _takes(dtype: np.dtype, array: np.ndarray, *, cast: bool) -> bool:
    converted = round_once(array, dtype)
    beyond = np.isinf(converted) & np.isfinite(array)
    return not beyond.any() and (cast or _same_numbers(array, converted))


def decimal_digits(dtype: str) -> int:
    """Returns how many significant digits it takes to read back the same bits: ceil(1 + p log 2).

    p, of 53, 24, 11 and 8 bits, is the precision (Matula, Comm. ACM 11, 1968).
    """
    return {"float64": 17, "float32": 9, "float16": 5, "bfloat16": 4}[dtype]
