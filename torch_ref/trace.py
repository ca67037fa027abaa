"""What a torch module's forward does, call by call, on one sample."""

import dataclasses
import sys
import traceback
from collections.abc import Callable, Iterable, Iterator, Mapping
from types import FrameType
from typing import Any, NamedTuple

import torch
from torch import nn
from torch.overrides import TorchFunctionMode

from torch_ref.refusals import ModuleError, first_line, no_chain, place, refuse_call
from torch_ref.stateless import call_with
from torch_ref.trees import leaves_of, mapped, tensors_in

# These are left out when a call is made again: it is made in float64.
_CASTS = ("to", "type", "type_as", "float", "double", "half", "bfloat16")


@dataclasses.dataclass(frozen=True)
class Ref:
    """Stands in arguments for what another node has made."""

    node: int


class Node(NamedTuple):
    """A call of the forward that makes a tensor of known ones, or a known tensor itself."""

    function: Callable[..., Any] | None  # None of those that the forward was given
    args: tuple[Any, ...]
    kwargs: dict[str, Any]
    place: str  # in words, or the name of what was given
    value: torch.Tensor  # a copy, but of what was given

    @property
    def inputs(self) -> tuple[int, ...]:
        """The nodes that it takes."""
        return tuple(
            leaf.node for leaf in leaves_of((self.args, self.kwargs)) if isinstance(leaf, Ref)
        )


class Trace(NamedTuple):
    """The calls of a forward, each after those that it takes; first x, y and the parameters."""

    nodes: tuple[Node, ...]
    results: tuple[int | None, ...]  # the tensors that the forward returned, wherever they stood
    left: str | None  # where it took numbers out of torch, in words

    def needed(self, target: int, given: Mapping[int, Any] | None = None) -> list[int]:
        """Returns what a node is made of, in the order of calls, down to `given`; itself too."""
        found, waiting = set(), [target]
        while waiting:
            one = waiting.pop()
            if one not in found and one not in (given or {}):
                found.add(one)
                waiting.extend(self.nodes[one].inputs)
        return sorted(found)

    def replay(self, target: int, given: Mapping[int, torch.Tensor]) -> torch.Tensor:
        """Computes a node anew from other numbers; errors are those of the calls."""
        made = dict(given)
        for i in self.needed(target, given):
            node = self.nodes[i]
            if node.function is None:
                made[i] = node.value
                continue
            args, kwargs = mapped(
                (node.args, node.kwargs), lambda leaf: made[leaf.node].clone(), of=Ref
            )
            is_cast = function_name(node.function) in _CASTS and args[0].is_floating_point()
            made[i] = args[0] if is_cast else node.function(*args, **kwargs)
        return made[target]


def trace_forward(
    module: nn.Module, params: Mapping[str, torch.Tensor], samples: Mapping[str, torch.Tensor]
) -> Trace:
    """Runs a forward once and notes its calls.

    Args:
      module: nothing in it is changed.
      params: in the place of its own, by name.
      samples: 'x' and, if the forward takes it, 'y'.

    Raises:
      ModuleError: for what is no chain whatever comes of it, and if the forward raises.
    """
    recorder = _Recorder(module, {**samples, **params})
    try:
        with torch.no_grad(), recorder:
            result = call_with(module, params, *samples.values())
    except ModuleError:
        raise
    except Exception as error:  # whatever the forward raises
        frames = [frame for frame, _ in traceback.walk_tb(error.__traceback__)]
        where = place(*(recorder.innermost(reversed(frames)) or ("", module)))
        raise ForwardError(f"{where}: its forward fails on a sample: {first_line(error)}") from None
    with torch.no_grad():
        results = tuple(recorder.index(leaf) for leaf in tensors_in(result))
    return Trace(tuple(recorder.nodes), results, recorder.left)


class ForwardError(ModuleError):
    """The forward itself raises, as for inputs of other sizes."""


class _Recorder(TorchFunctionMode):
    """Notes every call of torch that takes a known tensor and makes one."""

    def __init__(self, module: nn.Module, given: Mapping[str, torch.Tensor]) -> None:
        super().__init__()
        self.training = module.training
        self.names = {id(part): name for name, part in module.named_modules()}
        self.place = place("", module)  # of the call that was made last
        self.left: str | None = None
        self.nodes: list[Node] = []
        # id -> node, the tensor, which is kept, and how often it had been changed in place
        self.known: dict[int, tuple[int, torch.Tensor, int]] = {}
        for name, tensor in given.items():
            self._add(tensor, Node(None, (), {}, name, tensor))

    def __torch_function__(
        self, func: Any, types: Any, args: Any = (), kwargs: Mapping[str, Any] | None = None
    ) -> Any:
        """Makes a call, and notes it."""
        options = dict(kwargs or {})
        taken = [leaf for leaf in tensors_in((args, options)) if id(leaf) in self.known]
        if not taken:
            return func(*args, **options)
        name = function_name(func)
        self._find_place(name, sys._getframe(1))
        refuse_call(name, self.place, args, options, training=self.training)
        noted = mapped((args, options), self._ref, of=torch.Tensor)
        result = func(*args, **options)
        if name in ("numpy", "tolist", "item"):
            self.left = self.place
        made = list(_made(result))
        self._check_changes(taken, made)
        for leaf, *path in made:
            copy = leaf.detach().clone()
            self._note(leaf, Node(_picked(func, path), noted[0], noted[1], self.place, copy))
        return result

    def _find_place(self, name: str, frame: FrameType) -> None:
        """Settles where a call is made; one inside a layer of torch's own needs no name."""
        inner = self.innermost(_callers(frame))
        if inner is not None:
            is_torchs = type(inner[1]).__module__.startswith("torch.nn.")
            self.place = place(*inner) + ("" if is_torchs else f", {name}")

    def _check_changes(self, taken: list[torch.Tensor], made: list[tuple[Any, ...]]) -> None:
        """Checks that a call has changed nothing but what it gives back."""
        given_back = {id(leaf) for leaf, *_ in made}
        for leaf in taken:
            if id(leaf) not in given_back and _version(leaf) != self.known[id(leaf)][2]:
                raise no_chain(self.place, "it changes numbers in place")

    def index(self, tensor: torch.Tensor) -> int | None:
        """Returns the node that a tensor is; None of one that nothing known has made.

        Raises:
          ModuleError: if something has changed it since.
        """
        found = self.known.get(id(tensor))
        if found is None:
            return None
        if _version(tensor) != found[2]:
            raise no_chain(self.place, "the numbers that it takes have been changed in place")
        return found[0]

    def _ref(self, tensor: torch.Tensor) -> Any:
        found = self.index(tensor)
        return tensor if found is None else Ref(found)

    def _note(self, tensor: torch.Tensor, node: Node) -> None:
        before = self.known.get(id(tensor))
        if before is not None:
            index, _, version = before
            if _version(tensor) == version:
                return  # a call that does nothing, such as .float() of float32
            if self.nodes[index].function is None:
                raise no_chain(node.place, f"it changes {self.nodes[index].place} in place")
        self._add(tensor, node)

    def _add(self, tensor: torch.Tensor, node: Node) -> None:
        self.known[id(tensor)] = len(self.nodes), tensor, _version(tensor)
        self.nodes.append(node)

    def innermost(self, frames: Iterable[FrameType]) -> tuple[str, nn.Module] | None:
        """Returns the submodule in whose forward the first of some frames is, and its name."""
        for frame in frames:
            part = frame.f_locals.get("self")
            if id(part) in self.names and isinstance(part, nn.Module):
                return self.names[id(part)], part
        return None


def function_name(function: Any) -> str:
    """Returns what a call is called, such as `relu`, or `T` of an attribute."""
    own = getattr(function, "__name__", str(function))
    of_attribute = getattr(function.__self__, "__name__", own) if own == "__get__" else own
    return of_attribute.strip("_")


def _callers(frame: FrameType | None) -> Iterator[FrameType]:
    while frame is not None:
        yield frame
        frame = frame.f_back


def _made(result: Any) -> Iterator[tuple[Any, ...]]:
    """Yields each tensor of a result, after it its number where there are several."""
    if isinstance(result, torch.Tensor):
        yield (result,)
    elif isinstance(result, tuple | list):
        yield from ((leaf, i) for i, leaf in enumerate(result) if isinstance(leaf, torch.Tensor))


def _picked(function: Callable[..., Any], path: list[int]) -> Callable[..., Any]:
    """Returns a function that makes one tensor of several alone."""
    if not path:
        return function
    return lambda *args, **kwargs: function(*args, **kwargs)[path[0]]


def _version(tensor: torch.Tensor) -> int:
    """Counts the changes of a tensor in place, by views of it too; inference mode counts none."""
    return 0 if tensor.is_inference() else tensor._version
