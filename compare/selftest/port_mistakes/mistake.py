"""A mistake that is planted in a port, and where it is one."""

import types
from collections.abc import Callable, Mapping
from typing import Any, Literal, NamedTuple

from compare.selftest.modules.example import State
from compare.selftest.ports.port import Make

OUTPUT = "the output"  # a place behind all submodules


class PortMistake(NamedTuple):
    """One wrong port, and the first place at which it shows.

    Attributes:
      name: what is wrong.
      port: the name of a `Port` that is right.
      make: builds the one that is wrong.
      direction: 'forward' or 'backward' at a place, 'statistic' of a buffer, or 'weights'.
      place: a submodule of the network in torch, OUTPUT, or a parameter or buffer of it.
      words: what stands in a sentence that names the mistake rightly.
    """

    name: str
    port: str
    make: Make
    direction: Literal["forward", "backward", "statistic", "weights"]
    place: str
    words: str


def forward(name: str, port: str, make: Make, *, at: str, words: str) -> PortMistake:
    """A mistake in what a port computes."""
    return PortMistake(name, port, make, "forward", at, words)


def backward(name: str, port: str, make: Make, *, at: str, words: str) -> PortMistake:
    """A mistake in a backward pass alone."""
    return PortMistake(name, port, make, "backward", at, words)


def having(make: Callable[..., Any], kind: Any = None, **options: Any) -> Make:
    """Makes a port of another class, if one is given, with other options."""
    if kind is None:
        return lambda state: make(state, **options)
    return lambda state: make(state, kind, **options)


def beside(wrong: type, kind: type) -> Any:
    """Returns a subclass of a module that has methods of another class before its own."""
    return types.new_class(wrong.__name__, (wrong, kind))


def loaded(make: Make, changes: Mapping[str, Callable[[State], Any]]) -> Make:
    """Makes a port of torch's weights after some have become others.

    Args:
      make: builds the port.
      changes: name -> what it becomes, of all weights.
    """
    return lambda state: make(state | {name: of(state) for name, of in changes.items()})
