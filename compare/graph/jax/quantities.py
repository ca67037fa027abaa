"""What each variable of the gradient's jaxpr is, found by following the data."""

from compare.graph.base import Quantity
from compare.graph.jax.program import Equation, Program, Variable, ancestors
from compare.graph.losses import SQUARED_ERROR


class _Names:
    """Names variables, first those with a letter of their own and then what leads to them."""

    def __init__(self, program: Program) -> None:
        self.program = program
        self.layers = program.layers
        self.forward = ancestors(program.equations, program.results[:1])
        self.takers: dict[Variable, list[Equation]] = {}
        self.made_by = {equation.output: equation for equation in program.equations}
        for equation in program.equations:
            for variable in equation.variables:
                self.takers.setdefault(variable, []).append(equation)
        self.of: dict[Variable, Quantity] = {}

    def name(self, variable: Variable, label: str, role: str, step: str, layer: int) -> None:
        self.of[variable] = Quantity(label, role, step, layer, part=self.part(variable))

    def part(self, variable: Variable) -> str:
        return "forward" if variable in self.forward else "backward"

    def arguments(self) -> None:
        *params, x, y = self.program.arguments
        for i, variable in enumerate(params):
            letter, layer = "wb"[i % 2], i // 2 + 1
            step = "weight" if letter == "w" else "bias"
            self.name(variable, f"{letter}{layer}", letter, step, layer)
        self.name(x, "x", "x", "input", 0)
        self.name(y, "y", "y", "input", 0)

    def affine(self) -> None:
        """Finds z as the sum with the bias, and h as what the weights are multiplied by."""
        for layer in range(self.layers, 0, -1):
            w, b = self.program.parameters(layer)
            turned, added = self.takers[w][0].output, self.takers[b][0]
            product = next(self.made_by[atom] for atom in added.variables if atom is not b)
            h = next(atom for atom in product.variables if atom is not turned)
            label, role = f"z{layer}", "z"
            if layer == self.layers:
                label, role = "yhat", "yhat"
            elif added.output in self.of:  # as h of this layer: the activation is the identity
                label, role = f"z{layer} = h{layer}", "z_is_h"
            self.name(turned, f"w{layer}.T", "transposed", "weight", layer)
            self.name(added.output, label, role, "affine", layer)
            if layer > 1:
                self.name(h, f"h{layer - 1}", "h", "activation", layer - 1)

    def loss(self) -> None:
        *_, y = self.program.arguments
        residual = self.takers[y][0].output
        squares = next(eq.output for eq in self.takers[residual] if eq.output in self.forward)
        made = {"residual": residual, "square": squares, "sum": self.program.results[0]}
        roles = {"residual": "residual", "square": "squares", "sum": "loss"}
        for step, label in SQUARED_ERROR.labels.items():
            self.name(made[step], label, roles[step], step, 0)

    def backward(self) -> None:
        """Finds delta as the gradient of the bias, and s as its product with the weights."""
        for layer in range(self.layers, 0, -1):
            dw, delta = self.program.gradients(layer)
            if layer == self.layers:
                self.name(delta, f"delta{layer}", "delta_out", "square", 0)
            elif delta in self.of:  # as s of this layer: the activation is the identity
                both = f"delta{layer} = s{layer}"
                self.name(delta, both, "delta_is_s", "affine", layer + 1)
            else:
                self.name(delta, f"delta{layer}", "delta", "activation", layer)
            self.name(dw, f"dL/dw{layer}", "dw", "weight", layer)
            if layer > 1:
                s = self._carried_back(delta, layer)
                self.name(s, f"s{layer - 1}", "s", "affine", layer)

    def _carried_back(self, delta: Variable, layer: int) -> Variable:
        w, _ = self.program.parameters(layer)
        weights = {w, *(taker.output for taker in self.takers[w])}
        takers = self.takers[delta]
        return next(taker.output for taker in takers if weights & set(taker.variables))

    def the_rest(self) -> None:
        """Gives every other variable the step of what it is used for."""
        carried = self._made_of_s()
        for equation in reversed(self.program.equations):
            variable = equation.output
            if variable in self.of:
                continue
            part = self.part(variable)
            users = (self.of[taker.output] for taker in self.takers[variable])
            used = next(one for one in users if one.part == part)
            role, step = _role(used.step, part, variable in carried)
            if step == "square" and not self._of_prediction(variable):
                role, step = "seed", "sum"
            self.name(variable, "", role, step, used.layer)

    def _made_of_s(self) -> set[Variable]:
        """Returns the variables that depend on what came back through weights."""
        found = {variable for variable, one in self.of.items() if one.role == "s"}
        for equation in self.program.equations:
            if found & set(equation.variables):
                found.add(equation.output)
        return found

    def _of_prediction(self, variable: Variable) -> bool:
        *_, y = self.program.arguments
        return y in ancestors(self.program.equations, [variable])


def name_variables(program: Program) -> dict[Variable, Quantity]:
    """Returns what every argument and every result of an equation is."""
    names = _Names(program)
    names.arguments()
    names.affine()
    names.loss()
    names.backward()
    names.the_rest()
    return names.of


def _role(step: str, part: str, carried: bool) -> tuple[str, str]:
    """Returns the role and the step of a variable that leads to a named one of this step."""
    if part == "forward":
        return {"affine": "product", "activation": "phi_part"}.get(step, "loss_part"), step
    if step == "activation":
        return "delta_part" if carried else "slope_part", step
    if step in ("square", "sum"):
        return {"square": "loss_slope", "sum": "seed"}[step], step
    return "outer", "affine"  # turning it into dL/dw is the step of the weight
