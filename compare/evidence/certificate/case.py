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
from compare.evidence.certificate.loss import Loss
from compare.evidence.certificate.losses import LOSSES, TEXTBOOK_LOSSES
from compare.evidence.certificate.rounding import Rounding
from compare.problem.network import Network

Layers: TypeAlias = Sequence[tuple[Array, Array]]


@dataclasses.dataclass(frozen=True)
class Case:
    """The gradients of one implementation for N samples of one network."""

    params: Layers  # (w [n_in, n_out], b [n_out])
    x: Array  # [d, N]
    y: Array  # [k, N]
    grads: Layers  # (dw [n_in, n_out, N], db [n_out, N])
    printed: Layers | None  # shaped like grads: half a unit of the last known digit, 0 if exact
    network: Network
    rounding: Rounding  # of the arithmetic that made grads
    is_textbook: bool = False  # whether activations may be computed by textbook formulas
    is_mixed: bool = False  # whether slopes may come from other values than the gradient contains
    functions: tuple[Activation, ...] | None = None  # in place of those of the network
    is_print: bool = False  # whether the gradient was read from print
    returned: str = ""  # the dtype of its arrays as they came

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
        losses = TEXTBOOK_LOSSES if self.is_textbook else LOSSES
        return losses[self.network.output, self.network.loss]

    def penalty(self, layer: int) -> Array | float:
        """Returns lambda w of a layer, counted from 1, which dL/dw has beside what is held here."""
        l2 = self.network.l2
        return l2 * np.asarray(self.params[layer - 1][0], np.float64)[..., None] if l2 else 0.0

    def take(self, samples: Any) -> "Case":
        """Returns the case of some samples, chosen by an index of the sample axis."""

        def taken(array: Array) -> Array:  # in memory, too, the sample axis is last
            return np.ascontiguousarray(array[..., samples])

        def some(layers: Layers) -> Layers:
            return tuple((taken(w), taken(b)) for w, b in layers)

        return dataclasses.replace(
            self,
            x=taken(self.x),
            y=taken(self.y),
            grads=some(self.grads),
            printed=self.printed and some(self.printed),
        )

    def wide(self, xp: Any = np) -> "Case":
        """Returns the same case in float64, with arrays of the module xp.

        In JAX dw stays what it is where it is only read unit by unit (see `products`).
        """

        def widen(layers: Layers) -> Layers:
            return tuple((xp.asarray(w, np.float64), xp.asarray(b, np.float64)) for w, b in layers)

        grads = widen(self.grads)
        if xp is not np and self.printed is None and not self.network.l2:
            grads = tuple((dw, db) for (dw, _), (_, db) in zip(self.grads, grads, strict=True))

        return dataclasses.replace(
            self,
            params=widen(self.params),
            x=xp.asarray(self.x, np.float64),
            y=xp.asarray(self.y, np.float64),
            grads=grads,
            printed=self.printed and widen(self.printed),
        )

    def finite(self) -> np.ndarray:
        """Returns whether all entries of a sample's gradient are finite, [N] bool."""
        finite = np.ones(self.x.shape[-1], bool)
        for array in (leaf for layer in self.grads for leaf in layer):
            # NaN is the largest and the smallest of what it is among
            if not np.isfinite([array.max(initial=0), array.min(initial=0)]).all():
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
