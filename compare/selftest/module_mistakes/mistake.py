"""A mistake that is planted in a torch module, and where it is one."""

from collections.abc import Callable
from typing import Any, Literal, NamedTuple, TypeAlias

from torch import nn

Plant: TypeAlias = Callable[[nn.Module], None]  # changes a module in place
OUTPUT = "the output"  # a place behind all submodules


class Mistake(NamedTuple):
    """One small change, and the first place at which it shows.

    In the forward pass that is the output of a submodule, in the backward pass the gradient that
    arrives there, or a parameter whose gradient alone is wrong.
    """

    name: str
    module: str  # the name of an `Example`
    plant: Plant
    direction: Literal["forward", "backward", "gradient"]
    place: str  # a submodule, OUTPUT, or a parameter
    reason: str = ""  # a part of the sentence that names it; '' if nothing that is tried does


def forward(name: str, module: str, plant: Plant, *, at: str, reason: str = "") -> Mistake:
    """A mistake in what a module computes."""
    return Mistake(name, module, plant, "forward", at, reason)


def backward(name: str, module: str, plant: Plant, *, at: str, reason: str = "") -> Mistake:
    """A mistake in a backward pass alone, that shows in the gradient which arrives somewhere."""
    return Mistake(name, module, plant, "backward", at, reason)


def gradient(name: str, module: str, plant: Plant, *, of: str, reason: str = "") -> Mistake:
    """A mistake in the gradient of one parameter alone."""
    return Mistake(name, module, plant, "gradient", of, reason)


def having(submodule: str, **attributes: Any) -> Plant:
    """Sets attributes of a submodule; '' is the module itself."""

    def plant(module: nn.Module) -> None:
        for name, value in attributes.items():
            setattr(module.get_submodule(submodule), name, value)

    return plant


def becoming(submodule: str, kind: type) -> Plant:
    """Makes a submodule one of a subclass, which computes otherwise with the same weights."""
    return having(submodule, __class__=kind)


def replaced(submodule: str, by: Callable[[], nn.Module]) -> Plant:
    """Puts another module, without weights, in the place of a submodule."""
    return lambda module: module.set_submodule(submodule, by())
