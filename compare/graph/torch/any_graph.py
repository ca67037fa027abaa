"""The autograd graph of any module: operations, submodules and autograd's own names."""

from typing import Any

from compare.graph.base import Builder, Graph, Node
from compare.graph.torch.any_module import AnyModule
from compare.graph.torch.graph import TITLE, shape_of
from compare.graph.torch.quantities import inputs_of, kind_of
from compare.graph.torch.recording import in_order, is_own
from compare.graph.torch.texts import Texts

_BACKWARD = {
    True: "the way back is a torch.autograd.Function of the module's own",
    False: "the way back is torch's rule for it",
}


def any_graph(module: AnyModule) -> Graph:
    """Returns the graph that `loss.backward()` walks; no node is refused."""
    recording = module.recording
    names = {id(one): name for name, one in recording.given.items()}
    text, made = Texts(recording, {}), Builder("t")
    for key in ("x", "y") if "y" in recording.given else ("x",):
        said = f"{key} is {_WHAT[key]}; it is not differentiated, so autograd has no node for it."
        shape = tuple(recording.given[key].shape)
        made.add(key, Node("", key, "", "tensor", "leaf", "input", 0, shape, said))
    outputs: dict[str, int] = {}
    for node in in_order(recording.loss.grad_fn):
        tails = [*inputs_of(node), *text.samples(node)]
        if hasattr(node, "variable"):
            name = names[id(node.variable)]
            text.write(node, name)
            made.add(id(node.variable), _parameter(name, node))
            tails = [id(node.variable)]
        else:
            text.write(node, _label(module, node, outputs))
        made.add(node, _node(module, node, text), tails)
    return made.graph(TITLE)


_WHAT = {"x": "the input", "y": "the label"}


def _label(module: AnyModule, node: Any, outputs: dict[str, int]) -> str:
    """Returns the submodule whose output this is, counted where it is called again."""
    if node is module.recording.loss.grad_fn:
        return "loss"
    name = module.recording.modules.get(node, "")
    if not name:
        return ""
    outputs[name] = outputs.get(name, 0) + 1
    return name if outputs[name] == 1 else f"{name} ({outputs[name]})"


def _parameter(name: str, node: Any) -> Node:
    said = f"The parameter {name} of the module; its gradient is kept in its .grad."
    shape = tuple(node.variable.shape)
    return Node("", name, "", "parameter", "leaf", "module", 0, shape, said)


def _node(module: AnyModule, node: Any, text: Texts) -> Node:
    label, formula, kind = text.label(node), text.formula(node), kind_of(node)
    gradient = "1" if label == "loss" else f"dL/d({label})"
    if hasattr(node, "variable"):
        gradient = f"dL/d{label}"
        said = f"Adds {gradient} to {label}.grad: here the gradient of this parameter ends."
        label = gradient
    else:
        place = text.place(node)
        where = f"in {place} ({module.places[place]})" if place else "outside of all submodules"
        views = {text.label(other) for other in inputs_of(node)} == {label}
        makes = f"{label} in another shape" if views else label
        makes += f" = {formula}" * bool(formula)
        said = f"Forward: {makes}, computed {where}; backward: takes {gradient}, and "
        said += f"{_BACKWARD[is_own(node)]}."
    shape, own = shape_of(node), text.place(node)
    return Node(
        *("", label, formula, kind, "backward", "module", 0, shape, said),
        gradient=gradient,
        own=own,
    )
