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

from compare.graph import explain_network
from compare.graph.jax.graph import jax_graph
from compare.graph.jax.program import Constant, gradient_program
from compare.graph.torch.graph import torch_graph
from compare.graph.torch.network import network_of
from compare.graph.torch.quantities import in_order, name_functions
from jaxmlp import ACTIVATIONS, Batch, Layer, backprop, forward_with_intermediates
from tests.support.networks import ALL_ACTIVATIONS, NETWORKS
from torch_ref import MLP, convert

SIZES = {name: sizes for name, (sizes, _) in NETWORKS.items()}
SEVEN = ("sigmoid", "tanh", "relu", "softplus", "silu", "gelu", "identity")
EVERY = pytest.mark.parametrize(
    ("sizes", "activation"),
    [
        pytest.param(sizes, activation, id=f"{name}-{activation}")
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


def quantities(params, x, y, activation):
    """Returns every named quantity of one sample, in float64, by the name that graphs have."""
    phi = ACTIVATIONS[activation]
    with jax.enable_x64(True):
        preacts, acts = forward_with_intermediates(params, x, activation=phi)
        found = backprop.per_sample_gradients(params, Batch(x[None], y[None]), activation=phi)
    ours = {"x": x, "y": y, "yhat": np.asarray(preacts[-1]), "loss": np.asarray(found.loss[0])}
    layers = len(params)
    for i, (layer, grad) in enumerate(zip(params, found.grads, strict=True), start=1):
        ours |= {f"w{i}": layer.w, f"b{i}": layer.b}
        ours |= {f"dL_dw{i}": np.asarray(grad.w[0]), f"dL_db{i}": np.asarray(grad.b[0])}
        ours[f"delta{i}"] = np.asarray(grad.b[0])
        if i < layers:
            ours |= {f"z{i}": np.asarray(preacts[i - 1]), f"h{i}": np.asarray(acts[i])}
            ours[f"s{i}"] = params[i].w @ np.asarray(found.grads[i].b[0])
    return ours


def functions():
    """Returns what formulas call."""

    def elementwise(name):
        def call(z):
            with jax.enable_x64(True):
                return np.asarray(ACTIVATIONS[name].fn(np.asarray(z)))

        return call

    names = ("maximum", "where", "outer", "sum", "abs", "exp", "expm1", "log1p", "inf", "pi")
    special = {"erfc": np.vectorize(math.erfc), "min": np.minimum, "max": np.maximum}
    return (
        special
        | {name: getattr(np, name) for name in names}
        | {
            **{name: elementwise(name) for name in ACTIVATIONS},
            "ones": np.float64(1),
            "zeros": np.float64(0),
        }
    )


def evaluate(text, names):
    """Evaluates a label or a formula."""
    text = text.replace("dL/d", "dL_d").replace("^", "**")
    text = re.sub(r"(leaky_relu|elu):[\d.]+\(", r"\1(", text)  # with the numbers of the tables
    for printed, exact in CONSTANTS.items():
        text = re.sub(rf"(?<![\d.]){re.escape(printed)}(?!\d)", f"({exact})", text)
    return np.asarray(eval(text, {"__builtins__": {}}, {**functions(), **names}))


def sample(sizes, seed=0):
    """Returns (params, x, y) in float64."""
    rng = np.random.default_rng(seed)
    params = tuple(
        Layer(rng.normal(size=(n, m)) / n**0.5, rng.normal(size=m))  # so that nothing grows
        for n, m in itertools.pairwise(sizes)
    )
    return params, rng.random(sizes[0]), rng.random(sizes[-1])


@functools.cache
def solved(sizes, activation):
    """Returns a sample, its quantities, JAX's graph and, by its names, the values of its nodes."""
    params, x, y = sample(sizes)
    known = quantities(params, x, y, activation)
    graph, values = _jax_values(sizes, activation, params, x, y)
    return SimpleNamespace(params=params, x=x, y=y, known=known, graph=graph, values=values)


def _jax_values(sizes, activation, params, x, y):
    activations = (activation,) * (len(sizes) - 2)
    graph = jax_graph(sizes, activations, "float64")
    program = gradient_program(sizes, activations, "float64")
    inputs = [leaf for layer in params for leaf in layer] + [x, y]
    with jax.enable_x64(True):
        known = dict(zip(program.arguments, map(jax.numpy.asarray, inputs), strict=True))
        for eq in program.equations:
            known |= {one: one.value for one in eq.inputs if isinstance(one, Constant)}
            taken = [known[one] for one in eq.inputs]
            known[eq.output] = eq.primitive.bind(*taken, **eq.params)
        ordered = [*program.arguments, *(eq.output for eq in program.equations)]
        ordered += [program.gradients(i)[1] for i in range(1, program.layers + 1)]
        values = [np.asarray(known[variable]) for variable in ordered]
    names = (node.name for node in graph.nodes)
    return graph, dict(zip(names, values, strict=True))


@functools.cache
def explain(sizes, activation):
    return explain_network(sizes, activation=activation)


def model_of(params, x, y, activation):
    model = MLP(
        [len(params[0].w), *(len(b) for _, b in params)], activation=activation, dtype=torch.float64
    )
    convert.load_params(model, params)
    return model, torch.tensor(x), torch.tensor(y)


def as_rows(case, activation):
    """The loss as torch makes it of a batch of one."""
    model, x, y = model_of(case.params, case.x[None], case.y[None], activation)
    loss = (model(x) - y).square().sum()
    activations = (activation,) * (len(case.params) - 1)
    return network_of(loss, x, y, dict(model.named_parameters()), activations)


def handed(network):
    """Returns the graph of a loss and, by name, what backward hands to each node."""
    graph, of = torch_graph(network), name_functions(network)
    last = len(network.layer_sizes)
    functions = sorted(in_order(network.loss.grad_fn), key=lambda one: of[one].layer or last)
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
    network.loss.backward()
    return graph, values, saved
