"""Names of activations, as people write them: `relu`, `leaky_relu:0.2`, `relu,tanh`."""

import math
from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple, TypeVar

from compare.catalogue import ACTIVATIONS
from compare.errors import UsageError, shown

T = TypeVar("T")

# name -> what its number is, and what it is if there is none
_NUMBERS = {"leaky_relu": ("slope", 0.01), "elu": ("alpha", 1.0)}
_LARGEST = 1000.0  # a number that every dtype has, with room for what it is multiplied by
_ALIASES = {"gelu_tanh": "gelu"}


class ActivationName(NamedTuple):
    """An activation of the catalogue."""

    name: str  # one of `catalogue.ACTIVATIONS`
    number: float | None  # None for those that take none

    def __str__(self) -> str:
        """Returns `leaky_relu:0.2`, in as few digits as bring the number back."""
        if self.number is None:
            return self.name
        return f"{self.name}:{repr(self.number).removesuffix('.0')}"


def read_activation(text: str) -> ActivationName:
    """Reads one name, with its number if it has one.

    Raises:
      UsageError: for an unknown name, or a number that cannot be.
    """
    name, colon, digits = text.strip().partition(":")
    name = _ALIASES.get(name, name)
    if name not in ACTIVATIONS:
        known = ", ".join(ACTIVATIONS)
        raise UsageError(f"activation: expected one of {known}, got {shown(text)}")
    if name not in _NUMBERS:
        if colon:
            raise UsageError(f"activation: {name} takes no number, got {shown(text)}")
        return ActivationName(name, None)
    meaning, default = _NUMBERS[name]
    if not colon:
        return ActivationName(name, default)
    try:
        number = float(digits)
    except ValueError:
        number = math.nan
    if not abs(number) <= _LARGEST:
        raise UsageError(
            f"activation: expected the {meaning} of {name} as a number from -1000 to 1000, such as "
            f"{ActivationName(name, default)}; got {shown(text)}"
        )
    return ActivationName(name, number + 0.0)  # -0 is 0


def row_of(text: str, rows: Mapping[str, T], families: Mapping[str, Callable[[float], T]]) -> T:
    """Returns the row of an activation in a table.

    Args:
      text: its name, with its number if it has one.
      rows: name -> row.
      families: name -> what makes a row of the number, for those that take one.
    """
    name, number = read_activation(text)
    return rows[name] if number is None else families[name](number)


def read_activations(text: str) -> tuple[ActivationName, ...]:
    """Reads names between commas; errors are those of one."""
    return tuple(map(read_activation, text.split(",")))


def joined_names(names: Sequence[str]) -> str:
    """Returns the names of all hidden layers' activations as one text: one name if all are alike.

    Of a network without a hidden layer it is the identity.
    """
    alike = len(set(names)) == 1
    return names[0] if alike else ",".join(names) or "identity"


def activations_of_layers(text: str, n_hidden: int) -> tuple[str, ...]:
    """Returns the name of every hidden layer's activation.

    Raises:
      UsageError: if there is neither one for all nor one for each, and as for one.
    """
    names = tuple(map(str, read_activations(text)))
    if len(names) == 1:
        return names * n_hidden
    if len(names) != n_hidden:
        each = "1 hidden layer" if n_hidden == 1 else f"{n_hidden} hidden layers"
        raise UsageError(
            f"activation: expected one name for all, or one for each of {each}, got {len(names)}: "
            f"{text}"
        )
    return names
