"""Copies of a user's torch module, which itself stays as it is."""

import copy

import numpy as np
import torch

from compare.errors import UsageError
from torch_ref.convert import to_tensor
from torch_ref.refusals import place


def copied(module: torch.nn.Module, dtype: np.dtype, device: torch.device) -> torch.nn.Module:
    """Returns a copy of a module in a dtype on a device."""
    return copy.deepcopy(module).to(device, _torch_dtype(dtype))


def hook_alike(module: torch.nn.Module, own: torch.nn.Module) -> None:
    """Gives a copy the hooks on gradients of parameters, which copying leaves out."""
    for given, one in zip(module.parameters(), own.parameters(), strict=True):
        for hook in (given._backward_hooks or {}).values():
            if one.requires_grad:
                one.register_hook(hook)


def check_compiled(name: str, module: torch.nn.Module) -> None:
    """Checks that no part of a module was compiled in place, which torch leaves out of copies.

    Raises:
      UsageError: if one was.
    """
    for key, part in module.named_modules():
        if part._compiled_call_impl is not None:
            where = place(key, part) if key else "the module"
            raise UsageError(
                f"{name}: {where} was compiled in place, by .compile(), which no copy keeps; give "
                "torch.compile(module)"
            )


def _torch_dtype(dtype: np.dtype) -> torch.dtype:
    return to_tensor(np.zeros((), dtype)).dtype
