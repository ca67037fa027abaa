"""A list of pairs of arrays, a pair for each layer: what gradients are expected to come as."""

import inspect
from collections.abc import Sequence
from typing import Any

import numpy as np

from compare.errors import RAISED, UsageError
from compare.formats.dtypes import FLOAT_DTYPES, restore_bfloat16
from compare.formats.read.gradients.shapes import Shape
from compare.numbers import counted, listed
from compare.problem.array_likes import as_numpy


def real_array(values: Any, where: str) -> np.ndarray:
    """Copies floating-point numbers of NumPy, JAX or torch, or lists of them.

    Raises:
      UsageError: for anything but real floating-point numbers.
    """
    if values is None:
        raise UsageError(
            f"{where}: expected an array of numbers: got None; torch leaves .grad None where "
            "backward() has not come"
        )
    try:
        array = restore_bfloat16(as_numpy(values))
    except Exception as error:  # whatever an array of another kind raises
        said = str(error).partition("\n")[0]
        raise UsageError(f"{where}: expected an array of numbers: {said}") from None
    if array.dtype.name not in FLOAT_DTYPES:
        raise UsageError(
            f"{where}: expected numbers in one of {', '.join(FLOAT_DTYPES)}, "
            f"got {type(values).__name__} of {array.dtype.name}"
        )
    return np.array(array, array.dtype.newbyteorder("="), order="C")


def layer_pairs(
    returned: Any, weights: Sequence[Shape], where: str, *, names: tuple[str, str] = ("dw", "db")
) -> list[tuple[Any, Any]]:
    """Returns (dw, db) of every layer, whatever they are.

    Args:
      returned: by a user.
      weights: the shape of w of every layer.
      where: who returned it, for errors.
      names: what errors call the two arrays of a pair.

    Raises:
      UsageError: for anything but a list of so many pairs.
    """
    expected = expected_pairs(weights, names)
    if not isinstance(returned, Sequence) or isinstance(returned, str):
        raise UsageError(f"{where}: {expected}, got {_kind(returned)}")
    if len(returned) != len(weights):
        raise UsageError(f"{where}: {expected}, got {counted(len(returned), 'item')}")
    for i, pair in enumerate(returned, start=1):
        if not isinstance(pair, Sequence) or isinstance(pair, str) or len(pair) != 2:
            got = counted(len(pair), "item") if isinstance(pair, Sequence) else type(pair).__name__
            raise UsageError(f"{where}: {expected}, got {got} for layer {i}")
    return [(pair[0], pair[1]) for pair in returned]


def expected_pairs(weights: Sequence[Shape], names: tuple[str, str]) -> str:
    """Says how many pairs are expected, and of what."""
    each = listed([f"w{i} {list(shape)}" for i, shape in enumerate(weights, start=1)])
    return f"expected a list of {len(weights)} pairs ({', '.join(names)}), of {each}"


def _kind(returned: Any) -> str:
    """Says what came instead of a list, and what may have been forgotten."""
    if returned is None:
        return "None; is a return missing?"
    if inspect.iscoroutine(returned):
        returned.close()  # or Python warns that nobody awaits it
        return "coroutine, as of an async function; make it a plain one"
    if inspect.isasyncgen(returned):
        return "async_generator, as of an async function with a yield"
    if inspect.isgenerator(returned):
        return "generator, as of a function with a yield"
    if _is_number(returned):
        return "one number; if it is the loss, return its gradient"
    kind = type(returned).__name__
    return f"{kind}; is a call of it missing?" if callable(returned) else kind


def _is_number(returned: Any) -> bool:
    """Whether it is a single number, of any framework."""
    if isinstance(returned, float):
        return True
    try:
        return bool(returned.shape == ())
    except RAISED:  # an object of a user's own may raise anything
        return False
