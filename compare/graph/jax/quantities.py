"""What each variable of the gradient's jaxpr is, found by following the data."""

from collections.abc import Sequence

from compare.graph.base import Quantity
from compare.graph.ends import end_of
from compare.graph.jax.program import (
    Equation,
    Program,
    Variable,
    ancestors,
    descendants,
    slope_steps,
)
from compare.problem.network import Network


class _Names:
    """Names variables, first those with a letter of their own and then what leads to them."""

    def __init__(self, program: Program, network: Network) -> None:
        self.program, self.network, self.end = program, network, end_of(network)
        self.forward = ancestors(program.equations, [program.loss])
        self.of_x = descendants(program.equations, [program.x])
        self.of_y = descendants(program.equations, [program.y])
        self.of_weights = {  # and not of x
            i: descendants(program.equations, [layer.w]) - self.of_x
            for i, layer in enumerate(program.parameters, start=1)
        }
        self.takers: dict[Variable, list[Equation]] = {}
        self.made_by = {equation.output: equation for equation in program.equations}
        for equation in program.equations:
            for variable in equation.variables:
                self.takers.setdefault(variable, []).append(equation)
        self.of: dict[Variable, Quantity] = {}
        self.inputs = [program.x]  # of each layer
        self.turned: list[Variable] = []  # the transpose of its weights

    def name(self, variable: Variable, label: str, role: str, step: str, layer: int) -> None:
        self.of[variable] = Quantity(label, role, step, layer, part=self.part(variable))

    def part(self, variable: Variable) -> str:
        return "forward" if variable in self.forward else "backward"

    def arguments(self) -> None:
        for layer, both in enumerate(self.program.parameters, start=1):
            for letter, step, variable in zip("wb", ("weight", "bias"), both, strict=True):
                if variable is not None:
                    self.name(variable, f"{letter}{layer}", letter, step, layer)
        for letter, variable in (("x", self.program.x), ("y", self.program.y)):
            self.name(variable, letter, letter, "input", 0)

    def affine(self) -> None:
        """Finds z as the product of weights and h, or its sum with the bias."""
        last = self.network.n_layers
        for layer, (w, b) in enumerate(self.program.parameters, start=1):
            turned = next(one.output for one in self.takers[w] if one.primitive.name == "transpose")
            product = next(one for one in self.takers[turned] if one.output in self.forward)
            z = product.output if b is None else self.takers[b][0].output
            (h,) = (one for one in product.variables if one is not turned)
            self.turned.append(turned)
            self.name(turned, f"w{layer}.T", "transposed", "weight", layer)
            if layer > 1 and h in self.of:  # z of the layer below: the activation is the identity
                below = f"z{layer - 1} = h{layer - 1}"
                self.name(h, below, "z_is_h", "affine", layer - 1)
            elif layer > 1:
                self.name(h, f"h{layer - 1}", "h", "activation", layer - 1)
            if layer > 1:
                self.inputs.append(h)
            self.name(z, f"z{layer}", "z" if layer < last else "z_out", "affine", layer)
            self.z = z

    def outcome(self) -> None:
        """Finds yhat, as what first meets the label, and the loss."""
        if self.network.output == "linear":
            self.name(self.z, "yhat", "yhat_linear", "affine", self.network.n_layers)
        elif not self.end.is_joined:
            meeting = next(
                one
                for one in self.program.equations
                if not self.of_y.isdisjoint(one.variables) and not self.of_y.issuperset(one.inputs)
            )
            (yhat,) = (one for one in meeting.variables if one not in self.of_y)
            self.name(yhat, "yhat", "yhat", "output", 0)
        self.name(self.program.loss, "loss", "loss", "loss", 0)

    def backward(self) -> None:
        """Finds delta beside h in an outer product, and s as its product with the weights."""
        for layer in range(self.network.n_layers, 0, -1):
            delta = self._delta(layer)
            if layer == self.network.n_layers:
                self._slope(delta)
                step = "loss" if self.end.slope == self.end.delta else "output"
                self.name(delta, f"delta{layer}", "delta_out", step, 0)
            elif delta in self.of:  # as s of this layer: the activation is the identity
                both = f"delta{layer} = s{layer}"
                self.name(delta, both, "delta_is_s", "affine", layer + 1)
            else:
                self.name(delta, f"delta{layer}", "delta", "activation", layer)
            dw = self.program.gradients[layer - 1].w
            self.name(dw, f"dL/dw{layer}", "dw", "weight", layer)
            if layer > 1:
                weights = {self.program.parameters[layer - 1].w, self.turned[layer - 1]}
                s = next(one for one in self.takers[delta] if weights & set(one.variables))
                self.name(s.output, f"s{layer - 1}", "s", "affine", layer)

    def _delta(self, layer: int) -> Variable:
        h, needed = self.inputs[layer - 1], self.program.gradients[layer - 1].w
        leading = ancestors(self.program.equations, [needed])
        outer = next(
            one
            for one in self.takers[h]
            if one.primitive.name == "dot_general"
            and one.output in leading
            and one.output not in self.forward
        )
        return next(one for one in outer.variables if one is not h)

    def _slope(self, delta: Variable) -> None:
        """Finds dL/dyhat where an output activation stands between it and delta."""
        if self.end.is_joined or self.network.output == "linear":
            return
        leading = ancestors(self.program.equations, [delta]) & self.of_y - self.forward
        steps = [one.output for one in self.program.equations if one.output in leading]
        n = slope_steps(self.network, str(delta.aval.dtype))
        self.name(steps[n - 1], "dL/dyhat", "slope", "loss", 0)

    def the_rest(self) -> None:
        """Gives every other variable the step of what it is used for."""
        carried = descendants(self.program.equations, self._all("s"))
        came_back = descendants(self.program.equations, self._all("delta_out"))
        for equation in reversed(self.program.equations):
            variable = equation.output
            if variable in self.of:
                continue
            part = self.part(variable)
            users = [self.of[taker.output] for taker in self.takers[variable]]
            users = [one for one in users if one.part == part]
            used = users[0]
            role, step, layer = _role(used, part, is_carried=variable in carried)
            penalised = [i for i, made in self.of_weights.items() if variable in made]
            if part == "forward" and step in ("loss", "penalty") and penalised:
                role, step, layer = "penalty", "penalty", _only(penalised)
            if part == "backward" and step == "affine" and variable not in came_back:
                role, step = "penalty_slope", "penalty"
            if role == "penalty_slope":
                layer = _only([one.layer for one in users])
            if role == "loss_slope" and variable not in self.of_x | self.of_y:
                role = "seed"
            self.name(variable, "", role, step, layer)

    def _all(self, role: str) -> list[Variable]:
        return [variable for variable, one in self.of.items() if one.role == role]


def name_variables(program: Program, network: Network) -> dict[Variable, Quantity]:
    """Returns what every argument and every result of an equation is."""
    names = _Names(program, network)
    names.arguments()
    names.affine()
    names.outcome()
    names.backward()
    names.the_rest()
    return names.of


def _only(layers: Sequence[int]) -> int:
    """Returns the layer, if it is one, and 0 for what belongs to the whole loss."""
    return layers[0] if len(set(layers)) == 1 else 0


def _role(used: Quantity, part: str, *, is_carried: bool) -> tuple[str, str, int]:
    """Returns role, step and layer of a variable that leads to a named one."""
    step, layer = used.step, used.layer
    if part == "forward":
        roles = {"affine": "product", "activation": "phi_part", "output": "output_part"}
        return roles.get(step, f"{step}_part" if step != "penalty" else step), step, layer
    if step == "activation":
        return "delta_part" if is_carried else "slope_part", step, layer
    if step in ("loss", "output"):
        return f"{step}_slope", step, layer
    if step == "penalty":
        return "penalty_slope", step, layer
    return "outer", "affine", layer  # turning it into dL/dw is the step of the weight
