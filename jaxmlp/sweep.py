"""Per-sample gradients of any number of samples, in chunks, on all local devices.

XLA picks its kernels by shape, so the bits of a gradient depend on how many samples are computed
together. Here that is always one block. Its size depends on the network alone, the last block is
padded to it, and every block starts at a multiple of it. So the bits of a sample depend neither on
N, nor on the number of devices, nor on where the sweep starts.

Shape letters beside those of `base`: D devices, C samples in the chunk of one device.
"""

import itertools
from collections.abc import Callable, Iterator, Sequence
from typing import Any, NamedTuple

import jax
import numpy as np
from jax.sharding import Mesh

from jaxmlp.activations import Activations
from jaxmlp.base import (
    Batch,
    Evaluation,
    Params,
    check_params,
    layer_sizes,
    parameter_names,
)
from jaxmlp.chunks import (
    SAMPLES,
    Chunk,
    PerSampleGradients,
    chunk_function,
    compile_step,
    gather,
    join,
    leading,
    split,
)
from jaxmlp.losses import SQUARED, Loss
from jaxmlp.plan import Plan, checked, plan_for

__all__ = ["Chunk", "Plan", "chunk_function", "compute", "gather", "leading", "plan_for", "stream"]


def stream(
    per_sample_gradients: PerSampleGradients,
    params: Params,
    batch: Batch,
    *,
    activation: Activations,
    loss: Loss = SQUARED,
    start: int = 0,
    plan: Plan | None = None,
    devices: Sequence[Any] | None = None,
) -> Iterator[Chunk]:
    """Computes chunk after chunk in the same memory, however many samples there are.

    A chunk lives until the next one is asked for: its arrays are deleted then.

    Args:
      per_sample_gradients: of `autodiff`, of `backprop`, or with their signature.
      params: leaves [n_in, n_out] and [n_out], of any floating dtype; float64 under jax.enable_x64.
      batch: x [N, d] and y [N, k], of the same dtype.
      activation: of all hidden layers, or a tuple of one for each.
      loss: of one sample.
      start: the first sample to compute, a multiple of the plan's block.
      plan: None for that of `plan_for`.
      devices: among which each chunk is shared; None for all local ones.

    Returns:
      The chunks from start to N, in order.

    Raises:
      ValueError: if there are no samples, or shapes, dtypes or start do not fit.
    """
    sweep = _prepare(per_sample_gradients, params, batch, activation, loss, start, plan, devices)

    def chunks() -> Iterator[Chunk]:
        memory = None
        for first in sweep.starts:
            chunk = sweep.fill(first, memory)
            memory = chunk.evaluation
            yield chunk

    return chunks()


def compute(
    per_sample_gradients: PerSampleGradients,
    params: Params,
    batch: Batch,
    *,
    activation: Activations,
    loss: Loss = SQUARED,
    start: int = 0,
    plan: Plan | None = None,
    devices: Sequence[Any] | None = None,
    previous: Sequence[Chunk] = (),
) -> tuple[Chunk, ...]:
    """Computes all chunks and keeps them; arguments and errors as in `stream`.

    Args:
      per_sample_gradients: of `autodiff`, of `backprop`, or with their signature.
      params: of the network.
      batch: all samples.
      activation: of all hidden layers, or a tuple of one for each.
      loss: of one sample.
      start: the first sample to compute.
      plan: None for that of `plan_for`.
      devices: None for all local ones.
      previous: what an earlier call has returned and nobody needs any more: its arrays are deleted
        and their memory used again. New memory takes several times as long as the gradients do.

    Returns:
      The chunks; `gather` makes one array of each quantity.
    """
    sweep = _prepare(per_sample_gradients, params, batch, activation, loss, start, plan, devices)
    memory = [chunk.evaluation for chunk in previous[: len(sweep.starts)]]
    for evaluation in memory:
        _check_memory(evaluation, sweep.shapes, sweep.devices)
    return tuple(sweep.fill(*pair) for pair in itertools.zip_longest(sweep.starts, memory))


class _Sweep(NamedTuple):
    """A sweep whose arguments are checked and on their devices."""

    starts: range  # of the chunks
    fill: Callable[[int, Evaluation | None], Chunk]  # (start, memory to use again) -> chunk
    shapes: list[jax.ShapeDtypeStruct]  # of the leaves of such memory, on each device
    devices: set[Any]


def _prepare(
    per_sample_gradients: PerSampleGradients,
    params: Params,
    batch: Batch,
    activation: Activations,
    loss: Loss,
    start: int,
    plan: Plan | None,
    devices: Sequence[Any] | None,
) -> _Sweep:
    check_params(params)
    batch = Batch(*map(np.asarray, batch))
    _check_batch(params, batch)
    devices = jax.local_devices() if devices is None else devices
    on_gpu = any(device.platform == "gpu" for device in devices)
    plan = checked(plan or plan_for(layer_sizes(params), on_gpu=on_gpu))
    n = len(batch.x)
    if not 0 <= start < n or start % plan.block:
        raise ValueError(
            f"start: expected a multiple of block = {plan.block} below N = {n}, got {start}; "
            "elsewhere samples would have other bits"
        )
    # Every device runs the same program for one device. Left to shard_map, XLA's partitioner would
    # give `autodiff` other bits on two devices, and others again on four (jax 0.10.2).
    mesh = Mesh(np.array(devices), (SAMPLES,))
    step = compile_step(per_sample_gradients, activation, loss, plan)
    held = [jax.device_put(params, device) for device in mesh.devices]
    local = jax.eval_shape(step.memory, params, _rows(batch, 0, plan.chunk))

    def fill(first: int, memory: Evaluation | None) -> Chunk:
        parts = []
        shards = [None] * mesh.size if memory is None else split(memory, mesh.size)
        for i, (params, mine) in enumerate(zip(held, shards, strict=True)):
            begin = first + i * plan.chunk
            n_blocks = np.clip(-(-(n - begin) // plan.block), 0, plan.chunk // plan.block)
            part = _rows(batch, begin, plan.chunk)
            mine = step.memory(params, part) if mine is None else mine
            parts.append(step.fill(mine, params, part, np.int32(n_blocks)))
        size = min(mesh.size * plan.chunk, n - first)
        return Chunk(first, size, plan.sample_axis, join(parts, mesh, plan.sample_axis))

    starts = range(start, n, mesh.size * plan.chunk)
    return _Sweep(starts, fill, jax.tree.leaves(local), set(mesh.devices))


def _rows(batch: Batch, first: int, n: int) -> Batch:
    """Returns n rows; beyond the last one, that one again."""
    first = min(first, len(batch.x) - 1)
    found = Batch(*(array[first : first + n] for array in batch))
    missing = n - len(found.x)
    if not missing:
        return found
    return Batch(*(np.pad(array, ((0, missing), (0, 0)), mode="edge") for array in found))


def _check_batch(params: Params, batch: Batch) -> None:
    n_in, *_, n_out = layer_sizes(params)
    n = len(batch.x) if batch.x.ndim else 0
    if not n:
        raise ValueError(f"x: expected at least one sample [N, {n_in}], got shape {batch.x.shape}")
    for name, array, columns in (("x", batch.x, n_in), ("y", batch.y, n_out)):
        if array.shape != (n, columns):
            raise ValueError(f"{name}: expected shape {(n, columns)}, got {array.shape}")
    dtype = params[0].w.dtype
    names = (*parameter_names(len(params)), "x", "y")
    for name, array in zip(names, jax.tree.leaves((params, batch)), strict=True):
        if array.dtype != dtype:
            raise ValueError(f"{name}: expected {dtype}, the dtype of w1, got {array.dtype}")
    if jax.dtypes.canonicalize_dtype(dtype) != dtype:
        raise ValueError(f"w1: {dtype} needs `with jax.enable_x64(True):`, which is off")


def _check_memory(
    memory: Evaluation, shapes: Sequence[jax.ShapeDtypeStruct], devices: set[Any]
) -> None:
    leaves = jax.tree.leaves(memory)
    found = [(leaf.sharding.shard_shape(leaf.shape), leaf.dtype) for leaf in leaves]
    expected = [(leaf.shape, leaf.dtype) for leaf in shapes]
    if found != expected or any(leaf.sharding.device_set != devices for leaf in leaves):
        raise ValueError(
            "previous: expected chunks of this network, plan, dtype and devices, with parts "
            f"{[list(shape) for shape, _ in expected]}, got {[list(shape) for shape, _ in found]}; "
            "leave it out"
        )
    if any(leaf.is_deleted() for leaf in leaves):
        raise ValueError("previous: expected chunks that nobody has used, got deleted ones")
