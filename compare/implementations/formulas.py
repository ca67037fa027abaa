"""What each implementation evaluates, as a JAX function for `roundoff` to trace.

This gives the rounding bound of torch without running it. Of what a user brings nobody knows the
formula, so its bound is the largest of all here, those of textbooks among them.
"""

import functools
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import NamedTuple

from compare.activation_names import row_of
from compare.implementations.activation_formulas import TEXTBOOK, TEXTBOOK_FAMILIES, TORCH
from compare.problem.network import Network
from jaxmlp import (
    ACTIVATIONS,
    FAMILIES,
    LOSSES,
    Activation,
    Batch,
    Evaluation,
    Loss,
    Params,
    autodiff,
    backprop,
)

Formula = Callable[[Params, Batch], Evaluation]


class Source(NamedTuple):
    """Where a formula comes from."""

    differentiate: Callable[..., Evaluation]
    activations: Mapping[str, Activation]
    families: Mapping[str, Callable[[float], Activation]] = FAMILIES


FORMULAS: MappingProxyType[str, Source] = MappingProxyType(
    {
        "autodiff": Source(autodiff.per_sample_gradients, ACTIVATIONS),
        "backprop": Source(backprop.per_sample_gradients, ACTIVATIONS),
        "torch": Source(backprop.per_sample_gradients, TORCH),
        "textbook": Source(backprop.per_sample_gradients, TEXTBOOK, TEXTBOOK_FAMILIES),
    }
)


def formula(name: str, network: Network) -> Formula:
    """Returns the function that an implementation evaluates.

    It is one object for all that evaluate the same, so that what is traced of it is used again.

    Args:
      name: a key of FORMULAS.
      network: whose activations and loss it has.
    """
    source = FORMULAS[name]
    activations = tuple(
        row_of(one, source.activations, source.families) for one in network.activations
    )
    loss = LOSSES[network.output, network.loss]
    return _made(source.differentiate, activations, loss, network.l2)


@functools.cache
def _made(
    by: Callable[..., Evaluation], activations: tuple[Activation, ...], loss: Loss, l2: float
) -> Formula:
    return functools.partial(by, activation=activations, loss=loss, l2=l2)
