"""What each node of torch's autograd graph stands for, found from the leaves up."""

from collections.abc import Sequence
from typing import Any

from compare.errors import UsageError
from compare.graph.base import Quantity
from compare.graph.losses import SQUARED_ERROR
from compare.graph.torch.network import TorchNetwork

# What versions and devices of torch call one thing; a number follows.
_TRANSPOSES = ("TBackward", "TransposeBackward", "PermuteBackward")
_VIEWS = (
    *("ViewBackward", "UnsafeViewBackward", "ReshapeAliasBackward", "AliasBackward"),
    *("UnsqueezeBackward", "SqueezeBackward"),
)
# Those of activations that torch makes of several nodes, all but the last one.
_INSIDE = {
    "softsign": {"AbsBackward": "abs({z})", "AddBackward": "abs({z}) + 1"},
    "hard_sigmoid": {"AddBackward": "{z} + 3", "HardtanhBackward": "min(max({z} + 3, 0), 6)"},
}

_SAMPLES = {label: Quantity(label, label, "input", 0) for label in ("x", "y")}


def kind_of(function: Any) -> str:
    """Returns what torch calls a node, without its namespace."""
    return str(function.name()).rpartition("::")[2]


def in_order(root: Any) -> list[Any]:
    """Returns every node after all that it takes; a loop, because networks may be deep."""
    done: dict[Any, None] = {}
    waiting = [(root, False)]
    while waiting:
        node, taken = waiting.pop()
        if taken:
            done.setdefault(node)
        elif node not in done:
            inputs = [one for one, _ in node.next_functions if one is not None]
            waiting += [(node, True), *((one, False) for one in reversed(inputs))]
    return list(done)


def name_functions(network: TorchNetwork) -> dict[Any, Quantity]:
    """Returns what each node is, and what 'x' and 'y' are.

    Raises:
      UsageError: for a node that is no step of an MLP, naming it and what it takes.
    """
    of: dict[Any, Quantity] = dict(_SAMPLES)
    parameters = {id(one.tensor): one for one in network.parameters}
    for function in in_order(network.loss.grad_fn):
        if hasattr(function, "variable"):
            one = parameters[id(function.variable)]
            of[function] = _accumulated(one.step, one.layer)
        else:
            taken = [of[one] for one in inputs_of(function, of)]
            of[function] = _recognise(kind_of(function), taken, network)
    return of


def inputs_of(function: Any, of: dict[Any, Quantity]) -> list[Any]:
    """Returns what a node takes, 'x' or 'y' where autograd has nothing."""
    given = [one for one, _ in function.next_functions]
    made = [of[one] for one in given if one is not None]
    if any(one.step == "weight" and one.layer == 1 for one in made):
        return [one or "x" for one in given]
    if any(one.label == "yhat" for one in made):
        return [one or "y" for one in given]
    return [one for one in given if one is not None]


def _recognise(kind: str, inputs: Sequence[Quantity], network: TorchNetwork) -> Quantity:
    layers, phis = network.layers, network.activations
    found = _reshaped(kind, inputs) or _affine(inputs, layers, phis)
    found = found or _activation(kind, inputs, phis) or _loss(kind, inputs, layers)
    if found is None:
        takes = " and ".join(one.label for one in inputs) or "nothing"
        raise UsageError(
            f"graph: expected a step of an MLP and its {SQUARED_ERROR.name}, got {kind}, which "
            f"takes {takes}; compare.run takes this module and judges its gradients"
        )
    return found


def _accumulated(step: str, layer: int) -> Quantity:
    if step == "weight":
        label, gradient = f"w{layer}.T", f"dL/dw{layer}.T"
        return Quantity(label, "accumulate_w", "weight", layer, gradient=gradient)
    return Quantity(f"b{layer}", "accumulate_b", "bias", layer, gradient=f"dL/db{layer}")


def _reshaped(kind: str, inputs: Sequence[Quantity]) -> Quantity | None:
    if kind.startswith(_TRANSPOSES) and inputs[0].role == "accumulate_w":
        layer = inputs[0].layer
        return Quantity(f"w{layer}", "transposed", "weight", layer, gradient=f"dL/dw{layer}")
    if kind.startswith(_VIEWS):
        return inputs[0]._replace(role="view", formula=_first_name(inputs[0]))
    return None


def _affine(inputs: Sequence[Quantity], layers: int, phis: Sequence[str]) -> Quantity | None:
    """Reads the product with a weight, the sum with a bias, or both in one node."""
    weights = [one for one in inputs if one.step == "weight"]
    biases = [one for one in inputs if one.step == "bias"]
    others = [one for one in inputs if one.step not in ("weight", "bias")]
    if len(others) != 1 or not (weights or biases):
        return None
    layer, h = (weights or biases)[0].layer, _first_name(others[0])
    formula, role = h, "biased"
    if weights:
        turned = weights[0].label.endswith(".T")  # as in torch.mv(weight, h)
        formula = f"{weights[0].label} @ {h}" if turned else f"{h} @ {weights[0].label}"
        role = "affine" if biases else "product"
    label, gradient = f"z{layer}", f"delta{layer}"
    if not biases:
        label = formula
    else:
        formula = f"{formula} + b{layer}"
        if layer == layers:
            label = "yhat"
        elif phis[layer - 1] == "identity":
            label, gradient = f"z{layer} = h{layer}", f"delta{layer} = s{layer}"
    return Quantity(label, role, "affine", layer, formula, gradient)


def _first_name(quantity: Quantity) -> str:
    """Returns z1 of 'z1 = h1'."""
    return quantity.label.partition(" = ")[0]


def _activation(kind: str, inputs: Sequence[Quantity], phis: Sequence[str]) -> Quantity | None:
    layer = inputs[0].layer
    if not all(one.label == f"z{layer}" or one.role == "inside" for one in inputs):
        return None
    for name, label in _INSIDE.get(phis[layer - 1], {}).items():
        if kind.startswith(name):
            label = label.format(z=f"z{layer}")
            return Quantity(label, "inside", "activation", layer, label)
    formula = f"{phis[layer - 1]}(z{layer})"
    return Quantity(f"h{layer}", "activation", "activation", layer, formula, f"s{layer}")


def _loss(kind: str, inputs: Sequence[Quantity], layers: int) -> Quantity | None:
    labels = {one.label for one in inputs}
    for takes, kinds, quantity in SQUARED_ERROR.torch_nodes:
        if labels == takes and kind.startswith(kinds):
            return quantity._replace(gradient=quantity.gradient.format(l=layers))
    return None
