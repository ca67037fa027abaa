"""Whether a torch module can be traced: no wrapper, weights of its own, one dtype."""

import torch
from torch import nn

from torch_ref.refusals import ModuleError, no_chain, place

LOW_PRECISION = (torch.bfloat16, torch.float16)

WRAPPERS = {
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
    attribute = WRAPPERS.get(type(module).__name__)
    return unwrapped(getattr(module, attribute)) if attribute else module


def is_compiled(module: nn.Module) -> bool:
    """Whether torch.compile has made a module, or one inside it."""
    return any(type(part).__name__ == "OptimizedModule" for part in module.modules())


def check_plain(name: str, part: nn.Module) -> None:
    """Checks that a part has a forward in Python and weights of its own.

    Args:
      name: of the part, as in named_modules().
      part: the module itself or one inside it.

    Raises:
      ModuleError: saying what it has instead.
    """
    where = place(name, part)
    if isinstance(part, torch.jit.ScriptModule):
        raise ModuleError(f"{where} is a torch.jit module; give the module that it was made from")
    if type(part).__name__ in WRAPPERS or part._compiled_call_impl is not None:
        raise ModuleError(f"{where} is compiled or wrapped; give the module as it was before")
    own = dict(part.named_parameters(recurse=False))
    if any(nn.parameter.is_lazy(p) for p in own.values()):
        raise ModuleError(f"{where} is lazy and has no weights yet; call the module once before")
    if nn.utils.parametrize.is_parametrized(part):
        raise no_chain(where, "its parametrization computes the weights from other parameters")
    for key, p in own.items():
        if p._post_accumulate_grad_hooks:
            raise ModuleError(
                f"{where} has a hook that changes {key}.grad or uses it when it is complete, which "
                "is after the gradient; remove the hook to compare"
            )
    if isinstance(part, nn.Linear) and "weight" not in own:
        raise no_chain(where, "its weight is no parameter, but computed from others")


def has_hooks(module: nn.Module) -> bool:
    """Whether a part or a parameter has a hook, which may look at what passes."""
    parts = any(getattr(part, hooks) for part in module.modules() for hooks in _HOOKS)
    return parts or any(p._backward_hooks for p in module.parameters())


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
