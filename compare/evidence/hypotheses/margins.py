"""Another margin of the hinge loss, in place of 1.

Its slope is -y below the margin and 0 above it. Where it was 0 stands in the gradient, so the
margin is known to lie between two values of y yhat. The sample axis is last.
"""

from collections.abc import Iterator

import numpy as np

from compare.evidence.hypotheses.local import Local
from compare.evidence.hypotheses.output_mistakes import OUTPUTS, OutputMistake

_RIGHT = 1.0


def margin_mistakes(output: str, local: Local) -> Iterator[OutputMistake]:
    """Yields the margin that the last delta shows, if it shows one and that is not 1.

    Args:
      output: the output activation.
      local: a case whose loss is the hinge.
    """
    end, y = OUTPUTS[output], np.asarray(local.case.y)
    z, found = local.preact(local.n_layers).value, local.found_delta(local.n_layers)
    product = y * end.value(z)
    could = end.pull(z, -y) != 0
    on, off = product[could & (found != 0)], product[could & (found == 0)]
    below, above = on.max(initial=-np.inf), off.min(initial=np.inf)
    if below >= above or below < _RIGHT <= above:
        return
    margin = below + 1 if np.isinf(above) else (max(below, above - 1) + above) / 2

    def slope(z: np.ndarray, y: np.ndarray) -> np.ndarray:
        return end.pull(z, np.where(y * end.value(z) < margin, -y, 0.0))

    yield OutputMistake(_said(float(below), float(above)), slope, 1)


def _said(below: float, above: float) -> str:
    """Says between which values of y yhat the slope becomes 0."""
    if above < _RIGHT:
        said = f"computed with a margin of less than 1: 0 where y yhat is {above:.3g}"
        return said + ", as by y yhat < 0 in place of y yhat < 1" * (below < 0 <= above < 0.5)
    margin = "no margin, or one" if np.isinf(above) else "a margin"
    return f"computed with {margin} of more than 1: -y where y yhat is {below:.3g}"
