"""Arrays with edges around them."""

from collections.abc import Callable, Sequence
from typing import Any

import jax.numpy as jnp
from jax import lax


def _edges(x: Any, padding: Sequence[int]) -> list[tuple[int, int]]:
    """Returns what is before and behind every dimension; torch tells the last dimension first."""
    pairs = list(zip(padding[::2], padding[1::2], strict=True))[::-1]
    return [(0, 0)] * (x.ndim - len(pairs)) + pairs


def constant_pad(x: Any, padding: Sequence[int], value: float = 0) -> Any:
    """Returns x with a number around it; where padding is negative, without its edge."""
    edges = [(before, behind, 0) for before, behind in _edges(x, padding)]
    return lax.pad(x, jnp.asarray(value, x.dtype), edges)


def _padded(mode: str) -> Callable[..., Any]:
    return lambda x, padding: jnp.pad(x, _edges(x, padding), mode=mode)


OPERATIONS: dict[str, Callable[..., Any]] = {
    "constant_pad_nd.default": constant_pad,
    **{f"reflection_pad{rank}d.default": _padded("reflect") for rank in (1, 2, 3)},
    **{f"replication_pad{rank}d.default": _padded("edge") for rank in (1, 2, 3)},
}
