"""The gradient's jaxpr as a graph: every equation a node."""

from collections.abc import Mapping, Sequence

from compare.graph.base import Edge, Graph, Node, once
from compare.graph.explanations import JAX, LEAVES, explain, operation
from compare.graph.expressions import expression, number
from compare.graph.jax_quantities import Quantity, name_variables
from compare.graph.jaxpr import Equation, Program, Variable, gradient_program, is_literal

_LONGEST = 26  # letters of an expression that is a label; a longer one is called u1, u2, ...


def jax_graph(layer_sizes: Sequence[int], activation: str, dtype: str = "float32") -> Graph:
    """Returns the graph of jax.value_and_grad of the loss of one sample.

    Args:
      layer_sizes: (d, n_1, ..., k).
      activation: of the hidden layers.
      dtype: of everything.
    """
    program = gradient_program(layer_sizes, activation, dtype)
    made = _Made(program, activation)
    for atom in program.arguments:
        made.add_argument(atom)
    for equation in program.equations:
        made.add_equation(equation)
    for layer in range(1, program.layers + 1):
        made.add_bias_gradient(layer)
    return Graph("the jaxpr of jax.value_and_grad", tuple(made.nodes), once(made.edges))


class _Made:
    """Nodes and edges so far."""

    def __init__(self, program: Program, activation: str) -> None:
        self.program, self.activation = program, activation
        self.of = name_variables(program)
        self.nodes: list[Node] = []
        self.edges: list[Edge] = []
        self.names: dict[Variable, str] = {}
        self.labels: dict[Variable, str] = {}
        self.long = 0

    def add_argument(self, atom: Variable) -> None:
        label, role, step, layer, _ = self.of[atom]
        said = explain(LEAVES[role], layer=layer, activation=self.activation, aside="")
        shape = atom.aval.shape
        self._append(atom, Node("", label, "", "argument", "leaf", step, layer, shape, said))

    def add_equation(self, equation: Equation) -> None:
        quantity = self.of[equation.output]
        operands = [_label(self.labels, atom) for atom in equation.inputs]
        formula = expression(equation.primitive.name, equation.params, operands)
        node = Node(
            name="",
            label=self._short(quantity.label or formula),
            formula=formula,
            kind=equation.primitive.name,
            part="forward" if quantity.forward else "backward",
            step=quantity.step,
            layer=quantity.layer,
            shape=equation.output.aval.shape,
            explanation=self._explanation(quantity, formula, equation.primitive.name),
        )
        self._append(equation.output, node)
        head = self.names[equation.output]
        self.edges += [Edge(self.names[atom], head) for atom in equation.variables]

    def add_bias_gradient(self, layer: int) -> None:
        """Adds the result that is delta under another name."""
        _, delta = self.program.gradients(layer)
        said = explain(JAX["db"], layer=layer, activation=self.activation)
        label, formula = f"dL/db{layer}", f"delta{layer}"
        shape = delta.aval.shape
        node = Node("", label, formula, "result", "backward", "bias", layer, shape, said)
        self._append(label, node)
        self.edges.append(Edge(self.names[delta], self.names[label]))

    def _append(self, key: Variable, node: Node) -> None:
        self.names[key] = f"j{len(self.nodes) + 1}"
        self.labels[key] = node.label.partition(" = ")[0]
        self.nodes.append(node._replace(name=self.names[key]))

    def _short(self, label: str) -> str:
        if len(label) <= _LONGEST:
            return label
        self.long += 1
        return f"u{self.long}"

    def _explanation(self, quantity: Quantity, formula: str, kind: str) -> str:
        role, layer = quantity.role, quantity.layer
        # s of layer l comes out of layer l + 1, and delta of the last layer out of the loss
        about = {"s": layer - 1, "delta_is_s": layer - 1, "delta_out": self.program.layers}
        return explain(
            JAX[role],
            layer=about.get(role, layer),
            activation=self.activation,
            formula=formula,
            does=operation(kind),
        )


def _label(labels: Mapping[Variable, str], atom: Variable) -> str:
    return number(atom.val) if is_literal(atom) else labels[atom]
