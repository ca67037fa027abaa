"""A torch module or function as a graph of ATen operations."""

import contextlib
import dataclasses
from collections.abc import Callable, Mapping
from typing import Any

import torch
from torch import nn
from torch._decomp import get_decompositions
from torch._ops import OpOverload
from torch.export import ExportedProgram
from torch.fx import Node

from compare.aten.chance import check_chance
from compare.aten.gradient_flow import STOP, StoppedGradients
from compare.aten.lookup import operation
from compare.aten.operations.decomposition import decompositions
from compare.aten.preservation import preserved
from compare.aten.refusals import export_error
from compare.aten.settings import no_chance, plain_torch, quiet
from compare.aten.structure import Slot, with_slots
from compare.errors import UsageError
from torch_ref.recording import observed
from torch_ref.trees import mapped

_CLONE = torch.ops.aten.clone.default


@dataclasses.dataclass(frozen=True)
class Graph:
    """What a torch program computes."""

    exported: ExportedProgram
    given: Any  # (args, kwargs) with slots
    result: Any  # with slots
    results: tuple[Node, ...]  # of the slots
    changed: Mapping[str, Node]  # buffer or parameter -> its new value
    places: tuple[tuple[str, Node], ...]  # what submodules return, in the order of their calls

    def live(self) -> set[Node]:
        """Returns what results and changed buffers are made of."""
        return self.needed(*self.results, *self.changed.values())

    def needed(self, *targets: Node) -> set[Node]:
        """Returns what some nodes are made of, themselves included."""
        found: set[Node] = set()
        waiting = list(targets)
        while waiting:
            node = waiting.pop()
            if node not in found:
                found.add(node)
                waiting.extend(node.all_input_nodes)
        return found


class _Traced(nn.Module):
    """Takes the tensors of arguments; returns those of the result, then what submodules return."""

    def __init__(self, inner: Callable[..., Any], given: Any) -> None:
        super().__init__()
        self.inner = inner
        self.given = given
        self.notes = _Notes()

    def forward(self, *tensors: torch.Tensor) -> list[torch.Tensor]:
        """Calls the program, and notes the structure of its result."""
        args, kwargs = mapped(self.given, lambda slot: tensors[slot.index], of=Slot)
        self.notes.seen.clear()
        with torch.enable_grad(), StoppedGradients(tensors):
            self.notes.result, outputs = with_slots(self.inner(*args, **kwargs))
        return [*outputs, *(copy for _, copy in self.notes.seen)]


class _Notes:
    """What the last call of a traced program returned, and what its submodules did."""

    def __init__(self) -> None:
        self.result: Any = None  # with slots
        self.seen: list[tuple[str, torch.Tensor]] = []  # places, and copies of what passed there

    def see(self, place: str, tensor: torch.Tensor) -> None:
        """Notes what a submodule returns."""
        self.seen.append((place, tensor.clone()))


def traced(inner: Callable[..., Any], args: Any, kwargs: Mapping[str, Any]) -> Graph:
    """Exports a torch module, in the mode that it is in, or a function of tensors.

    Args:
      inner: nothing in it is changed.
      args: tensors, and trees of tensors and other values.
      kwargs: likewise, by name.

    Raises:
      UsageError: for what `torch.export` cannot follow, with the place.
    """
    given, tensors = with_slots((tuple(args), dict(kwargs)))
    whole = _Traced(inner, given)
    fresh = tuple(t.detach().requires_grad_(t.requires_grad) for t in tensors)
    module = inner if isinstance(inner, nn.Module) else None
    observer = observed(module, whole.notes.see) if module else contextlib.nullcontext()
    try:
        with quiet(), plain_torch(), preserved(module), no_chance(), observer:
            exported = torch.export.export(whole, fresh, strict=False)
            check_chance(exported, module)
            exported = _taken_apart(exported)
    except UsageError:
        raise
    except Exception as error:
        raise export_error(error, module) from None
    return _graph(exported, given, whole.notes)


def _taken_apart(exported: ExportedProgram) -> ExportedProgram:
    """Turns a program into operations of core ATen; torch takes apart more where JAX lacks one."""
    made = exported.run_decompositions(decompositions())
    lacking = {n.target for n in made.graph.nodes if n.op == "call_function" and not operation(n)}
    more = get_decompositions([one for one in lacking if isinstance(one, OpOverload)])
    return exported.run_decompositions({**decompositions(), **more}) if more else made


def _graph(exported: ExportedProgram, given: Any, notes: _Notes) -> Graph:
    nodes = {node.name: node for node in exported.graph.nodes}
    returned, changed = [], {}
    for spec in exported.graph_signature.output_specs:
        node = nodes[spec.arg.name]
        if spec.kind.name == "USER_OUTPUT":
            returned.append(node)
        elif spec.kind.name in ("BUFFER_MUTATION", "PARAMETER_MUTATION"):
            changed[spec.target.removeprefix("inner.")] = node
    results = len(returned) - len(notes.seen)
    places: list[tuple[str, Node]] = []
    for (place, _), node in zip(notes.seen, map(_source, returned[results:]), strict=True):
        if _is_new(node, {named for _, named in places}):
            places.append((place, node))
    return Graph(exported, given, notes.result, tuple(returned[:results]), changed, tuple(places))


def _is_new(node: Node, named: set[Node]) -> bool:
    """Whether something is computed in a value, which is no view of an input or of a place."""
    base = node
    while getattr(base.target, "is_view", False):
        base = base.all_input_nodes[0]
    return base.op != "placeholder" and (base is node or base not in named)


def _source(node: Node) -> Node:
    """Returns what a copy was made of, which may have been stopped since."""
    if node.target is STOP:
        node = node.all_input_nodes[0]
    assert node.target is _CLONE, node.target
    return node.all_input_nodes[0]
