"""What a user gives to be exported: whether it is a torch program that can be followed."""

from collections.abc import Callable, Mapping
from typing import Any

import torch
from torch import nn

from compare.aten.dtypes import DTYPES
from compare.errors import UsageError, shown
from torch_ref.refusals import place
from torch_ref.trees import parts_of


def argument_name(path: str) -> str:
    """Names an argument by its path in (args, kwargs): `args[0]['x']`."""
    return ("args" if path.startswith("[0]") else "kwargs") + path[3:]


def check_given(inner: Callable[..., Any], args: Any, kwargs: Mapping[str, Any]) -> None:
    """Checks a module or function, and its arguments, before it is exported.

    Raises:
      UsageError: saying what cannot become JAX.
    """
    if isinstance(inner, torch.jit.ScriptFunction) or not callable(inner):
        raise UsageError(
            f"module: expected a torch module or a function of tensors, got {shown(inner)}; give "
            "the Python that it was made from"
        )
    tensors = {}
    for path, leaf in parts_of((args, kwargs)):
        name = argument_name(path)
        if isinstance(leaf, torch.Tensor):
            tensors[name] = leaf
        elif hasattr(leaf, "shape"):
            raise UsageError(
                f"{name}: expected a tensor of torch, got {shown(leaf)}; make it one with "
                "torch.as_tensor"
            )
    if isinstance(inner, nn.Module):
        for name, part in inner.named_modules():
            _check_part(place(name, part), part)
        tensors |= {**dict(inner.named_parameters()), **dict(inner.named_buffers())}
    for name, tensor in tensors.items():
        _check_tensor(name, tensor)
    _check_device(tensors)


def _check_part(where: str, part: nn.Module) -> None:
    if isinstance(part, torch.jit.ScriptModule):
        raise UsageError(
            f"{where}: expected a module of Python, got one of torch.jit; give the module that it "
            "was made from"
        )
    if any(map(nn.parameter.is_lazy, (*part._parameters.values(), *part._buffers.values()))):
        raise UsageError(
            f"{where}: expected weights, got a lazy module that has none yet; call the module once "
            "before"
        )


def _check_tensor(name: str, tensor: torch.Tensor) -> None:
    if tensor.layout != torch.strided or tensor.is_quantized or tensor.is_nested:
        raise UsageError(
            f"{name}: expected a dense tensor of numbers, got a sparse, nested or quantised one; "
            "call .to_dense() or .dequantize()"
        )
    if tensor.is_meta:
        raise UsageError(f"{name}: expected numbers, got a tensor on the meta device; load them")
    if tensor.is_complex():
        raise UsageError(
            f"{name}: expected real numbers, got {tensor.dtype}; give real and imaginary parts"
        )
    if tensor.dtype not in DTYPES:
        raise UsageError(
            f"{name}: expected floating-point numbers, integers or booleans, got {tensor.dtype}; "
            "call .float() on it"
        )
    if type(tensor) not in (torch.Tensor, nn.Parameter, nn.Buffer):
        raise UsageError(
            f"{name}: expected a plain tensor, got {shown(tensor)}; make it one of torch.Tensor"
        )


def _check_device(tensors: Mapping[str, torch.Tensor]) -> None:
    first: dict[torch.device, str] = {}
    for name, tensor in tensors.items():
        first.setdefault(tensor.device, name)
    if len(first) > 1:
        (a, one), (b, other), *_ = first.items()
        raise UsageError(
            f"module: expected all tensors on one device, got {one} on {a} and {other} on {b}; "
            "move them with .to()"
        )
