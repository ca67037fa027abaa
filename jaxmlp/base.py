"""The parameter pytree, and the shapes it must have.

Shape letters: N samples, d inputs, k outputs, n_in and n_out the two sides of one layer.
"""

import itertools
from collections.abc import Sequence
from typing import Any, NamedTuple, TypeAlias

Array: TypeAlias = Any  # a jax.Array, a numpy.ndarray or a tracer: whatever a leaf may be


class Layer(NamedTuple):
    """One affine layer, z = h @ w + b."""

    w: Array  # [n_in, n_out]
    b: Array  # [n_out]; None of a layer without one, which a forward alone takes


Params: TypeAlias = tuple[Layer, ...]
Grads: TypeAlias = Params  # with a leading sample axis, [N, ...], when they are per sample


class Batch(NamedTuple):
    """Samples and their labels; one sample where the leading axis is missing."""

    x: Array  # [N, d]
    y: Array  # [N, k]


class Evaluation(NamedTuple):
    """Predictions, losses and gradients of N samples."""

    prediction: Array  # [N, k]
    loss: Array  # [N]
    grads: Grads  # leaves [N, n_in, n_out] and [N, n_out]


class Intermediates(NamedTuple):
    """All preactivations and activations of a forward pass.

    `preacts[l]` is z of layer l + 1 and the last one is the prediction; `acts[0]` is x and
    `acts[l]` is what layer l + 1 reads.
    """

    preacts: tuple[Array, ...]
    acts: tuple[Array, ...]


def layer_sizes(params: Params) -> tuple[int, ...]:
    """Returns (d, n_1, ..., k) of checked params."""
    return (params[0].w.shape[0], *(layer.b.shape[0] for layer in params))


def parameter_count(sizes: Sequence[int]) -> int:
    """Returns the number of weights and biases of a network of these layer sizes."""
    return sum((n_in + 1) * n_out for n_in, n_out in itertools.pairwise(sizes))


def parameter_names(n_layers: int) -> tuple[str, ...]:
    """Returns ('w1', 'b1', 'w2', 'b2', ...), the order of every report and dump."""
    return tuple(f"{kind}{i}" for i in range(1, n_layers + 1) for kind in "wb")


def check_params(params: Params) -> None:
    """Checks that the layers are matrices and vectors that chain.

    Raises:
      ValueError: naming the first parameter that does not fit, its shape and the expected one.
    """
    if not params:
        raise ValueError("expected at least one layer (w, b), got none")
    n_in = None
    for i, (w, b) in enumerate(params, start=1):
        if w.ndim != 2 or 0 in w.shape:
            raise ValueError(f"w{i}: expected a matrix [n_in, n_out], got shape {w.shape}")
        if n_in is not None and w.shape[0] != n_in:
            raise ValueError(
                f"w{i}: expected n_in = {n_in}, the n_out of layer {i - 1}, "
                f"got {w.shape[0]} in shape {w.shape} [n_in, n_out]"
            )
        n_in = w.shape[1]
        if b.shape != (n_in,):
            raise ValueError(f"b{i}: expected shape ({n_in},), the n_out of w{i}, got {b.shape}")
