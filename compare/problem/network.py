"""The network that is differentiated, as plain data: nothing here computes."""

import dataclasses
import itertools
from collections.abc import Sequence

from compare.activation_names import activations_of_layers
from compare.catalogue import output_of
from compare.errors import UsageError


@dataclasses.dataclass(frozen=True)
class Network:
    """Affine layers, activations between them, an output activation and a loss; hashable."""

    layer_sizes: tuple[int, ...]  # (d, n_1, ..., k)
    activations: tuple[str, ...]  # as `activation_names` reads them, one for each hidden layer
    loss: str = "squared"  # one of `compare.catalogue.LOSSES` that goes with the output
    output: str = "linear"  # one of `compare.catalogue.OUTPUTS`
    l2: float = 0.0  # lambda of lambda / 2 |w|^2 over all weights
    biases: tuple[bool, ...] = ()  # whether each layer has one; () where all have

    def __post_init__(self) -> None:
        if len(self.activations) != len(self.layer_sizes) - 2:
            raise ValueError(
                f"activations: expected {len(self.layer_sizes) - 2} names, one for each hidden "
                f"layer, got {len(self.activations)}"
            )

    def has_bias(self, layer: int) -> bool:
        """Whether a layer, counted from 0, has a bias; without one its b is 0 everywhere."""
        return self.biases[layer] if self.biases else True

    @property
    def bias(self) -> str:
        """Which layers have one: 'all', 'none' or 'some'."""
        has = {self.has_bias(i) for i in range(self.n_layers)}
        return "some" if len(has) > 1 else "all" if has == {True} else "none"

    def has_parameter(self, name: str) -> bool:
        """Whether there is a parameter of this name, such as 'w1' or 'b2'."""
        return name.startswith("w") or self.has_bias(int(name[1:]) - 1)

    @property
    def n_layers(self) -> int:
        """How many affine layers there are."""
        return len(self.layer_sizes) - 1

    @property
    def parameter_count(self) -> int:
        """How many weights and biases there are."""
        return sum((n_in + 1) * n_out for n_in, n_out in itertools.pairwise(self.layer_sizes))


def make_network(
    layer_sizes: Sequence[int],
    activation: str,
    *,
    loss: str = "squared",
    output: str = "linear",
    l2: float = 0.0,
    bias: str = "all",
) -> Network:
    """Returns the network that options name.

    Args:
      layer_sizes: (d, n_1, ..., k).
      activation: of all hidden layers, or of each between commas.
      loss: of a sample.
      output: the output activation; 'linear' may be one of logits.
      l2: lambda of lambda / 2 |w|^2.
      bias: 'all' or 'none', which layers have one.

    Raises:
      UsageError: for a softmax of one output, and for activations that cannot be.
    """
    output = output_of(output, loss)
    if output == "softmax" and layer_sizes[-1] == 1:
        raise UsageError(
            "output: expected at least two outputs of a softmax, got a network of one, whose "
            "softmax is always 1; pass --output=sigmoid, or --loss=binary_cross_entropy"
        )
    hidden = activations_of_layers(activation, len(layer_sizes) - 2)
    biases = (False,) * (len(layer_sizes) - 1) if bias == "none" else ()
    return Network(tuple(layer_sizes), hidden, loss, output, l2, biases)
