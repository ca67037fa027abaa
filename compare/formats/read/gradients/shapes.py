"""The shapes that gradients come in, and the ones that they must have."""

from typing import TypeAlias

import numpy as np

from compare.errors import UsageError
from compare.numbers import counted

Shape: TypeAlias = tuple[int, ...]


class OneGradientError(UsageError):
    """One gradient came where there are several samples, as that of a batch is."""

    def __init__(self, got: str, n: int) -> None:
        """Says what to do about it, after `got`, where there are n samples."""
        super().__init__(
            f"{got}, which is one gradient where there are {n} samples; per-sample gradients are "
            "needed, since only those can be certified: call the backward on one sample at a time, "
            "or map it over samples with jax.vmap or torch.func.vmap; or pass --samples=1 if it is "
            "that of the first sample alone, or --reduction=mean or --reduction=sum if it is that "
            "of a batch"
        )


def other_count(found: int, n: int) -> str:
    """Says that it may be gradients of another number of samples."""
    samples = counted(found, "sample")
    return f"as in gradients of {samples} where there are {n:,}; --samples says how many are drawn"


def fits(found: Shape, shape: Shape, n: int | None) -> bool:
    """Whether a shape is the expected one but for axes of size 1; n is as in `fit_shape`."""
    lead = () if n is None else (n,)
    if found[: len(lead)] == lead and _squeezed(found[len(lead) :]) == _squeezed(shape):
        return True
    return n == 1 and _squeezed(found) == _squeezed(shape)


def fit_shape(array: np.ndarray, shape: Shape, n: int | None, where: str) -> np.ndarray:
    """Reshapes an array whose shape is the expected one but for axes of size 1.

    Args:
      array: of any shape.
      shape: the expected one, of one sample.
      n: how many samples there must be along the first axis; None for one without that axis.
      where: the array, to be named in errors.

    Returns:
      The array in [n, *shape] or shape.

    Raises:
      UsageError: for another shape; it says so where that is a transposed matrix, another number of
        samples, or one gradient of a whole batch.
    """
    lead = () if n is None else (n,)
    rest = array.shape[len(lead) :]
    if fits(array.shape, shape, n):
        return array.reshape(*lead, *shape)
    expected = f"{where}: expected shape {[*lead, *shape]}, got {list(array.shape)}"
    if n is not None and _squeezed(array.shape) == _squeezed(shape):
        raise OneGradientError(expected, n)
    if n is not None and _squeezed(rest) == _squeezed(shape):
        raise UsageError(f"{expected}, {other_count(array.shape[0], n)}")
    if len(shape) == 2 and _squeezed(rest) == _squeezed(shape[::-1]):
        raise UsageError(f"{expected}; transpose it")
    if len(shape) == 1 and not array.ndim:
        raise UsageError(
            f"{expected}: a single number, and not one for each unit; np.sum(delta, axis=0) is a "
            "sum over samples alone"
        )
    raise UsageError(expected)


def _squeezed(shape: Shape) -> Shape:
    return tuple(size for size in shape if size != 1)
