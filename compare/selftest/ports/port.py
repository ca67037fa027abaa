"""One network in another framework, with the weights that it has in torch."""

from collections.abc import Callable
from typing import Any, NamedTuple, TypeAlias

from compare.selftest.modules.example import Array, Example, State

Make: TypeAlias = Callable[[State], Any]  # from torch's weights to what a user passes on


def as_it_is(*inputs: Array) -> tuple[Array, ...]:
    """The arguments in torch are those of the port."""
    return inputs


def channels_last(images: Array) -> tuple[Array, ...]:
    """[N, channels, height, width] to [N, height, width, channels]."""
    return (images.transpose(0, 2, 3, 1),)


class Port(NamedTuple):
    """A network in torch, and the same in another framework.

    Attributes:
      framework: 'Flax linen', 'Flax nnx', 'Equinox' or 'Haiku'.
      network: in torch, and what it is called with.
      make: builds the port, as it is given to `compare_functions`. It can be differentiated.
      inputs: what the port is called with, of the arguments of the network.
    """

    framework: str
    network: Example
    make: Make
    inputs: Callable[..., tuple[Array, ...]] = as_it_is

    @property
    def name(self) -> str:
        """Such as 'cnn, Haiku'."""
        return f"{self.network.name}, {self.framework}"
