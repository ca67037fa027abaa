"""The gradient's jaxpr as a graph: every equation a node."""

from typing import Any

from compare.graph.base import Builder, Graph, Node, Quantity
from compare.graph.jax.expressions import expression, number
from compare.graph.jax.program import Atom, Constant, Equation, Program, Variable, gradient_program
from compare.graph.jax.quantities import name_variables
from compare.graph.jax.sentences import SENTENCES, operation
from compare.graph.sentences import explain
from compare.problem.network import Network

_LONGEST = 26  # letters of an expression that is a label; a longer one is called u1, u2, ...


def jax_graph(network: Network, dtype: str = "float32") -> Graph:
    """Returns the graph of jax.value_and_grad of the loss of one sample."""
    program = gradient_program(network, dtype)
    text = _Text(program, network)
    made = Builder("j")
    for variable in program.arguments:
        made.add(variable, text.argument(variable))
    for equation in program.equations:
        made.add(equation.output, text.equation(equation), equation.variables)
    for layer, (_, delta) in enumerate(program.gradients, start=1):
        if delta is not None:
            made.add(("db", layer), text.bias_gradient(layer, delta), [delta])
    return made.graph("the jaxpr of jax.value_and_grad")


class _Text:
    """What stands in the nodes, written in the order in which they can be computed."""

    def __init__(self, program: Program, network: Network) -> None:
        self.network = network
        self.of = name_variables(program, network)
        self.labels: dict[Variable, str] = {}
        self.long = 0

    def argument(self, variable: Variable) -> Node:
        one = self.of[variable]
        self.labels[variable] = one.label
        return _node(one, "argument", variable, self._explain(one.role, one.layer), part="leaf")

    def equation(self, equation: Equation) -> Node:
        one, kind = self.of[equation.output], equation.primitive.name
        formula = expression(kind, equation.params, list(map(self._label, equation.inputs)))
        one = one._replace(label=self._short(one.label or formula), formula=formula)
        self.labels[equation.output] = one.label.partition(" = ")[0]
        # s of layer l comes out of layer l + 1, and delta of the last layer out of the loss
        about = {"s": one.layer - 1, "delta_is_s": one.layer - 1}
        layer = about.get(one.role, one.layer or self.network.n_layers)
        said = self._explain(one.role, layer, formula=formula, does=operation(kind))
        return _node(one, kind, equation.output, said)

    def bias_gradient(self, layer: int, delta: Variable) -> Node:
        """Describes the result that is delta under another name."""
        one = Quantity(f"dL/db{layer}", "db", "bias", layer, f"delta{layer}")
        return _node(one, "result", delta, self._explain("db", layer))

    def _explain(self, role: str, layer: int, **fields: Any) -> str:
        return explain(SENTENCES[role], self.network, layer=layer, **fields)

    def _label(self, atom: Atom) -> str:
        return number(atom.value) if isinstance(atom, Constant) else self.labels[atom]

    def _short(self, label: str) -> str:
        if len(label) <= _LONGEST:
            return label
        self.long += 1
        return f"u{self.long}"


def _node(one: Quantity, kind: str, variable: Variable, said: str, *, part: str = "") -> Node:
    shape = variable.aval.shape
    return Node(
        "", one.label, one.formula, kind, part or one.part, one.step, one.layer, shape, said
    )
