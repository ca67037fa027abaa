"""The autograd graph of torch as one of ours: every `grad_fn` a node."""

from typing import Any

from compare.graph.base import Builder, Graph, Node, Quantity
from compare.graph.sentences import explain
from compare.graph.torch.network import TorchNetwork, own_name
from compare.graph.torch.quantities import inputs_of, kind_of, name_nodes
from compare.graph.torch.recording import in_order, is_own
from compare.graph.torch.sentences import SENTENCES
from compare.graph.torch.texts import Texts

TITLE = "the autograd graph of torch"


def torch_graph(network: TorchNetwork) -> Graph:
    """Returns the graph that `loss.backward()` walks, with parameters, x and y beside it."""
    recording, of = network.recording, name_nodes(network)
    text = Texts(recording, dict(_leaves(network)))
    made = Builder("t")
    for key in ("x", "y"):
        shape = tuple(recording.given[key].shape)
        said = _explain(network, key, 0)
        made.add(key, Node("", key, "", "tensor", "leaf", "input", 0, shape, said))
    last = network.network.n_layers + 1
    for node in in_order(recording.loss.grad_fn):
        text.write(node, of[node].label, _known_formula(network, node, of))
    for node in sorted(in_order(recording.loss.grad_fn), key=lambda one: of[one].layer or last):
        tails = [*inputs_of(node), *text.samples(node)]
        if hasattr(node, "variable"):
            made.add(id(node.variable), _parameter(network, node, of[node]))
            tails = [id(node.variable)]
        made.add(node, _node(network, node, of, text), tails)
    return made.graph(TITLE)


def _leaves(network: TorchNetwork) -> list[tuple[str, str]]:
    """Returns how x, y and the parameters are called in formulas."""
    labels = [("x", "x"), ("y", "y")]
    for i, layer in enumerate(network.chain.layers, start=1):
        labels.append((layer.weight, network.label(i)))
        labels += [(layer.bias, f"b{i}")] if layer.bias is not None else []
    return labels


def _parameter(network: TorchNetwork, node: Any, one: Quantity) -> Node:
    """Describes the parameter whose `.grad` a node fills."""
    own = network.parameter(one.step, one.layer)
    is_turned = one.label.endswith(".T")
    stored = "the transpose of w{l}, one row a unit" if is_turned else "[n_in, n_out], as w{l} is"
    role = "parameter_w" if one.step == "weight" else "parameter_b"
    fields = {"label": one.label, "parameter": own, "stored": stored.format(l=one.layer)}
    said = _explain(network, role, one.layer, **fields)
    shape = tuple(node.variable.shape)
    leaf = Node("", one.label, "", "parameter", "leaf", one.step, one.layer, shape, said)
    return leaf if network.is_plain else leaf._replace(own=own)


def _node(network: TorchNetwork, node: Any, of: dict[Any, Quantity], text: Texts) -> Node:
    one, label, formula = of[node], text.label(node), text.formula(node)
    gradient = one.gradient or f"dL/d({label})".replace(f"({label})", label, label.isalnum())
    said = _explain(
        network,
        _role(node, of, formula=_known_formula(network, node, of)),
        one.layer or network.network.n_layers,
        label=label,
        made="" if formula in ("", label) else f" = {formula}",
        gradient=gradient,
        hands=f" and s{one.layer - 1} = w{one.layer} @ delta{one.layer}" if one.layer > 1 else "",
        parameter=network.parameter(one.step, one.layer),
    )
    own_backward = " The way back is a torch.autograd.Function of the module's own."
    return Node(
        name="",
        label=one.gradient if hasattr(node, "variable") else label,
        formula=formula,
        kind=kind_of(node),
        part="backward",
        step=one.step,
        layer=one.layer,
        shape=shape_of(node),
        explanation=said + own_backward * is_own(node),
        gradient=gradient,
        own="" if network.is_plain else own_name(text.place(node)),
    )


def _known_formula(network: TorchNetwork, node: Any, of: dict[Any, Quantity]) -> str:
    """Returns relu(z1) where one node is a whole activation; else nothing."""
    one, taken = of[node], [of[other] for other in inputs_of(node)]
    if one.role != "h" or any(other.role != "z" for other in taken):
        return ""
    return f"{network.network.activations[one.layer - 1]}(z{one.layer})"


def _role(node: Any, of: dict[Any, Quantity], *, formula: str) -> str:
    """Returns the sentence of a node; what it takes decides among those of one quantity."""
    one = of[node]
    taken = [of[other] for other in inputs_of(node)]
    if any(other.label and other.label == one.label for other in taken):
        return "view"
    steps = {other.step for other in taken}
    if one.role in ("z", "z_out") and "weight" in steps:
        return "affine" if "bias" in steps else "affine_alone"
    if one.role in ("z", "z_out"):
        return "biased" if "bias" in steps else "last_part"
    if one.role == "h":
        return "activation" if formula else "last_part"
    return one.role


def _explain(network: TorchNetwork, role: str, layer: int, **fields: Any) -> str:
    return explain(SENTENCES[role], network.network, layer=layer, **fields)


def shape_of(node: Any) -> tuple[int, ...]:
    """Of the result, which is also that of the gradient that the node is handed."""
    if hasattr(node, "variable"):
        return tuple(node.variable.shape)
    return tuple(int(n) for n in node._input_metadata[0].shape)
