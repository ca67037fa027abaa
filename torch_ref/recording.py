"""What a torch module computes at every submodule, forward and backward."""

import contextlib
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any, TypeVar

import torch
from torch import nn

from torch_ref.module_checks import WRAPPERS
from torch_ref.trees import parts_of

_Result = TypeVar("_Result")


def recorded(
    module: nn.Module, run: Callable[[], _Result]
) -> tuple[_Result, dict[str, torch.Tensor], dict[str, torch.Tensor]]:
    """Runs something that calls a module, and notes what passes.

    What is noted are copies, of floating-point tensors only: what is changed in place later stays
    as it was. The cotangent of a value is the gradient with respect to it of all that is computed
    from it, summed over the backward passes of the run.

    Args:
      module: nothing in it is changed.
      run: calls it, backward passes included.

    Returns:
      What the run returns, the values and their cotangents by place, as `observed` names them.
    """
    values: dict[str, torch.Tensor] = {}
    cotangents: dict[str, torch.Tensor] = {}
    with contextlib.ExitStack() as hooks:

        def note(place: str, tensor: torch.Tensor) -> None:
            values[place] = tensor.detach().clone()
            if tensor.requires_grad:
                hook = tensor.register_hook(lambda cotangent: add(place, cotangent))
                hooks.callback(hook.remove)

        def add(place: str, cotangent: torch.Tensor) -> None:
            found = cotangent.detach().clone()
            cotangents[place] = cotangents[place] + found if place in cotangents else found

        hooks.enter_context(observed(module, note))
        return run(), values, cotangents


@contextlib.contextmanager
def observed(module: nn.Module, see: Callable[[str, torch.Tensor], None]) -> Iterator[None]:
    """Calls `see(place, tensor)` for all that the submodules return, while the context lasts.

    A place is the name of the submodule; of its k-th further call, `name@k`; where it returns a
    tree, its path follows: `lstm[1][0]`, `encoder['hidden']`. Only floating-point tensors count.

    Args:
      module: whose submodules are observed, not itself.
      see: what it returns is not looked at.
    """
    calls: Counter[str] = Counter()

    def hook(name: str) -> Callable[..., None]:
        def after(part: nn.Module, inputs: Any, output: Any) -> None:
            call = f"{name}@{calls[name]}" if calls[name] else name
            calls[name] += 1
            for path, leaf in parts_of(output):
                if isinstance(leaf, torch.Tensor) and leaf.is_floating_point():
                    see(call + path, leaf)

        return after

    with contextlib.ExitStack() as hooks:
        for name, part in submodules(module).items():
            hooks.callback(part.register_forward_hook(hook(name)).remove)
        yield


def submodules(module: nn.Module) -> dict[str, nn.Module]:
    """Returns all modules inside a module by name, each once.

    What `torch.compile` and DataParallel wrap has the name that it had before.
    """
    found: dict[str, nn.Module] = {}
    for name, part in module.named_modules():
        if type(part).__name__ not in WRAPPERS:
            found[plain_name(module, name)] = part
    return {name: part for name, part in found.items() if name}


def plain_name(module: nn.Module, name: str) -> str:
    """Returns the name of a part or a parameter of a module, as it was before it was wrapped."""
    steps, part, kept = name.split("."), module, []
    for step in steps:
        if type(part).__name__ not in WRAPPERS:
            kept.append(step)
        part = getattr(part, step, part)
    return ".".join(kept)
