"""The autograd graph of torch as one of ours: every `grad_fn` a node."""

from typing import Any

from compare.graph.base import Edge, Graph, Node, once
from compare.graph.explanations import LEAVES, TORCH, explain
from compare.graph.torch_network import TorchNetwork
from compare.graph.torch_quantities import in_order, inputs_of, kind_of, name_functions

_NO_NODE = ", so autograd has no node for it"


def torch_graph(network: TorchNetwork) -> Graph:
    """Returns the graph that `loss.backward()` walks, with parameters, x and y beside it.

    Raises:
      UsageError: for a node that cannot be explained, naming it and what it takes.
    """
    made = _Made(network)
    for label, tensor in (("x", network.x), ("y", network.y)):
        made.add_sample(label, tuple(tensor.shape))
    functions = in_order(network.loss.grad_fn)
    for function in sorted(functions, key=lambda one: made.of[one].layer or made.layers + 1):
        if hasattr(function, "variable"):
            made.add_parameter(function)
        made.add(function)
    return Graph("the autograd graph of torch", tuple(made.nodes), once(made.edges))


class _Made:
    """Nodes and edges so far."""

    def __init__(self, network: TorchNetwork) -> None:
        self.network = network
        self.layers = len(network.layer_sizes) - 1
        self.of = name_functions(network)
        self.own_names = {(one.letter, one.layer): one.name for one in network.parameters}
        self.nodes: list[Node] = []
        self.edges: list[Edge] = []
        self.names: dict[Any, str] = {}

    def add_sample(self, label: str, shape: tuple[int, ...]) -> None:
        said = self._explain(LEAVES[label], 0, aside=_NO_NODE)
        self._append(label, Node("", label, "", "tensor", "leaf", "input", 0, shape, said))

    def add_parameter(self, function: Any) -> None:
        """Adds the parameter whose `.grad` a node fills."""
        label, _, _, step, layer, _ = self.of[function]
        own = self.own_names[step[0], layer]  # a weight's w, a bias's b
        said = self._explain(LEAVES[step], layer, label=label, parameter=own)
        shape = tuple(function.variable.shape)
        node = Node("", label, "", "parameter", "leaf", step, layer, shape, said)
        self._append(function.variable, node)
        self.edges.append(Edge(self.names[function.variable], f"t{len(self.nodes) + 1}"))

    def add(self, function: Any) -> None:
        label, gradient, role, step, layer, formula = self.of[function]
        self._append(
            function,
            Node(
                name="",
                label=gradient if role.startswith("accumulate") else label,
                formula=formula,
                kind=kind_of(function),
                part="backward",
                step=step,
                layer=layer,
                shape=_shape(function),
                explanation=self._explanation(function),
                gradient=gradient,
            ),
        )
        head = self.names[function]
        self.edges += [Edge(self.names[one], head) for one in inputs_of(function, self.of)]

    def _append(self, key: Any, node: Node) -> None:
        self.names[key] = f"t{len(self.nodes) + 1}"
        self.nodes.append(node._replace(name=self.names[key]))

    def _explanation(self, function: Any) -> str:
        label, gradient, role, step, layer, formula = self.of[function]
        return self._explain(
            TORCH[role],
            layer or self.layers,
            label=label,
            formula=formula,
            gradient=gradient,
            hands=f" and s{layer - 1} = w{layer} @ delta{layer}" if layer > 1 else "",
            parameter=self.own_names.get((step[0], layer), ""),
        )

    def _explain(self, sentence: str, layer: int, **fields: Any) -> str:
        return explain(sentence, layer=layer, activation=self.network.activation, **fields)


def _shape(function: Any) -> tuple[int, ...]:
    """Of the result, which is also that of the gradient that the node is handed."""
    if hasattr(function, "variable"):
        return tuple(function.variable.shape)
    return tuple(int(n) for n in function._input_metadata[0].shape)
