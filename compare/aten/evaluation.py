"""The operations of a graph, computed by JAX."""

from collections.abc import Mapping, Sequence
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import torch
from torch.fx import Node
from torch.fx.node import map_aggregate

from compare.aten.dtypes import jax_dtype
from compare.aten.lookup import operation
from compare.aten.refusals import module_name
from compare.aten.tracing import Graph
from compare.problem.cuts import cut
from torch_ref.convert import to_array

_WITHOUT_MEANING = ("device", "layout", "pin_memory", "memory_format", "non_blocking")


class Evaluation:
    """A graph as a function of JAX."""

    def __init__(
        self,
        graph: Graph,
        live: set[Node],
        places: Sequence[tuple[str, Node]],
        names: Mapping[str, str],
    ) -> None:
        """Keeps what is needed of a graph.

        Args:
          graph: all of whose operations have JAX.
          live: the nodes that are computed.
          places: the cuts.
          names: the name in the state of what torch has under another.
        """
        self._graph = graph
        self._steps = [n for n in graph.exported.graph.nodes if n in live]
        self._inputs = {spec.arg.name: spec for spec in graph.exported.graph_signature.input_specs}
        self._user = [
            spec.arg.name
            for spec in graph.exported.graph_signature.input_specs
            if spec.kind.name == "USER_INPUT"
        ]
        self._constants = {
            key: np.array(to_array(value))
            for key, value in graph.exported.constants.items()
            if isinstance(value, torch.Tensor)
        }
        self._names = names
        self._cuts: dict[Node, list[str]] = {}
        for place, node in places:
            self._cuts.setdefault(node, []).append(place)

    def __call__(
        self, state: Mapping[str, jax.Array], arrays: Sequence[jax.Array]
    ) -> tuple[list[Any], dict[str, Any]]:
        """Computes results and changed buffers."""
        values: dict[Node, Any] = {}
        for node in self._steps:
            if node.op == "placeholder":
                value = self._given(node, state, arrays)
            else:
                with jax.named_scope(module_name(node) or "forward"):
                    value = computed(node, values)
            for place in self._cuts.get(node, ()):
                value = cut(value, place)
            values[node] = value
        statistics = {}
        for key, node in self._graph.changed.items():
            name = self._names[key]
            statistics[name] = values[node].astype(state[name].dtype)  # as torch writes it there
        return [values[node] for node in self._graph.results], statistics

    def _given(
        self, node: Node, state: Mapping[str, jax.Array], arrays: Sequence[jax.Array]
    ) -> Any:
        spec = self._inputs[node.name]
        if spec.kind.name == "USER_INPUT":
            return arrays[self._user.index(node.name)]
        name = spec.target.removeprefix("inner.")
        if name in self._names:
            return state[self._names[name]]
        return jnp.asarray(self._constants[spec.target])


def computed(node: Node, values: Mapping[Node, Any]) -> Any:
    """Returns what an operation makes of the values of those before it."""

    def read(leaf: Any) -> Any:
        if isinstance(leaf, Node):
            return values[leaf]
        return jax_dtype(leaf) if isinstance(leaf, torch.dtype) else leaf

    args = map_aggregate(node.args, read)
    options = {
        k: map_aggregate(v, read) for k, v in node.kwargs.items() if k not in _WITHOUT_MEANING
    }
    return operation(node)(*args, **options)
