"""The table of ways to a gradient; the only file that sees both frameworks.

Each entry builds an Implementation from (params, activation, device). A framework is imported
when an implementation of it is built, so that a comparison loads no more than it uses.
"""

import contextlib
import functools
from collections.abc import Callable, Iterator
from types import MappingProxyType
from typing import Any, NamedTuple

import numpy as np

from compare.errors import UsageError
from jaxmlp.base import Batch, Evaluation, Intermediates, Layer, Params, layer_sizes


class Implementation(NamedTuple):
    """One way to per-sample gradients of fixed weights; NumPy arrays in and out."""

    name: str
    device: str  # as the framework names it
    evaluate: Callable[[Batch], Evaluation]
    intermediates: Callable[[Batch], Intermediates]


def _jax_grad(params: Params, activation: str, device: str) -> Implementation:
    from jaxmlp import autodiff

    return _on_jax("jax_grad", autodiff.per_sample_gradients, params, activation, device)


def _jax_manual(params: Params, activation: str, device: str) -> Implementation:
    from jaxmlp import backprop

    return _on_jax("jax_manual", backprop.per_sample_gradients, params, activation, device)


def _on_jax(
    name: str,
    differentiate: Callable[..., Evaluation],
    params: Params,
    activation: str,
    device: str,
) -> Implementation:
    import jax

    from jaxmlp import ACTIVATIONS, forward_with_intermediates

    phi = ACTIVATIONS[activation]
    target = _jax_device(device)

    @contextlib.contextmanager
    def settings() -> Iterator[None]:
        x64 = params[0].w.dtype == np.float64
        with jax.enable_x64(x64), jax.default_matmul_precision("highest"):
            yield

    def hold(array: np.ndarray) -> jax.Array:
        held = jax.device_put(np.array(array), target)  # a copy, which jax may then alias
        _check_bits(name, array, np.asarray(held))
        return held

    with settings():
        held_params = jax.tree.map(hold, params)
    # Each implementation has a jit of its own: in a common one XLA would merge what they share.
    gradients = jax.jit(functools.partial(differentiate, activation=phi))
    one_forward = functools.partial(forward_with_intermediates, activation=phi)
    forward = jax.jit(jax.vmap(one_forward, in_axes=(None, 0)))

    def evaluate(batch: Batch) -> Evaluation:
        with settings():
            return jax.tree.map(np.asarray, gradients(held_params, jax.tree.map(hold, batch)))

    def intermediates(batch: Batch) -> Intermediates:
        with settings():
            return jax.tree.map(np.asarray, forward(held_params, hold(batch.x)))

    return Implementation(name, f"{target.platform}:{target.id}", evaluate, intermediates)


def _jax_device(device: str) -> Any:
    import jax

    try:
        return jax.devices(device)[0]
    except Exception as error:  # jax raises several kinds, and asserts
        said = str(error).partition("\n")[0]
        raise UsageError(
            f"device: expected a {device} that jax {jax.__version__} can use, got: {said}; "
            "JAX_PLATFORMS and, for a gpu, an installed jax[cuda13] decide what there is"
        ) from None


def _torch_autograd(params: Params, activation: str, device: str) -> Implementation:
    import torch

    from torch_ref import MLP, convert, per_sample_gradients

    if device == "gpu" and not torch.cuda.is_available():
        raise UsageError(
            f"device: expected a gpu that torch {torch.__version__} can use, found none; install a "
            "CUDA build of torch or leave out --device=gpu"
        )
    target = torch.device("cuda:0" if device == "gpu" else "cpu")

    def hold(array: np.ndarray) -> torch.Tensor:
        held = torch.tensor(array, device=target)
        _check_bits("torch_autograd", array, held.cpu().numpy())
        return held

    dtype = hold(params[0].b).dtype
    model = MLP(layer_sizes(params), activation=activation, dtype=dtype, device=target)
    convert.load_params(model, params)

    def run(batch: Batch) -> Any:
        return per_sample_gradients(model, hold(batch.x), hold(batch.y))

    def evaluate(batch: Batch) -> Evaluation:
        found = run(batch)
        prediction, loss = (t.cpu().numpy() for t in (found.prediction, found.loss))
        return Evaluation(prediction, loss, convert.from_tensors(found.grads))

    def intermediates(batch: Batch) -> Intermediates:
        found = run(batch)
        preacts, acts = (tuple(t.cpu().numpy() for t in ts) for ts in (found.preacts, found.acts))
        return Intermediates(preacts, acts)

    return Implementation("torch_autograd", str(target), evaluate, intermediates)


def _numpy_manual(params: Params, activation: str, device: str) -> Implementation:
    from compare.numpy_manual import OneSample, one_sample

    del device  # NumPy computes on the CPU beside whatever the others use

    def run(batch: Batch) -> list[OneSample]:
        samples = zip(batch.x, batch.y, strict=True)
        return [one_sample(params, x, y, activation=activation) for x, y in samples]

    def evaluate(batch: Batch) -> Evaluation:
        found = run(batch)
        layers = zip(*(sample.grads for sample in found), strict=True)
        return Evaluation(
            prediction=np.stack([sample.preacts[-1] for sample in found]),
            loss=np.array([sample.loss for sample in found]),
            grads=tuple(
                Layer(*(np.stack(leaves) for leaves in zip(*layer, strict=True)))
                for layer in layers
            ),
        )

    def intermediates(batch: Batch) -> Intermediates:
        found = run(batch)
        preacts = zip(*(sample.preacts for sample in found), strict=True)
        acts = zip(*(sample.acts for sample in found), strict=True)
        return Intermediates(tuple(map(np.stack, preacts)), tuple(map(np.stack, acts)))

    return Implementation("numpy_manual", "cpu", evaluate, intermediates)


IMPLEMENTATIONS: MappingProxyType[str, Callable[[Params, str, str], Implementation]]
IMPLEMENTATIONS = MappingProxyType(
    {
        "jax_grad": _jax_grad,
        "jax_manual": _jax_manual,
        "torch_autograd": _torch_autograd,
        "numpy_manual": _numpy_manual,
    }
)


def _check_bits(name: str, given: np.ndarray, held: np.ndarray) -> None:
    if given.dtype != held.dtype or given.tobytes() != held.tobytes():
        raise RuntimeError(
            f"{name} does not hold the bits it was given: {given.dtype} became {held.dtype}"
        )
