"""What a sweep is given, checked once for all arguments of the same shapes and dtypes."""

import functools
import itertools
from collections.abc import Sequence
from typing import Any, NamedTuple

import jax
import numpy as np

from jaxmlp.base import (
    Array,
    Batch,
    Evaluation,
    Layer,
    Params,
    check_params,
    layer_sizes,
    parameter_names,
)
from jaxmlp.plan import Plan, checked, plan_for


class Kind(NamedTuple):
    """What is checked of an array."""

    shape: tuple[int, ...]
    dtype: np.dtype

    @property
    def ndim(self) -> int:
        """Its number of axes."""
        return len(self.shape)


def kind(array: Array) -> Kind:
    """Returns the shape and the dtype of an array."""
    return Kind(array.shape, array.dtype)


def kinds(params: Params, batch: Batch) -> tuple[Params, Batch]:
    """Returns params and batch with a Kind in place of every array."""
    layers = tuple(Layer(Kind(w.shape, w.dtype), Kind(b.shape, b.dtype)) for w, b in params)
    return layers, Batch(kind(batch.x), kind(batch.y))


@functools.lru_cache
def checked_plan(
    params: Params, batch: Batch, start: int, *, plan: Plan | None, on_gpu: bool, x64: bool
) -> Plan:
    """Checks the arguments of a sweep.

    Args:
      params: a Kind for every array.
      batch: likewise, of N samples.
      start: the first sample.
      plan: None for that of `plan_for`.
      on_gpu: whether the devices are GPUs.
      x64: whether jax.enable_x64 is on.

    Returns:
      The plan.

    Raises:
      ValueError: if there are no samples, or shapes, dtypes or start do not fit.
    """
    check_params(params)
    _check_batch(params, batch)
    dtype = params[0].w.dtype
    if jax.dtypes.canonicalize_dtype(dtype) != dtype:
        raise ValueError(f"w1: {dtype} needs `with jax.enable_x64(True):`, which is off")
    plan = checked(plan or plan_for(layer_sizes(params), on_gpu=on_gpu))
    n = batch.x.shape[0]
    if not 0 <= start < n or start % plan.block:
        raise ValueError(
            f"start: expected a multiple of block = {plan.block} below N = {n}, got {start}; "
            "elsewhere samples would have other bits"
        )
    return plan


def check_memory(memory: Evaluation, expected: Sequence[Kind], devices: Sequence[Any]) -> None:
    """Checks the evaluation of an earlier chunk, whose memory is to be used again.

    Args:
      memory: jax arrays.
      expected: of the part on each device.
      devices: of the chunk.

    Raises:
      ValueError: for other shapes, dtypes or devices, or if it has been used before.
    """
    leaves = jax.tree.leaves(memory)
    where = set(devices)
    if len(where) == 1:
        found = [(leaf.shape, leaf.dtype) for leaf in leaves]
    else:
        found = [(leaf.sharding.shard_shape(leaf.shape), leaf.dtype) for leaf in leaves]
    if found != expected or any(leaf.sharding.device_set != where for leaf in leaves):
        raise ValueError(
            "previous: expected chunks of this network, plan, dtype, devices and number of "
            f"samples, with parts {[list(one.shape) for one in expected]}, "
            f"got {[list(shape) for shape, _ in found]}; leave it out"
        )
    if any(leaf.is_deleted() for leaf in leaves):
        raise ValueError("previous: expected chunks that nobody has used, got deleted ones")


def _check_batch(params: Params, batch: Batch) -> None:
    n_in, *_, n_out = layer_sizes(params)
    n = batch.x.shape[0] if batch.x.ndim else 0
    if not n:
        raise ValueError(f"x: expected at least one sample [N, {n_in}], got shape {batch.x.shape}")
    for name, array, columns in (("x", batch.x, n_in), ("y", batch.y, n_out)):
        if array.shape != (n, columns):
            raise ValueError(f"{name}: expected shape {(n, columns)}, got {array.shape}")
    dtype = params[0].w.dtype
    names = (*parameter_names(len(params)), "x", "y")
    for name, array in zip(names, itertools.chain(*params, batch), strict=True):
        if array.dtype != dtype:
            raise ValueError(f"{name}: expected {dtype}, the dtype of w1, got {array.dtype}")
