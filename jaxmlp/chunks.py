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
from jaxmlp.arguments import Kind, kind
from jaxmlp.base import Array, Batch, Evaluation, Layer, Params
from jaxmlp.losses import SQUARED, Loss
from jaxmlp.plan import Plan, check_axis
from jaxmlp.threads import side_by_side

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


class Call(NamedTuple):
    """What the program of `compile_fill` is given."""

    params: Params
    batch: Batch
    n_blocks: Any  # np.int32, or None
    memory: Evaluation | None


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


@functools.lru_cache
def compile_fill(
    per_sample_gradients: PerSampleGradients, activation: Activations, loss: Loss, plan: Plan
) -> Callable[..., Evaluation]:
    """Compiles the gradients of a chunk, once for all sweeps that have these in common.

    Returns:
      A jitted (params, batch, n_blocks, memory=None) -> Evaluation for one device. batch has as
      many samples as the chunk has room for, and n_blocks says how many blocks are computed; None
      where the plan's chunk is one block. memory is deleted, and used again.
    """
    evaluate = _evaluation(per_sample_gradients, activation, loss, plan.sample_axis)

    def fill(
        params: Params, batch: Batch, n_blocks: Array | None, memory: Evaluation | None = None
    ) -> Evaluation:
        if n_blocks is None:  # outside a loop, all cores fill it
            return evaluate(params, batch)

        def one_block(i: Array, filled: Evaluation) -> Evaluation:
            first = i * plan.block
            rows = (jax.lax.dynamic_slice_in_dim(leaf, first, plan.block) for leaf in batch)
            put = functools.partial(
                jax.lax.dynamic_update_slice_in_dim, start_index=first, axis=plan.sample_axis
            )
            return jax.tree.map(put, filled, evaluate(params, Batch(*rows)))

        if memory is None:
            shapes = jax.eval_shape(evaluate, params, batch)
            memory = jax.tree.map(lambda leaf: jnp.zeros(leaf.shape, leaf.dtype), shapes)
        return jax.lax.fori_loop(0, n_blocks, one_block, memory)

    return jax.jit(fill, donate_argnames="memory", keep_unused=True)


def run_beside(fill: Any, calls: Sequence[Call], device: Any) -> list[Evaluation]:
    """Makes calls of a program of `compile_fill` for a CPU, on all its cores.

    XLA runs on a CPU one after another what one thread asks for, and a loop on one core. So several
    threads ask. The settings of JAX, such as x64, are each thread's own: the program is compiled
    before, and the samples are made arrays of JAX.
    """
    batches = jax.device_put([call.batch for call in calls], device)
    ready = [call._replace(batch=batch) for call, batch in zip(calls, batches, strict=True)]
    with_memory = {call.memory is not None: call for call in ready}
    programs = {kind: fill.lower(*call).compile() for kind, call in with_memory.items()}

    def run(call: Call) -> Evaluation:
        return jax.block_until_ready(programs[call.memory is not None](*call))

    return side_by_side(run, ready)


@functools.lru_cache
def memory_kinds(
    per_sample_gradients: PerSampleGradients,
    activation: Activations,
    loss: Loss,
    plan: Plan,
    params: Params,
    size: int,
    x64: bool,  # the answer is another under jax.enable_x64
) -> list[Kind]:
    """Returns what the leaves of the results are for `size` samples; params has Kinds."""
    del x64
    evaluate = _evaluation(per_sample_gradients, activation, loss, plan.sample_axis)
    dtype = params[0].w.dtype
    given = tuple(Layer(*(jax.ShapeDtypeStruct(*one) for one in layer)) for layer in params)
    columns = (params[0].w.shape[0], params[-1].w.shape[1])
    batch = Batch(*(jax.ShapeDtypeStruct((size, k), dtype) for k in columns))
    return [kind(leaf) for leaf in jax.tree.leaves(jax.eval_shape(evaluate, given, batch))]


def place(params: Params, device: Any, *, lasting: bool) -> Params:
    """Returns params on a device; for one call on JAX's own device jit does so faster."""
    leaves = jax.tree.leaves(params)
    if all(isinstance(leaf, jax.Array) and leaf.committed for leaf in leaves):
        there = all(leaf.devices() == {device} for leaf in leaves)
    else:
        chosen = jax.config.jax_default_device  # type: ignore[attr-defined]
        usual = chosen or jax.local_devices()[0]
        there = device == usual and all(isinstance(leaf, np.ndarray) for leaf in leaves)
        there = there and not lasting
    return params if there else jax.device_put(params, device)


def split(evaluation: Evaluation, n: int) -> Sequence[Evaluation | None]:
    """Returns the part on each device; all at once, as donating one part deletes the whole."""
    if n == 1:
        return [evaluation]
    leaves, treedef = jax.tree.flatten(evaluation)
    shards = [[shard.data for shard in leaf.addressable_shards] for leaf in leaves]
    return [jax.tree.unflatten(treedef, parts) for parts in zip(*shards, strict=True)]


def join(parts: Sequence[Evaluation], devices: Sequence[Any], sample_axis: int) -> Evaluation:
    """Makes one array of the parts on the devices, without copies."""
    if len(parts) == 1:
        return parts[0]
    mesh = Mesh(np.array(devices), (SAMPLES,))

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
