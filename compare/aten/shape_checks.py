"""Whether JAX makes arrays of the shapes and dtypes that torch does, operation by operation."""

from typing import Any

import jax
import torch
from torch import nn
from torch.fx import Node

from compare.aten.dtypes import numpy_dtype
from compare.aten.evaluation import computed
from compare.aten.lookup import operation_name
from compare.aten.refusals import place_of
from compare.aten.tracing import Graph
from compare.errors import UsageError, first_line


def check_shapes(graph: Graph, module: nn.Module | None) -> None:
    """Runs a graph on shapes alone, and holds what JAX makes against what torch has made.

    Args:
      graph: all of whose operations are known.
      module: that it was exported from; None for a function.

    Raises:
      UsageError: with the place, where an operation has no JAX for its arguments, or another one.
    """
    values: dict[Node, Any] = {}
    live = graph.live()
    free = live - graph.needed(*graph.results)  # statistics, cast to the dtype of their buffers
    with jax.enable_x64(True):
        for node in (one for one in graph.exported.graph.nodes if one in live):
            expected = node.meta.get("val")
            if node.op == "placeholder":
                values[node] = _shape(expected)
                continue
            values[node] = made = _made(node, values, module)
            if node in free or not isinstance(expected, torch.Tensor):
                continue
            if not _is_same(made, _shape(expected)):
                raise UsageError(
                    f"{place_of(node, module)}: expected {operation_name(node)} to make "
                    f"{_said(_shape(expected))}, as in torch, got {_said(made)} in JAX; give the "
                    "reference as a JAX function"
                )


def _made(node: Node, values: dict[Node, Any], module: nn.Module | None) -> Any:
    taken = node.all_input_nodes
    try:
        return jax.eval_shape(
            lambda arrays: computed(node, dict(zip(taken, arrays, strict=True))),
            [values[one] for one in taken],
        )
    except Exception as error:  # of whatever an operation does not take
        raise UsageError(
            f"{place_of(node, module)}: expected arguments of {operation_name(node)} for which "
            f"there is JAX here, got: {first_line(error)}; give the reference as a JAX function"
        ) from None


def _shape(tensor: torch.Tensor) -> jax.ShapeDtypeStruct:
    return jax.ShapeDtypeStruct(tuple(tensor.shape), numpy_dtype(tensor.dtype))


def _is_same(made: Any, expected: jax.ShapeDtypeStruct) -> bool:
    return bool(made.shape == expected.shape and made.dtype == expected.dtype)


def _said(array: Any) -> str:
    return f"{array.dtype} of shape {tuple(array.shape)}"
