"""What a torch module computes at every submodule, forward and backward."""

import contextlib
import functools
import warnings
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any, TypeVar

import torch
from torch import nn
from torch.utils.hooks import RemovableHandle

from torch_ref.module_checks import WRAPPERS
from torch_ref.trees import parts_of

_Result = TypeVar("_Result")


# makes of `see(place, tensor)` the context in which more tensors are seen
Watch = Callable[[Callable[[str, torch.Tensor], None]], contextlib.AbstractContextManager[None]]


def recorded(
    module: nn.Module, run: Callable[[], _Result], watch: Watch | None = None
) -> tuple[_Result, dict[str, torch.Tensor], dict[str, torch.Tensor]]:
    """Runs something that calls a module, and notes what passes.

    What is noted are copies, of floating-point tensors only: what is changed in place later stays
    as it was. The cotangent of a value is the gradient with respect to it of all that is computed
    from it, summed over the backward passes of the run: 0 where none comes by, as of a value that
    is detached.

    Args:
      module: nothing in it is changed.
      run: calls it, backward passes included.
      watch: sees tensors beside those that submodules return.

    Returns:
      What the run returns, the values and their cotangents by place, as `observed` names them.
    """
    recorder = _Recorder()
    with contextlib.ExitStack() as hooks:
        hooks.enter_context(warnings.catch_warnings())  # of torch.compile, where a hook parts it
        warnings.filterwarnings("ignore", "The .grad attribute of a Tensor that is not a leaf")
        hooks.callback(recorder.remove_hooks)
        before = module.register_forward_pre_hook(recorder.begin)
        hooks.callback(before.remove)
        after = module.register_forward_hook(recorder.end, always_call=True)
        hooks.callback(after.remove)
        hooks.enter_context(observed(module, recorder.note))
        if watch is not None:
            hooks.enter_context(watch(recorder.note))
        made = run()
    return made, recorder.values, recorder.all_cotangents()


class _Recorder:
    """What passed the places of a module so far."""

    def __init__(self) -> None:
        self.values: dict[str, torch.Tensor] = {}
        self.cotangents: dict[str, torch.Tensor] = {}
        self.hooks: dict[str, RemovableHandle] = {}
        self.views: dict[str, tuple[torch.Tensor, int]] = {}  # and how often they had changed
        self.running = 0  # calls of the whole module that have not returned

    def begin(self, *_: Any) -> None:
        self.running += 1

    def end(self, *_: Any) -> None:
        self.running -= 1

    def note(self, place: str, tensor: torch.Tensor) -> None:
        """Keeps a value; what checkpointing computes once more in the backward pass is the same."""
        with torch._C.DisableTorchFunction():  # nobody sees what is done here
            self.values.setdefault(place, tensor.detach().clone())
            if tensor.requires_grad and place not in self.hooks:
                self.hooks[place] = tensor.register_hook(functools.partial(self.add, place))
                if tensor._is_view():
                    self.views[place] = tensor.detach(), tensor._version

    def add(self, place: str, cotangent: torch.Tensor | None) -> None:
        """Adds a cotangent, but those of gradients that the forward itself computes."""
        if cotangent is None or self.running:
            return
        found = cotangent.detach().clone()
        known = self.cotangents.get(place)
        self.cotangents[place] = found if known is None else known + found

    def all_cotangents(self) -> dict[str, torch.Tensor]:
        """Returns the cotangents, if there are some: 0 of values where none came by.

        Of a view that was changed in place torch keeps no hook: its cotangent is not known.
        """
        known = self.hooks.keys() - {
            place for place, (view, version) in self.views.items() if view._version != version
        }
        zeros = {place: torch.zeros_like(self.values[place]) for place in known}
        return zeros | self.cotangents if self.cotangents else {}

    def remove_hooks(self) -> None:
        for hook in self.hooks.values():
            hook.remove()


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
        @torch.compiler.disable
        def after(part: nn.Module, inputs: Any, output: Any) -> None:
            if torch._C._current_graph_task_id() >= 0:  # in the backward pass: by checkpointing
                if calls[name] > 1:
                    return  # nobody says which of the calls is computed once more
                calls[name] = 0
            call = f"{name}@{calls[name]}" if calls[name] else name
            calls[name] += 1
            for path, leaf in parts_of(output):
                if is_seen(leaf):
                    see(call + path, leaf)

        return after

    with contextlib.ExitStack() as hooks:
        for name, part in submodules(module).items():
            hooks.callback(part.register_forward_hook(hook(name)).remove)
        yield


def is_seen(leaf: Any) -> bool:
    """Whether this is a tensor of numbers: not one inside `torch.vmap`, which stands for many."""
    if not isinstance(leaf, torch.Tensor) or not leaf.is_floating_point():
        return False
    return not torch._C._functorch.is_functorch_wrapped_tensor(leaf)


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
