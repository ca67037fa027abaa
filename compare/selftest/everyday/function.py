"""One everyday function: in JAX, in torch where it has a twin, and what it is tried on."""

from collections.abc import Callable
from typing import Any, NamedTuple, TypeAlias

import numpy as np

Array = Any  # of JAX, NumPy or torch
Tree = Any  # a pytree of arrays
Draw: TypeAlias = Callable[[np.random.Generator], tuple[Tree, ...]]


class Function(NamedTuple):
    """A function of float32 and integer arrays that computes in the dtype of what it is given.

    Its gradient is that of all results, each times a number that is drawn with the arguments.
    """

    name: str
    by_jax: Callable[..., Tree]
    draw: Draw
    argnums: tuple[int, ...] = (0,)  # of the arguments that it is differentiated by
    by_torch: Callable[..., Tree] | None = None  # by the same operations; integers are int64
    same_gradient: bool = True  # whether torch differentiates by the same formula too
    ordinary: bool = True  # whether typical errors are expected: inputs near 1, no cancellation
    is_layer: bool = True  # one layer, and not a composition of many
    in_float64: bool = True  # whether x64 makes it exact: it has no dtype of its own
    in_bfloat16: bool = True  # whether libraries have it in that dtype
    refused: str = ""  # the primitive that `roundoff` refuses it for
    needs: str = ""  # the package that has it, if that is neither JAX nor torch

    @property
    def has_gradient(self) -> bool:
        """Whether it is differentiated at all."""
        return bool(self.argnums)


def normal(
    rng: np.random.Generator, *shape: int, scale: float = 1.0, mean: float = 0.0
) -> np.ndarray:
    """Draws normally distributed float32 numbers."""
    return (mean + scale * rng.standard_normal(shape)).astype(np.float32)


def positive(rng: np.random.Generator, *shape: int, least: float = 0.1) -> np.ndarray:
    """Draws float32 numbers above `least`."""
    return (least + np.abs(rng.standard_normal(shape))).astype(np.float32)


def distinct(rng: np.random.Generator, *shape: int) -> np.ndarray:
    """Draws up to 128 float32 numbers without ties, of magnitudes neither, that bfloat16 has."""
    count = int(np.prod(shape))
    return ((rng.permutation(count) - count // 2) / 8 + 1 / 32).astype(np.float32).reshape(shape)


def integers(rng: np.random.Generator, below: int, *shape: int) -> np.ndarray:
    """Draws int32 numbers from 0 on."""
    return rng.integers(0, below, shape, dtype=np.int32)


def normals(*shapes: tuple[int, ...], scale: float = 1.0) -> Draw:
    """Makes a draw of one array of each shape."""
    return lambda rng: tuple(normal(rng, *shape, scale=scale) for shape in shapes)
