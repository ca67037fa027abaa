"""One chunk of samples: compiled for one device, joined over several, read back as NumPy arrays.

Shape letters beside those of `base`: D devices, C samples in the chunk of one device.
"""

import functools
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple, TypeAlias

import jax
import jax.numpy as jnp
import numpy as np
from jax.sharding import Mesh, NamedSharding, PartitionSpec

from jaxmlp.activations import Activations
from jaxmlp.base import Array, Batch, Evaluation, Params
from jaxmlp.losses import SQUARED, Loss
from jaxmlp.plan import Plan, check_axis

# `autodiff.per_sample_gradients`, `backprop.per_sample_gradients`, or a function with their
# signature. One without `sample_axis` can be swept by a plan whose sample_axis is 0.
PerSampleGradients: TypeAlias = Callable[..., Evaluation]

SAMPLES = "samples"  # the one axis of the mesh


class Chunk(NamedTuple):
    """Samples start, ..., start + size - 1; entries of the arrays beyond these have no meaning."""

    start: int
    size: int
    sample_axis: int  # of the arrays, 0 or -1
    evaluation: Evaluation  # jax arrays of D * C samples


def chunk_function(
    per_sample_gradients: PerSampleGradients,
    *,
    activation: Activations,
    loss: Loss = SQUARED,
    l2: float = 0.0,
    sample_axis: int = 0,
) -> Callable[..., Evaluation]:
    """Compiles the gradients of one chunk, for callers who split and place samples themselves.

    Args:
      per_sample_gradients: of `autodiff`, of `backprop`, or with their signature.
      activation: of all hidden layers, or a tuple of one for each.
      loss: of one sample.
      l2: lambda of lambda / 2 |w|^2.
      sample_axis: 0 or -1.

    Returns:
      A jitted (params, batch, previous=None) -> Evaluation. batch is x [n, d] and y [n, k]; the
      results have n first, or last: [..., n]. An earlier result of the same shape given as
      `previous` is deleted and its memory used again, which saves most of the time of a large one.

    Raises:
      ValueError: for another axis.
    """
    evaluate = _evaluation(per_sample_gradients, activation, loss, sample_axis, l2)

    def one_chunk(params: Params, batch: Batch, previous: Evaluation | None = None) -> Evaluation:
        del previous  # given for its memory alone
        return evaluate(params, batch)

    return jax.jit(one_chunk, donate_argnames="previous", keep_unused=True)


def leading(chunk: Chunk) -> Evaluation:
    """Returns the samples of a chunk as NumPy arrays [size, ...], where possible without a copy."""
    to_front = functools.partial(np.moveaxis, source=chunk.sample_axis, destination=0)
    return jax.tree.map(lambda leaf: to_front(np.asarray(leaf))[: chunk.size], chunk.evaluation)


def gather(chunks: Sequence[Chunk]) -> Evaluation:
    """Copies the samples of all chunks into NumPy arrays [N, ...]."""
    return jax.tree.map(lambda *leaves: np.concatenate(leaves), *map(leading, chunks))


class Step(NamedTuple):
    """Two jitted functions of one device."""

    memory: Callable[[Params, Batch], Evaluation]
    fill: Callable[[Evaluation, Params, Batch, Array], Evaluation]  # deletes its first argument


@functools.lru_cache
def compile_step(
    per_sample_gradients: PerSampleGradients, activation: Activations, loss: Loss, plan: Plan
) -> Step:
    """Compiles once for all sweeps that have these in common."""
    evaluate = _evaluation(per_sample_gradients, activation, loss, plan.sample_axis)

    def fill(memory: Evaluation, params: Params, batch: Batch, n_blocks: Array) -> Evaluation:
        def one_block(i: Array, filled: Evaluation) -> Evaluation:
            first = i * plan.block
            rows = (jax.lax.dynamic_slice_in_dim(leaf, first, plan.block) for leaf in batch)
            put = functools.partial(
                jax.lax.dynamic_update_slice_in_dim, start_index=first, axis=plan.sample_axis
            )
            return jax.tree.map(put, filled, evaluate(params, Batch(*rows)))

        if plan.block == plan.chunk:  # outside a loop, all cores fill it
            return evaluate(params, batch)
        return jax.lax.fori_loop(0, n_blocks, one_block, memory)

    def memory(params: Params, batch: Batch) -> Evaluation:
        shapes = jax.eval_shape(evaluate, params, batch)
        return jax.tree.map(lambda leaf: jnp.zeros(leaf.shape, leaf.dtype), shapes)

    return Step(jax.jit(memory), jax.jit(fill, donate_argnums=0, keep_unused=True))


def split(evaluation: Evaluation, n: int) -> Sequence[Evaluation | None]:
    """Returns the part on each device; all at once, as donating one part deletes the whole."""
    if n == 1:
        return [evaluation]
    leaves, treedef = jax.tree.flatten(evaluation)
    shards = [[shard.data for shard in leaf.addressable_shards] for leaf in leaves]
    return [jax.tree.unflatten(treedef, parts) for parts in zip(*shards, strict=True)]


def join(parts: Sequence[Evaluation], mesh: Mesh, sample_axis: int) -> Evaluation:
    """Makes one array of the parts on the devices, without copies."""
    if len(parts) == 1:
        return parts[0]

    def one(*leaves: jax.Array) -> jax.Array:
        shape = list(leaves[0].shape)
        shape[sample_axis] *= mesh.size
        before = sample_axis % len(shape)
        sharding = NamedSharding(mesh, PartitionSpec(*[None] * before, SAMPLES))
        return jax.make_array_from_single_device_arrays(tuple(shape), sharding, leaves)

    return jax.tree.map(one, *parts)


def _evaluation(
    per_sample_gradients: PerSampleGradients,
    activation: Activations,
    loss: Loss,
    sample_axis: int,
    l2: float = 0.0,
) -> Callable[[Params, Batch], Evaluation]:
    """Fixes the options; those at their default are left out, as a function may not have them."""
    check_axis(sample_axis)
    known: dict[str, Any] = {"activation": activation}
    if loss is not SQUARED:
        known["loss"] = loss
    if l2:
        known["l2"] = l2
    if sample_axis:
        known["sample_axis"] = sample_axis
    return functools.partial(per_sample_gradients, **known)
