"""Losses: of logits, of probabilities, of distances."""

import jax
import jax.numpy as jnp
import numpy as np
import torch.nn.functional as F  # noqa: N812

from compare.selftest.everyday.function import (
    Array,
    Function,
    Tree,
    distinct,
    integers,
    normal,
    normals,
)

_N, _CLASSES = 8, 10


def _logits_and_labels(rng: np.random.Generator) -> tuple[Tree, ...]:
    return normal(rng, _N, _CLASSES, scale=3), integers(rng, _CLASSES, _N)


def _logits_and_bits(rng: np.random.Generator) -> tuple[Tree, ...]:
    return normal(rng, 32, scale=4), integers(rng, 2, 32).astype(np.float32)


def _softmax_cross_entropy(logits: Array, labels: Array) -> Array:
    return -jnp.take_along_axis(jax.nn.log_softmax(logits), labels[:, None], axis=1).mean()


def _smoothed_cross_entropy(logits: Array, labels: Array) -> Array:
    targets = 0.9 * jax.nn.one_hot(labels, _CLASSES, dtype=logits.dtype) + 0.1 / _CLASSES
    return -jnp.mean(jnp.sum(targets * jax.nn.log_softmax(logits), axis=-1))


def _weighted_cross_entropy(logits: Array, labels: Array, weights: Array) -> Array:
    each = jax.nn.logsumexp(logits, axis=1) - logits[jnp.arange(_N), labels]
    return jnp.sum(weights[labels] * each) / jnp.sum(weights[labels])


def _binary_cross_entropy(logits: Array, labels: Array) -> Array:
    softplus = jnp.log1p(jnp.exp(-jnp.abs(logits)))
    return jnp.mean(jnp.maximum(logits, 0) - logits * labels + softplus)


def _torch_binary_cross_entropy(logits: Array, labels: Array) -> Array:
    softplus = (-logits.abs()).exp().log1p()
    return (F.relu(logits) - logits * labels + softplus).mean()


def _log_sigmoid_cross_entropy(logits: Array, labels: Array) -> Array:
    yes, no = jax.nn.log_sigmoid(logits), jax.nn.log_sigmoid(-logits)
    return -jnp.mean(labels * yes + (1 - labels) * no)


def _torch_log_sigmoid_cross_entropy(logits: Array, labels: Array) -> Array:
    yes, no = F.logsigmoid(logits), F.logsigmoid(-logits)
    return -(labels * yes + (1 - labels) * no).mean()


def _huber(yhat: Array, y: Array) -> Array:
    distance = jnp.abs(yhat - y)
    return jnp.mean(jnp.where(distance < 1, 0.5 * distance**2, distance - 0.5))


def _distillation(student: Array, teacher: Array) -> Array:
    temperature = 2.0
    p = jax.nn.softmax(teacher / temperature)
    log_q = jax.nn.log_softmax(student / temperature)
    return jnp.sum(p * (jax.nn.log_softmax(teacher / temperature) - log_q), axis=1)


def _torch_distillation(student: Array, teacher: Array) -> Array:
    p = F.softmax(teacher / 2, 1)
    return (p * (F.log_softmax(teacher / 2, 1) - F.log_softmax(student / 2, 1))).sum(1)


def _focal(logits: Array, labels: Array) -> Array:
    p = jax.nn.sigmoid(logits)
    chosen = labels * p + (1 - labels) * (1 - p)
    return -jnp.mean((1 - chosen) ** 2 * jnp.log(chosen + 1e-4))


def _torch_focal(logits: Array, labels: Array) -> Array:
    p = logits.sigmoid()
    chosen = labels * p + (1 - labels) * (1 - p)
    return -((1 - chosen) ** 2 * (chosen + 1e-4).log()).mean()


def _contrastive(a: Array, b: Array) -> Array:
    a, b = (x / jnp.linalg.norm(x, axis=-1, keepdims=True) for x in (a, b))
    return -jnp.mean(jnp.diagonal(jax.nn.log_softmax(a @ b.T / 0.1)))


def _torch_contrastive(a: Array, b: Array) -> Array:
    a, b = (x / x.norm(dim=-1, keepdim=True) for x in (a, b))
    return -F.log_softmax(a @ b.T / 0.1, 1).diagonal().mean()


def _gaussian(mean: Array, log_variance: Array, y: Array) -> Array:
    return 0.5 * jnp.mean(log_variance + (y - mean) ** 2 * jnp.exp(-log_variance))


def _torch_gaussian(mean: Array, log_variance: Array, y: Array) -> Array:
    return 0.5 * (log_variance + (y - mean) ** 2 * (-log_variance).exp()).mean()


def _masked_mean(yhat: Array, y: Array, lengths: Array) -> Array:
    mask = jnp.arange(yhat.shape[1]) < lengths[:, None]
    squares = jnp.where(mask, (yhat - y) ** 2, 0)
    return jnp.sum(squares) / jnp.sum(mask).astype(yhat.dtype)


LOSSES = (
    Function(
        "mean_squared_error",
        lambda yhat, y: jnp.mean(jnp.square(yhat - y)),
        normals((_N, 4), (_N, 4)),
        by_torch=F.mse_loss,
    ),
    Function(
        "softmax_cross_entropy",
        _softmax_cross_entropy,
        _logits_and_labels,
        by_torch=F.cross_entropy,
    ),
    Function(
        "smoothed_cross_entropy",
        _smoothed_cross_entropy,
        _logits_and_labels,
        by_torch=lambda logits, labels: F.cross_entropy(logits, labels, label_smoothing=0.1),
    ),
    Function(
        "weighted_cross_entropy",
        _weighted_cross_entropy,
        lambda rng: (*_logits_and_labels(rng), 0.5 + rng.random(_CLASSES, np.float32)),
        by_torch=lambda logits, labels, weights: F.cross_entropy(logits, labels, weights),
    ),
    Function(
        "binary_cross_entropy",
        _binary_cross_entropy,
        _logits_and_bits,
        by_torch=_torch_binary_cross_entropy,
    ),
    Function(
        "log_sigmoid_cross_entropy",
        _log_sigmoid_cross_entropy,
        _logits_and_bits,
        by_torch=_torch_log_sigmoid_cross_entropy,
    ),
    Function("focal", _focal, _logits_and_bits, by_torch=_torch_focal),
    Function("huber", _huber, normals((32,), (32,)), by_torch=F.huber_loss),
    Function(
        "hinge",
        lambda scores, signs: jnp.mean(jnp.maximum(0, 1 - scores * signs)),
        lambda rng: (distinct(rng, 32), np.sign(normal(rng, 32))),
        by_torch=lambda scores, signs: F.relu(1 - scores * signs).mean(),
    ),
    Function(
        "logsumexp",
        lambda x: jax.nn.logsumexp(x, axis=1),
        normals((5, 40), scale=5),
        by_torch=lambda x: x.logsumexp(1),
    ),
    Function(
        "distillation",
        _distillation,
        normals((5, 20), (5, 20)),
        argnums=(0, 1),
        by_torch=_torch_distillation,
    ),
    Function(
        "contrastive",
        _contrastive,
        normals((_N, 16), (_N, 16)),
        argnums=(0, 1),
        by_torch=_torch_contrastive,
        is_layer=False,
    ),
    Function(
        "gaussian_likelihood",
        _gaussian,
        normals((32,), (32,), (32,)),
        argnums=(0, 1),
        by_torch=_torch_gaussian,
    ),
    Function(
        "poisson_likelihood",
        lambda log_rate, count: jnp.mean(jnp.exp(log_rate) - count * log_rate),
        lambda rng: (normal(rng, 32), integers(rng, 6, 32).astype(np.float32)),
        by_torch=lambda log_rate, count: F.poisson_nll_loss(log_rate, count),
    ),
    Function(
        "masked_mean",
        _masked_mean,
        lambda rng: (normal(rng, 4, 9), normal(rng, 4, 9), 1 + integers(rng, 9, 4)),
    ),
)
