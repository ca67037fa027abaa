"""Gradients in the shapes that people give them, brought into the one they must have."""

import numpy as np

from compare.errors import UsageError


def one_gradient(n: int) -> str:
    """What to do about one gradient for n samples."""
    return (
        f"one gradient where there are {n} samples; per-sample gradients are needed, since only "
        "those can be certified: call the backward on one sample at a time, or map it over samples "
        "with jax.vmap or torch.func.vmap; or pass --samples=1 if it is that of the first sample "
        "alone"
    )


def fits(found: tuple[int, ...], shape: tuple[int, ...], n: int | None) -> bool:
    """Whether a shape squeezes to the right one; n is as in `fit_shape`."""
    lead = () if n is None else (n,)
    if found[: len(lead)] == lead and _squeezed(found[len(lead) :]) == _squeezed(shape):
        return True
    return n == 1 and _squeezed(found) == _squeezed(shape)


def fit_shape(array: np.ndarray, shape: tuple[int, ...], n: int | None, where: str) -> np.ndarray:
    """Reshapes what squeezes to the right shape.

    Args:
      array: anything.
      shape: of one sample.
      n: how many samples there must be along the first axis; None for one without that axis.
      where: what it is, for errors.

    Returns:
      The array in [n, *shape] or shape.

    Raises:
      UsageError: that tells a transposed matrix, another number of samples, and a gradient of a
        whole batch from the rest.
    """
    lead = () if n is None else (n,)
    rest = array.shape[len(lead) :]
    if fits(array.shape, shape, n):
        return array.reshape(*lead, *shape)
    expected = f"{where}: expected shape {[*lead, *shape]}, got {list(array.shape)}"
    if n is not None and _squeezed(array.shape) == _squeezed(shape):
        raise UsageError(f"{expected}, which is {one_gradient(n)}")
    if n is not None and _squeezed(rest) == _squeezed(shape):
        raise UsageError(f"{expected}; pass --samples={array.shape[0]} if those are the samples")
    if len(shape) == 2 and _squeezed(rest) == _squeezed(shape[::-1]):
        raise UsageError(f"{expected}; transpose it, or name its layout with --layout")
    raise UsageError(expected)


def _squeezed(shape: tuple[int, ...]) -> tuple[int, ...]:
    return tuple(size for size in shape if size != 1)
