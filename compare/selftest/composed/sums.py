"""Sums of several terms, added up in an order at random."""

from collections.abc import Callable
from types import MappingProxyType
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax

from compare.selftest.composed.roundings import Array, Roundings


def added(roundings: Roundings, terms: Array, dtype: Any, *, serial: bool = False) -> Array:
    """Adds up terms along the last axis, any two partial sums at a time, or one after the other."""
    if roundings.manner == "exact":
        return terms.sum(-1)
    parts = [terms[..., k] for k in range(terms.shape[-1])]
    if not parts:
        return np.zeros(terms.shape[:-1], terms.dtype)
    if not serial:
        roundings.rng.shuffle(parts)
    apart = not serial and roundings.rng.random() < 0.5
    while len(parts) > 1:
        a = parts.pop(0)
        b = parts.pop(int(roundings.rng.integers(len(parts))) if apart else 0)
        value = a + b
        parts.insert(0, np.where((a != 0) & (b != 0), roundings.made(value, dtype), value))
    return parts[0]


def _reduced(roundings: Roundings, eqn: Any, a: Array) -> Array:
    axes, kept = tuple(eqn.params["axes"]), eqn.outvars[0].aval.shape
    order = [axis for axis in range(a.ndim) if axis not in axes] + list(axes)
    return added(roundings, a.transpose(order).reshape(*kept, -1), eqn.outvars[0].aval.dtype)


def _multiplied(roundings: Roundings, terms: Array, dtype: Any) -> Array:
    parts = [terms[..., k] for k in range(terms.shape[-1])]
    made = parts[0] if parts else np.ones(terms.shape[:-1], terms.dtype)
    for part in parts[1:]:
        exact = (roundings.manner == "moved") & ((part == 1) | (made == 1))
        value = made * part
        made = np.where(exact, value, roundings.made(value, dtype))
    return made


def _product(roundings: Roundings, eqn: Any, a: Array) -> Array:
    axes, kept = tuple(eqn.params["axes"]), eqn.outvars[0].aval.shape
    order = [axis for axis in range(a.ndim) if axis not in axes] + list(axes)
    return _multiplied(roundings, a.transpose(order).reshape(*kept, -1), eqn.outvars[0].aval.dtype)


def _dot(roundings: Roundings, eqn: Any, a: Array, b: Array) -> Array:
    (sum_a, sum_b), (batch_a, batch_b) = eqn.params["dimension_numbers"]
    free_a = [axis for axis in range(a.ndim) if axis not in (*sum_a, *batch_a)]
    free_b = [axis for axis in range(b.ndim) if axis not in (*sum_b, *batch_b)]
    n = int(np.prod([a.shape[axis] for axis in sum_a]))
    batch = [a.shape[axis] for axis in batch_a]
    left, right = [a.shape[axis] for axis in free_a], [b.shape[axis] for axis in free_b]
    a = a.transpose([*batch_a, *free_a, *sum_a]).reshape(*batch, *left, *[1] * len(right), n)
    b = b.transpose([*batch_b, *free_b, *sum_b]).reshape(*batch, *[1] * len(left), *right, n)
    dtype, terms = eqn.outvars[0].aval.dtype, a * b
    if roundings.manner != "moved":
        return added(roundings, roundings.made(terms, dtype), dtype)
    return added(roundings, np.where(terms == 0, terms, roundings.made(terms, dtype)), dtype)


def _cumulative(
    make: Callable[[Roundings, Array, Any], Array],
) -> Callable[[Roundings, Any, Array], Array]:
    def rule(roundings: Roundings, eqn: Any, a: Array) -> Array:
        axis, reverse = eqn.params["axis"], eqn.params["reverse"]
        lines = np.moveaxis(a, axis, -1)
        lines = lines[..., ::-1] if reverse else lines
        dtype = eqn.outvars[0].aval.dtype
        made = [make(roundings, lines[..., : k + 1], dtype) for k in range(lines.shape[-1])]
        found = np.stack(made, -1) if made else lines
        return np.moveaxis(found[..., ::-1] if reverse else found, -1, axis)

    return rule


def _scattered(roundings: Roundings, eqn: Any, a: Array, index: Array, updates: Array) -> Array:
    """Takes of each place the updates that go there, as JAX scatters ones among zeros."""
    numbers, mode = eqn.params["dimension_numbers"], eqn.params["mode"]

    def places(updates: Any) -> Any:
        start = jnp.zeros(a.shape, np.float64)
        return lax.scatter_add(start, jnp.asarray(index), updates, numbers, mode=mode)

    with jax.enable_x64(True):
        basis = jnp.eye(updates.size).reshape(-1, *updates.shape)
        goes = np.asarray(jax.vmap(places)(basis))  # [updates, *shape]
    terms = np.moveaxis(goes * updates.reshape(-1, *[1] * a.ndim), 0, -1)
    terms = np.where(np.moveaxis(goes, 0, -1) == 0, 0, terms)
    return added(roundings, np.concatenate([a[..., None], terms], -1), eqn.outvars[0].aval.dtype)


SUMS: MappingProxyType[str, Callable[..., Array]] = MappingProxyType(
    {
        "reduce_sum": _reduced,
        "reduce_prod": _product,
        "dot_general": _dot,
        "cumsum": _cumulative(added),
        "cumprod": _cumulative(_multiplied),
        "scatter-add": _scattered,
    }
)
