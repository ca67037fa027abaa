"""Steps of optimizers: Adam by hand, and those of optax, two steps each."""

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import torch

from compare.selftest.everyday.function import Array, Function, Tree, normal, positive

_RATE = 1e-2


def _params_and_gradients(rng: np.random.Generator) -> tuple[Tree, ...]:
    def tree(scale: float) -> dict[str, np.ndarray]:
        return {"w": normal(rng, 4, 3, scale=scale), "b": normal(rng, 3, scale=scale)}

    return tree(1), tree(0.1), tree(0.1)


def _params_and_moments(rng: np.random.Generator) -> tuple[Tree, ...]:
    moments = normal(rng, 20, scale=0.1), 0.01 * positive(rng, 20)
    return normal(rng, 20), normal(rng, 20, scale=0.1), *moments, np.int32(1 + rng.integers(99))


def _adam(w: Array, slope: Array, m: Array, v: Array, t: Array) -> tuple[Array, ...]:
    t = t.astype(w.dtype)
    m, v = 0.9 * m + 0.1 * slope, 0.999 * v + 0.001 * slope**2
    first, second = m / (1 - 0.9**t), v / (1 - 0.999**t)
    return w - _RATE * first / (jnp.sqrt(second) + 1e-8), m, v


def _torch_adam(w: Array, slope: Array, m: Array, v: Array, t: Array) -> tuple[Array, ...]:
    t = t.to(w.dtype)
    m, v = 0.9 * m + 0.1 * slope, 0.999 * v + 0.001 * slope**2
    first, second = m / (1 - 0.9**t), v / (1 - 0.999**t)
    return w - _RATE * first / (second.sqrt() + 1e-8), m, v


def _momentum(w: Array, slope: Array, velocity: Array) -> tuple[Tree, Tree]:
    velocity = jax.tree.map(lambda v, s: 0.9 * v + s, velocity, slope)
    return jax.tree.map(lambda w, v: w - _RATE * v, w, velocity), velocity


def _steps(make: Callable[[Any], Any]) -> Callable[..., Tree]:
    """Makes a function that takes two steps, by two gradients, with an optimizer of optax."""

    def steps(params: Tree, *gradients: Tree) -> Tree:
        import optax

        optimizer = make(optax)
        state = optimizer.init(params)
        for gradient in gradients:
            updates, state = optimizer.update(gradient, state, params)
            params = optax.apply_updates(params, updates)
        return params

    return steps


def _torch_steps(make: Callable[[Any], Any]) -> Callable[..., Tree]:
    """Makes the same with one of torch."""

    def steps(params: Tree, *gradients: Tree) -> Tree:
        params = jax.tree.map(torch.clone, params)
        leaves = jax.tree.leaves(params)
        optimizer = make(leaves)
        for gradient in gradients:
            for leaf, slope in zip(leaves, jax.tree.leaves(gradient), strict=True):
                leaf.grad = slope
            optimizer.step()
        return params

    return steps


# name -> an optimizer of optax
_OF_OPTAX: dict[str, Callable[[Any], Any]] = {
    "sgd": lambda optax: optax.sgd(_RATE, momentum=0.9, nesterov=True),
    "adam": lambda optax: optax.adam(_RATE),
    "adamw": lambda optax: optax.adamw(_RATE, weight_decay=0.01),
    "adamw_scheduled": lambda optax: optax.chain(
        optax.clip_by_global_norm(0.2),
        optax.adamw(optax.warmup_cosine_decay_schedule(0.1 * _RATE, _RATE, 1, 10)),
    ),
    "rmsprop": lambda optax: optax.rmsprop(_RATE),
    "adagrad": lambda optax: optax.adagrad(_RATE),
    "adafactor": lambda optax: optax.adafactor(_RATE, min_dim_size_to_factor=2),
    "lamb": lambda optax: optax.lamb(_RATE),
    "lion": lambda optax: optax.lion(_RATE),
    "radam": lambda optax: optax.radam(_RATE),
}
_OF_TORCH: dict[str, Callable[[Any], Any]] = {
    "sgd": lambda leaves: torch.optim.SGD(leaves, _RATE, momentum=0.9, nesterov=True),
    "adam": lambda leaves: torch.optim.Adam(leaves, _RATE),
    "adamw": lambda leaves: torch.optim.AdamW(leaves, _RATE, weight_decay=0.01),
}

OPTIMIZERS = (
    Function("adam", _adam, _params_and_moments, argnums=(), by_torch=_torch_adam),
    Function("momentum", _momentum, _params_and_gradients, argnums=()),
    *(
        Function(
            f"optax_{name}",
            _steps(make),
            _params_and_gradients,
            argnums=(),
            by_torch=_torch_steps(_OF_TORCH[name]) if name in _OF_TORCH else None,
            needs="optax",
        )
        for name, make in _OF_OPTAX.items()
    ),
)
