"""torch as an engine: its devices, and the implementation that runs on them."""

import functools
from typing import Any

import numpy as np
import torch

from compare.answers import Answer, answer_of
from compare.blocks import Block
from compare.errors import UsageError
from compare.implementations import Engine, Factors, Implementation, Settings, check_bits
from compare.torch_settings import torch_settings
from jaxmlp.base import Batch, Evaluation, Intermediates, Params, layer_sizes
from torch_ref import MLP, convert, per_sample_gradients


def implementation(
    params: Params, activation: str, device: str, settings: Settings
) -> Implementation:
    """Builds torch_autograd.

    Args:
      params: NumPy weights.
      activation: of the hidden layers.
      device: 'cpu' or 'cpu:0'; 'gpu' for the first, or 'cuda:1'.
      settings: under which it computes.

    Raises:
      UsageError: if torch has no such device.
    """
    target = torch_device(device)

    def hold(array: np.ndarray) -> torch.Tensor:
        held = convert.to_tensor(array, device=target)
        check_bits("torch_autograd", array, convert.to_array(held))
        return held

    # Gradients are allowed here whatever the caller, or a candidate, has set for the rest, and the
    # weights that MLP draws before ours replace them are no step of the caller's generators.
    forked = torch.random.fork_rng(devices=[target] if target.type == "cuda" else [])
    with torch.inference_mode(False), forked:
        dtype = hold(params[0].b).dtype
        model = MLP(layer_sizes(params), activation=activation, dtype=dtype, device=target)
        convert.load_params(model, params)

    @torch.inference_mode(False)
    def run(batch: Batch) -> Any:
        with torch_settings(settings):
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

    engine = _engine(target, settings)
    return Implementation("torch_autograd", str(target), evaluate, intermediates, engine=engine)


def torch_device(device: str) -> torch.device:
    """Returns the device that a name means.

    Raises:
      UsageError: if there is none.
    """
    kind, _, number = device.partition(":")
    if kind == "cpu":
        return torch.device("cpu")
    there = torch.cuda.device_count()
    if int(number or 0) >= there:
        found = ", ".join(device_names()[1:]) or "none"
        raise UsageError(
            f"device: expected a {device} that torch {torch.__version__} can use, found {found}; "
            f"install a CUDA build of torch or leave out --device={device}"
        )
    return torch.device(f"cuda:{number or 0}")


def device_names() -> list[str]:
    """Names every device, the CPU first."""
    return ["cpu", *(f"cuda:{i}" for i in range(torch.cuda.device_count()))]


@functools.lru_cache(maxsize=64)
def _engine(target: torch.device, settings: Settings) -> Engine:
    """One for all implementations on the same device."""

    @torch.no_grad()
    def multiply(factors: Factors) -> list[np.ndarray]:
        with torch_settings(settings):
            return [
                convert.to_array(_product(*(convert.to_tensor(one, device=target) for one in pair)))
                for pair in factors
            ]

    def peak_bytes() -> int | None:
        return torch.cuda.max_memory_allocated(target) if target.type == "cuda" else None

    return Engine("torch", str(target), multiply, peak_bytes)


def _product(a: torch.Tensor, b: torch.Tensor) -> torch.Tensor:
    """Multiplies as the network does: a sample times the same weights, or an outer product."""
    if a.ndim == 1:
        return a * b
    if a.ndim == b.ndim == 3:
        return torch.bmm(a, b)
    return torch.bmm(a.unsqueeze(1), b.expand(len(a), *b.shape)).squeeze(1)
