"""A case: gradients, and all that they are checked against.

The sample axis is last here, so that every operation runs over long rows of samples. Shape letters:
N samples, n_l units of layer l.
"""

import dataclasses
from collections.abc import Sequence
from typing import Any, TypeAlias

import numpy as np

from compare.evidence.certificate.activation import Activation
from compare.evidence.certificate.activation_functions import Array
from compare.evidence.certificate.activations import activation_row
from compare.evidence.certificate.losses import LOSSES, Loss
from compare.evidence.certificate.rounding import Rounding, rounding_of
from compare.evidence.certificate.rungs import Rung
from compare.evidence.rounding.arithmetic import Arithmetic, plain_arithmetic
from compare.problem.axes import layers_last, samples_last
from compare.problem.network import Network

Layers: TypeAlias = Sequence[tuple[Array, Array]]


@dataclasses.dataclass(frozen=True)
class Case:
    """The gradients of one implementation for N samples of one network."""

    params: Layers  # (w [n_in, n_out], b [n_out])
    x: Array  # [d, N]
    y: Array  # [k, N]
    grads: Layers  # (dw [n_in, n_out, N], db [n_out, N])
    printed: Layers | None  # shaped like grads: half a unit of the last printed digit, 0 if exact
    network: Network
    rounding: Rounding  # of the arithmetic that made grads
    is_textbook: bool = False  # whether activations may be computed by textbook formulas
    is_mixed: bool = False  # whether slopes may come from other values than the gradient contains
    functions: tuple[Activation, ...] | None = None  # in place of those of the network

    @property
    def activations(self) -> tuple[Activation, ...]:
        """The activation of every hidden layer."""
        rows = self.functions or tuple(map(activation_row, self.network.activations))
        if not self.is_textbook:
            return rows
        return tuple(row.by_textbook(is_mixed=self.is_mixed) for row in rows)

    @property
    def loss(self) -> Loss:
        """The output activation and the loss of one sample, as a function of z."""
        return LOSSES[self.network.output, self.network.loss]

    def on(self, rung: Rung) -> "Case":
        """Returns the same gradients, computed as a rung says; the case is not widened yet."""
        rounding = rounding_of(rung.arithmetic, self.params[0][1].dtype)
        return dataclasses.replace(
            self, rounding=rounding, is_textbook=rung.is_textbook, is_mixed=rung.is_mixed
        )

    def take(self, samples: Any) -> "Case":
        """Returns the case of some samples, chosen by an index of the sample axis."""

        def some(layers: Layers) -> Layers:
            return tuple((w[..., samples], b[..., samples]) for w, b in layers)

        return dataclasses.replace(
            self,
            x=self.x[:, samples],
            y=self.y[:, samples],
            grads=some(self.grads),
            printed=self.printed and some(self.printed),
        )

    def wide(self, xp: Any = np) -> "Case":
        """Returns the same case in float64, with arrays of the module xp."""

        def widen(layers: Layers) -> Layers:
            return tuple((xp.asarray(w, np.float64), xp.asarray(b, np.float64)) for w, b in layers)

        return dataclasses.replace(
            self,
            params=widen(self.params),
            x=xp.asarray(self.x, np.float64),
            y=xp.asarray(self.y, np.float64),
            grads=widen(self.grads),
            printed=self.printed and widen(self.printed),
        )

    def finite(self) -> np.ndarray:
        """Returns whether all entries of a sample's gradient are finite, [N] bool."""
        finite = np.ones(self.x.shape[-1], bool)
        for array in (leaf for layer in self.grads for leaf in layer):
            if not np.isfinite(array).all():
                finite &= np.isfinite(array).reshape(-1, array.shape[-1]).all(axis=0)
        return finite

    def zeroed_but(self, kept: np.ndarray) -> "Case":
        """Returns the same case with 0 in all samples but those kept, [N] bool.

        Dropping the others would make another shape, which would be compiled again.
        """
        if kept.all():
            return self

        def zero(array: np.ndarray) -> np.ndarray:
            return np.where(kept, array, np.zeros_like(array))

        grads = tuple((zero(dw), zero(db)) for dw, db in self.grads)
        return dataclasses.replace(self, x=zero(self.x), y=zero(self.y), grads=grads)


def make_case(
    network: Network,
    params: Layers,
    x: np.ndarray,
    y: np.ndarray,
    grads: Layers,
    *,
    arithmetic: Arithmetic | None = None,
    printed: Layers | None = None,
) -> Case:
    """Makes a case of arrays whose sample axis is first.

    Args:
      network: that is differentiated.
      params: (w [n_in, n_out], b [n_out]) per layer; if their dtype is wider than that of grads,
        they and the samples were rounded on their way in.
      x: [N, d].
      y: [N, k].
      grads: (dw [N, n_in, n_out], db [N, n_out]) per layer. Where the network has a penalty, the
        case holds dw - lambda w in float64, which is what the rules are of.
      arithmetic: in which grads were computed; None if every operation is of their dtype.
      printed: if grads were read from print, half a unit of the last digit of every entry, in the
        shapes of grads; 0 where a number is exact.
    """
    rounding = rounding_of(arithmetic or plain_arithmetic(grads[0][1].dtype), params[0][1].dtype)
    units = None if printed is None else layers_last(printed)
    last = (
        samples_last(x),
        samples_last(y),
        _data_part(network, params, layers_last(grads)),
        units,
    )
    return Case(tuple((w, b) for w, b in params), *last, network, rounding)


def _data_part(network: Network, params: Layers, grads: Layers) -> Layers:
    """Returns gradients, sample axis last, without the slope lambda w of the penalty."""
    if not network.l2:
        return grads
    penalties = [network.l2 * np.asarray(w, np.float64)[..., None] for w, _ in params]
    return tuple((dw - slope, db) for (dw, db), slope in zip(grads, penalties, strict=True))
