"""The dtypes of floating-point numbers, bfloat16 of ml_dtypes among them."""

import numpy as np

FLOAT_DTYPES = ("bfloat16", "float16", "float32", "float64")  # by unit roundoff, largest first

_RAW_BFLOAT16 = np.dtype("V2")  # NumPy reads it so from a file, and no other type of ml_dtypes


def dtype_of(name: str) -> np.dtype:
    """Returns one of FLOAT_DTYPES by its name."""
    if name == "bfloat16":
        import ml_dtypes  # comes with jax

        return np.dtype(ml_dtypes.bfloat16)
    return np.dtype(name)


def restore_bfloat16(array: np.ndarray) -> np.ndarray:
    """Returns bfloat16 that NumPy has read as raw bytes as bfloat16; other arrays as they are."""
    return array.view(dtype_of("bfloat16")) if array.dtype == _RAW_BFLOAT16 else array


def largest_of(dtype: np.dtype) -> float:
    """Returns the largest finite number of a dtype."""
    import ml_dtypes

    return float(ml_dtypes.finfo(dtype).max)


def decimal_digits(dtype: str) -> int:
    """Returns how many significant digits it takes to read back the same bits: ceil(1 + p log 2).

    p, of 53, 24, 11 and 8 bits, is the precision (Matula, Comm. ACM 11, 1968).
    """
    return {"float64": 17, "float32": 9, "float16": 5, "bfloat16": 4}[dtype]


def unit_roundoff(dtype: np.dtype) -> float:
    """Returns u, by which rounding to the dtype changes a number at most, relatively."""
    import ml_dtypes

    return float(ml_dtypes.finfo(dtype).eps) / 2
