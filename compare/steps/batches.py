"""The batches of a training run: read once, and all of one form."""

import dataclasses
import itertools
from collections.abc import Iterable
from typing import Any, NamedTuple

import jax
import numpy as np

from compare.errors import UsageError, shown
from compare.problem.function import Arguments
from compare.problem.given_arguments import given_arguments


class Batches(NamedTuple):
    """Batches in order, one for each step.

    Attributes:
      given: the first, as it came.
      arguments: of all of them.
    """

    given: tuple[Any, ...]
    arguments: tuple[Arguments, ...]


def read_batches(batches: Any, steps: int) -> Batches:
    """Reads as many batches as there are steps; of fewer, the first comes again after the last.

    Args:
      batches: a list, a loader or a generator of tuples (*inputs, target), arrays of any
        framework.
      steps: how many are needed at most; 1 at least.

    Raises:
      UsageError: for no batches, for what is no tuple, and for batches of several shapes.
    """
    if not isinstance(batches, Iterable) or hasattr(batches, "shape"):
        raise UsageError(
            f"batches: expected a list or a loader of (*inputs, target), got {shown(batches)}; one "
            "batch for all steps is [batch]"
        )
    found = [_batch(i, one) for i, one in enumerate(itertools.islice(batches, steps))]
    if not found:
        raise UsageError("batches: expected one at least, got none; a generator is read only once")
    read = [_with_labels(given_arguments(one)) for one in found]
    for i, one in enumerate(read):
        _check_alike(i, one, read[0])
    first = jax.tree.map(_wide, found[0])
    return Batches(first, tuple(itertools.islice(itertools.cycle(read), steps)))


def _batch(number: int, one: Any) -> tuple[Any, ...]:
    if not isinstance(one, tuple | list) or not one:
        got = "an empty one" if isinstance(one, tuple | list) else shown(one)
        raise UsageError(f"batches[{number}]: expected a tuple (*inputs, target), got {got}")
    return tuple(one)


def _with_labels(batch: Arguments) -> Arguments:
    return dataclasses.replace(batch, leaves=tuple(map(_wide, batch.leaves)))


def _wide(leaf: Any) -> Any:
    """Returns an array of NumPy with integers of 64 bits for those of 32, as torch has labels."""
    is_narrow = isinstance(leaf, np.ndarray) and leaf.dtype == np.int32
    return leaf.astype(np.int64) if is_narrow else leaf


def _check_alike(number: int, one: Arguments, first: Arguments) -> None:
    """Checks that a batch has the shapes and dtypes of the first one."""
    if one.structure != first.structure:
        raise UsageError(
            f"batches[{number}]: expected {len(first.leaves)} arrays in the structure of the first "
            f"batch, got {len(one.leaves)}"
        )
    for name, a, b in zip(one.names, one.leaves, first.leaves, strict=True):
        where = name.replace("args", f"batches[{number}]", 1)
        if _form(a) != _form(b):
            raise UsageError(
                f"{where}: expected {_said(b)}, as the first batch has, got {_said(a)}; leave a "
                "smaller last batch out, by drop_last=True"
            )


def _form(leaf: Any) -> Any:
    return (leaf.shape, leaf.dtype) if isinstance(leaf, np.ndarray) else leaf


def _said(leaf: Any) -> str:
    return f"{leaf.dtype} of shape {leaf.shape}" if isinstance(leaf, np.ndarray) else shown(leaf)
