"""What goes by the order of entries: running totals, sorting, choosing."""

import jax
import jax.numpy as jnp
import torch
import torch.nn.functional as F  # noqa: N812
from jax import lax

from compare.selftest.everyday.function import Array, Function, Tree, distinct, normal, normals


def _experts(x: Array, router: Array, experts: Array) -> Array:
    """A mixture of the two experts [of 4, in, out] that a router chooses for each x."""
    scores, chosen = lax.top_k(x @ router, 2)
    weights = jax.nn.softmax(scores, axis=-1)
    return jnp.einsum("nk,ni,nkio->no", weights, x, experts[chosen])


def _torch_experts(x: Array, router: Array, experts: Array) -> Array:
    scores, chosen = (x @ router).topk(2)
    return torch.einsum("nk,ni,nkio->no", scores.softmax(-1), x, experts[chosen])


def _by_argmax(x: Array, table: Array) -> Array:
    return table[jnp.argmax(x, axis=1)] * x[:, :4]


def _spread(x: Array) -> Array:
    return jnp.max(x * x, axis=1) - jnp.min(x, axis=1)


def _by_rank(x: Array, y: Array) -> Array:
    return jnp.take_along_axis(y, jnp.argsort(x, axis=1), axis=1)


def _median(x: Array) -> Array:
    return jnp.median(x, axis=1)


def _nucleus(logits: Array) -> Array:
    """Probabilities of the likeliest entries that have 0.8 of it together."""
    ordered = -jnp.sort(-logits, axis=-1)
    p = jax.nn.softmax(ordered, axis=-1)
    kept = jnp.cumsum(p, axis=-1) - p < 0.8
    return jnp.where(kept, p, 0) / jnp.sum(jnp.where(kept, p, 0), axis=-1, keepdims=True)


def _torch_nucleus(logits: Array) -> Array:
    p = logits.sort(-1, descending=True).values.softmax(-1)
    kept = torch.where(p.cumsum(-1) - p < 0.8, p, 0)
    return kept / kept.sum(-1, keepdim=True)


def _table_looked_up(x: Array, edges: Array, values: Array) -> Array:
    return values[jnp.searchsorted(jnp.sort(edges), x)]


def _torch_product(x: Array) -> Array:
    wide = torch.promote_types(x.dtype, torch.float32)  # as JAX multiplies bfloat16
    return x.prod(1, dtype=wide).to(x.dtype)


def _discounted(x: Array) -> Array:
    return lax.cumsum(x * 0.9 ** jnp.arange(x.shape[1], dtype=x.dtype), axis=1, reverse=True)


def _chosen_ids(x: Array) -> Tree:
    return jnp.argmax(x, axis=1), jnp.argmin(x, axis=1), lax.top_k(x, 3)[1], jnp.argsort(x, axis=1)


ORDER = (
    Function(
        "cumsum",
        lambda x: jnp.cumsum(x, axis=1),
        normals((4, 30)),
        by_torch=lambda x: x.cumsum(1),
    ),
    Function("discounted_sums", _discounted, normals((4, 12))),
    Function(
        "cumprod",
        lambda x: jnp.cumprod(x, axis=1),
        lambda rng: (normal(rng, 4, 10, scale=0.3, mean=1),),
        by_torch=lambda x: x.cumprod(1),
        same_gradient=False,  # torch divides the product by a factor
    ),
    Function(
        "product",
        lambda x: jnp.prod(x, axis=1),
        lambda rng: (normal(rng, 4, 6, scale=0.3, mean=1),),
        by_torch=_torch_product,
        same_gradient=False,
    ),
    Function(
        "cumulative_maximum",
        lambda x: lax.cummax(x, axis=1),
        lambda rng: (distinct(rng, 4, 10),),
        by_torch=lambda x: x.cummax(1).values,
        same_gradient=False,  # there the sums of JAX go by a tree
    ),
    Function(
        "cumulative_logsumexp",
        lambda x: lax.cumlogsumexp(x, axis=1),
        normals((4, 10)),
        by_torch=lambda x: x.logcumsumexp(1),
    ),
    Function(
        "sort",
        lambda x: jnp.sort(x, axis=1),
        lambda rng: (distinct(rng, 4, 20),),
        by_torch=lambda x: x.sort(1).values,
    ),
    Function(
        "argsort",
        _by_rank,
        lambda rng: (distinct(rng, 4, 9), normal(rng, 4, 9)),
        (0, 1),
        lambda x, y: y.gather(1, x.argsort(1)),
    ),
    Function(
        "median", _median, lambda rng: (distinct(rng, 4, 9),), by_torch=lambda x: x.median(1).values
    ),
    Function(
        "top_k",
        lambda x: lax.top_k(x * x * 0.3, 5)[0],
        lambda rng: (distinct(rng, 4, 20),),
        by_torch=lambda x: (x * x * 0.3).topk(5, 1).values,
    ),
    Function("nucleus", _nucleus, normals((3, 12)), by_torch=_torch_nucleus),
    Function(
        "mixture_of_experts",
        _experts,
        normals((6, 8), (8, 4), (4, 8, 5)),
        (0, 1, 2),
        _torch_experts,
        is_layer=False,
    ),
    Function(
        "argmax_gather",
        _by_argmax,
        lambda rng: (distinct(rng, 6, 9), normal(rng, 9, 4)),
        (0, 1),
        lambda x, table: table[x.argmax(1)] * x[:, :4],
    ),
    Function("ids", _chosen_ids, lambda rng: (distinct(rng, 4, 9),), argnums=()),
    Function(
        "max_and_min",
        _spread,
        lambda rng: (distinct(rng, 6, 9),),
        by_torch=lambda x: (x * x).amax(1) - x.amin(1),
    ),
    Function(
        "relu_layer",
        lambda x, w: jnp.maximum(x @ w, 0),
        normals((6, 9), (9, 4)),
        (0, 1),
        lambda x, w: F.relu(x @ w),
    ),
    Function("searchsorted", _table_looked_up, normals((7,), (9,), (10,)), argnums=(2,)),
)
