"""torch as an engine: its devices, and the implementation that runs on them."""

import contextlib
import functools
import warnings
from collections.abc import Iterator
from typing import Any

import numpy as np
import torch

from compare.activation_names import row_of
from compare.errors import UsageError, no_memory
from compare.implementations.base import (
    NOT_HELD,
    Engine,
    Factors,
    Implementation,
    Settings,
    check_bits,
)
from compare.implementations.products import furthest_off
from compare.implementations.torch_settings import torch_settings
from compare.problem.answers import Answer, answer_of, of_one_batch
from compare.problem.blocks import Block
from compare.problem.network import Network
from jaxmlp.base import Batch, Evaluation, Intermediates, Params
from torch_ref import (
    ACTIVATIONS,
    FAMILIES,
    MLP,
    are_narrow,
    batch_gradient,
    convert,
    per_sample_gradients,
)

# As CUDA, cuBLAS and the allocator of the CPU say it.
_FULL = ("out of memory", "ALLOC_FAILED", "not enough memory", "can't allocate memory")

_FAKE = "not supported for tensor subclasses"  # as torch says it where its tensors are fake


def implementation(
    params: Params, network: Network, device: str, settings: Settings
) -> Implementation:
    """Builds torch_autograd.

    Args:
      params: NumPy weights.
      network: whose weights they are.
      device: 'cpu' or 'cpu:0'; 'gpu' for the first, or 'cuda:1'.
      settings: under which it computes.

    Raises:
      UsageError: if torch has no such device, or there is too little memory on it.
    """
    target = torch_device(device)

    def hold(array: np.ndarray) -> torch.Tensor:
        held = convert.to_tensor(array, device=target)
        check_bits("torch_autograd", array, convert.to_array(held))
        return held

    options: dict[str, Any] = {"loss": network.loss, "output": network.output, "l2": network.l2}
    with explained(target), torch_settings(settings):
        model = _model(params, network, hold(params[0].b).dtype, target)

    def run(batch: Batch) -> Any:
        with explained(target), torch_settings(settings):
            return per_sample_gradients(model, hold(batch.x), hold(batch.y), **options)

    def evaluate(block: Block) -> Answer:
        found = run(block.padded)
        prediction, loss = map(convert.to_array, (found.prediction, found.loss))
        grads = convert.view_tensors(found.grads)  # which nobody else has
        return answer_of(Evaluation(prediction, loss, grads), block.size)

    def intermediates(block: Block) -> Intermediates:
        found = run(block.padded)
        preacts, acts = (tuple(map(convert.to_array, ts)) for ts in (found.preacts, found.acts))
        return Intermediates(preacts, acts)

    def reduced(start: int, batch: Batch, reduction: str) -> Answer:
        del start
        with explained(target), torch_settings(settings):
            held = hold(batch.x), hold(batch.y)
            found = batch_gradient(model, *held, reduction=reduction, **options)
        return of_one_batch(convert.from_tensors(found))

    engine = torch_engine(target, settings)
    return Implementation(
        "torch_autograd", str(target), evaluate, intermediates, engine=engine, reduced=reduced
    )


def _model(params: Params, network: Network, dtype: torch.dtype, target: torch.device) -> MLP:
    """Returns torch's network with our weights, without a step of the caller's generators."""
    activations = [row_of(one, ACTIVATIONS, FAMILIES) for one in network.activations]
    with torch.random.fork_rng(devices=[target] if target.type == "cuda" else []):
        model = MLP(network.layer_sizes, activation=activations, dtype=dtype, device=target)
    convert.load_params(model, params)
    return model


@contextlib.contextmanager
def explained(target: torch.device) -> Iterator[None]:
    """Turns what torch says of an unfit device, environment or place into a sentence for people."""
    try:
        yield
    except RuntimeError as error:
        said = str(error)
        if any(text in said for text in _FULL):
            raise no_memory("torch", str(target), said) from None
        if "CUBLAS_WORKSPACE_CONFIG" in said:  # torch reads it once, at its first product
            raise UsageError(
                "deterministic: expected CUBLAS_WORKSPACE_CONFIG=:4096:8 or :16:8 in the "
                f"environment before torch first multiplies on {target}; set it and start anew"
            ) from None
        changed = NOT_HELD in said and target.type == "cpu"  # as by a mode of the caller's
        if changed or _FAKE in said:
            raise UsageError(
                "compare_gradients: expected to be called on numbers, got a call inside a mode "
                "that changes torch's tensors; call it outside"
            ) from None
        raise


def torch_device(device: str) -> torch.device:
    """Returns the device that a name means.

    Raises:
      UsageError: if there is none, or torch cannot compute on it.
    """
    kind, _, number = device.partition(":")
    if kind == "cpu" and int(number or 0) == 0:
        return torch.device("cpu")
    if kind == "cpu":
        raise UsageError(
            f"device: torch knows one CPU, got {device}; leave out --device={device}, or "
            "torch_autograd"
        )
    there, said = _cuda_devices()
    if int(number or 0) >= there:
        found = ", ".join(f"cuda:{i}" for i in range(there)) or "none"
        because = f" ({said})" if said else ""
        raise UsageError(
            f"device: expected a {device} that torch {torch.__version__} can use, found "
            f"{found}{because}; install a CUDA build of torch that goes with the driver, or leave "
            f"out --device={device}"
        )
    target = torch.device(f"cuda:{number or 0}")
    try:  # it may be there and be busy, full, or unknown to this build of torch
        with explained(target):
            torch.ones(1, device=target).add(1).cpu()
    except RuntimeError as error:
        raise UsageError(
            f"device: expected a {device} that torch {torch.__version__} can compute on, got: "
            f"{_first_line(str(error))}"
        ) from None
    return target


def _cuda_devices() -> tuple[int, str]:
    """Counts the devices that CUDA can use, and says why there are none if torch knows it.

    `torch.cuda.device_count` counts too those that need a newer driver.
    """
    with warnings.catch_warnings(record=True) as warned:
        warnings.simplefilter("always")
        there = torch.cuda.device_count() if torch.cuda.is_available() else 0
    return there, _first_line(str(warned[0].message)) if warned and not there else ""


def _first_line(said: str) -> str:
    return said.strip().partition("\n")[0].partition(" (Triggered internally")[0].rstrip(".")


def device_names() -> list[str]:
    """Names every device, the CPU first; warns where torch says why it cannot use a GPU."""
    there, said = _cuda_devices()
    if said:
        warnings.warn(said, stacklevel=2)
    return ["cpu", *(f"cuda:{i}" for i in range(there))]


@functools.lru_cache(maxsize=64)
def torch_engine(target: torch.device, settings: Settings) -> Engine:
    """Returns the one engine of all implementations on the same device."""

    def place(array: np.ndarray) -> torch.Tensor:
        return convert.to_tensor(array, device=target)

    def multiply(factors: Factors) -> list[np.ndarray]:
        with explained(target), torch_settings(settings):
            return [
                furthest_off(*pair, map(convert.to_array, _products(*map(place, pair))))
                for pair in factors
            ]

    def peak_bytes() -> int | None:
        return torch.cuda.max_memory_allocated(target) if target.type == "cuda" else None

    return Engine("torch", str(target), multiply, peak_bytes)


def _products(a: torch.Tensor, b: torch.Tensor) -> list[torch.Tensor]:
    """Multiplies as the network does, in all ways: a sample times weights, or an outer product."""
    if a.ndim == 1:
        return [a * b]
    if a.ndim == b.ndim == 3:
        return [torch.bmm(a, b), a * b]
    by_entries = [(b.T.unsqueeze(-1) * a.T).sum(dim=1).T] if are_narrow(b) else []
    rows, shape = a.unsqueeze(1), (len(a), *b.shape)
    along = torch.bmm(rows, b.expand(shape))
    across = torch.baddbmm(torch.zeros_like(along), rows, b.T.contiguous().T.expand(shape))
    return [along.squeeze(1), across.squeeze(1), *by_entries]
