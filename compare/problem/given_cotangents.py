"""What gradients are taken against: drawn, or given by a user."""

from typing import Any

import numpy as np

from compare.errors import UsageError
from compare.problem.array_likes import real_array
from compare.problem.function import Outputs, named_outputs
from compare.problem.structure import restructured

# Beside the seed, so that cotangents are not the arguments that a user has drawn from the same one.
_COTANGENTS = 0x636F74


def cotangents_of(
    given: Any, outputs: Outputs, dtype: np.dtype, seed: int
) -> dict[str, np.ndarray]:
    """Returns an array for every output of floating-point numbers.

    Args:
      given: in the structure of the outputs, None where there are no such numbers; None to draw.
      outputs: of the reference.
      dtype: of the comparison.
      seed: that they are drawn from.

    Raises:
      UsageError: if there is no such output, or what is given does not fit.
    """
    floats = outputs.floats
    if not floats:
        kinds = ", ".join(f"{name} of {one.dtype}" for name, one in outputs.shapes.items())
        raise UsageError(
            "reference: expected a function that returns floating-point numbers, which have "
            f"gradients, got {kinds or 'one that returns nothing'}"
        )
    if given is None:
        return drawn_cotangents(outputs, dtype, seed)
    found = dict(named_outputs(restructured(given, outputs.differentiable, "cotangents")))
    read = {name: real_array(f"cotangents: {name}", one) for name, one in found.items()}
    for name, one in read.items():
        if not np.isfinite(one.astype(np.float64)).all():
            raise UsageError(f"cotangents: {name}: expected finite numbers, got some that are not")
    return {name: one.astype(dtype) for name, one in read.items()}


def drawn_cotangents(outputs: Outputs, dtype: np.dtype, seed: int) -> dict[str, np.ndarray]:
    """Returns 1 for a lone number, a loss, else numbers from N(0, 1).

    Args:
      outputs: that they are of.
      dtype: of the cotangents.
      seed: that they are drawn from.
    """
    floats = outputs.floats
    if outputs.is_loss:
        return {name: np.ones((), dtype) for name in floats}
    rng = np.random.default_rng((seed, _COTANGENTS))
    return {name: rng.standard_normal(one.shape).astype(dtype) for name, one in floats.items()}
