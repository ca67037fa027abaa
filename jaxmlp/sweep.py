"""Per-sample gradients of any number of samples, in chunks, on all local devices.

XLA picks its kernels by shape, so the bits of a gradient depend on how many samples are computed
together. Here that is always one block. Its size depends on the network alone, the last block is
padded to it, and every block starts at a multiple of it. So the bits of a sample depend neither on
N, nor on the number of devices, nor on where the sweep starts.

Shape letters beside those of `base`: D devices, C samples in the chunk of one device.
"""

import functools
import itertools
from collections.abc import Callable, Iterator, Sequence
from typing import Any, NamedTuple

import jax
import numpy as np

from jaxmlp.activations import Activations
from jaxmlp.arguments import Kind, check_memory, checked_plan, kinds
from jaxmlp.base import Batch, Evaluation, Params
from jaxmlp.chunks import (
    Call,
    Chunk,
    PerSampleGradients,
    chunk_function,
    compile_fill,
    gather,
    join,
    leading,
    memory_kinds,
    place,
    run_beside,
    split,
)
from jaxmlp.losses import SQUARED, Loss
from jaxmlp.plan import Plan, chunk_size, plan_for

__all__ = ["Chunk", "Plan", "chunk_function", "compute", "gather", "leading", "plan_for", "stream"]

_FEW = 5  # chunks; for fewer, preparing what threads run takes as long as they save


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

    On one CPU many chunks are computed side by side, on all its cores.

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
        check_memory(evaluation, sweep.memory(), sweep.devices)
    pairs = list(itertools.zip_longest(sweep.starts, memory))
    if len(pairs) < _FEW or not sweep.side_by_side:
        return tuple(sweep.fill(*pair) for pair in pairs)
    calls = [call for pair in pairs for call in sweep.calls(*pair)]
    found = run_beside(sweep.run, calls, sweep.devices[0])
    return tuple(map(sweep.chunk, sweep.starts, ([part] for part in found)))


class _Sweep(NamedTuple):
    """A sweep whose arguments are checked. One call of `run` computes a chunk on one device."""

    starts: range  # of the chunks
    run: Callable[..., Evaluation]
    calls: Callable[[int, Evaluation | None], Iterator[Call]]  # (start, memory to use again)
    chunk: Callable[[int, Sequence[Evaluation]], Chunk]  # (start, what the calls have given)
    memory: Callable[[], Sequence[Kind]]  # the leaves of such memory, on each device
    devices: tuple[Any, ...]
    side_by_side: bool  # whether calls may run beside one another, on cores that one leaves idle

    def fill(self, start: int, memory: Evaluation | None) -> Chunk:
        """Computes a chunk, on all devices."""
        return self.chunk(start, [self.run(*call) for call in self.calls(start, memory)])


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
    batch = Batch(*map(np.asarray, batch))
    devices = tuple(jax.local_devices() if devices is None else devices)
    on_gpu = any(device.platform == "gpu" for device in devices)
    config: Any = jax.config
    x64 = config.jax_enable_x64
    shapes = kinds(params, batch)
    plan = checked_plan(*shapes, start, plan=plan, on_gpu=on_gpu, x64=x64)
    n = len(batch.x)
    size = chunk_size(-(-(n - start) // len(devices)), plan)
    starts = range(start, n, len(devices) * size)
    # Every device runs the same program for one device. Left to shard_map, XLA's partitioner would
    # give `autodiff` other bits on two devices, and others again on four (jax 0.10.2).
    program = (per_sample_gradients, activation, loss, plan)
    held = [place(params, device, lasting=len(starts) > 1) for device in devices]

    def calls(first: int, memory: Evaluation | None) -> Iterator[Call]:
        shards = [None] * len(devices) if memory is None else split(memory, len(devices))
        for i, (params, mine) in enumerate(zip(held, shards, strict=True)):
            begin = first + i * size
            n_blocks = min(max(0, -(-(n - begin) // plan.block)), size // plan.block)
            several = None if plan.chunk == plan.block else np.int32(n_blocks)
            yield Call(params, _rows(batch, begin, size), several, mine)

    def chunk(first: int, parts: Sequence[Evaluation]) -> Chunk:
        there = min(len(devices) * size, n - first)
        return Chunk(first, there, plan.sample_axis, join(parts, devices, plan.sample_axis))

    memory = functools.partial(memory_kinds, *program, shapes[0], size, x64)
    watched = config.jax_debug_nans or config.jax_debug_infs or config.jax_disable_jit
    alone = len(devices) == 1 and devices[0].platform == "cpu"
    side_by_side = alone and plan.chunk > plan.block and not watched
    return _Sweep(starts, compile_fill(*program), calls, chunk, memory, devices, side_by_side)


def _rows(batch: Batch, first: int, n: int) -> Batch:
    """Returns n rows; beyond the last one, that one again."""
    last = len(batch.x) - 1
    if first + n <= last + 1:
        return Batch(batch.x[first : first + n], batch.y[first : first + n])
    first = min(first, last)
    return Batch(_padded(batch.x[first:], n), _padded(batch.y[first:], n))


def _padded(array: np.ndarray, n: int) -> np.ndarray:
    found = np.empty((n, *array.shape[1:]), array.dtype)
    found[: len(array)] = array
    found[len(array) :] = array[-1]
    return found
