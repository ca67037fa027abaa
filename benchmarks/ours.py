"""Our per-sample gradients, and how long their output takes to be written."""

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from benchmarks.networks import Network
from jaxmlp import ACTIVATIONS, Batch, Params, autodiff, backprop, sweep
from jaxmlp.base import Grads, parameter_count

MANUAL = "manual, one call, memory again"
FROM_NUMPY = "manual, call from NumPy, memory again"
MANUAL_SWEEP = "manual sweep, memory again"
GRAD = "jit(vmap(grad))"
FLOOR = "the output written once"
COPIED = "as many bytes copied on the device"

Task = Callable[[], Any]


def manual_call(network: Network, params: Params, batch: Batch) -> Task:
    """One jitted call for all samples, in the layout of the plan."""
    return _again(
        sweep.chunk_function(
            backprop.per_sample_gradients,
            activation=ACTIVATIONS[network.activation],
            sample_axis=sweep.plan_for(network.sizes).sample_axis,
        ),
        *jax.device_put((params, batch)),
    )


def call_from_numpy(network: Network, params: Params, batch: Batch) -> Task:
    """The same call of arrays on the host, which is what a sweep is given."""
    compute = sweep.chunk_function(
        backprop.per_sample_gradients,
        activation=ACTIVATIONS[network.activation],
        sample_axis=sweep.plan_for(network.sizes).sample_axis,
    )
    return _again(compute, params, batch)


def manual_sweep(network: Network, params: Params, batch: Batch) -> Task:
    """All chunks of a sweep, kept."""
    kept = list[Any]()

    def run() -> tuple[sweep.Chunk, ...]:
        kept[:] = sweep.compute(
            backprop.per_sample_gradients,
            params,
            batch,
            activation=ACTIVATIONS[network.activation],
            previous=tuple(kept),
        )
        return jax.block_until_ready(tuple(kept))

    return run


def jitted_grad(network: Network, params: Params, batch: Batch) -> Task:
    """What everyone would write first."""
    activation = ACTIVATIONS[network.activation]
    compute = jax.jit(lambda p, b: autodiff.per_sample_gradients(p, b, activation=activation))
    held = jax.device_put((params, batch))
    return lambda: jax.block_until_ready(compute(*held))


def floor(network: Network, params: Params, batch: Batch) -> Task:
    """Fills an array as large as the gradients, whose memory has been used before."""
    array = np.ones(parameter_count(network.sizes) * len(batch.x), params[0].w.dtype)
    return lambda: array.fill(2)


def copied(network: Network, params: Params, batch: Batch) -> Task:
    """Copies an array on the device: read and written, as many bytes as the gradients have."""
    entries = parameter_count(network.sizes) * len(batch.x) // 2
    array = jnp.ones(entries, params[0].w.dtype)
    copy = jax.jit(lambda a, previous: jnp.copy(a), donate_argnums=1, keep_unused=True)
    kept = [copy(array, jnp.zeros_like(array))]

    def run() -> None:
        kept[0] = jax.block_until_ready(copy(array, kept[0]))

    return run


def first_gradients(task: Task, network: Network, n: int) -> Grads:
    """Returns the gradients of the first n samples of a task above, samples first."""
    found = task()
    if isinstance(found, tuple) and isinstance(found[0], sweep.Chunk):
        chunks = found[: -(-n // found[0].size)]
        return jax.tree.map(lambda leaf: leaf[:n], sweep.gather(chunks).grads)
    leaf = found.grads[0].b
    if leaf.shape[-1:] == (network.sizes[1],):
        return jax.tree.map(lambda leaf: np.asarray(leaf[:n]), found.grads)
    return jax.tree.map(lambda leaf: np.moveaxis(np.asarray(leaf[..., :n]), -1, 0), found.grads)


def _again(compute: Callable[..., Any], params: Params, batch: Batch) -> Task:
    kept = [compute(params, batch)]

    def run() -> Any:
        kept[0] = jax.block_until_ready(compute(params, batch, previous=kept[0]))
        return kept[0]

    return run
