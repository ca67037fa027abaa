"""h, z and delta of every layer, each computed from its neighbours in the gradient.

What a gradient contains is used wherever it fits what comes before it, and a forward pass goes on
from there where it does not. So a mistake in one layer spoils nothing in the others. The sample
axis is last, and layers count from 1. Shape letters: N samples, n_l units of layer l.
"""

from collections.abc import Callable
from typing import NamedTuple

import ml_dtypes
import numpy as np

from compare.evidence.certificate.activation import Activation
from compare.evidence.certificate.case import Case
from compare.evidence.certificate.forward import Preacts, activate, affine
from compare.evidence.certificate.recovery import LayerGradient, recover_layers
from compare.evidence.certificate.rules import Delta, every, pass_down
from compare.evidence.certificate.slopes import slope_of
from compare.evidence.rounding.arithmetic import fraction_bits


class Known(NamedTuple):
    """An array, and how far the one in use may be from it; both [..., N]."""

    value: np.ndarray
    error: np.ndarray

    def times(self, factor: float) -> "Known":
        """Returns it times a constant."""
        return Known(factor * self.value, abs(factor) * self.error)


class Local:
    """The quantities of a case, in float64."""

    def __init__(self, case: Case) -> None:
        """Follows the forward pass."""
        self.case = case
        self._phis = case.activations  # the same objects whenever they are asked for
        self.layers: list[LayerGradient] = recover_layers(np, case)
        self._inputs: list[Known] = []
        self._fits: list[np.ndarray] = []
        self._preacts: list[Known] = []
        h = Known(case.x, case.rounding.input_error(np, case.x))
        for layer, (w, b) in enumerate(case.params, start=1):
            h = self._recovered(layer, h)
            self._inputs.append(h)
            preacts = affine(np, *h, w, b, case.rounding)
            self._preacts.append(Known(*preacts))
            if layer < len(case.params):
                h = Known(*activate(np, preacts, self.phi(layer), case.rounding))

    def _recovered(self, layer: int, expected: Known) -> Known:
        """Returns the input of a layer from its gradient, where it fits what is expected."""
        rounding, found = self.case.rounding, self.layers[layer - 1]
        allowed = rounding.slack * (expected.error + found.h_error + rounding.lam)
        fits = found.known & every(np, np.abs(found.h - expected.value) <= allowed)
        self._fits.append(fits | ~found.known)
        better = fits & (found.h_error <= expected.error)
        return Known(
            np.where(better, found.h, expected.value),
            np.where(better, found.h_error, expected.error),
        )

    @property
    def n_layers(self) -> int:
        """The number of layers, the last of which is the output."""
        return len(self.case.params)

    def phi(self, layer: int) -> Activation:
        """Returns the activation of a hidden layer."""
        return self._phis[layer - 1]

    def act(self, layer: int) -> Known:
        """Returns h_l, [n_l, N], below the output; h_0 is x."""
        return self._inputs[layer]

    def preact(self, layer: int) -> Known:
        """Returns z_l, [n_l, N]."""
        return self._preacts[layer - 1]

    def implied(self, layer: int) -> np.ndarray:
        """Returns h_{l-1} as the gradient of layer l implies it, [n_{l-1}, N]."""
        return np.asarray(self.layers[layer - 1].h)

    def input_fits(self, layer: int) -> np.ndarray:
        """Returns whether the input that a gradient implies is what comes before it, [N] bool."""
        return self._fits[layer - 1]

    def computed(self, layer: int) -> np.ndarray:
        """Returns h_l, [n_l, N], by the layer below alone."""
        return np.asarray(self.phi(layer).value(np, self.preact(layer).value))

    def found_delta(self, layer: int) -> np.ndarray:
        """Returns delta_l as found, [n_l, N]."""
        return np.asarray(self.case.grads[layer - 1][1])

    def printed_delta(self, layer: int) -> Known:
        """Returns delta_l as found, with what print hides of it."""
        delta, hidden = self.found_delta(layer), self.layers[layer - 1].delta_hidden
        return exactly(delta) if hidden is None else Known(delta, np.asarray(hidden))

    def passed_down(
        self, layer: int, w: np.ndarray | None = None, *, delta_of: int | None = None
    ) -> Known:
        """Returns w_{l+1} delta_{l+1}, [n_l, N], of delta as found.

        Args:
          layer: l.
          w: other weights [n_l, n_{l+1}].
          delta_of: another layer whose delta it is.
        """
        above = self.layers[layer if delta_of is None else delta_of - 1]
        w = self.case.params[layer][0] if w is None else w
        delta = Delta(above.delta, above.delta_hidden)
        return Known(*pass_down(np, w, delta, self.case.rounding))

    def slope(self, layer: int) -> Known:
        """Returns phi'(z_l), [n_l, N]."""
        preacts, above = Preacts(*self.preact(layer)), self.layers[layer]
        return Known(*slope_of(np, self.phi(layer), preacts, above, self.case.rounding))

    def delta(self, layer: int) -> np.ndarray:
        """Returns delta_l, [n_l, N], computed from delta_{l+1} as found."""
        if layer == self.n_layers:
            return np.asarray(self.case.loss.slope(np, self.preact(layer).value, self.case.y))
        return self.passed_down(layer).value * self.slope(layer).value


def coarser_dtypes(case: Case) -> tuple[np.dtype, ...]:
    """Returns the dtypes whose numbers are rounded more than those of a case."""
    dtypes = (np.dtype(np.float32), np.dtype(np.float16), np.dtype(ml_dtypes.bfloat16))
    own = fraction_bits(case.rounding.arithmetic.dtype)
    return tuple(one for one in dtypes if fraction_bits(one) < own)


def spread(function: Callable[[np.ndarray], np.ndarray], z: Known, u: float) -> Known:
    """Returns a function of z, and how far it changes within the error of z, and by rounding."""
    value = function(z.value)
    away = [np.abs(function(z.value + error) - value) for error in (z.error, -z.error)]
    return Known(value, np.maximum(*away) + 8 * u * (1 + np.abs(value)))


def exactly(value: np.ndarray) -> Known:
    """Returns an array that has no error."""
    return Known(value, np.zeros_like(value))


def outer(h: Known, delta: Known) -> Known:
    """Returns the outer product of h [n_in, N] and delta [n_out, N], [n_in, n_out, N]."""
    by_h = h.error[:, None] * np.abs(delta.value)
    by_delta = np.abs(h.value)[:, None] * delta.error
    return Known(h.value[:, None] * delta.value, by_h + by_delta)
