"""Mistakes in delta of the output."""

import numpy as np

from compare.selftest.backward import Forward
from compare.selftest.mistakes.mistake import Mistake


def _can_tell(f: Forward) -> bool:
    """Whether the activation changes the output, wherever it is."""
    return f.activation not in ("identity", "relu")


OUTPUT = {
    "factor 2 missing": Mistake({"output": lambda f: f.residual}, ("is half of",)),
    "sign of the output": Mistake({"output": lambda f: -2 * f.residual}, ("negative",)),
    "sign and factor 2": Mistake({"output": lambda f: -f.residual}, ("negative of half",)),
    "factor 2 twice": Mistake({"output": lambda f: 4 * f.residual}, ("twice",)),
    "mean over outputs": Mistake(
        {"output": lambda f: 2 * f.residual / f.residual.shape[1]},
        ("mean", "is half of"),  # which a mean over two outputs is
        lambda f: f.residual.shape[1] > 1,
    ),
    "mean over samples": Mistake(
        {"output": lambda f: 2 * f.residual / len(f.residual)}, ("samples",)
    ),
    "y left out": Mistake({"output": lambda f: 2 * f.z[-1]}, ("y is left out",)),
    "absolute loss": Mistake({"output": lambda f: np.sign(f.residual)}, ("|yhat - y|",)),
    "phi' on the output": Mistake(
        {"output": lambda f: 2 * f.residual * f.phi_slope(f.z[-1])},
        ("differentiated like",),
        _can_tell,
    ),
    "phi on the output": Mistake(
        {"output": lambda f: 2 * (f.phi(f.z[-1]) - f.batch.y)},
        ("through the activation",),
        _can_tell,
    ),
}
