"""What the graphs say of the loss: every label and sentence that depends on which one it is.

The fields of sentences are those of `sentences`; l is the last layer.
"""

from collections.abc import Mapping
from typing import NamedTuple

from compare.graph.base import Quantity


class TorchNode(NamedTuple):
    """How a node of torch's autograd graph that makes part of the loss is recognised."""

    takes: frozenset[str]  # the labels of its inputs
    kinds: tuple[str, ...]  # what its name begins with
    quantity: Quantity


class Loss(NamedTuple):
    """One of the losses, in words."""

    name: str
    formula: str
    labels: Mapping[str, str]  # step -> what it makes
    torch_nodes: tuple[TorchNode, ...]
    torch: Mapping[str, str]  # role of a node -> sentence
    jax: Mapping[str, str]  # role of an equation -> sentence
    matches: Mapping[str, str]  # step -> what both frameworks do there


SQUARED_ERROR = Loss(
    name="squared error",
    formula="(yhat - y)^2 summed over the outputs",
    labels={"residual": "yhat - y", "square": "(yhat - y)^2", "sum": "loss"},
    torch_nodes=(
        TorchNode(
            frozenset({"yhat", "y"}),
            ("Sub",),
            Quantity("yhat - y", "residual", "residual", 0, "yhat - y", "delta{l}"),
        ),
        TorchNode(
            frozenset({"yhat - y"}),
            ("Pow", "Square", "Mul"),
            Quantity("(yhat - y)^2", "squares", "square", 0, "(yhat - y)^2", "ones"),
        ),
        TorchNode(
            frozenset({"(yhat - y)^2"}),
            ("Sum",),
            Quantity("loss", "sum", "sum", 0, "sum((yhat - y)^2)", "1"),
        ),
        TorchNode(
            frozenset({"yhat", "y"}),
            ("MseLoss",),
            Quantity("loss", "mse", "sum", 0, "sum((yhat - y)^2)", "1"),
        ),
    ),
    torch={
        "residual": "Forward: the residual yhat - y; backward: hands delta{l} on to yhat as it is.",
        "squares": "Forward: the squared residual of each output; backward: delta{l} = "
        "2 * (yhat - y), the only place where the label enters the gradient.",
        "sum": "Forward: the loss, summed over the outputs; backward: gives dL/dloss = 1 to every "
        "output.",
        "mse": "Forward: the loss, (yhat - y)^2 summed over the outputs; backward: delta{l} = "
        "2 * (yhat - y).",
    },
    jax={
        "residual": "The residual says how far the prediction is off, for each output.",
        "squares": "The squared residual of each output.",
        "loss": "The loss is the squared residuals summed over the outputs.",
        "loss_part": "{does}, {formula}: half precision is summed in float32.",
        "seed": "dL/d(yhat - y)^2: every output counts once in the loss, so it is 1 for each.",
        "loss_slope": "{does}, {formula}: d(yhat - y)^2/dyhat, the slope of the square.",
        "delta_out": "delta{l} = dL/dyhat = 2 * (yhat - y), where the backward pass begins.",
    },
    matches={
        "residual": "A difference; its gradient passes unchanged, so JAX has no equation for it.",
        "square": "Here delta{l} = 2 * (yhat - y) comes from, times the 1 that comes back from the "
        "sum.",
        "sum": "A sum; backward starts with dL/dloss = 1, once for every output.",
    },
)
