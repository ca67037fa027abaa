"""Whether a torch module is plain: no wrapper, no hook, ordinary layers of one dtype."""

import torch
from torch import nn

from torch_ref.trace import ModuleError, place

LOW_PRECISION = (torch.bfloat16, torch.float16)

_WRAPPERS = {
    "OptimizedModule": "_orig_mod",
    "DataParallel": "module",
    "DistributedDataParallel": "module",
}
_HOOKS = ("_forward_hooks", "_forward_pre_hooks", "_backward_hooks", "_backward_pre_hooks")


def unwrapped(module: nn.Module) -> nn.Module:
    """Returns the module inside what torch.compile, DataParallel and the like have made of it.

    Raises:
      ModuleError: if it is no module.
    """
    if not isinstance(module, nn.Module):
        raise ModuleError(f"module: expected a torch.nn.Module, got {type(module).__name__}")
    attribute = _WRAPPERS.get(type(module).__name__)
    return unwrapped(getattr(module, attribute)) if attribute else module


def check_plain(name: str, part: nn.Module) -> None:
    """Checks that a part computes what its forward and its parameters say, and nothing else.

    Args:
      name: of the part, as in named_modules().
      part: the module itself or one inside it.

    Raises:
      ModuleError: saying what may change the computation.
    """
    where = place(name, part)
    if isinstance(part, torch.jit.ScriptModule):
        raise ModuleError(f"{where} is a torch.jit module; give the module that it was made from")
    if type(part).__name__ in _WRAPPERS or part._compiled_call_impl is not None:
        raise ModuleError(f"{where} is compiled or wrapped; give the module as it was before")
    own = dict(part.named_parameters(recurse=False))
    if any(nn.parameter.is_lazy(p) for p in own.values()):
        raise ModuleError(f"{where} is lazy and has no weights yet; call the module once before")
    if nn.utils.parametrize.is_parametrized(part):
        raise ModuleError(
            f"{where} has a parametrization; remove it with "
            "torch.nn.utils.parametrize.remove_parametrizations"
        )
    if any(getattr(part, hooks) for hooks in _HOOKS):
        raise ModuleError(f"{where} has a hook, which can change what is computed; remove it")
    if "forward" in vars(part):
        raise ModuleError(f"{where} has a forward set on the instance; define it in the class")
    for key, p in own.items():
        if p._backward_hooks or p._post_accumulate_grad_hooks:
            raise ModuleError(f"{where} has a hook on its {key}, which can change it; remove it")
    if isinstance(part, nn.Linear):
        if type(part).forward is not nn.Linear.forward:
            raise ModuleError(f"{where} has a forward of its own; use nn.Linear itself")
        if part.bias is None:
            raise ModuleError(f"{where} has no bias; make it with bias=True, and zeros if need be")
        if not {"weight", "bias"} <= set(own):
            raise ModuleError(f"{where} has a weight or bias that is no parameter; make it one")


def common_type(module: nn.Module) -> tuple[torch.dtype, torch.device]:
    """Returns the dtype and the device that all parameters have in common.

    Raises:
      ModuleError: naming a parameter of another one, or one whose entries are no finite numbers.
    """
    found: dict[tuple[torch.dtype, torch.device], str] = {}
    for name, p in module.named_parameters():
        if p.is_meta:
            raise ModuleError(f"{name}: it is on the meta device and has no numbers; load them")
        if p.dtype not in (torch.float64, torch.float32, *LOW_PRECISION):
            raise ModuleError(
                f"{name}: expected float64, float32, bfloat16 or float16, got {p.dtype}; call "
                ".float() on the module"
            )
        if not p.isfinite().all():
            raise ModuleError(f"module: {name} has entries that are not finite")
        found.setdefault((p.dtype, p.device), name)
    if len(found) > 1:
        ((a, at), one), ((b, bt), other), *_ = found.items()
        raise ModuleError(
            f"module: {one} is {a} on {at} and {other} is {b} on {bt}; move the "
            "module to one dtype and one device with .to()"
        )
    return next(iter(found), (torch.float32, torch.device("cpu")))
