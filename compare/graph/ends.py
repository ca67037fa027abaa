"""What the graphs say of the end of a network: its output activation and its loss, as formulas.

They are text that can be evaluated, in the words of labels: yhat, y, dL/dyhat, and z and delta of
the last layer. `a where c, else b` chooses, and `with` names a part.
"""

import re
from types import MappingProxyType
from typing import NamedTuple

from compare.problem.network import Network


class Output(NamedTuple):
    """What is applied to z of the last layer."""

    value: str  # yhat, of z
    slope: str  # dL/dz, of yhat and dL/dyhat


class Loss(NamedTuple):
    """A loss of one sample."""

    value: str  # of yhat and y; of z and y where output and loss are one
    slope: str  # dL/dyhat, or dL/dz


class End(NamedTuple):
    """Both, for one network."""

    loss: str  # L without the penalty
    penalty: str  # what is added to it; empty without one
    yhat: str  # what yhat is
    is_joined: bool  # whether the loss is one of z, so that neither framework needs yhat
    slope: str  # dL/dyhat; dL/dz of the last layer where they are one, or the output is linear
    delta: str  # dL/dz of the last layer

    @property
    def formula(self) -> str:
        """L, as one text."""
        value, found, where = self.loss.partition(" with ")
        return value + self.penalty + found + where


OUTPUTS = MappingProxyType(
    {
        "linear": Output("z", "dL/dyhat"),
        "sigmoid": Output("sigmoid(z)", "dL/dyhat * yhat * (1 - yhat)"),
        "tanh": Output("tanh(z)", "dL/dyhat * (1 - yhat^2)"),
        "softmax": Output("softmax(z)", "yhat * (dL/dyhat - sum(dL/dyhat * yhat))"),
    }
)
# k is the number of outputs
LOSSES = MappingProxyType(
    {
        "squared": Loss("sum((yhat - y)^2)", "2 * (yhat - y)"),
        "half_squared": Loss("sum((yhat - y)^2) / 2", "yhat - y"),
        "mean_squared": Loss("sum((yhat - y)^2) / k", "2 * (yhat - y) / k"),
        "cross_entropy": Loss("-sum(y * log(softmax(z)))", "softmax(z) - y"),
        "binary_cross_entropy": Loss(
            "-sum(y * log(sigmoid(z)) + (1 - y) * log(sigmoid(-z)))", "sigmoid(z) - y"
        ),
        "huber": Loss(
            "sum(r^2 / 2 where abs(r) < 1, else abs(r) - 0.5) with r = yhat - y",
            "min(max(yhat - y, -1), 1)",
        ),
        "absolute": Loss("sum(abs(yhat - y))", "sign(yhat - y)"),
        "hinge": Loss("sum(max(1 - y * yhat, 0))", "-y where y * yhat < 1, else 0"),
    }
)
_JOINED = ("cross_entropy", "binary_cross_entropy")  # their slope is short as a whole alone


def end_of(network: Network) -> End:
    """Returns the formulas of a network, with the numbers of its layers and outputs."""
    z, k = f"z{network.n_layers}", network.layer_sizes[-1]
    output, loss = OUTPUTS[network.output], LOSSES[network.loss]
    joined = network.loss in _JOINED
    value, yhat, slope = (
        re.sub(r"\bk\b", str(k), re.sub(r"\bz\b", z, text))
        for text in (loss.value, output.value, loss.slope)
    )
    layers = range(1, network.n_layers + 1)
    squares = " + ".join(f"sum(w{i}^2)" for i in layers)
    penalty = f" + {network.l2 / 2:g} * ({squares})" if network.l2 else ""
    delta = slope if joined or network.output == "linear" else output.slope
    return End(value, penalty, yhat, joined, slope, delta)
