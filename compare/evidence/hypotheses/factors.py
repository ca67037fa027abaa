"""A gradient that is right but for a factor: the certificate of what it is without the factor."""

import dataclasses

import numpy as np

from compare.evidence.certificate.case import Case, Layers
from compare.evidence.certificate.checks import check_gradients, ratios

# The product by the factor may be one rounding more; no rule allows for less than two.
_MOST = 1.5


def is_right_without(factor: float, case: Case, quantity: str, layer: int) -> bool:
    """Returns whether a quantity is certified in every entry of every sample once it is divided.

    Args:
      factor: by which to divide.
      case: in float64.
      quantity: 'delta3', 'dL/db3' or 'dL/dw3'; of delta both gradients are divided.
      layer: of the quantity, from 1.
    """
    dw, db = (quantity.startswith(("delta", f"dL/d{one}")) for one in "wb")

    def divide(layers: Layers, by: float) -> Layers:
        w, b = layers[layer - 1]
        divided = (w / by if dw else w, b / by if db else b)
        return (*layers[: layer - 1], divided, *layers[layer:])

    grads = divide(case.grads, factor)
    printed = case.printed and divide(case.printed, abs(factor))
    checks = check_gradients(dataclasses.replace(case, grads=grads, printed=printed)).checks
    of_quantity = [one for one in checks if one.parameter == f"{'b' if db else 'w'}{layer}"]
    return all(bool(np.all(ratios(one) <= _MOST)) for one in of_quantity)
