"""Another activation that has a name, in one layer or in all, or on the output."""

import dataclasses
from collections.abc import Callable

import numpy as np

from compare.implementations.numpy_activations import Activation
from compare.selftest.backward import Forward
from compare.selftest.mistakes.claim import told
from compare.selftest.mistakes.mistake import (
    Mistake,
    Need,
    both,
    has_activation,
    is_curved,
    number,
)
from compare.selftest.mistakes.phis import PHIS

_HIDDEN = "h1*"


def with_phi(
    layer: int | None, make: Callable[[Forward, Activation], Activation]
) -> Callable[[Forward], Forward]:
    """Replaces the activation of one layer, counted backwards from 0, the output, or of all hidden.

    Args:
      layer: its number; None for all hidden layers.
      make: what stands in place of an activation.
    """

    def network(f: Forward) -> Forward:
        hidden = range(1, f.depth) if layer is None else (number(f, layer),)
        return dataclasses.replace(
            f, phis=tuple(make(f, phi) if i in hidden else phi for i, phi in enumerate(f.phis, 1))
        )

    return network


def _is_told_apart(phi: Activation, layer: int | None) -> Need:
    """Whether z of a layer is such that only one activation gives what this one gives."""

    def need(f: Forward) -> bool:
        if f.depth < 2:
            return False
        z = f.z[number(f, 1 if layer is None else layer) - 1]
        found = phi.value(z)
        others = [one for one in PHIS.values() if one is not phi]
        return not any(_is_near(one.value(z), found) for one in others)

    return need


def _is_near(one: np.ndarray, other: np.ndarray) -> bool:
    return bool(np.abs(one - other).max() <= 1e-4 * np.abs(other).max())


def _other(name: str, said: str = "", *, layer: int | None = None, but: str = "") -> Mistake:
    """Takes an activation of the table.

    It is no mistake in networks of that name, and not planted in those of the name `but`.
    """
    phi, place = PHIS[name], {None: _HIDDEN, -1: "h{H}"}.get(layer, f"h{layer}")
    return Mistake(
        told(place, _said(said or f"{name} of {{z}}")),
        network=with_phi(layer, lambda f, _: phi),
        needs=both(
            lambda f: f.activation not in (name, but),
            lambda f: layer is None or number(f, layer) < f.depth,
            _is_told_apart(phi, layer),
        ),
    )


def _said(activation: str) -> str:
    return f"{activation}; the network has {{phi}}"


def _leaky(slope: float, layer: int | None = None) -> Mistake:
    said = f"leaky relu of {{z}} with a slope of {slope:g} (leaky_relu:{slope:g} of --activation)"
    return _other(f"leaky relu with {slope:g}", said, layer=layer)


def _twice(phi: Activation) -> Activation:
    return Activation(
        lambda z: phi.value(np.asarray(phi.value(z), z.dtype)),
        lambda z: phi.slope(np.asarray(phi.value(z), z.dtype)) * phi.slope(z),
    )


def _on_output(name: str) -> Mistake:
    return Mistake(
        told("the gradient", f"right for --output={name}"),
        network=with_phi(0, lambda f, _: PHIS[name]),
        needs=lambda f: f.activation != name and _is_steep(PHIS[name].slope(f.z[-1])),
    )


def _is_steep(slope: np.ndarray) -> bool:
    """Whether an output is saturated nowhere."""
    return bool(np.abs(slope).min() > 1e-3)


_NO_PHI = _said("{z}, without the activation")
_ERF_GELU = "gelu of {z} in its erf form (gelu_erf of --activation)"
_HARD_SIGMOID = "hard sigmoid of {z} as clip(z / 6 + 1 / 2) (hard_sigmoid of --activation)"

ACTIVATION = {
    "relu": _other("relu"),
    "sigmoid": _other("sigmoid"),
    "tanh": _other("tanh"),
    "softplus": _other("softplus"),
    "silu": _other("silu"),
    "gelu": _other("gelu", "gelu of {z} in its tanh form"),
    "gelu in its erf form": _other("gelu in its erf form", _ERF_GELU, but="gelu"),
    "erf gelu for tanh gelu": Mistake(
        told(_HIDDEN, _said(_ERF_GELU)),
        network=with_phi(None, lambda f, _: PHIS["gelu in its erf form"]),
        needs=has_activation("gelu"),
    ),
    "erf gelu for tanh gelu in the first layer": Mistake(
        told("h1", _said(_ERF_GELU)),
        network=with_phi(1, lambda f, _: PHIS["gelu in its erf form"]),
        needs=has_activation("gelu"),
    ),
    "leaky relu with 0.01": _leaky(0.01),
    "leaky relu with 0.1": _leaky(0.1),
    "leaky relu with 0.2": _leaky(0.2),
    "leaky relu with 0.2 in the first layer": _leaky(0.2, layer=1),
    "elu": _other("elu"),
    "selu": _other("selu"),
    "hard tanh": _other("hard tanh", "hard tanh of {z} (hard_tanh of --activation)"),
    "hard sigmoid": _other("hard sigmoid", _HARD_SIGMOID),
    "hard swish": _other("hard swish", "hard swish of {z} (hard_swish of --activation)"),
    "mish": _other("mish"),
    "softsign": _other("softsign"),
    "sin": _other("sin"),
    "z^2": _other("z^2", "the square of {z}"),
    "relu in the first layer": _other("relu", layer=1),
    "relu in the second layer": _other("relu", layer=2),
    "tanh in the last hidden layer": _other("tanh", layer=-1),
    "sigmoid in the first layer": _other("sigmoid", layer=1),
    "silu in the first layer": _other("silu", layer=1),
    "no activation in the first layer": Mistake(
        told("h1", _NO_PHI), network=with_phi(1, lambda f, _: PHIS["identity"]), needs=is_curved
    ),
    "no activation anywhere": Mistake(
        told(_HIDDEN, _NO_PHI),
        network=with_phi(None, lambda f, _: PHIS["identity"]),
        needs=is_curved,
    ),
    "activation twice in the first layer": Mistake(
        told("h1", _said("phi of phi of {z}")),
        network=with_phi(1, lambda f, phi: _twice(phi)),
        needs=is_curved,
    ),
    "activation twice": Mistake(
        told(_HIDDEN, _said("phi of phi of {z}")),
        network=with_phi(None, lambda f, phi: _twice(phi)),
        needs=is_curved,
    ),
    "activation on the output": Mistake(
        told("yhat or the gradient", "{of_phi}", "right for --output={phi}"),
        network=with_phi(0, lambda f, _: f.phis[0]),
        needs=lambda f: is_curved(f) and _is_steep(f.phi_slope(f.z[-1])),
    ),
    "sigmoid on the output": _on_output("sigmoid"),
    "tanh on the output": _on_output("tanh"),
}
