"""What torch is told while it computes, and how it is set back."""

import contextlib
import os
from collections.abc import Iterator
from typing import Any

import torch

from compare.implementations.base import Settings

_WORKSPACE = "CUBLAS_WORKSPACE_CONFIG"


@contextlib.contextmanager
def torch_settings(settings: Settings) -> Iterator[None]:
    """Lets torch multiply as precisely as it is told, and, on the CPU, compute by itself.

    What the caller has set around the comparison ends here: autocast, modes without gradients, a
    default device, hooks for what autograd saves. Evidence of other blocks keeps all cores busy:
    torch's threads wait for one another in loops, and with no core to run on took 60 times as long.
    """
    with contextlib.ExitStack() as stack:
        stack.enter_context(torch.inference_mode(False))  # which enables gradients too
        for kind in ("cpu", "cuda"):
            if torch.is_autocast_enabled(kind):
                stack.enter_context(torch.autocast(kind, enabled=False))
        if torch.get_default_device().type != "cpu":
            stack.enter_context(torch.device("cpu"))
        stack.enter_context(_saved_as_it_is())
        stack.callback(torch.set_num_threads, torch.get_num_threads())
        torch.set_num_threads(1)
        if settings.matmul_precision != "default":
            stack.enter_context(_multiplying(settings.matmul_precision))
        if settings.matmul_precision == "highest":
            stack.enter_context(_whole_sums())
        if settings.deterministic:
            stack.enter_context(_deterministic())
        yield


def _saved_as_it_is() -> contextlib.AbstractContextManager[Any]:
    """Keeps hooks of the caller's from what autograd saves for its way back.

    Where there are none, none are set: torch.func takes no gradients under any.
    """
    graph = torch.autograd.graph
    try:
        with graph.disable_saved_tensors_hooks("there are hooks"):  # says so where there are
            return contextlib.nullcontext()
    except RuntimeError:
        return graph.saved_tensors_hooks(torch.Tensor.detach, lambda saved: saved)


def matmul_precision() -> str:
    """Says what is set, in the old words: 'highest', 'high' or 'medium'."""
    if not hasattr(torch.backends.cuda.matmul, "fp32_precision"):
        return torch.get_float32_matmul_precision()
    backends = torch.backends.cuda.matmul, torch.backends.mkldnn.matmul
    formats = {backend.fp32_precision for backend in backends}
    return "medium" if "bf16" in formats else "high" if "tf32" in formats else "highest"


@contextlib.contextmanager
def _multiplying(precision: str) -> Iterator[None]:
    """Sets what float32 products may round their factors to: 'highest' nothing, 'high' TF32.

    From torch 2.9 on this is said to each backend by itself. To ask for it in the old words is then
    a warning, and an error once somebody has used the new ones.
    """
    if not hasattr(torch.backends.cuda.matmul, "fp32_precision"):
        before = torch.get_float32_matmul_precision()
        torch.set_float32_matmul_precision(precision)
        try:
            yield
        finally:
            torch.set_float32_matmul_precision(before)
        return
    places = torch.backends.cuda.matmul, torch.backends.mkldnn.matmul
    formats = [place.fp32_precision for place in places]
    for place in places:
        place.fp32_precision = {"highest": "ieee", "high": "tf32"}[precision]
    try:
        yield
    finally:
        for place, value in zip(places, formats, strict=True):
            place.fp32_precision = value


@contextlib.contextmanager
def _whole_sums() -> Iterator[None]:
    """Keeps CUDA from rounding parts of a float16 or bfloat16 sum before they meet."""
    matmul = torch.backends.cuda.matmul
    names = [f"allow_{dtype}_reduced_precision_reduction" for dtype in ("fp16", "bf16")]
    names += ["allow_fp16_accumulation"] * hasattr(matmul, "allow_fp16_accumulation")
    before = [_value_of(matmul, name) for name in names]
    try:
        for name in names:
            setattr(matmul, name, False)
        yield
    finally:
        for name, value in zip(names, before, strict=True):
            setattr(matmul, name, value)


def _value_of(matmul: Any, name: str) -> Any:
    """What is to be set again: from torch 2.9 on whether sums may be split is a part of it."""
    split = getattr(matmul, f"{name}_split_k", None)
    value = getattr(matmul, name)
    return value if split is None else (value, split)


@contextlib.contextmanager
def _deterministic() -> Iterator[None]:
    """Allows only operations that repeat to the bit; torch loads its compiler for that."""
    before = torch.are_deterministic_algorithms_enabled()
    warn_only = torch.is_deterministic_algorithms_warn_only_enabled()
    workspace = os.environ.get(_WORKSPACE)
    os.environ.setdefault(_WORKSPACE, ":4096:8")  # torch asks for it
    torch.use_deterministic_algorithms(True)
    try:
        yield
    finally:
        torch.use_deterministic_algorithms(before, warn_only=warn_only)
        if workspace is None:
            os.environ.pop(_WORKSPACE, None)
