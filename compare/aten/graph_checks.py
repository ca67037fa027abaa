"""Whether a graph of ATen operations is one that JAX can compute."""

from collections.abc import Iterator

import torch
from torch import nn
from torch.fx import Node
from torch.nn.modules.batchnorm import _NormBase

from compare.aten.lookup import operation, operation_name
from compare.aten.operations.absent import ABSENT
from compare.aten.refusals import place_of
from compare.aten.shape_checks import check_shapes
from compare.aten.tracing import Graph
from compare.errors import UsageError
from torch_ref.refusals import place


def check_graph(graph: Graph, module: nn.Module | None) -> None:
    """Checks that a graph is one of real numbers and fixed sizes, all of whose operations JAX has.

    Args:
      graph: of a program.
      module: that it was exported from; None for a function.

    Raises:
      UsageError: with the place of what is not so.
    """
    if not graph.results:
        raise UsageError("module: expected a forward that returns tensors, got none")
    live = graph.live()
    nodes = [n for n in graph.exported.graph.nodes if n in live and n.op == "call_function"]
    for node in nodes:
        _check_values(node, module)
    _check_known(nodes, module)
    for name in graph.changed:
        _check_change(name, module)
    check_shapes(graph, module)


def _check_values(node: Node, module: nn.Module | None) -> None:
    for value in _values(node):
        name = operation_name(node)
        written = ".item()" if name == "_local_scalar_dense.default" else name
        sizes = value.shape if isinstance(value, torch.Tensor) else (value,)
        if any(isinstance(size, torch.SymInt | torch.SymFloat | torch.SymBool) for size in sizes):
            raise UsageError(
                f"{place_of(node, module)}: expected sizes that are fixed and numbers that stay in "
                f"tensors, got {written}; choose with torch.where, not with a mask that "
                "picks entries, and leave .item() out"
            )
        if isinstance(value, torch.Tensor) and value.is_complex():
            raise UsageError(
                f"{place_of(node, module)}: expected real numbers, got {value.dtype}; compute with "
                "real and imaginary parts"
            )


def _values(node: Node) -> Iterator[object]:
    made = node.meta.get("val")
    yield from made if isinstance(made, tuple | list) else (made,)


def _check_known(nodes: list[Node], module: nn.Module | None) -> None:
    unknown = {operation_name(n): n for n in reversed(nodes) if operation(n) is None}
    if unknown:
        listed = "; ".join(
            f"{name} in {place_of(unknown[name], module)}{_reason(name)}"
            for name in sorted(unknown)
        )
        raise UsageError(
            f"module: expected operations of torch that JAX has here, got {listed}; write them "
            "with others, or give the reference as a JAX function"
        )


def _reason(name: str) -> str:
    return f" ({ABSENT[name]})" if name in ABSENT else ""


def _check_change(name: str, module: nn.Module | None) -> None:
    owner_name = name.rpartition(".")[0]
    owner = module.get_submodule(owner_name) if module is not None else None
    statistics = owner._buffers if isinstance(owner, _NormBase) else {}
    if name.rpartition(".")[2] not in statistics:
        where = place(owner_name, owner) if owner is not None else "the function"
        raise UsageError(
            f"{where}: expected a forward that leaves parameters and buffers as they are, but for "
            f"the statistics of batchnorm, got a change of {name}; call .eval() if that is for "
            "training only, or take the tensor as an argument and return the new one"
        )
