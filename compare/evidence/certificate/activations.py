"""The activations that evidence knows, by name."""

import functools
from collections.abc import Callable, Iterable
from types import MappingProxyType

from compare.activation_names import ActivationName, row_of
from compare.evidence.certificate.activation import Activation
from compare.evidence.certificate.kinked_activations import KINKED, elu, leaky_relu
from compare.evidence.certificate.smooth_activations import SMOOTH

ACTIVATIONS: MappingProxyType[str, Activation] = MappingProxyType(
    {name: row._replace(name=name) for name, row in {**SMOOTH, **KINKED}.items()}
)


def _family(name: str, make: Callable[[float], Activation]) -> Callable[[float], Activation]:
    @functools.cache
    def row(number: float) -> Activation:
        return make(number)._replace(name=str(ActivationName(name, number)))

    return row


# name -> function of the number that such a name may have
FAMILIES = MappingProxyType(
    {"leaky_relu": _family("leaky_relu", leaky_relu), "elu": _family("elu", elu)}
)


def activation_row(text: str) -> Activation:
    """Returns the row of a name, with its number if it has one."""
    return row_of(text, ACTIVATIONS, FAMILIES)


def kinked_names(texts: Iterable[str]) -> tuple[str, ...]:
    """Returns those of some activations that have a kink, each once."""
    return tuple(text for text in dict.fromkeys(texts) if activation_row(text).kinks)
