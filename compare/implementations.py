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

from compare.answers import Answer, answer_of
from compare.blocks import Block
from compare.errors import UsageError
from jaxmlp.base import Batch, Evaluation, Intermediates, Layer, Params, layer_sizes


class Implementation(NamedTuple):
    """One way to per-sample gradients of fixed weights; NumPy arrays in and out."""

    name: str
    device: str  # as the framework names it
    evaluate: Callable[[Block], Answer]
    intermediates: Callable[[Block], Intermediates] | None = None
    source: str | None = None  # of gradients that a user brings: a file, a function
    at_once: int = 1  # blocks that it can evaluate at the same time, from as many threads


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
    from jaxmlp.sweep import chunk_function

    phi = ACTIVATIONS[activation]
    targets = _jax_devices(device)
    settings = functools.partial(jax_settings, params[0].w.dtype)

    def hold(array: np.ndarray, target: Any) -> jax.Array:
        held = jax.device_put(np.array(array), target)  # a copy, which jax may then alias
        _check_bits(name, array, np.asarray(held))
        return held

    def place(tree: Any, target: Any) -> Any:
        return jax.tree.map(lambda array: hold(array, target), tree)

    with settings():
        held_params = [place(params, target) for target in targets]
    # Each implementation has a jit of its own: in a common one XLA would merge what they share.
    gradients = chunk_function(differentiate, activation=phi)
    one_forward = functools.partial(forward_with_intermediates, activation=phi)
    forward = jax.jit(jax.vmap(one_forward, in_axes=(None, 0)))

    def evaluate(block: Block) -> Answer:
        turn = block.start // len(block.padded.x) % len(targets)
        with settings():
            found = gradients(held_params[turn], place(block.padded, targets[turn]))
            return answer_of(jax.tree.map(np.asarray, found), block.size)

    def intermediates(block: Block) -> Intermediates:
        with settings():
            found = forward(held_params[0], hold(block.padded.x, targets[0]))
            return jax.tree.map(np.asarray, found)

    where = f"{targets[0].platform}:{','.join(str(target.id) for target in targets)}"
    return Implementation(name, where, evaluate, intermediates, at_once=len(targets))


@contextlib.contextmanager
def jax_settings(dtype: np.dtype) -> Iterator[None]:
    """Lets JAX compute in dtype without shortcuts."""
    import jax

    with jax.enable_x64(dtype == np.float64), jax.default_matmul_precision("highest"):
        yield


def _jax_devices(device: str) -> list[Any]:
    import jax

    try:
        return list(jax.local_devices(backend=device))
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
        held = convert.to_tensor(array, target)
        _check_bits("torch_autograd", array, convert.to_array(held))
        return held

    # Gradients are allowed here whatever the caller, or a candidate, has set for the rest, and the
    # weights that MLP draws before ours replace them are no step of the caller's generators.
    forked = torch.random.fork_rng(devices=[target] if device == "gpu" else [])
    with torch.inference_mode(False), forked:
        dtype = hold(params[0].b).dtype
        model = MLP(layer_sizes(params), activation=activation, dtype=dtype, device=target)
        convert.load_params(model, params)

    @torch.inference_mode(False)
    def run(batch: Batch) -> Any:
        with one_torch_thread():
            return per_sample_gradients(model, hold(batch.x), hold(batch.y))

    def evaluate(block: Block) -> Answer:
        found = run(block.padded)
        prediction, loss = map(convert.to_array, (found.prediction, found.loss))
        grads = convert.from_tensors(found.grads)
        return answer_of(Evaluation(prediction, loss, grads), block.size)

    def intermediates(block: Block) -> Intermediates:
        found = run(block.padded)
        preacts, acts = (tuple(map(convert.to_array, ts)) for ts in (found.preacts, found.acts))
        return Intermediates(preacts, acts)

    return Implementation("torch_autograd", str(target), evaluate, intermediates)


@contextlib.contextmanager
def one_torch_thread() -> Iterator[None]:
    """Lets torch compute by itself, on the CPU: evidence of other blocks keeps all cores busy.

    Its threads wait for one another in loops, and with no core to run on took 60 times as long.
    """
    import torch

    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)


def _numpy_manual(params: Params, activation: str, device: str) -> Implementation:
    from compare.numpy_manual import OneSample, one_sample

    del device  # NumPy computes on the CPU beside whatever the others use

    def run(block: Block) -> list[OneSample]:
        samples = zip(*block.batch, strict=True)
        return [one_sample(params, x, y, activation=activation) for x, y in samples]

    def evaluate(block: Block) -> Answer:
        found = run(block)
        layers = zip(*(sample.grads for sample in found), strict=True)
        evaluation = Evaluation(
            prediction=np.stack([sample.preacts[-1] for sample in found]),
            loss=np.array([sample.loss for sample in found]),
            grads=tuple(
                Layer(*(np.stack(leaves) for leaves in zip(*layer, strict=True)))
                for layer in layers
            ),
        )
        return answer_of(evaluation, block.size)

    def intermediates(block: Block) -> Intermediates:
        found = run(block)
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
