"""What the labels of graphs mean, in numbers: the quantities that they name, and evaluation."""

import functools
import itertools
import math
import re
from types import SimpleNamespace

import jax
import numpy as np
import pytest
import torch

from compare import catalogue
from compare.activation_names import row_of
from compare.graph.explanation import explain_plain
from compare.graph.jax.graph import jax_graph
from compare.graph.jax.program import Constant, gradient_program
from compare.graph.torch.graph import torch_graph
from compare.graph.torch.network import module_network, plain_chain, plain_module
from compare.graph.torch.quantities import name_nodes
from compare.graph.torch.recording import in_order
from compare.problem.network import Network, make_network
from jaxmlp import ACTIVATIONS, FAMILIES, Batch, Layer, backprop, forward_with_intermediates
from jaxmlp.losses import DISTANCES, LOSSES, OUTPUTS
from tests.support.networks import ALL_ACTIVATIONS, NETWORKS, SEVEN

# Of as many layers and outputs as another network has, a graph has the same nodes.
SIZES = {
    name: sizes
    for name, (sizes, _) in NETWORKS.items()
    if name not in ("normal_weights", "wide")  # as the_usual_one and several_outputs
}
EVERY = pytest.mark.parametrize(
    "network",
    [
        pytest.param(make_network(sizes, activation), id=f"{name}-{activation}")
        for (name, sizes), activation in itertools.product(SIZES.items(), ALL_ACTIVATIONS)
        if activation in SEVEN or name == "the_usual_one"
    ],
)

# Of some hundred operations in float64, each of them 1.1e-16, on numbers of about 1. Quantities of
# random networks differ in their first digits.
CLOSE = {"rtol": 1e-11, "atol": 1e-11}

# constants that are printed to six digits
CONSTANTS = {
    "0.797885": "(2 / pi) ** 0.5",
    "0.707107": "0.5 ** 0.5",
    "1.12838": "2 / pi ** 0.5",
    "1.67326": "1.6732632423543772",
    "1.0507": "1.0507009873554805",
}


ENDS = {  # name -> network of one size, so that what is compiled is shared
    **{
        f"{output}-{loss}": make_network((3, 4, 2), "tanh", output=output, loss=loss)
        for output, loss in catalogue.ENDS
    },
    "logits": make_network((3, 4, 2), "tanh", loss="binary_cross_entropy"),
    "l2": make_network((3, 4, 2), "tanh", l2=0.1),
    "no bias": make_network((3, 4, 2), "tanh", bias="none"),
    "no bias, l2": make_network(
        (3, 4, 2), "tanh", output="softmax", loss="cross_entropy", l2=0.1, bias="none"
    ),
    "some biases": Network((3, 4, 2), ("tanh",), biases=(False, True)),
    "slopes": make_network((3, 4, 4, 2), "leaky_relu:0.2,elu:0.5", loss="huber", l2=0.1),
    "identities": make_network((3, 4, 4, 2), "identity", bias="none", output="sigmoid"),
    "one layer": make_network((3, 2), "tanh", bias="none", l2=0.1, output="tanh"),
}
EVERY_END = pytest.mark.parametrize("network", ENDS.values(), ids=ENDS)


def quantities(params, x, y, network):
    """Returns every named quantity of one sample, in float64, by the name that graphs have."""
    phis = tuple(row_of(one, ACTIVATIONS, FAMILIES) for one in network.activations)
    loss, output = LOSSES[network.output, network.loss], OUTPUTS[network.output]
    whole = [Layer(w, np.zeros(w.shape[1]) if b is None else b) for w, b in params]
    with jax.enable_x64(True):
        preacts, acts = forward_with_intermediates(whole, x, activation=phis)
        batch, l2 = Batch(x[None], y[None]), network.l2
        found = backprop.per_sample_gradients(whole, batch, activation=phis, loss=loss, l2=l2)
        yhat = np.asarray(output.fn(preacts[-1]))
        slope = {
            "cross_entropy": lambda: -y / yhat,
            "binary_cross_entropy": lambda: (yhat - y) / (yhat * (1 - yhat)),
        }.get(network.loss, lambda: np.asarray(DISTANCES[network.loss].slope(yhat, y)))()
    ours = {"x": x, "y": y, "yhat": yhat, "loss": np.asarray(found.loss[0]), "dL_dyhat": slope}
    layers = len(params)
    for i, (layer, grad) in enumerate(zip(params, found.grads, strict=True), start=1):
        ours |= {f"w{i}": layer.w, f"b{i}": layer.b}
        ours |= {f"dL_dw{i}": np.asarray(grad.w[0]), f"dL_db{i}": np.asarray(grad.b[0])}
        ours |= {f"delta{i}": np.asarray(grad.b[0]), f"z{i}": np.asarray(preacts[i - 1])}
        if i < layers:
            ours |= {f"h{i}": np.asarray(acts[i])}
            ours[f"s{i}"] = params[i].w @ np.asarray(found.grads[i].b[0])
    return ours


def functions():
    """Returns what formulas call."""

    def elementwise(row):
        def call(z):
            with jax.enable_x64(True):
                return np.asarray(row.fn(np.asarray(z)))

        return call

    def family(make):
        return lambda number: elementwise(make(number))

    def softmax(z):
        return np.exp(z) / np.exp(z).sum()

    def binary_cross_entropy(p, y):
        return -(y * np.log(p) + (1 - y) * np.log(1 - p))

    names = ("maximum", "where", "outer", "sum", "abs", "exp", "expm1", "log1p", "inf", "pi")
    names += ("log", "sign", "sqrt", "mean")
    special = {"erfc": np.vectorize(math.erfc), "erf": np.vectorize(math.erf)}
    special |= {"min": _extreme(np.minimum), "max": _extreme(np.maximum), "softmax": softmax}
    special |= {"log_softmax": lambda z: np.log(softmax(z)), "ones": np.float64(1)}
    special |= {"huber": lambda r: np.where(abs(r) < 1, r * r / 2, abs(r) - 0.5)}
    special |= {"binary_cross_entropy": binary_cross_entropy, "zeros": np.float64(0)}
    elements = {name: elementwise(row) for name, row in ACTIVATIONS.items()}
    elements |= {f"{name}_of": family(make) for name, make in FAMILIES.items()}
    return {name: getattr(np, name) for name in names} | elements | special


def _extreme(ufunc):
    """Of all entries of one array, or of two, entry by entry."""
    return lambda *arrays: ufunc.reduce(arrays[0]) if len(arrays) == 1 else ufunc(*arrays)


def chosen(formula):
    """`a where c, else b` as NumPy has it."""
    inner = re.match(r"sum\((.*?, else .*? - 0.5)\)(.*)", formula)  # the Huber loss, and L2
    if inner:
        return f"sum({chosen(inner[1])}){inner[2]}"
    first, found, rest = formula.partition(", else ")
    if not found:
        return formula
    value, _, condition = first.partition(" where ")
    condition = re.sub(r"(\S+) < z < (\S+)", r"(\1 < z) & (z < \2)", condition)
    return f"where({condition}, {value}, {chosen(rest)})"


def evaluate(text, names):
    """Evaluates a label or a formula."""
    text = text.replace("dL/d", "dL_d").replace("^", "**")
    text = re.sub(r"(leaky_relu|elu):(-?[\d.]+)\(", r"\1_of(\2)(", text)
    for printed, exact in CONSTANTS.items():
        text = re.sub(rf"(?<![\d.]){re.escape(printed)}(?!\d)", f"({exact})", text)
    text, _, where = text.partition(" with ")
    if where:
        part, _, its = where.partition(" = ")
        names = {**names, part: evaluate(its, names)}
    return np.asarray(eval(chosen(text), {"__builtins__": {}}, {**functions(), **names}))


def sample(network, seed=0):
    """Returns (params, x, y) in float64; y is a label of the network's loss."""
    rng = np.random.default_rng(seed)
    params = tuple(
        Layer(  # such that nothing grows
            rng.normal(size=(n, m)) / n**0.5, rng.normal(size=m) if network.has_bias(i) else None
        )
        for i, (n, m) in enumerate(itertools.pairwise(network.layer_sizes))
    )
    x, y = rng.random(network.layer_sizes[0]), rng.random(network.layer_sizes[-1])
    if network.loss == "huber":
        y = y + 3 * (np.arange(len(y)) % 2)  # of both kinds
    if network.loss == "cross_entropy":
        y = np.eye(len(y))[0]
    return params, x, np.sign(y - 0.5) if network.loss == "hinge" else y


@functools.cache
def solved(network):
    """Returns a sample, its quantities, JAX's graph and, by its names, the values of its nodes."""
    params, x, y = sample(network)
    known = quantities(params, x, y, network)
    graph, values = _jax_values(network, params, x, y)
    return SimpleNamespace(params=params, x=x, y=y, known=known, graph=graph, values=values)


def _jax_values(network, params, x, y):
    graph = jax_graph(network, "float64")
    program = gradient_program(network, "float64")
    inputs = [leaf for layer in params for leaf in layer if leaf is not None] + [x, y]
    with jax.enable_x64(True):
        known = dict(zip(program.arguments, map(jax.numpy.asarray, inputs), strict=True))
        for eq in program.equations:
            known |= {one: one.value for one in eq.inputs if isinstance(one, Constant)}
            taken = [known[one] for one in eq.inputs]
            known[eq.output] = eq.primitive.bind(*taken, **eq.params)
        ordered = [*program.arguments, *(eq.output for eq in program.equations)]
        ordered += [one.b for one in program.gradients if one.b is not None]
        values = [np.asarray(known[variable]) for variable in ordered]
    names = (node.name for node in graph.nodes)
    return graph, dict(zip(names, values, strict=True))


@functools.cache
def explain(network):
    return explain_plain(network)


def traced(network, case):
    """The loss as torch makes it of a batch of one."""
    module = plain_module(network, "float64")
    for layer, (w, b) in zip(module.layers, case.params, strict=True):
        layer.weight.data = torch.tensor(w.T)
        if b is not None:
            layer.bias.data = torch.tensor(b)
    sample = torch.tensor(case.x), torch.tensor(case.y)
    return module_network(module, plain_chain(network), network, sample)


def handed(network):
    """Returns the graph of a loss and, by name, what backward hands to each node."""
    graph, of, loss = torch_graph(network), name_nodes(network), network.recording.loss
    last = network.network.n_layers + 1
    functions = sorted(in_order(loss.grad_fn), key=lambda one: of[one].layer or last)
    nodes = [node for node in graph.nodes if node.part == "backward"]
    values, saved = {}, {}
    for node, function in zip(nodes, functions, strict=True):

        def keep(grads, name=node.name):
            values[name] = grads[0].numpy()

        function.register_prehook(keep)
        saved[node.name] = {
            key: getattr(function, key).detach().numpy()
            for key in ("_saved_self", "_saved_result", "_saved_mat1", "_saved_mat2")
            if isinstance(getattr(function, key, None), torch.Tensor)
        }
    loss.backward()
    return graph, values, saved
