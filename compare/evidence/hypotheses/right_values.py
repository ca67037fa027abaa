"""The right values at every layer, as far as a gradient and its network give them away.

The sample axis is last. Shape letters: N samples, n_l units of layer l.
"""

from collections.abc import Sequence

import numpy as np

from compare.evidence.certificate.case import Case
from compare.evidence.certificate.recovered import trace_forward
from compare.evidence.certificate.rules import make_layer
from compare.evidence.hypotheses.fitting import Above, Tolerance, largest, lost_in, tolerances

_COARSEST = 1e-3  # relative; a mistake has to be told from rounding, and classic ones are larger


class RightValues:
    """h, z and delta of every layer of a case, and what rounding and print may hide of them."""

    def __init__(self, case: Case, trusted: Sequence[np.ndarray]) -> None:
        """Traces the network forward.

        Args:
          case: in float64.
          trusted: [N] bool a layer, where its recovered input may be used; elsewhere h comes from
            a forward pass.
        """
        self.case, rounding = case, case.rounding
        self._layers = [
            make_layer(np, *pair, case.printed_layer(i), rounding)
            for i, pair in enumerate(case.grads)
        ]
        self.trace = trace_forward(
            np,
            case.params,
            case.x,
            [(layer.h, layer.h_error) for layer in self._layers],
            [layer.known & one for layer, one in zip(self._layers, trusted, strict=True)],
            case.activations,
            rounding,
            far=64.0 if case.printed is None else 1.0,
        )
        width = max(max(w.shape) for w, _ in case.params)
        self._rounding = 64 * rounding.u + 4 * rounding.dot(width)
        self._coarsest = max(_COARSEST, 32 * rounding.u, 16 * rounding.arithmetic.operand_u)
        self.is_coarse = case.printed is not None or self._coarsest > _COARSEST

    @property
    def n_layers(self) -> int:
        """How many layers there are; they count from 1, and the last is the output."""
        return len(self.case.params)

    def act(self, layer: int) -> np.ndarray:
        """h_l, [n_l, N]; h_0 is x."""
        if not layer:
            return np.asarray(self.case.x)
        return np.asarray(self.case.activations[layer - 1].value(np, self.trace[layer - 1].z))

    def slope(self, layer: int) -> np.ndarray:
        """phi'(z_l), [n_l, N]."""
        return np.asarray(self.case.activations[layer - 1].slope(np, self.trace[layer - 1].z))

    def passed_down(self, layer: int) -> np.ndarray:
        """w_{l+1} delta_{l+1}, [n_l, N], of delta as found."""
        return np.asarray(self.case.params[layer][0] @ self.case.grads[layer][1])

    def delta(self, layer: int) -> np.ndarray:
        """delta_l out of delta_{l+1} as found, which is right if all above is."""
        if layer == self.n_layers:
            return np.asarray(self.case.loss.slope(self.trace[-1].z, self.case.y))
        return self.passed_down(layer) * self.slope(layer)

    def tolerances(self, layer: int) -> tuple[Tolerance, Tolerance]:
        """What rounding and print explain of db, and of dw beside db as found."""
        known = [self.trace[layer - 1], *([self.trace[layer - 2]] if layer > 1 else [])]
        if layer == self.n_layers:
            residual = largest(known[0].z - self.case.y)
            lost = largest(known[0].error) / np.maximum(residual, 1e-300)
        else:
            lost = lost_in(known[0])
        bound = self._rounding + 4 * np.maximum(lost, lost_in(known[-1]))
        bound = np.minimum(bound, self._coarsest)
        own, above = self._layers[layer - 1], None
        if layer < self.n_layers:
            above = Above(self._layers[layer], self.case.params[layer][0], self.slope(layer))
        return tolerances(bound, own, above, self.act(layer - 1))
