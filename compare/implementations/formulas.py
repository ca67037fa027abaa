"""What each implementation evaluates, as a JAX function for `roundoff` to trace.

This gives the rounding bound of torch without running it. Of what a user brings nobody knows the
formula, so its bound is the largest of all here, those of textbooks among them.
"""

import functools
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import NamedTuple

from compare.activation_names import row_of
from compare.implementations import overflows
from compare.implementations.activation_formulas import TEXTBOOK, TEXTBOOK_FAMILIES, TORCH
from compare.implementations.loss_formulas import TEXTBOOK as TEXTBOOK_LOSSES
from compare.implementations.loss_formulas import TORCH as TORCH_LOSSES
from compare.implementations.loss_formulas import UNSHIFTED as UNSHIFTED_LOSSES
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
    losses: Mapping[tuple[str, str], Loss] = LOSSES


FORMULAS: MappingProxyType[str, Source] = MappingProxyType(
    {
        "autodiff": Source(autodiff.per_sample_gradients, ACTIVATIONS),
        "backprop": Source(backprop.per_sample_gradients, ACTIVATIONS),
        "torch": Source(backprop.per_sample_gradients, TORCH, losses=TORCH_LOSSES),
        "textbook": Source(
            backprop.per_sample_gradients, TEXTBOOK, TEXTBOOK_FAMILIES, TEXTBOOK_LOSSES
        ),
        "unshifted": Source(
            backprop.per_sample_gradients, TEXTBOOK, TEXTBOOK_FAMILIES, UNSHIFTED_LOSSES
        ),
    }
)

OVERFLOWS = "overflows"  # in the place of a name; it bounds what is not finite, and nothing else
_SOURCES = {
    **FORMULAS,
    OVERFLOWS: Source(backprop.per_sample_gradients, *overflows.TABLES),
}


def formula(name: str, network: Network, weight: float = 1.0) -> Formula:
    """Returns the function that an implementation evaluates.

    It is one object for all that evaluate the same, so that what is traced of it is used again.

    Args:
      name: a key of FORMULAS, or OVERFLOWS.
      network: whose activations and loss it has.
      weight: by which the loss is multiplied, as that of a sample in the mean over a batch.
    """
    source = _SOURCES[name]
    activations = tuple(
        row_of(one, source.activations, source.families) for one in network.activations
    )
    loss = source.losses[network.output, network.loss]
    return _made(source.differentiate, activations, loss, network.l2, weight)


@functools.cache
def _made(
    by: Callable[..., Evaluation],
    activations: tuple[Activation, ...],
    loss: Loss,
    l2: float,
    weight: float,
) -> Formula:
    if weight != 1:
        loss = _weighted(loss, weight)
    return functools.partial(by, activation=activations, loss=loss, l2=weight * l2)


def _weighted(loss: Loss, weight: float) -> Loss:
    """Returns the loss times a weight, which comes before everything else in the backward pass."""
    return loss._replace(
        value=lambda *args: weight * loss.value(*args),
        slope=lambda *args: weight * loss.slope(*args),
    )
