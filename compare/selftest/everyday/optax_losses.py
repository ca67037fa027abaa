"""Losses as optax ships them."""

from collections.abc import Callable
from typing import Any

import numpy as np
import torch.nn.functional as F  # noqa: N812

from compare.selftest.everyday.function import (
    Array,
    Draw,
    Function,
    Tree,
    integers,
    normal,
    normals,
    positive,
)

_N, _CLASSES, _T = 6, 5, 7


def _logits_and_labels(rng: np.random.Generator) -> tuple[Tree, ...]:
    return normal(rng, _N, _CLASSES, scale=2), integers(rng, _CLASSES, _N)


def _logits_and_bits(rng: np.random.Generator) -> tuple[Tree, ...]:
    return normal(rng, 24, scale=2), integers(rng, 2, 24).astype(np.float32)


def _logits_and_chances(rng: np.random.Generator) -> tuple[Tree, ...]:
    chances = positive(rng, _N, _CLASSES)
    return normal(rng, _N, _CLASSES), chances / chances.sum(1, keepdims=True)


def _speech(rng: np.random.Generator) -> tuple[Tree, ...]:
    """Draws logits [N, time, classes] and two labels each, of which none is the blank, 0."""
    return normal(rng, 2, _T, _CLASSES), 1 + integers(rng, _CLASSES - 1, 2, 2)


def _connectionist(losses: Any, logits: Array, labels: Array) -> Array:
    no_padding = np.zeros((2, _T), np.float32), np.zeros((2, 2), np.float32)
    return losses.ctc_loss(logits, no_padding[0], labels, no_padding[1])


def _smooth(losses: Any, logits: Array, chances: Array) -> Array:
    return losses.softmax_cross_entropy(logits, losses.smooth_labels(chances, 0.1))


def _torch_smooth(logits: Array, chances: Array) -> Array:
    return F.cross_entropy(logits, chances, label_smoothing=0.1, reduction="none")


_PAIR = normals((_N, _CLASSES), (_N, _CLASSES))

# name -> the loss, of optax.losses and two arrays; their draw; the twin
_LOSSES: dict[str, tuple[Callable[..., Array], Draw, Callable[..., Array] | None]] = {
    "softmax_cross_entropy": (
        lambda losses, z, y: losses.softmax_cross_entropy_with_integer_labels(z, y),
        _logits_and_labels,
        lambda z, y: F.cross_entropy(z, y, reduction="none"),
    ),
    "smooth_cross_entropy": (_smooth, _logits_and_chances, _torch_smooth),
    "sigmoid_cross_entropy": (
        lambda losses, z, y: losses.sigmoid_binary_cross_entropy(z, y),
        _logits_and_bits,
        lambda z, y: -(y * F.logsigmoid(z) + (1 - y) * F.logsigmoid(-z)),
    ),
    "sigmoid_focal": (
        lambda losses, z, y: losses.sigmoid_focal_loss(z, y, alpha=0.25),
        _logits_and_bits,
        None,
    ),
    "kl_divergence": (
        lambda losses, z, p: losses.kl_divergence(z, p),
        _logits_and_chances,
        lambda z, p: F.kl_div(z, p, reduction="none").sum(1),
    ),
    "huber": (
        lambda losses, a, b: losses.huber_loss(a, b),
        _PAIR,
        lambda a, b: F.huber_loss(a, b, reduction="none"),
    ),
    "l2": (lambda losses, a, b: losses.l2_loss(a, b), _PAIR, lambda a, b: 0.5 * (a - b) ** 2),
    "log_cosh": (lambda losses, a, b: losses.log_cosh(a, b), _PAIR, None),
    "cosine_distance": (
        lambda losses, a, b: losses.cosine_distance(a, b, epsilon=1e-8),
        _PAIR,
        lambda a, b: 1 - F.cosine_similarity(a, b),
    ),
    "ctc": (_connectionist, _speech, None),
}


def _of_optax(loss: Callable[..., Array]) -> Callable[..., Array]:
    def by_jax(*args: Array) -> Array:
        from optax import losses

        return loss(losses, *args)

    return by_jax


OPTAX_LOSSES = tuple(
    Function(f"optax_{name}", _of_optax(loss), draw, by_torch=twin, needs="optax")
    for name, (loss, draw, twin) in _LOSSES.items()
)
