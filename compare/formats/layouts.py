"""Layouts of weight matrices: in_out is ours, [n_in, n_out]; out_in is torch's, [n_out, n_in]."""

import numpy as np


def other_layout(layout: str) -> str:
    """Returns 'out_in' for 'in_out', and the other way round."""
    return "out_in" if layout == "in_out" else "in_out"


def in_layout(w: np.ndarray, layout: str) -> np.ndarray:
    """Turns matrices [..., n_in, n_out] into a layout, or matrices in that layout back."""
    return w if layout == "in_out" else np.swapaxes(w, -1, -2)
