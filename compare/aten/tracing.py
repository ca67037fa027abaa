"""A torch module or function as a graph of ATen operations."""

import contextlib
import dataclasses
import io
import logging
import random
import warnings
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import numpy as np
import torch
from torch import nn
from torch.export import ExportedProgram
from torch.fx import Node

from compare.aten.gradient_flow import STOP, StoppedGradients
from compare.aten.preservation import preserved
from compare.aten.refusals import Refusal, export_error
from compare.aten.structure import Slot, with_slots
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
        found: set[Node] = set()
        waiting = [*self.results, *self.changed.values()]
        while waiting:
            node = waiting.pop()
            if node not in found:
                found.add(node)
                waiting.extend(node.all_input_nodes)
        return found


class _Traced(nn.Module):
    """Takes the tensors of arguments; returns those of the result, then what submodules return."""

    def __init__(
        self, inner: Callable[..., Any], given: Any, note: Callable[[Any, list[str]], None]
    ) -> None:
        super().__init__()
        self.inner = inner
        self.given = given
        self.note = note  # is told the structure of the result, and the places

    def forward(self, *tensors: torch.Tensor) -> list[torch.Tensor]:
        """Calls the program, and notes the structure of its result."""
        args, kwargs = mapped(self.given, lambda slot: tensors[slot.index], of=Slot)
        places: list[tuple[str, torch.Tensor]] = []

        def see(place: str, tensor: torch.Tensor) -> None:
            places.append((place, tensor.clone()))

        inner = self.inner
        observer = (
            observed(inner, see) if isinstance(inner, nn.Module) else contextlib.nullcontext()
        )
        with observer, torch.enable_grad(), StoppedGradients():
            result, outputs = with_slots(inner(*args, **kwargs))
        self.note(result, [place for place, _ in places])
        return [*outputs, *(copy for _, copy in places)]


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
    seen: list[Any] = []
    whole = _Traced(inner, given, lambda *found: seen.extend(found))
    fresh = tuple(t.detach().requires_grad_(t.requires_grad) for t in tensors)
    module = inner if isinstance(inner, nn.Module) else None
    try:
        with _quiet(), preserved(module), _no_chance():
            exported = torch.export.export(whole, fresh, strict=False).run_decompositions()
    except Exception as error:
        parts = module.named_modules() if module is not None else ()
        names = {id(part): name for name, part in parts}
        raise export_error(error, module, names) from None
    return _graph(exported, given, *seen)


def _graph(exported: ExportedProgram, given: Any, result: Any, places: list[str]) -> Graph:
    nodes = {node.name: node for node in exported.graph.nodes}
    user, changed = [], {}
    for spec in exported.graph_signature.output_specs:
        node = nodes[spec.arg.name]
        if spec.kind.name == "USER_OUTPUT":
            user.append(node)
        elif spec.kind.name in ("BUFFER_MUTATION", "PARAMETER_MUTATION"):
            changed[spec.target.removeprefix("inner.")] = node
    cut_nodes = [_source(node) for node in user[len(user) - len(places) :]]
    return Graph(
        exported,
        given,
        result,
        tuple(user[: len(user) - len(places)]),
        changed,
        tuple(zip(places, cut_nodes, strict=True)),
    )


def _source(node: Node) -> Node:
    """Returns what a copy was made of, which may have been stopped since."""
    if node.target is STOP:
        node = node.all_input_nodes[0]
    assert node.target is _CLONE, node.target
    return node.all_input_nodes[0]


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    """Keeps what torch and the forward print from the screen, and compiles nothing."""
    logger = logging.getLogger("torch")
    level, fast = logger.level, torch.backends.mha.get_fastpath_enabled()
    with (
        warnings.catch_warnings(),
        contextlib.redirect_stdout(io.StringIO()),
        contextlib.redirect_stderr(io.StringIO()),
        torch.compiler.set_stance("force_eager"),
    ):
        warnings.simplefilter("ignore")
        logger.setLevel(logging.CRITICAL + 1)
        torch.backends.mha.set_fastpath_enabled(False)
        try:
            yield
        finally:
            torch.backends.mha.set_fastpath_enabled(fast)
            logger.setLevel(level)


@contextlib.contextmanager
def _no_chance() -> Iterator[None]:
    """Refuses what draws from the generators of Python or NumPy, and puts them back."""
    mine, its = random.getstate(), np.random.get_state(legacy=False)
    try:
        yield
        drawn = random.getstate() != mine or str(np.random.get_state(legacy=False)) != str(its)
        if drawn:
            raise Refusal(
                "draws random numbers of Python or NumPy; call .eval() if it is for "
                "training only, or give the numbers as arguments"
            )
    finally:
        random.setstate(mine)
        np.random.set_state(its)
