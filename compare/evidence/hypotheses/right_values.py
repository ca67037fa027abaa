"""The right values at every layer, as far as a gradient and its network determine them.

The sample axis is last. Shape letters: N samples, n_l units of layer l.
"""

from collections.abc import Sequence

import numpy as np

from compare.evidence.certificate.case import Case
from compare.evidence.certificate.forward import trace_preacts
from compare.evidence.certificate.recovery import recover_layers
from compare.evidence.hypotheses.fitting import (
    LayerAbove,
    Tolerance,
    largest,
    relative_error,
    tolerances,
)

_COARSEST = 1e-3  # the largest relative tolerance: classic mistakes are larger


class RightValues:
    """h, z and delta of every layer of a case, and how far rounding and print let them be off.

    Layers count from 1.
    """

    def __init__(self, case: Case, trusted: Sequence[np.ndarray]) -> None:
        """Computes z of every layer.

        Args:
          case: in float64.
          trusted: [N] bool per layer: where the input recovered from its gradient may be used.
            Elsewhere h comes from a forward pass.
        """
        self.case, rounding = case, case.rounding
        self._layers = [
            layer._replace(known=layer.known & one)
            for layer, one in zip(recover_layers(np, case), trusted, strict=True)
        ]
        self.preacts = trace_preacts(np, case, self._layers)
        width = max(max(w.shape) for w, _ in case.params)
        self._rounding = 64 * rounding.u + 4 * rounding.dot(width)
        self._coarsest = max(_COARSEST, 32 * rounding.u, 16 * rounding.arithmetic.operand_u)

    @property
    def n_layers(self) -> int:
        """The number of layers, the last of which is the output."""
        return len(self.case.params)

    def act(self, layer: int) -> np.ndarray:
        """Returns h_l, [n_l, N]; h_0 is x."""
        if not layer:
            return np.asarray(self.case.x)
        return np.asarray(self.case.activations[layer - 1].value(np, self.preacts[layer - 1].z))

    def implied(self, layer: int) -> np.ndarray:
        """Returns h_{l-1} as the gradient of layer l implies it, [n_{l-1}, N]."""
        return np.asarray(self._layers[layer - 1].h)

    def slope(self, layer: int) -> np.ndarray:
        """Returns phi'(z_l), [n_l, N]."""
        return np.asarray(self.case.activations[layer - 1].slope(np, self.preacts[layer - 1].z))

    def passed_down(self, layer: int) -> np.ndarray:
        """Returns w_{l+1} delta_{l+1}, [n_l, N], of delta as found."""
        return np.asarray(self.case.params[layer][0] @ self.case.grads[layer][1])

    def delta(self, layer: int) -> np.ndarray:
        """Returns delta_l, [n_l, N], computed from delta_{l+1} as found."""
        if layer == self.n_layers:
            return np.asarray(self.case.loss.slope(self.preacts[-1].z, self.case.y))
        return self.passed_down(layer) * self.slope(layer)

    def tolerances(self, layer: int) -> tuple[Tolerance, Tolerance]:
        """Returns how far db may be off, and dw beside db as found."""
        known = [self.preacts[layer - 1], *([self.preacts[layer - 2]] if layer > 1 else [])]
        if layer == self.n_layers:
            residual = largest(known[0].z - self.case.y)
            lost = largest(known[0].error) / np.maximum(residual, 1e-300)
        else:
            lost = relative_error(known[0])
        bound = self._rounding + 4 * np.maximum(lost, relative_error(known[-1]))
        bound = np.minimum(bound, self._coarsest)
        own, above = self._layers[layer - 1], None
        if layer < self.n_layers:
            above = LayerAbove(self._layers[layer], self.case.params[layer][0], self.slope(layer))
        return tolerances(bound, own, above, self.act(layer - 1))
