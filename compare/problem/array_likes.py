"""What people have for arrays, as NumPy arrays: checked for an end and for masks before it is read.

`numpy.asarray` takes anything with `__getitem__` for a sequence and goes on until it raises, and
it drops masks.
"""

import collections
import numbers
import sys
from typing import Any

import numpy as np

from compare.catalogue import DTYPES
from compare.errors import RAISED, UsageError, first_line, shown

_LISTS = (list, tuple, range, collections.deque)  # which have an end
_SAID = {  # in better words
    "TracerArrayConversionError": "got one that JAX traces and that has none yet; call this "
    "outside jax.jit, jax.vmap and jax.grad",
    "RecursionError": "got a list that contains itself",
}
_ARRAYS = ("__array__", "__array_interface__", "__array_struct__")


def array_of(name: str, values: Any) -> np.ndarray:
    """Returns values as an array, which may share their memory.

    Args:
      name: of the argument, or of the array in it.
      values: an array of NumPy, JAX, torch or another library, or lists of numbers.

    Raises:
      UsageError: if they are no array, have no numbers yet, or some are masked.
    """
    try:
        return as_numpy(values)
    except MemoryError:
        raise
    except RAISED as error:  # whatever an array of another kind raises
        said = _SAID.get(type(error).__name__) or first_line(error)
        raise UsageError(f"{name}: expected an array of numbers: {said}") from None


def real_array(name: str, values: Any) -> np.ndarray:
    """Returns values as `array_of` does, of floating-point numbers, integers or booleans.

    Raises:
      UsageError: if they are others, such as complex numbers or objects.
    """
    array = array_of(name, values)
    if array.dtype.kind not in "fiub" and array.dtype.name not in DTYPES:
        raise UsageError(
            f"{name}: expected floating-point numbers, integers or booleans, got an array of "
            f"{array.dtype}"
        )
    return array


def as_numpy(values: Any) -> np.ndarray:
    """Returns values as an array, those of a torch parameter too; it may share their memory.

    Raises:
      TypeError: for what is neither an array nor lists of numbers, or has masked entries.
      Exception: whatever else an array of another library raises when it is converted.
    """
    torch = sys.modules.get("torch")
    if torch is not None and isinstance(values, torch.Tensor):  # or one that requires a gradient
        from torch_ref.convert import to_array

        return to_array(values)
    _check_kind(values)
    return np.asarray(values)


def items_of(name: str, values: Any, *, expected: str, at_most: int) -> list[Any]:
    """Returns the items of a sequence that says how many it has.

    Raises:
      UsageError: if it does not, if there are more than at_most, or if one cannot be had.
    """
    try:
        n = len(values)
        if n <= at_most:
            return [values[i] for i in range(n)]
    except RAISED as error:  # whatever an object of a user's own raises
        said = first_line(error)
        raise UsageError(f"{name}: expected {expected}, got {shown(values)}: {said}") from None
    raise UsageError(f"{name}: expected {expected}, at most {at_most:,} of them, got {n:,}")


def _check_kind(values: Any) -> None:
    """Checks that values are numbers, an array, or lists of these."""
    if isinstance(values, _LISTS):
        for one in values:
            if type(one) is not float:
                _check_kind(one)
    elif isinstance(values, np.ma.MaskedArray) and np.ma.is_masked(values):
        raise TypeError(
            "got masked entries, which are no numbers; leave these samples out, or fill them in "
            "with .filled()"
        )
    elif not (isinstance(values, numbers.Number) or is_array(values)):
        raise TypeError(f"got {shown(values)}; pass an array, or lists of numbers")


def is_array(values: Any) -> bool:
    """Whether NumPy would take this for one array."""
    if any(hasattr(values, name) for name in _ARRAYS):
        return True
    try:
        memoryview(values)
    except TypeError:
        return False
    return True
