"""The right values at every layer, as far as a gradient and its network determine them.

The sample axis is last. Shape letters: N samples, n_l units of layer l.
"""

from collections.abc import Sequence

import numpy as np

from compare.evidence.certificate.case import Case
from compare.evidence.certificate.forward import Preacts, trace_preacts
from compare.evidence.certificate.recovery import recover_layers
from compare.evidence.certificate.rules import (
    Delta,
    activation_rule,
    chain_rule,
    input_rule,
    output_rule,
)
from compare.evidence.hypotheses.fitting import (
    LayerAbove,
    Tolerance,
    largest,
    outer,
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
        width = max(max(w.shape) for w, _ in case.params)
        self._rounding = 64 * rounding.u + 4 * rounding.dot(width)
        self._coarsest = max(_COARSEST, 32 * rounding.u, 16 * rounding.arithmetic.operand_u)
        # the bounds of a forward pass grow with depth far beyond its errors
        self.preacts = [
            Preacts(z, np.minimum(error, self._coarsest * largest(z)))
            for z, error in trace_preacts(np, case, self._layers)
        ]

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

    def delta_error(self, layer: int) -> np.ndarray:
        """Returns how far delta_l as computed may be from `delta`, [n_l, N].

        Where an activation is saturated, that may be all of delta.
        """
        case, i = self.case, layer - 1
        db, own = case.grads[i][1], self._layers[i]
        if layer == self.n_layers:
            check = output_rule(np, case, self.preacts[-1], db)
        else:
            above = Delta(case.grads[layer][1], self._layers[layer].delta_hidden)
            check, *_ = chain_rule(np, case, i, above, self._layers, self.preacts[i])
        allowed = own.beside_print(check.allowed, case.rounding)
        return np.asarray(allowed + np.abs(check.expected - self.delta(layer)))

    def weights_error(self, layer: int, delta: np.ndarray) -> np.ndarray:
        """Returns how far dw_l as computed may be from h delta, [n_in, n_l, N]."""
        case, i, rounding = self.case, layer - 1, self.case.rounding
        own, h = self._layers[i], self.act(i)
        if i:
            h_error = activation_rule(np, case, i, own, self.preacts[i - 1]).allowed
        else:
            h_error = input_rule(np, case, own).allowed
        product = outer(h, delta)
        allowed = (1 + 2 * rounding.outer) * outer(h_error, np.abs(delta))
        allowed += 2 * rounding.slack * rounding.outer * np.abs(product)
        allowed += rounding.slack * rounding.lam * (1 + np.abs(h))[:, None]
        if own.dw_hidden is not None and own.delta_hidden is not None:
            allowed += own.dw_hidden + outer(np.abs(h) + h_error, own.delta_hidden)
        return np.asarray(allowed)

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
