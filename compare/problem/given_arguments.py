"""The arguments that a user gives, read as NumPy arrays of one dtype of floating-point numbers."""

import contextlib
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import jax
import numpy as np

from compare.catalogue import DTYPES
from compare.errors import RAISED, UsageError, first_line
from compare.formats.dtypes import dtype_of
from compare.problem.array_likes import is_array, real_array
from compare.problem.function import Arguments, is_float, named_arguments
from compare.problem.given_params import dtype_name

_INT32 = np.iinfo(np.int32)


def given_arguments(args: Sequence[Any]) -> Arguments:
    """Reads arguments: arrays become those of NumPy, all else stays what it is.

    Raises:
      UsageError: for arrays that are none of numbers, and trees that cannot be read.
    """
    with _readable():
        names, leaves, structure = named_arguments(args)
    read = tuple(_leaf(name, one) for name, one in zip(names, leaves, strict=True))
    wrt = tuple(i for i, one in enumerate(read) if is_float(one))
    return Arguments(structure, read, tuple(names), wrt)


def in_one_dtype(arguments: Arguments, dtype: Any) -> tuple[Arguments, np.dtype]:
    """Returns arguments in the dtype to compute in, and that.

    Args:
      arguments: as they came.
      dtype: as a user says it; None for that of the arguments.

    Raises:
      UsageError: if they have several, or it is none that can be compared.
    """
    own = one_dtype(float_dtypes(arguments), dtype)
    if own != np.float64:
        _check_integers(arguments)
    return arguments.in_dtype(own), own


def float_dtypes(arguments: Arguments) -> dict[str, str]:
    """Returns the dtypes of all floating-point numbers by the names of the arguments."""
    pairs = zip(arguments.names, arguments.leaves, strict=True)
    return {name: one.dtype.name for name, one in pairs if is_float(one)}


def one_dtype(dtypes: Mapping[str, str], asked: Any) -> np.dtype:
    """Returns the dtype to compute in.

    Args:
      dtypes: those of all floating-point numbers, by name.
      asked: what a user says; None for the one that they have, or float32 without any.

    Raises:
      UsageError: if they have several, or it is none that can be compared.
    """
    name, first = next(iter(dtypes.items()), ("", "float32"))
    found = first if asked is None else dtype_name(asked, None)
    if found not in DTYPES:
        raise UsageError(f"dtype: expected one of {', '.join(DTYPES)}, got {found}")
    odd = next((other for other, one in dtypes.items() if one != found), None)
    if asked is None and odd is not None:
        raise UsageError(
            f"dtype: expected one dtype, got {found} for {name} and {dtypes[odd]} for {odd}; pass "
            f"dtype='{found}', or another, for all"
        )
    return dtype_of(found)


def _leaf(name: str, one: Any) -> Any:
    """Reads a leaf of the arguments."""
    if isinstance(one, str | bytes | type) or _is_key(one):
        return one
    if not (is_array(one) or hasattr(one, "detach")):
        return one
    is_text = getattr(getattr(one, "dtype", None), "kind", "") in ("U", "S")
    if is_text:
        return one
    array = real_array(name, one)
    # JAX has no other integers, and what torch takes for labels are of 64 bits
    is_plain = isinstance(one, jax.Array) and array.dtype == np.int32
    return array.astype(np.int64) if is_plain else array


def _is_key(one: Any) -> bool:
    """Whether this is a key of random numbers, which is no array of NumPy."""
    return isinstance(one, jax.Array) and jax.numpy.issubdtype(one.dtype, jax.dtypes.prng_key)


def _check_integers(arguments: Arguments) -> None:
    """Checks that JAX, which has int32 beside float32, has all integers."""
    for name, one in zip(arguments.names, arguments.leaves, strict=True):
        if isinstance(one, np.ndarray) and one.dtype.kind in "iu" and one.size:
            least, most = int(one.min()), int(one.max())
            wide = next((n for n in (least, most) if not _INT32.min <= n <= _INT32.max), None)
            if wide is not None and one.dtype != np.uint32:
                raise UsageError(
                    f"{name}: expected integers of 32 bits, as JAX has them without float64, got "
                    f"{wide}; pass dtype='float64'"
                )


@contextlib.contextmanager
def _readable() -> Iterator[None]:
    try:
        yield
    except RAISED as error:  # of keys that cannot be sorted, and objects of a user's own
        raise UsageError(f"args: cannot be read as a tree: {first_line(error)}") from None
