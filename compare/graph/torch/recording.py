"""What a forward of torch calls, operation by operation, and the node of autograd of each."""

import contextlib
import dataclasses
from collections.abc import Callable, Iterator, Mapping
from typing import Any, NamedTuple

import torch
from torch import nn
from torch.nn.modules import module as hooks
from torch.utils._python_dispatch import TorchDispatchMode

from compare.errors import UsageError
from torch_ref.trees import leaves_of, mapped, tensors_in

_CASTS = ("_to_copy", "to")


@dataclasses.dataclass(frozen=True)
class Ref:
    """Stands in arguments for a tensor that is known: a name, or the number of a call."""

    source: str | int
    output: int = 0  # which tensor of a call that makes several


class Call(NamedTuple):
    """One operation, as autograd sees it."""

    function: Any  # an overload, such as torch.ops.aten.mul.Tensor
    args: tuple[Any, ...]  # tensors are of type Ref where they are known
    kwargs: dict[str, Any]
    place: str  # the submodule that it is made in, by its name; empty for the whole
    shape: tuple[int, ...]  # of its first result

    @property
    def name(self) -> str:
        """As people call it: add of aten.add_.Tensor."""
        return str(self.function._schema.name).rpartition("::")[2].removesuffix("_")

    @property
    def refs(self) -> tuple[Ref, ...]:
        """What it takes that is known."""
        return tuple(one for one in leaves_of((self.args, self.kwargs)) if isinstance(one, Ref))


class Recording(NamedTuple):
    """A loss and how it came about."""

    loss: torch.Tensor
    given: Mapping[str, torch.Tensor]  # x, y and the parameters by name
    calls: tuple[Call, ...]
    made_by: Mapping[Any, int]  # node of autograd -> the call that made it
    modules: Mapping[Any, str]  # node of autograd -> the submodule whose output it is

    def replay(self, given: Mapping[str, torch.Tensor]) -> list[torch.Tensor]:
        """Computes the first result of every call from other numbers, in their dtype.

        Args:
          given: by the names of the recording.

        Returns:
          One tensor for each call; after a backward from the last, their `.grad`.
        """
        results: list[list[torch.Tensor]] = []

        def value(ref: Ref) -> torch.Tensor:
            if isinstance(ref.source, str):
                return given[ref.source]
            return results[ref.source][ref.output]

        for call in self.calls:
            args, kwargs = mapped((call.args, call.kwargs), value, of=Ref)
            if call.name in _CASTS and args[0].is_floating_point():
                results.append([args[0]])
                continue
            if call.function._schema.is_mutable:
                args = mapped(args, torch.Tensor.clone, of=torch.Tensor)
            made = tensors_in(call.function(*args, **kwargs))
            for one in made:
                if one.requires_grad:
                    one.retain_grad()
            results.append(made or [torch.tensor(torch.nan)])  # as of .item()
        return [made[0] for made in results]


def record(
    module: nn.Module,
    given: Mapping[str, torch.Tensor],
    run: Callable[[], torch.Tensor],
) -> Recording:
    """Notes what a function calls.

    Args:
      module: in whose parts calls are placed.
      given: x, y and parameters, by names; parameters require gradients.
      run: makes a loss of them.

    Raises:
      UsageError: if torch cannot differentiate it.
    """
    places = _Places(module)
    recorder = _Recorder(given, places)
    with torch.enable_grad(), places.followed(), recorder:
        loss = run()
    if loss.grad_fn is None:
        raise UsageError(
            "module: torch has no gradient of what its forward returns, as where it is detached"
        )
    nodes = in_order(loss.grad_fn)
    found = {node: recorder.made_by(node) for node in nodes if not hasattr(node, "variable")}
    made_by = {node: i for node, i in found.items() if i is not None}
    return Recording(loss, given, tuple(recorder.calls), made_by, places.outputs)


def in_order(root: Any) -> list[Any]:
    """Returns every node after all that it takes; a loop, because networks may be deep."""
    done: dict[Any, None] = {}
    waiting = [(root, False)]
    while waiting:
        node, taken = waiting.pop()
        if taken:
            done.setdefault(node)
        elif node not in done:
            inputs = [one for one, _ in node.next_functions if one is not None]
            waiting += [(node, True), *((one, False) for one in reversed(inputs))]
    return list(done)


def is_own(node: Any) -> bool:
    """Whether a node's backward is Python, as of a torch.autograd.Function."""
    return hasattr(node, "_forward_cls")


class _Recorder(TorchDispatchMode):
    """Notes every operation. Autograd has made its node just before, and counted it."""

    def __init__(self, given: Mapping[str, torch.Tensor], places: "_Places") -> None:
        super().__init__()
        self.calls: list[Call] = []
        self._by_number: dict[int, int] = {}  # of a node -> the call that it was made for
        self._own: dict[Any, int] = {}  # node that a user has written -> what made its result
        self._places = places
        self._given = {id(tensor): Ref(name) for name, tensor in given.items()}
        self._known = {_key(tensor): Ref(name) for name, tensor in given.items()}
        self._kept: list[torch.Tensor] = []  # so that no other tensor has the memory

    def made_by(self, node: Any) -> int | None:
        """Returns the call for which autograd made a node; None where that is not known."""
        return self._own.get(node) if is_own(node) else self._by_number.get(node._sequence_nr())

    def __torch_dispatch__(
        self, func: Any, types: Any, args: Any = (), kwargs: Mapping[str, Any] | None = None
    ) -> Any:
        """Makes a call, and notes it."""
        number = torch._C._autograd._get_sequence_nr() - 1
        noted = mapped(tuple(args), self._ref, of=torch.Tensor)
        options = mapped(dict(kwargs or {}), self._ref, of=torch.Tensor)
        made = func(*args, **(kwargs or {}))
        i = len(self.calls)
        results = tensors_in(made)
        for k, one in enumerate(results):
            self._known[_key(one)] = Ref(i, k)
            self._kept.append(one)
        self._by_number.setdefault(number, i)
        shape = tuple(results[0].shape) if results else ()
        self.calls.append(Call(func, noted, options, self._places.inside, shape))
        return made

    def _ref(self, tensor: torch.Tensor) -> Any:
        node, found = tensor.grad_fn, self._known.get(_key(tensor))
        if node is None:
            return self._given.get(id(tensor), found or tensor.detach())
        if is_own(node) and found is not None and isinstance(found.source, int):
            self._own.setdefault(node, found.source)
        made_by = self.made_by(node)
        if made_by is None:
            return found or tensor.detach()
        return Ref(made_by, tensor.output_nr)


class _Places:
    """Follows which submodule is called, and what it returns."""

    def __init__(self, module: nn.Module) -> None:
        self._names = {id(part): name for name, part in module.named_modules()}
        self._stack: list[str] = []
        self.outputs: dict[Any, str] = {}

    @property
    def inside(self) -> str:
        """The innermost submodule that is being called."""
        return self._stack[-1] if self._stack else ""

    @contextlib.contextmanager
    def followed(self) -> Iterator[None]:
        """Follows every call of a module while it lasts."""

        def enter(part: nn.Module, _: Any) -> None:
            self._stack.append(self._names.get(id(part), self.inside))

        def leave(part: nn.Module, _: Any, made: Any) -> None:
            self._stack.pop()
            for one in tensors_in(made)[:1]:
                name = self._names.get(id(part))
                if name and one.grad_fn is not None:
                    self.outputs.setdefault(one.grad_fn, name)

        before = hooks.register_module_forward_pre_hook(enter)
        after = hooks.register_module_forward_hook(leave, always_call=True)
        try:
            yield
        finally:
            before.remove()
            after.remove()


def _key(tensor: torch.Tensor) -> tuple[Any, ...]:
    """Tells a tensor from others that are alive; views of the same numbers are one."""
    return (
        tensor.data_ptr() if tensor.layout == torch.strided else id(tensor),
        tensor.dtype,
        tuple(tensor.shape),
        tensor.stride() if tensor.layout == torch.strided else (),
    )
