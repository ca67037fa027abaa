"""What a program is made of: loops, branches, transformations, random numbers, two dtypes."""

import jax
import jax.numpy as jnp
import numpy as np
import torch
import torch.nn.functional as F  # noqa: N812
from jax import lax

from compare.selftest.everyday.function import Array, Function, Tree, normal, normals, positive

_TOLERANCE = 1e-3


def _better(root: Array, a: Array) -> Array:
    return 0.5 * (root + a / root)


def _newton(a: Array) -> Array:
    def step(state: tuple[Array, Array]) -> tuple[Array, Array]:
        i, root = state
        return i + 1, _better(root, a)

    return lax.while_loop(lambda state: state[0] < 6, step, (0, a))[1]


def _newton_until(a: Array) -> Array:
    """It leaves the loop when the largest step is small: how often it goes round is computed."""

    def step(state: tuple[Array, Array]) -> tuple[Array, Array]:
        root, _ = state
        better = _better(root, a)
        return better, jnp.max(jnp.abs(better - root))

    start = a, jnp.ones((), a.dtype)
    return lax.while_loop(lambda state: state[1] > _TOLERANCE, step, start)[0]


def _iterated(w: Array, x: Array) -> Array:
    return lax.fori_loop(0, 4, lambda i, x: jnp.tanh(w @ x) + 0.125 * i, x)


def _torch_iterated(w: Array, x: Array) -> Array:
    for i in range(4):
        x = (w @ x).tanh() + 0.125 * i
    return x


def _branches(x: Array, i: Array) -> Array:
    y = lax.cond(jnp.sum(x) > 0, lambda x: x * 2, lambda x: x * x, x)
    return lax.switch(i, [jnp.sin, jnp.cos, jnp.tanh], y)


def _torch_branches(x: Array, i: Array) -> Array:
    y = x * 2 if x.sum() > 0 else x * x
    return (torch.sin, torch.cos, torch.tanh)[i](y)


def _branches_by_row(x: Array) -> Array:
    def one(row: Array) -> Array:
        return lax.cond(jnp.sum(row) > 0, jnp.tanh, lambda row: row * row, row)

    return jax.vmap(one)(x)


def _torch_branches_by_row(x: Array) -> Array:
    return torch.where(x.sum(1, keepdim=True) > 0, x.tanh(), x * x)


@jax.custom_vjp
def _cubed(x: Array) -> Array:
    return x * x * x


_cubed.defvjp(lambda x: (_cubed(x), x), lambda x, slope: (3 * x * x * slope,))


@jax.custom_jvp
def _softplus(x: Array) -> Array:
    return jnp.log1p(jnp.exp(x))


_softplus.defjvp(lambda x, dx: (_softplus(*x), jax.nn.sigmoid(x[0]) * dx[0]))


def _layers_again(ws: Array, xs: Array) -> Array:
    """Layers that are computed once more in the backward pass, by sample."""
    layer = jax.checkpoint(lambda x, w: jnp.tanh(jax.jit(jnp.matmul)(x, w)))
    return jax.vmap(lambda x: lax.scan(lambda x, w: (layer(x, w), None), x, ws)[0])(xs)


def _torch_layers(ws: Array, xs: Array) -> Array:
    for w in ws:
        xs = (xs @ w).tanh()
    return xs


def _dropout(x: Array, key: Array) -> Array:
    kept = jax.random.bernoulli(key, np.float32(0.75), x.shape)
    return jnp.where(kept, x / 0.75, 0)


def _noise(x: Array, seed: Array) -> Array:
    return x + 0.1 * jax.random.normal(jax.random.key(seed), x.shape, jnp.float32).astype(x.dtype)


def _gumbel(logits: Array, key: Array) -> Array:
    noise = jax.random.gumbel(key, logits.shape, jnp.float32).astype(logits.dtype)
    return jax.nn.softmax((logits + noise) / 0.5)


def _shuffled(x: Array, key: Array) -> Array:
    chosen = jax.random.randint(key, (5,), 0, x.shape[0], jnp.int32)
    return x[chosen] * 1.5


def _in_bfloat16(w: Array, x: Array) -> Array:
    return (x.astype(jnp.bfloat16) @ w.astype(jnp.bfloat16)).astype(x.dtype)


def _straight_through(x: Array, w: Array) -> Array:
    rounded = x + lax.stop_gradient(jnp.round(x) - x)
    return rounded @ w


def _torch_straight_through(x: Array, w: Array) -> Array:
    return (x + (x.round() - x).detach()) @ w


def _safe_root(x: Array) -> Array:
    is_positive = x > 0
    return jnp.where(is_positive, jnp.sqrt(jnp.where(is_positive, x, 1)), 0)


def _hessian_product(w: Array, x: Array) -> Array:
    gradient = jax.grad(lambda w: jnp.sum(jnp.tanh(x @ w)))
    return jax.jvp(gradient, (w,), (w,))[1]


def _torch_hessian_product(w: Array, x: Array) -> Array:
    tanh = (x @ w).tanh()
    return x.T @ (-2 * tanh * (1 - tanh * tanh) * (x @ w))


def _by_sample(w: Array, x: Array) -> Array:
    one = jax.grad(lambda w, x: jnp.sum(jax.nn.softplus(x @ w)))
    return jax.vmap(one, in_axes=(None, 0))(w, x)


def _key(rng: np.random.Generator) -> Array:
    return jax.random.key(int(rng.integers(2**31)))


def _x_and_key(rng: np.random.Generator) -> tuple[Tree, ...]:
    return normal(rng, 6, 8), _key(rng)


STRUCTURE = (
    Function("newton", _newton, lambda rng: (positive(rng, 5, least=1),), argnums=()),
    Function("newton_until", _newton_until, lambda rng: (positive(rng, 5, least=1),), argnums=()),
    Function(
        "iterated",
        _iterated,
        lambda rng: (normal(rng, 5, 5, scale=0.3), normal(rng, 5)),
        (0, 1),
        _torch_iterated,
        is_layer=False,
    ),
    Function(
        "branches",
        _branches,
        lambda rng: (normal(rng, 5), np.int32(rng.integers(3))),
        by_torch=_torch_branches,
    ),
    Function("branches_by_row", _branches_by_row, normals((4, 5)), by_torch=_torch_branches_by_row),
    Function(
        "own_derivatives",
        lambda x: _cubed(x) + _softplus(x),
        normals((20,)),
        by_torch=lambda x: x**3 + F.softplus(x),
    ),
    Function(
        "layers_again",
        _layers_again,
        lambda rng: (normal(rng, 4, 8, 8, scale=0.3), normal(rng, 3, 8)),
        (0, 1),
        _torch_layers,
        is_layer=False,
    ),
    Function("dropout", _dropout, _x_and_key),
    Function(
        "noise",
        _noise,
        lambda rng: (normal(rng, 6, 8), np.uint32(rng.integers(2**31))),
        in_float64=False,
    ),
    Function("gumbel_softmax", _gumbel, _x_and_key, in_float64=False),
    Function("shuffled", _shuffled, _x_and_key),
    Function(
        "in_bfloat16",
        _in_bfloat16,
        lambda rng: (normal(rng, 8, 8, scale=0.3), normal(rng, 3, 8)),
        (0, 1),
        in_float64=False,
    ),
    Function(
        "straight_through",
        _straight_through,
        normals((4, 6), (6, 3)),
        (0, 1),
        _torch_straight_through,
    ),
    Function(
        "safe_root",
        _safe_root,
        normals((20,)),
        by_torch=lambda x: torch.where(x > 0, torch.where(x > 0, x, 1).sqrt(), 0),
    ),
    Function(
        "einsum",
        lambda a, b, c: jnp.einsum("ij,jk,ki->i", a, b, c),
        normals((3, 4), (4, 5), (5, 3)),
        (0, 1, 2),
        lambda a, b, c: torch.einsum("ij,jk,ki->i", a, b, c),
    ),
    Function(
        "hessian_product",
        _hessian_product,
        normals((4, 3), (6, 4)),
        (0, 1),
        _torch_hessian_product,
        is_layer=False,
    ),
    Function(
        "gradients_by_sample",
        _by_sample,
        normals((4, 3), (6, 4)),
        by_torch=lambda w, x: x[:, :, None] * (x @ w).sigmoid()[:, None],
    ),
)
