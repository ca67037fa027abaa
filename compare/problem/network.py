"""The network that is differentiated, as plain data: nothing here computes."""

import dataclasses
import itertools
from collections.abc import Sequence


@dataclasses.dataclass(frozen=True)
class Network:
    """Affine layers, activations between them, a linear output and a loss; hashable."""

    layer_sizes: tuple[int, ...]  # (d, n_1, ..., k)
    activations: tuple[str, ...]  # as `activation_names` reads them, one for each hidden layer
    loss: str = "squared"

    def __post_init__(self) -> None:
        if len(self.activations) != len(self.layer_sizes) - 2:
            raise ValueError(
                f"activations: expected {len(self.layer_sizes) - 2} names, one for each hidden "
                f"layer, got {len(self.activations)}"
            )

    @property
    def n_layers(self) -> int:
        """How many affine layers there are."""
        return len(self.layer_sizes) - 1

    @property
    def parameter_count(self) -> int:
        """How many weights and biases there are."""
        return sum((n_in + 1) * n_out for n_in, n_out in itertools.pairwise(self.layer_sizes))


def uniform_network(layer_sizes: Sequence[int], activation: str) -> Network:
    """Returns the network whose hidden layers share one activation."""
    return Network(tuple(layer_sizes), (activation,) * (len(layer_sizes) - 2))
